"""Commands, buttons, threads and files of the local Discord, against the real discord.py and raw HTTP."""

from __future__ import annotations

import contextlib
import io
import queue
from typing import Any, Dict, Iterator, List, Optional, Sequence

import discord
import pytest
import requests
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from emulators import run_bot
from emulators.discord import Attachment, Interaction, LocalDiscord, Message
from emulators.discord.commands import check_commands
from emulators.discord.errors import ApiError
from tests.emulators import real_client
from tests.emulators.real_client import WAIT

ROW = {"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "stop", "label": "Stop"}]}


@pytest.fixture
def server() -> Iterator[LocalDiscord]:
    with LocalDiscord() as running:
        yield running


class Bot(real_client.Bot):
    """One with commands; the interactions that these get are put into `got`."""

    def __init__(self, server: LocalDiscord) -> None:
        intents = discord.Intents(guilds=True, messages=True, message_content=True)
        super().__init__(server, intents, activity=discord.Game("chess"))
        self.tree = app_commands.CommandTree(self)
        self.got: queue.Queue[discord.Interaction[Bot]] = queue.Queue()

    def gets(self) -> discord.Interaction[Bot]:
        """The next interaction that one of its commands or buttons was called with."""
        return self.got.get(timeout=WAIT)


class Translator(app_commands.Translator):
    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        _context: app_commands.TranslationContextTypes,
    ) -> Optional[str]:
        return "会話" if (string.message, locale) == ("chat", discord.Locale.japanese) else None


def add_commands(bot: Bot) -> None:
    @bot.tree.command(name="chat", description="Talk")
    async def chat(  # noqa: PLR0913, PLR0917 (one option of each type)
        interaction: discord.Interaction[Bot],
        prompt: str,
        times: int = 1,
        heat: float = 0.5,
        loud: bool = False,  # noqa: FBT001, FBT002 (options are positional)
        file: Optional[discord.Attachment] = None,
    ) -> None:
        interaction.extras.update(prompt=prompt, times=times, heat=heat, loud=loud, file=file)
        bot.got.put(interaction)

    @bot.tree.command(name="model", description="Choose a model")
    async def model(interaction: discord.Interaction[Bot], name: str) -> None:
        interaction.extras.update(name=name)
        bot.got.put(interaction)

    @model.autocomplete("name")
    async def names(interaction: discord.Interaction[Bot], current: str) -> List[app_commands.Choice[str]]:
        bot.got.put(interaction)
        found = [name for name in ("gemma", "qwen") if current in name]
        return [app_commands.Choice(name=name.title(), value=name) for name in found]


