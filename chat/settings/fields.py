"""Each setting of settings.py: a field of Settings, with its check and its default."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Dict, Literal, Mapping, Optional, Tuple, Union
from urllib.parse import urlsplit

from chat.settings import checks
from chat.settings.llm_url import LAST_PORT, bracketed, llm_url, needs_port, server
from chat.settings.problems import SettingsError, Wrong, console_language, plain
from chat.wording import settings as wording

_MOST_CHARS = 1_000_000  # a file of it, at 4 bytes each, is within the 10 MiB that every Discord server accepts


@dataclass(frozen=True)
class Settings:
    """settings.py, checked. Times are in seconds; `llm_url` ends before the API's own path.

    A field's metadata is its name in settings.py, with the check of its value; secrets are not in the repr.
    """

    token: str = field(repr=False, metadata={"TOKEN": checks.token})
    llm_url: str = field(metadata={"LLM_HOST": server, "LLM_PORT": checks.number_from(1, LAST_PORT)})
    llm_model: str = field(metadata={"LLM_MODEL": checks.filled_text})
    channel_ids: Tuple[int, ...] = field(metadata={"CHATBOT_CH_ID": checks.channel_ids})
    llm_api: Literal["ollama", "openai"] = field(
        default="ollama", metadata={"LLM_API": checks.one_of("ollama", "openai")}
    )
    llm_api_key: Optional[str] = field(default=None, repr=False, metadata={"LLM_API_KEY": checks.api_key})
    system_prompt: str = field(default="", metadata={"SYSTEM_PROMPT": checks.optional_text})
    history_messages: int = field(default=20, metadata={"HISTORY_MESSAGES": checks.number_from(0, 100)})
    history_chars: int = field(default=12_000, metadata={"HISTORY_CHARS": checks.number_from(0, _MOST_CHARS)})
    edit_every_chars: int = field(default=15, metadata={"EDIT_EVERY_CHARS": checks.number_from(1)})
    llm_connect_timeout: float = field(default=5.0, metadata={"LLM_CONNECT_TIMEOUT": checks.timeout})
    llm_read_timeout: float = field(default=300.0, metadata={"LLM_READ_TIMEOUT": checks.timeout})
    language: Literal["auto", "ja", "en"] = field(
        default="auto", metadata={"LANGUAGE": checks.one_of("auto", "ja", "en")}
    )
    command_prefix: str = field(default="!", metadata={"COMMAND_PREFIX": checks.command_prefix})
    max_pages: int = field(default=5, metadata={"MAX_PAGES": checks.number_from(1, 50)})
    max_answer_chars: int = field(default=100_000, metadata={"MAX_ANSWER_CHARS": checks.number_from(1, _MOST_CHARS)})
    show_thinking: bool = field(default=False, metadata={"SHOW_THINKING": checks.switch})
    think: Union[bool, Literal["auto"]] = field(default="auto", metadata={"THINK": checks.think})
    allowed_roles: Tuple[int, ...] = field(
        default=(), metadata={"ALLOWED_ROLES": checks.optional_ids(wording.SETTING_ROLE_NOT_ID)}
    )
    blocked_users: Tuple[int, ...] = field(
        default=(), metadata={"BLOCKED_USERS": checks.optional_ids(wording.SETTING_USER_NOT_ID)}
    )
    max_chats_per_user: int = field(default=2, metadata={"MAX_CHATS_PER_USER": checks.number_from(1, 100)})
    cooldown_seconds: float = field(default=0.0, metadata={"COOLDOWN_SECONDS": checks.cooldown})
    # Each needs a thread and a connection.
    max_active_chats: int = field(default=32, metadata={"MAX_ACTIVE_CHATS": checks.number_from(1, 200)})
    max_waiting: int = field(default=100, metadata={"MAX_WAITING": checks.number_from(0, 1000)})

    @property
    def llm_address(self) -> str:
        """The LLM server as "host:port", for logs and sentences."""
        parts = urlsplit(self.llm_url)
        return f"{bracketed(parts.hostname or '')}:{parts.port or 443}"  # only https has no port of its own


_SETTINGS = {name: (one, check) for one in fields(Settings) for name, check in one.metadata.items()}


def parse(values: Mapping[str, object], broken: Optional[Wrong] = None) -> Settings:
    """Check settings given as names and values; `broken` is what kept the file from setting all of them.

    Raises SettingsError with everything that is wrong.
    """
    secret_values = [values.get(name) for name, (one, _) in _SETTINGS.items() if not one.repr]
    secrets = {word for value in secret_values if isinstance(value, str) for word in value.split()}
    # Imports, small letters and _names are the operator's own.
    names = [name for name in values if name not in _SETTINGS and not name.startswith("_")]
    unknown = {name: nearest_name(name) for name in names if name.isupper() or name.upper() in _SETTINGS}
    problems = [broken] if broken else []
    found: Dict[str, Any] = {}
    for name, (one, check) in _SETTINGS.items():
        if name in values:
            try:
                found[name] = check(values[name])
            except Wrong as wrong:
                problems.append(wrong.at(name, values[name], secrets, is_secret=not one.repr))
        elif one.default is not MISSING:
            found[name] = one.default
        elif not (broken or name in unknown.values()) and (
            name != "LLM_PORT" or needs_port(found.get("LLM_HOST"), values.get("LLM_HOST"))
        ):
            problems.append(Wrong(wording.SETTING_MISSING, name=name))
    host, port, url = found.pop("LLM_HOST", None), found.pop("LLM_PORT", None), ""
    if host and "LLM_API" in found:
        try:
            url = llm_url(host, port, found["LLM_API"])
        except Wrong as wrong:
            problems.append(wrong)
    for name, nearest in unknown.items():
        sentence = wording.SETTING_UNKNOWN_NEAR if nearest else wording.SETTING_UNKNOWN
        problems.append(Wrong(sentence, name=plain(name), nearest=nearest))
    if problems:
        language = console_language(values.get("LANGUAGE"))
        raise SettingsError([problem.say(language) for problem in problems], language)
    return Settings(llm_url=url, **{_SETTINGS[name][0].name: value for name, value in found.items()})


def nearest_name(name: str, cutoff: float = 0.6) -> Optional[str]:
    """Return the setting with the name nearest to this one; None if none is near."""
    return next(iter(get_close_matches(name.upper(), _SETTINGS, n=1, cutoff=cutoff)), None)
