"""What people can use beside writing: the Stop button, and Discord's menu of slash commands."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Callable, Coroutine, Dict, List, Optional, Sequence

import discord
from discord import app_commands
from discord.http import Route

from chat import wording
from chat.errors import PASSING_ERRORS

if TYPE_CHECKING:
    from chat.wording import Language

_log = logging.getLogger(__name__)

STOP_ID = "chat:stop"
"""The button's id in Discord. It is the same on each message, so that buttons of an earlier run are heard too."""

_LOCALIZED = ("name_localizations", "description_localizations")
_COMPARED = (
    *("type", "name", "description", "nsfw", "default_member_permissions"),
    *("options", "required", "autocomplete", "choices", "min_length", "max_length"),
)
"""What is compared of a command; Discord adds ids and versions, and fills in more than was said."""

OnClick = Callable[[discord.Interaction[Any]], Coroutine[Any, Any, None]]


class StopButton(discord.ui.View):
    """The Stop button of a growing answer. It is heard once it was given to Client.add_view, in whichever language."""

    def __init__(self, language: Language, on_click: OnClick) -> None:
        super().__init__(timeout=None)
        self.add_item(_Stop(wording.STOP_BUTTON.say(language), on_click))


class _Stop(discord.ui.Button[StopButton]):
    def __init__(self, label: str, on_click: OnClick) -> None:
        super().__init__(label=label, custom_id=STOP_ID)
        self._on_click = on_click

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self._on_click(interaction)
        except (discord.HTTPException, *PASSING_ERRORS) as error:  # it comes too late, or Discord is away
            _log.warning("Who clicked a Stop button can't be answered: %r", error)


class Japanese(app_commands.Translator):
    """Says in Japanese what the slash commands say of themselves."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, _context: app_commands.TranslationContextTypes
    ) -> Optional[str]:
        """Give the Japanese text; None: there is only the English one."""
        if locale is not discord.Locale.japanese:
            return None
        return next((sentence.ja for sentence in wording.COMMANDS if sentence.en == string.message), None)


async def publish(tree: app_commands.CommandTree[Any]) -> None:
    """Let Discord's menu have the tree's commands, if it does not have just these. Raises discord.DiscordException."""
    client, translator = tree.client, Japanese()
    await tree.set_translator(translator)
    route = Route("GET", "/applications/{application_id}/commands", application_id=client.application_id)
    theirs: List[Dict[str, Any]] = await client.http.request(route, params={"with_localizations": "true"})
    ours = [await command.get_translated_payload(tree, translator) for command in tree.get_commands()]
    if _by_name(ours) == _by_name(theirs):
        return
    await tree.sync()
    _log.info("Slash commands published: %s", ", ".join(f"/{command['name']}" for command in ours))


def _by_name(commands: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    return {command["name"]: _essence(command) for command in commands}


def _essence(value: Any) -> Any:  # noqa: ANN401 - JSON
    """What is compared of a part of a command; what is missing, empty or false is all the same to Discord."""
    if isinstance(value, list):
        return [_essence(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    texts = {name: value[name] for name in _LOCALIZED if value.get(name)}
    return {**texts, **{name: _essence(value[name]) for name in _COMPARED if value.get(name)}}