@pytest.fixture
def bot(server: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    run_bot.point_discord_at(server.url)
    client = Bot(server)
    add_commands(client)
    with client:
        client.hears("ready")
        client.do(client.tree.sync())
        yield client


class Stop(discord.ui.View):
    """One button that passes on who clicked it."""

    def __init__(self, bot: Bot) -> None:
        super().__init__()
        self.bot = bot

    @discord.ui.button(label="Stop", custom_id="stop")
    async def stop_it(self, interaction: discord.Interaction[Bot], _button: discord.ui.Button[Stop]) -> None:
        self.bot.got.put(interaction)


async def stop_view(bot: Bot) -> Stop:
    """A view can be clicked only if it was made in the client's loop."""
    return Stop(bot)


def api(server: LocalDiscord, method: str, path: str, body: object = None) -> requests.Response:
    headers = {"Authorization": f"Bot {server.token}"}
    return requests.request(method, f"{server.url}/api/v10{path}", json=body, headers=headers, timeout=WAIT)


def raw(server: LocalDiscord, method: str, path: str, body: object = None) -> requests.Response:
    """A call without the bot's token."""
    return requests.request(method, f"{server.url}/api/v10{path}", json=body, timeout=WAIT)


def register(server: LocalDiscord) -> None:
    prompt = {"name": "prompt", "description": "What to say", "type": 3, "required": True}
    entries = [{"name": "chat", "description": "Talk", "options": [prompt]}]
    assert api(server, "PUT", f"/applications/{server.bot.id}/commands", entries).status_code == 200


@pytest.fixture
def asked(server: LocalDiscord) -> Interaction:
    """A command that no client answers."""
    register(server)
    return server.slash("chat", {"prompt": "hi"})


def callback(server: LocalDiscord, interaction: Interaction, kind: int, **data: object) -> requests.Response:
    path = f"/interactions/{interaction.id}/{interaction.token}/callback"
    return raw(server, "POST", path, {"type": kind, "data": data})


def webhook(server: LocalDiscord, interaction: Interaction, path: str = "") -> str:
    return f"/webhooks/{server.bot.id}/{interaction.token}{path}"


ORIGINAL = "/messages/@original"


def buttons_of(message: Message) -> List[Any]:
    return [button["custom_id"] for row in message.extras["components"] for button in row["components"]]


# Commands are registered


def test_commands_are_registered_with_ids_and_kept_as_they_were(server: LocalDiscord, bot: Bot) -> None:
    assert [command["name"] for command in server.commands] == ["chat", "model"]
    ids = [command["id"] for command in server.commands]
    bot.do(bot.tree.set_translator(Translator()))
    synced = bot.do(bot.tree.sync())
    assert [(command.name, command.name_localizations) for command in synced] == [
        ("chat", {discord.Locale.japanese: "会話"}),
        ("model", {}),
    ]
    assert [command["id"] for command in server.commands] == ids
    assert [str(command.id) for command in bot.do(bot.tree.fetch_commands())] == ids
    puts = [call for call in server.calls if (call.method, call.route[-9:]) == ("PUT", "/commands")]
    assert [call.status for call in puts] == [200, 200]
    path = f"/applications/{server.bot.id}/commands"
    assert "name_localizations" not in api(server, "GET", path).json()[0]
    assert api(server, "GET", f"{path}?with_localizations=true").json() == list(server.commands)


def test_commands_of_the_guild_are_apart(server: LocalDiscord, bot: Bot) -> None:
    guild = discord.Object(server.guild_id)
    bot.tree.copy_global_to(guild=guild)
    bot.do(bot.tree.sync(guild=guild))
    assert [command.guild_id for command in bot.do(bot.tree.fetch_commands(guild=guild))] == [guild.id] * 2
    server.slash("chat", {"prompt": "here"})
    got = bot.gets()
    assert (got.extras["prompt"], got.data["guild_id"]) == ("here", str(guild.id))  # type: ignore[index, typeddict-item]  # a command's data


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Chat"}, "0.name"),
        ({"name": "a b"}, "0.name"),
        ({"name": "x" * 33}, "0.name"),
        ({"description": ""}, "0.description"),
        ({"description": "x" * 101}, "0.description"),
        ({"name_localizations": {"jp": "会話"}}, "0.name_localizations.jp"),
        ({"name_localizations": {"fr": "Parler"}}, "0.name_localizations.fr"),
        ({"type": 9}, "0.type"),
        ({"options": [{"name": "a", "description": "", "type": 3}]}, "0.options.0.description"),
        ({"options": [{"name": "a", "description": "a", "type": 12}]}, "0.options.0.type"),
        (
            {
                "options": [
                    {"name": "a", "description": "a", "type": 3},
                    {"name": "b", "description": "b", "type": 3, "required": True},
                ]
            },
            "0.options.1",
        ),
        ({"options": [{"name": "a", "description": "a", "type": 4, "choices": [{"name": "x"}]}]}, "choices.0.value"),
        ({"options": [{"name": "a", "description": "a", "type": 5, "autocomplete": True}]}, "0.options.0"),
    ],
)
def test_wrong_command_is_refused(change: Dict[str, Any], field: str) -> None:
    check_commands([{"name": "会話", "description": "Talk", "name_localizations": {"ja": "会話"}}])
    with pytest.raises(ApiError) as caught:
        check_commands([{"name": "chat", "description": "Talk", **change}])
    place = caught.value.body["errors"]
    for name in field.split(".")[-3:] if field.startswith("choices") else field.split("."):
        place = place["0"]["options"]["0"][name] if name == "choices" else place[name]
    assert place["_errors"]


def test_double_command_and_wrong_body_are_refused(server: LocalDiscord) -> None:
    path = f"/applications/{server.bot.id}/commands"
    entry = {"name": "chat", "description": "Talk"}
    for body in ([entry, entry], {"name": "chat"}, ["chat"]):
        assert api(server, "PUT", path, body).json()["code"] == 50035
    assert api(server, "PUT", "/applications/1/commands", []).status_code == 404
    assert raw(server, "PUT", path, []).status_code == 401
    assert server.commands == ()


# Commands are used


def test_options_person_and_place_of_a_command(server: LocalDiscord, bot: Bot) -> None:
    hana = server.person("Hana", locale="ja")
    server.role("Moderators", hana, permissions=("manage_messages",))
    file = Attachment(server.next_id(), "a b.txt", "text/plain; charset=utf-8", b"read me")
    values = {"prompt": "Hello", "times": 3, "heat": 0.1, "loud": True, "file": file}
    thread = server.add_thread("thread", server.channel)
    used = server.slash("chat", values, author=hana, channel=thread)
    got = bot.gets()
    sent = got.extras.pop("file")
    assert got.extras == {"prompt": "Hello", "times": 3, "heat": 0.1, "loud": True}
    assert (sent.filename, sent.size, bot.do(sent.read())) == ("a b.txt", 7, b"read me")
    assert (got.id, got.user.id, got.channel_id, got.guild_id) == (used.id, hana.id, thread, server.guild_id)
    assert (got.locale, got.guild_locale) == (discord.Locale.japanese, discord.Locale.american_english)
    assert got.permissions.manage_messages
    assert not got.permissions.manage_guild
    assert got.app_permissions.send_messages
    assert got.is_guild_integration()
    assert not server.unexpected


def test_command_in_direct_messages(server: LocalDiscord, bot: Bot) -> None:
    alice = server.person("Alice")
    used = server.slash("chat", {"prompt": "psst"}, channel=server.add_dm(alice))
    got = bot.gets()
    assert (got.guild, got.user.id, got.context.dm_channel) == (None, alice.id, True)
    bot.do(got.response.send_message("yes?"))
    assert [message.content for message in server.responses(used)] == ["yes?"]


def test_administrator_may_do_everything(server: LocalDiscord, bot: Bot) -> None:
    server.role("Owners", server.person("Olga"), permissions=("administrator",))
    server.slash("chat", {"prompt": "x"}, author=server.person("Olga"))
    permissions = bot.gets().permissions
    assert (permissions.administrator, permissions.manage_messages, permissions.manage_guild) == (True, True, True)


def test_command_that_a_person_cannot_use(server: LocalDiscord, asked: Interaction) -> None:
    assert asked.name == "chat"
    with pytest.raises(KeyError):
        server.slash("unknown")
    wrong: Sequence[Dict[str, Any]] = ({}, {"prompt": 1}, {"prompt": "x", "other": "y"}, {"prompt": "x" * 6001})
    for options in wrong:
        with pytest.raises(ValueError, match=r"option|text"):
            server.slash("chat", options)
    with pytest.raises(ValueError, match="completes no option"):
        server.complete("chat", {"prompt": "x"}, focused="prompt")
    assert server.interactions == (asked,)


def test_choices_are_offered_while_a_person_types(server: LocalDiscord, bot: Bot) -> None:
    typed = server.complete("model", {"name": "gem"}, focused="name")
    assert typed.choices is None
    assert bot.gets().type is discord.InteractionType.autocomplete
    offered: Any = server.wait_for(lambda: server.interaction(typed).choices)
    assert [(choice["name"], choice["value"]) for choice in offered] == [("Gemma", "gemma")]
    assert server.interaction(typed).response == 8


# Commands are answered


def test_response_is_a_message_of_the_channel(server: LocalDiscord, bot: Bot) -> None:
    used = server.slash("chat", {"prompt": "x"})
    got = bot.gets()
    answer = bot.do(got.response.send_message("Hello", view=bot.do(stop_view(bot))))
    (shown,) = server.responses(used)
    assert (shown.content, shown.interaction, shown.visible_to, shown.flags) == ("Hello", used.id, None, 0)
    assert server.messages() == (shown,)
    now = server.interaction(used)
    assert (now.response, now.message_id, now.failed) == (4, shown.id, False)
    assert answer.message_id == shown.id
    heard = bot.hears("message")
    assert (heard.id, heard.type, heard.author) == (shown.id, discord.MessageType.chat_input_command, bot.user)
    assert heard.interaction_metadata.user.id == used.author.id
    assert heard.webhook_id == heard.application_id == server.bot.id
    edited = bot.do(got.edit_original_response(content="Hello!"))
    bot.do(edited.edit(content="Hello again", attachments=[discord.File(io.BytesIO(b"x"), "x.txt")]))
    assert bot.do(got.original_response()).content == "Hello again"
    assert [version.content for version in server.message(shown).versions] == ["Hello", "Hello!", "Hello again"]
    assert server.message(shown).attachments[0].data == b"x"
    bot.do(got.delete_original_response())
    assert server.messages() == server.responses(used) == ()


def test_response_can_be_edited_by_the_routes_of_the_channel(server: LocalDiscord, bot: Bot) -> None:
    used = server.slash("chat", {"prompt": "x"})
    bot.do(bot.gets().response.send_message("one"))
    message = bot.hears("message")
    bot.do(message.edit(content="two"))
    assert server.responses(used)[0].content == "two"
    bot.do(message.delete())
    assert server.responses(used) == ()


def test_deferred_response_is_loading_until_it_is_edited(server: LocalDiscord, bot: Bot) -> None:
    used = server.slash("chat", {"prompt": "x"})
    got = bot.gets()
    bot.do(got.response.defer(thinking=True))
    (waiting,) = server.responses(used)
    assert (waiting.content, waiting.flags, waiting.loading) == ("", 128, True)
    assert bot.hears("message").flags.loading
    bot.do(got.edit_original_response(content="here"))
    shown = server.message(waiting)
    assert (shown.content, shown.flags, shown.edited) == ("here", 0, None)
    bot.do(got.edit_original_response(content="changed"))
    assert server.message(waiting).edited is not None


def test_followup_says_what_was_put_off_and_then_refers_to_it(server: LocalDiscord, bot: Bot) -> None:
    used = server.slash("chat", {"prompt": "x"})
    got = bot.gets()
    bot.do(got.response.defer(ephemeral=True, thinking=True))
    first = bot.do(got.followup.send("first", wait=True))
    second = bot.do(got.followup.send("second", wait=True))
    hidden = bot.do(got.followup.send("third", wait=True, ephemeral=True))
    assert [message.content for message in server.responses(used)] == ["first", "second", "third"]
    assert server.interaction(used).message_id == first.id
    assert [message.visible_to for message in server.responses(used)] == [used.author.id, None, used.author.id]
    assert second.type is discord.MessageType.reply
    assert second.reference is not None
    assert second.reference.message_id == first.id
    assert second.interaction_metadata is not None
    assert second.interaction_metadata.original_response_message_id == first.id
    bot.do(second.edit(content="second, edited"))
    bot.do(hidden.delete())
    assert [message.content for message in server.responses(used)] == ["first", "second, edited"]


def test_ephemeral_response_is_for_one_person_alone(server: LocalDiscord, bot: Bot) -> None:
    bob = server.person("Bob")
    used = server.slash("chat", {"prompt": "x"}, author=bob)
    got = bot.gets()
    bot.do(
        got.response.send_message(
            f"only you, {server.person('Carol').mention}", ephemeral=True, view=bot.do(stop_view(bot))
        )
    )
    (shown,) = server.responses(used)
    assert (shown.visible_to, shown.flags) == (bob.id, 64)
    assert server.ephemeral(bob) == (shown,)
    assert server.ephemeral(server.person("Alice")) == server.messages() == ()
    assert server.pings == frozenset()
    path = f"/channels/{server.channel}/messages"
    assert api(server, "GET", path).json() == []
    assert api(server, "GET", f"{path}/{shown.id}").json()["code"] == 10008
    assert api(server, "PATCH", f"{path}/{shown.id}", {"content": "x"}).json()["code"] == 10008
    with pytest.raises(ValueError, match="can't see"):
        server.click(shown, author=server.person("Alice"))
    server.click(shown)
    clicked = bot.gets()
    assert (clicked.user.id, clicked.message and clicked.message.id) == (bob.id, shown.id)
    bot.do(clicked.response.edit_message(content="done", view=None))
    assert server.message(shown).content == "done"
    server.say("heard")
    assert bot.hears("message").content == "heard"


def test_answer_must_come_in_time_and_once(server: LocalDiscord, asked: Interaction) -> None:
    assert callback(server, asked, 4).json()["code"] == 50006
    assert callback(server, asked, 4, content="x" * 2001).json()["errors"]["data"]["content"]["_errors"]
    assert callback(server, asked, 7, content="x").json()["errors"]["type"]["_errors"]
    assert raw(server, "POST", webhook(server, asked), {"content": "x"}).json()["code"] == 10015
    assert not server.interaction(asked).failed
    assert callback(server, asked, 4, content="x").status_code == 204
    assert callback(server, asked, 4, content="y").json()["code"] == 40060
    assert [message.content for message in server.messages()] == ["x"]
    server.interaction_seconds = 0.01
    late = server.slash("chat", {"prompt": "x"})
    server.wait_for(lambda: server.interaction(late).failed)
    refused = callback(server, late, 4, content="x")
    assert (refused.status_code, refused.json()["code"]) == (404, 10062)
    wrong = raw(server, "POST", f"/interactions/{late.id}/wrong/callback", {"type": 4})
    assert wrong.json()["code"] == 10062


def test_token_is_good_for_a_while_only(server: LocalDiscord, asked: Interaction) -> None:
    callback(server, asked, 5)
    assert raw(server, "PATCH", webhook(server, asked, ORIGINAL), {"content": "x"}).status_code == 200
    server.interaction_lifetime = 0.0
    for method, path in (("PATCH", ORIGINAL), ("GET", ORIGINAL), ("DELETE", ORIGINAL), ("POST", "")):
        refused = raw(server, method, webhook(server, asked, path), {"content": "y"})
        assert (refused.status_code, refused.json()["code"]) == (401, 50027)
    path = f"/channels/{server.channel}/messages/{server.responses(asked)[0].id}"
    assert api(server, "PATCH", path, {"content": "z"}).status_code == 200


def test_token_opens_only_its_own_messages(server: LocalDiscord, asked: Interaction) -> None:
    callback(server, asked, 4, content="mine")
    other = int(api(server, "POST", f"/channels/{server.channel}/messages", {"content": "other"}).json()["id"])
    assert raw(server, "PATCH", webhook(server, asked, f"/messages/{other}"), {"content": "x"}).json()["code"] == 10008
    assert raw(server, "DELETE", webhook(server, asked, ORIGINAL)).status_code == 204
    assert raw(server, "GET", webhook(server, asked, ORIGINAL)).json()["code"] == 10008
    call = server.calls[-1]
    assert (call.route[-9:], call.channel_id) == ("@original", server.channel)


def test_webhooks_have_limits_of_their_own(server: LocalDiscord, asked: Interaction) -> None:
    server.limits.set("webhook_edit", limit=2, per=60)
    server.limits.set("create", limit=1, per=60)
    callback(server, asked, 4, content="x")
    edits = [raw(server, "PATCH", webhook(server, asked, ORIGINAL), {"content": str(number)}) for number in range(3)]
    assert [edit.status_code for edit in edits] == [200, 200, 429]
    assert edits[1].headers["X-RateLimit-Remaining"] == "0"
    assert raw(server, "POST", webhook(server, asked), {"content": "y"}).status_code == 200
    assert api(server, "POST", f"/channels/{server.channel}/messages", {"content": "z"}).status_code == 200
    other = server.slash("chat", {"prompt": "x"})
    callback(server, other, 4, content="x")
    assert raw(server, "PATCH", webhook(server, other, ORIGINAL), {"content": "y"}).status_code == 200


def test_allowed_mentions_count_in_responses(server: LocalDiscord, asked: Interaction) -> None:
    callback(server, asked, 4, content="@everyone", allowed_mentions={"parse": []})
    assert server.pings == frozenset()
    raw(server, "POST", webhook(server, asked), {"content": asked.author.mention})
    assert server.pings == {asked.author.id}


# Buttons


def test_clicked_button_updates_its_message(server: LocalDiscord, bot: Bot) -> None:
    channel: Any = bot.get_channel(server.channel)
    sent = bot.do(channel.send("running", view=bot.do(stop_view(bot))))
    shown = server.message(sent.id)
    assert buttons_of(shown) == ["stop"]
    clicked = server.click(shown, author=server.person("Bob"))
    got = bot.gets()
    assert (got.user.display_name, got.custom_id, got.type) == ("Bob", "stop", discord.InteractionType.component)
    assert got.message == sent
    assert got.message is not None
    assert got.message.content == "running"
    bot.do(got.response.edit_message(content="stopped", view=None))
    assert server.message(shown).content == "stopped"
    assert server.interaction(clicked).message_id == shown.id
    with pytest.raises(ValueError, match="button"):
        server.click(shown)


def test_click_can_be_answered_or_only_acknowledged(server: LocalDiscord, bot: Bot) -> None:
    channel: Any = bot.get_channel(server.channel)
    shown = server.message(bot.do(channel.send("running", view=bot.do(stop_view(bot)))).id)
    first = server.click(shown, "stop")
    bot.do(bot.gets().response.send_message("not you", ephemeral=True))
    (answer,) = server.responses(first)
    assert (answer.reference, answer.visible_to, answer.kind) == (shown.id, first.author.id, 19)
    second = server.click(shown, "stop")
    got = bot.gets()
    bot.do(got.response.defer())
    bot.do(got.edit_original_response(content="stopped"))
    assert (server.message(shown).content, server.interaction(second).response) == ("stopped", 6)
    assert server.responses(second) == ()


def test_only_a_standing_enabled_button_can_be_clicked(server: LocalDiscord) -> None:
    buttons: List[Dict[str, Any]] = [
        {"type": 2, "style": 1, "custom_id": "a"},
        {"type": 2, "style": 1, "custom_id": "b", "disabled": True},
        {"type": 2, "style": 5, "url": "https://example.com", "label": "Link"},
    ]
    body = {"content": "x", "components": [{"type": 1, "components": buttons}]}
    message = server.message(int(api(server, "POST", f"/channels/{server.channel}/messages", body).json()["id"]))
    assert server.click(message).name == "a"
    with pytest.raises(ValueError, match="not one button"):
        server.click(message, "b")
    server.delete(message)
    with pytest.raises(ValueError, match="not one button"):
        server.click(message, "a")


@pytest.mark.parametrize(
    "components",
    [
        "x",
        [1],
        [ROW, ROW],
        [{"type": 1, "components": []}],
        [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": str(number)} for number in range(6)]}],
        [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "x" * 101}]}],
        [{"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "x", "label": "x" * 81}]}],
        [{"type": 1, "components": [{"type": 2, "custom_id": "x"}]}],
    ],
)
def test_wrong_components_are_refused(server: LocalDiscord, components: object) -> None:
    body = {"content": "x", "components": components}
    assert api(server, "POST", f"/channels/{server.channel}/messages", body).json()["code"] == 50035


# Roles, presence, threads and files


def test_roles_carry_their_rights(server: LocalDiscord, bot: Bot) -> None:
    guild = bot.guilds[0]
    assert guild.self_role is not None
    assert guild.self_role.name == server.bot.name
    bob = server.person("Bob")
    server.role("Moderators", bob, permissions=("manage_messages",))
    assert bot.hears("guild_role_create").permissions.manage_messages
    server.say("hi", author=bob)
    author = bot.hears("message").author
    assert (author.guild_permissions.manage_messages, author.guild_permissions.manage_guild) == (True, False)
    with pytest.raises(KeyError):
        server.role("Wrong", permissions=("fly",))


def test_presence_is_known(server: LocalDiscord, bot: Bot) -> None:
    first = server.presence
    assert first is not None
    assert first["game"]["name"] == "chess"
    bot.do(bot.change_presence(status=discord.Status.idle))
    server.wait_for(lambda: server.presence is not None and server.presence["status"] == "idle")


def test_thread_begins_at_a_message(server: LocalDiscord, bot: Bot) -> None:
    start = server.say("let us talk")
    thread = server.add_thread("talk", server.channel, start)
    assert thread == start.id
    assert bot.hears("thread_create").starter_message.content == "let us talk"
    channel: Any = bot.get_channel(thread)

    async def history() -> List[Any]:
        return [message async for message in channel.history()]

    (first,) = bot.do(history())
    assert (first.type, first.content) == (discord.MessageType.thread_starter_message, "")
    assert (first.reference.message_id, first.reference.channel_id) == (start.id, server.channel)
    assert first.reference.resolved.content == "let us talk"
    fetched = bot.do(channel.parent.fetch_message(start.id))
    assert (fetched.flags.has_thread, fetched.thread.id) == (True, thread)
    with pytest.raises(ValueError, match="thread"):
        server.add_thread("again", server.channel, start)


def test_many_messages_are_deleted_at_once(server: LocalDiscord, bot: Bot) -> None:
    gone = [server.say(text) for text in ("one", "two")]
    kept = server.say("three")
    server.delete_many(gone)
    assert {message.content for message in bot.hears("bulk_message_delete")} == {"one", "two"}
    assert server.messages() == (kept,)
    with pytest.raises(ValueError, match="one channel"):
        server.delete_many([kept, server.say("x", channel=server.other_channel)])


def test_attachment_is_read_misstated_and_missing(server: LocalDiscord, bot: Bot) -> None:
    file = Attachment(server.next_id(), "a#1.txt", "text/plain", b"abc", stated_size=5_000_000)
    server.say("see", attachments=[file])
    got = bot.hears("message").attachments[0]
    assert (got.size, got.content_type, bot.do(got.read())) == (5_000_000, "text/plain", b"abc")
    server.faults.fail("DOWNLOAD", status=404)
    with pytest.raises(discord.NotFound):
        bot.do(got.read())
    assert bot.do(got.read()) == b"abc"
    server.faults.fail()
    assert bot.do(got.read()) == b"abc"


def test_tokens_are_not_shown(server: LocalDiscord, asked: Interaction) -> None:
    assert asked.token not in repr(asked)
    with contextlib.suppress(AssertionError):
        server.wait_for(lambda: False, timeout=0)
    assert asked.token not in server.describe()
