"""settings.py becomes a frozen, checked Settings, or a SettingsError that says all that is wrong with it.

Each setting is one entry of the table _SETTINGS, and one field of Settings.

Nothing said here holds a secret. Values of secret settings are never shown. A line of a broken file is shown only when
it belongs to a setting that is none, and what Python says of an error only when its words can't come from a secret.
"""

from __future__ import annotations

import io
import ipaddress
import locale
import math
import os
import re
import shlex
import stat
import sys
import tokenize
import traceback
import warnings
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import (
    AbstractSet,
    Any,
    Callable,
    Dict,
    List,
    Literal,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
    cast,
)
from urllib.parse import urlsplit

from chat import wording
from chat.wording import Language, Sentence

TOKEN_PLACEHOLDER = "PASTE-YOUR-BOT-TOKEN-HERE"  # noqa: S105 - the sample's text, no token
CHANNEL_PLACEHOLDER = 123456789012345678

# On Windows a socket takes at most INT_MAX milliseconds, 2,147,483 s (CPython, socketmodule.c, socket_parse_timeout).
_LONGEST_TIMEOUT = 2_000_000
_MOST_ACTIVE = 200  # each takes a thread and a connection
_MOST_WAITING = 1000
_LONGEST_COOLDOWN = 86_400  # a day
_LAST_PORT = 65535
_MOST_PAGES = 50
_MOST_HISTORY = 100
_MOST_CHATS = 100
_MOST_CHARS = 1_000_000  # a file of it, at 4 bytes each, is within the 10 MiB that every Discord server takes

# As much of a value or a line as a person needs to find it again.
_SHOWN_CHARACTERS = 80
_SHOWN_ITEMS = 5


class SettingsError(Exception):
    """settings.py can't be used; for whoever started the bot, at the terminal.

    `problems` has one line for each thing that is wrong, in the operator's `language`, each with what to do.
    """

    def __init__(self, problems: Sequence[str], language: Language) -> None:
        super().__init__("\n".join(problems))
        self.problems: Tuple[str, ...] = tuple(problems)
        self.language = language


@dataclass(frozen=True)
class Settings:
    """What settings.py says, checked. Times are in seconds; `llm_url` ends before the API's own path."""

    token: str = field(repr=False)
    llm_url: str
    llm_model: str
    channel_ids: Tuple[int, ...]
    llm_api: Literal["ollama", "openai"]
    llm_api_key: Optional[str] = field(repr=False)
    system_prompt: str
    history_messages: int
    history_chars: int
    edit_every_chars: int
    llm_connect_timeout: float
    llm_read_timeout: float
    language: Literal["auto", "ja", "en"]
    command_prefix: str
    max_pages: int
    max_answer_chars: int
    show_thinking: bool
    think: Union[bool, Literal["auto"]]
    allowed_roles: Tuple[int, ...]
    blocked_users: Tuple[int, ...]
    max_chats_per_user: int
    cooldown_seconds: float
    max_active_chats: int
    max_waiting: int

    @property
    def llm_address(self) -> str:
        """The LLM server as "host:port", for logs and sentences."""
        parts = urlsplit(self.llm_url)
        return f"{_bracketed(parts.hostname or '')}:{parts.port or 443}"  # only https has no port of its own


def load(path: Path) -> Settings:
    """Run the settings file and check what it sets. Raises SettingsError with everything that is wrong."""
    values: Dict[str, object] = {}
    problems: List[_Wrong] = []
    try:
        _run(_source(path), path, values)
    except _Wrong as wrong:
        problems.append(wrong)
    return _settings(values, problems)


def parse(values: Mapping[str, object]) -> Settings:
    """Check settings that are given as names and values. Raises SettingsError with everything that is wrong."""
    return _settings(values, [])


def open_file_warning(path: Path, language: Language) -> str:
    """Say what to type where others on this computer can read the settings file, with the token in it; else empty.

    Only where files have POSIX permissions. Raises OSError if there is no such file.
    """
    if os.name != "posix" or not path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    is_here = path.absolute().parent == Path.cwd()
    return wording.SETTINGS_OPEN.say(language, file=shlex.quote(path.name if is_here else str(path)))


def console_language(values: Optional[Mapping[str, object]] = None) -> Language:
    """Which language to use at the terminal: LANGUAGE if it names one, else that of the environment, else English.

    The order of the variables is POSIX's (XBD 8.2).
    """
    chosen = _as_choice((values or {}).get("LANGUAGE"))
    if chosen in ("ja", "en"):
        return cast("Language", chosen)
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    wanted = next((os.environ[name] for name in names if os.environ.get(name)), "")
    if not wanted and sys.platform.startswith("win"):
        wanted = locale.getlocale()[0] or ""  # "ja_JP", or "Japanese_Japan"
    return "ja" if wanted.lower().startswith("ja") else "en"


# --- Problems ---------------------------------------------------------------------------------------------------------


class _Wrong(Exception):  # noqa: N818 - it is what a person is told, not an error of the program
    """One thing that is wrong, as a sentence and what fills it; `found` is a raw value and is made safe when said."""

    def __init__(self, sentence: Sentence, **values: object) -> None:
        super().__init__()
        self.sentence = sentence
        self.values = values

    def say(self, language: Language, secrets: AbstractSet[str]) -> str:
        values = dict(self.values)
        if "found" in values:
            values["found"] = _shown(values["found"], secrets)
        said = {name: value.say(language) if isinstance(value, Sentence) else value for name, value in values.items()}
        return self.sentence.say(language, **said)


def _shown(value: object, secrets: AbstractSet[str]) -> Union[str, Sentence]:
    """A value as a person recognises it from settings.py."""
    if isinstance(value, Sentence):
        return value
    if isinstance(value, str):
        hidden = "@" in value or any(secret in value for secret in secrets)  # user:password@host
        return '"…"' if hidden else f'"{_safe_text(repr(value)[1:-1])}"'
    if value is None or isinstance(value, (bool, float)):
        return str(value)
    if isinstance(value, int) and abs(value) < 10**24:  # Python 3.11 refuses to print one of over 4,300 digits
        return str(value)
    if isinstance(value, (list, tuple)) and value:
        items = [_shown(item, secrets) for item in value[:_SHOWN_ITEMS]] + ["…"] * (len(value) > _SHOWN_ITEMS)
        return ", ".join(cast("List[str]", items)) if all(isinstance(item, str) for item in items) else _kind(value)
    return _kind(value)


def _kind(value: object) -> Sentence:
    """What kind of value it is, where the value itself is a secret or says nothing to a person."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return wording.SETTING_FOUND_NUMBER
    if isinstance(value, (list, tuple, set, frozenset)):
        return wording.SETTING_FOUND_LIST
    return wording.SETTING_FOUND_OTHER


_LONG_WORD = re.compile(r"[\w.+/=~-]{20,}")


def _safe_text(text: str) -> str:
    """A text for the terminal: no control characters, and no long word but an id: it may be a secret."""
    printable = "".join(char if char.isprintable() else "?" for char in text)
    masked = _LONG_WORD.sub(lambda word: word[0] if re.fullmatch(r"\d{20}", word[0]) else "…", printable)
    return masked if len(masked) <= _SHOWN_CHARACTERS else f"{masked[:_SHOWN_CHARACTERS]}…"


# --- The file ---------------------------------------------------------------------------------------------------------


def _source(path: Path) -> str:
    """The file's text, by its byte order mark or coding line if it has one. Raises _Wrong."""
    where = {"file": path.name, "folder": path.parent.absolute()}
    try:
        if path.is_dir():  # reading it says IsADirectoryError on Linux, PermissionError on Windows
            raise _Wrong(wording.SETTINGS_FILE_IS_FOLDER, **where)
        data = path.read_bytes()
    except FileNotFoundError:
        named_txt = path.with_name(f"{path.name}.txt").exists()
        sentence = wording.SETTINGS_FILE_NAMED_TXT if named_txt else wording.SETTINGS_FILE_MISSING
        raise _Wrong(sentence, **where) from None
    except OSError as error:
        raise _Wrong(wording.SETTINGS_FILE_UNREADABLE, reason=error.strerror, **where) from None
    text = _decoded(data)
    if text is None:
        raise _Wrong(wording.SETTINGS_FILE_NOT_UTF8, file=path.name)
    return text


def _decoded(data: bytes) -> Optional[str]:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, LookupError, UnicodeError):  # SyntaxError and LookupError: an unknown name in the coding line
        return None
    return None if "\0" in text else text  # UTF-16 without a byte order mark has NULs


def _run(source: str, path: Path, values: Dict[str, object]) -> None:
    """Run the file in `values`, which holds what was set even when _Wrong is raised."""
    lines = re.split(r"\r\n|\r|\n", source)
    # Python looks up no source line for a name in <>: no traceback and no warning can show one.
    filename = f"<{path.name}>"
    values.update(__name__="settings", __file__=str(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a token warns with the token
        try:
            # dont_inherit: the user's file does not get this module's __future__ import.
            code = compile(source, filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            raise _syntax_problem(error, lines, path.name) from None
        try:
            exec(code, values)  # noqa: S102 - settings.py is the user's own Python
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the user's code raises, it is said to the user
            frames = traceback.walk_tb(error.__traceback__)
            number = next((line for frame, line in frames if frame.f_code.co_filename == filename), 1)
            raise _run_problem(error, number, lines, path.name) from None


def _syntax_problem(error: Exception, lines: List[str], file: str) -> _Wrong:
    number = min(getattr(error, "lineno", None) or 1, len(lines))
    while number > 1 and not lines[number - 1].strip():  # the file ends before something is closed
        number -= 1
    line = lines[number - 1]
    is_indented = isinstance(error, IndentationError) and line[:1].isspace()
    hint = wording.SETTINGS_HINT_INDENTED if is_indented else _hint(line)
    return _Wrong(wording.SETTINGS_SYNTAX, file=file, line=number, text=_shown_line(line), hint=hint)


def _hint(line: str) -> Sentence:
    code = line.split("#", maxsplit=1)[0]
    if re.search("[“”„‟‘’‚‛＂＇″〝〞〟「」『』`´]", code):
        return wording.SETTINGS_HINT_QUOTE_MARKS
    if re.search("[\u3000\uff01-\uff5e、。]", code):
        return wording.SETTINGS_HINT_FULL_WIDTH
    if code.count('"') % 2 or code.count("'") % 2:
        return wording.SETTINGS_HINT_QUOTE_MISSING
    if re.search(r"=[^'\"(\[{]*([A-Za-z]|\d\.\d+\.)[^'\"]*$", code):
        return wording.SETTINGS_HINT_NO_QUOTES
    return wording.SETTINGS_HINT_LOOK


def _run_problem(error: BaseException, number: int, lines: List[str], file: str) -> _Wrong:
    line = lines[number - 1]
    where = {"file": file, "line": number, "text": _shown_line(line)}
    is_whole = where["text"] == line.strip()  # then what Python says of a name in it tells no more
    if isinstance(error, NameError):
        name = re.search(r"name '(\w+)'", str(error))
        word = name[1] if name and is_whole else "…"
        return _Wrong(wording.SETTINGS_NAME_ERROR, word=word, hint=wording.SETTINGS_HINT_NO_QUOTES, **where)
    said = type(error).__name__
    if isinstance(error, ImportError) and is_whole:  # names a module; other errors may quote any value
        said = f"{said}: {_safe_text(str(error))}"
    return _Wrong(wording.SETTINGS_RUN_ERROR, error=said, **where)


def _shown_line(line: str) -> str:
    """The line, or as much of it as can't be a part of a secret: the setting's name, or nothing."""
    if _may_show(line):
        return _safe_text(line.strip())
    nearest = _nearest(_first_name(line), cutoff=0.8)  # "import" is near to LLM_PORT
    return f"{nearest} = …" if nearest else "…"


def _may_show(line: str) -> bool:
    """Whether it is an import or the line of a setting that is no secret, and speaks of none."""
    if re.search(r"token|key|secret|password", line, re.IGNORECASE):
        return False
    is_import = re.fullmatch(r"\s*(from\s+[\w.]+\s+)?import\s+[\w., ]+", line)
    return is_import is not None or _first_name(line) in _NAMES


def _first_name(line: str) -> str:
    match = re.match(r"\s*([^\W\d]\w*)", line)
    return match[1] if match else ""


# --- Checks: a value as it stands in settings.py → the checked one, or _Wrong -----------------------------------------


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong(wording.SETTING_NOT_TEXT)
    return value.strip()


def _filled_text(value: object) -> str:
    text = _text(value)
    if not text:
        raise _Wrong(wording.SETTING_EMPTY)
    if not text.isprintable():
        raise _Wrong(wording.SETTING_UNPRINTABLE)
    return text


def _token(value: object) -> str:
    token = re.sub(r"^Bot(\s+|$)", "", _text(value))
    if not token:
        raise _Wrong(wording.SETTING_EMPTY)
    if token == TOKEN_PLACEHOLDER:
        raise _Wrong(wording.SETTING_TOKEN_PLACEHOLDER)
    if not re.fullmatch(r"[!-~]+", token):
        raise _Wrong(wording.SETTING_TOKEN_CHARACTERS)
    return token


def _api_key(value: object) -> Optional[str]:
    key = _optional_text(value)
    if not re.fullmatch(r"[ -~]*", key):  # it becomes a header
        raise _Wrong(wording.SETTING_KEY_CHARACTERS)
    return key or None


def _optional_text(value: object) -> str:
    return "" if value is None else _text(value)


def _number(value: object) -> Optional[int]:
    """A whole number that is written as one, or as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\s*\d{1,20}\s*", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number_between(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        number = _number(value)
        if number is None or not low <= number <= high:
            raise _Wrong(wording.SETTING_NUMBER_BETWEEN, low=low, high=high)
        return number

    return check


def _number_from(low: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        number = _number(value)
        if number is None or number < low:
            raise _Wrong(wording.SETTING_NUMBER_FROM, low=low)
        return number

    return check


def _seconds(value: object) -> float:
    """A number that is written as one, or as text; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _timeout(value: object) -> float:
    seconds = _seconds(value)
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise _Wrong(wording.SETTING_SECONDS, high=_LONGEST_TIMEOUT)
    return seconds


def _cooldown(value: object) -> float:
    seconds = _seconds(value)
    if not 0 <= seconds <= _LONGEST_COOLDOWN:
        raise _Wrong(wording.SETTING_SECONDS_OR_NONE, high=_LONGEST_COOLDOWN)
    return seconds


def _one_of(*choices: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        choice = _as_choice(value)
        if choice not in choices:
            raise _Wrong(wording.SETTING_CHOICE, choices=", ".join(f'"{one}"' for one in choices))
        return choice

    return check


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    choice = _as_choice(value)
    if choice not in ("true", "false"):
        raise _Wrong(wording.SETTING_SWITCH)
    return choice == "true"


def _think(value: object) -> Union[bool, str]:
    if _as_choice(value) == "auto":
        return "auto"
    try:
        return _switch(value)
    except _Wrong:
        raise _Wrong(wording.SETTING_THINK) from None


def _as_choice(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _ids(value: object, no_id: Sentence, **said: object) -> Tuple[int, ...]:
    """The ids in a list, each once, or the one that stands alone. Raises _Wrong with the sentence `no_id`."""
    several = isinstance(value, (list, tuple, set, frozenset))
    items = list(cast("Sequence[object]", value)) if several else [value]
    ids = [_number(item) for item in items]
    wrong = [item for item, number in zip(items, ids) if number is None or not 10**14 <= number < 10**20]
    if wrong:
        raise _Wrong(no_id, found=wrong if several else value, **said)
    unique = dict.fromkeys(cast("List[int]", ids))
    return tuple(sorted(unique) if isinstance(value, (set, frozenset)) else unique)


def _channel_ids(value: object) -> Tuple[int, ...]:
    how = wording.SETTING_HOW_TO_COPY_CHANNEL_ID
    ids = _ids(value, wording.SETTING_CHANNEL_NOT_ID, how=how)
    if not ids:
        raise _Wrong(wording.SETTING_CHANNEL_NONE, how=how)
    if CHANNEL_PLACEHOLDER in ids:
        raise _Wrong(wording.SETTING_CHANNEL_PLACEHOLDER, how=how)
    return ids


def _role_ids(value: object) -> Tuple[int, ...]:
    return () if value is None else _ids(value, wording.SETTING_ROLE_NOT_ID)


def _user_ids(value: object) -> Tuple[int, ...]:
    return () if value is None else _ids(value, wording.SETTING_USER_NOT_ID)


def _command_prefix(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong(wording.SETTING_NOT_TEXT)
    if not re.fullmatch(r"\S{1,10}", value) or not value.isprintable():
        raise _Wrong(wording.SETTING_PREFIX_LENGTH)
    if value.startswith("/"):
        raise _Wrong(wording.SETTING_PREFIX_SLASH)
    if value.startswith(("@", "<")):
        raise _Wrong(wording.SETTING_PREFIX_MENTION)
    return value


# --- LLM_HOST with LLM_PORT and LLM_API → the server's URL ------------------------------------------------------------


class _Server(NamedTuple):
    """What LLM_HOST says."""

    scheme: str
    host: str
    port: Optional[int]
    path: str

    @property
    def needs_port(self) -> bool:
        return self.port is None and self.scheme == "http"


def _server(value: object) -> _Server:
    text = _filled_text(value)
    if "@" in text:
        raise _Wrong(wording.SETTING_HOST_WITH_PASSWORD)
    if "://" not in text:
        return _Server("http", _host(text), None, "")
    scheme = text.split("://", maxsplit=1)[0].lower()
    if scheme not in ("http", "https"):
        raise _Wrong(wording.SETTING_HOST_SCHEME)
    if "?" in text or "#" in text:
        raise _Wrong(wording.SETTING_HOST_WITH_QUERY)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    where = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", parts.netloc)
    if not where or re.search(r"\s", parts.path):
        raise _Wrong(wording.SETTING_HOST_NOT_A_HOST)
    return _Server(scheme, _host(where[1]), _url_port(where[2]), parts.path.rstrip("/"))


def _url_port(text: Optional[str]) -> Optional[int]:
    if not text:
        return None
    port = _number(text)
    if port is None or not 1 <= port <= _LAST_PORT:
        raise _Wrong(wording.SETTING_HOST_BAD_PORT)
    return port


def _host(text: str) -> str:
    """A name, an IPv4 address, or an IPv6 address with or without brackets, as it stands in a URL."""
    with_port = re.fullmatch(r"(\[.*\]|[^:]*):(\d+)", text)
    if with_port and with_port[1]:
        raise _Wrong(wording.SETTING_HOST_WITH_PORT, host=_safe_text(with_port[1]), port=_safe_text(with_port[2]))
    bracketed = re.fullmatch(r"\[(.*)\]", text)
    bare = bracketed[1] if bracketed else text
    is_name = not bracketed and re.fullmatch(r"[\w-]+(\.[\w-]+)*\.?", bare) and not re.fullmatch(r"[\d.]+", bare)
    if not is_name and not _is_address(bare, v6=":" in bare or bracketed is not None):
        raise _Wrong(wording.SETTING_HOST_NOT_A_HOST)
    return _bracketed(bare)


def _is_address(text: str, *, v6: bool) -> bool:
    try:
        # Before Python 3.9, ipaddress knows no zone ("fe80::1%eth0").
        ipaddress.IPv6Address(re.sub(r"%[\w.-]+$", "", text)) if v6 else ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


# The paths that the program adds itself, longest first.
_API_PATHS = {"ollama": ("/api/generate", "/api/chat", "/api"), "openai": ("/v1/chat/completions", "/v1")}


def _llm_url(server: _Server, port: Optional[int], api: str) -> str:
    path = server.path
    if api == "ollama" and path.endswith(_API_PATHS["openai"]):
        wrong = next(suffix for suffix in _API_PATHS["openai"] if path.endswith(suffix))
        raise _Wrong(wording.SETTING_HOST_IS_OPENAI, name="LLM_HOST", path=wrong)
    suffix = next((suffix for suffix in _API_PATHS[api] if path.endswith(suffix)), "")
    path = path[: len(path) - len(suffix)]
    number = port if server.needs_port else server.port
    shown_port = f":{number}" if number else ""
    return f"{server.scheme}://{server.host}{shown_port}{path}"


def _brings_port(host: object) -> bool:
    """Whether LLM_PORT is not needed, or can't be known to be needed since the URL in LLM_HOST is wrong."""
    try:
        return not _server(host).needs_port
    except _Wrong:
        return "://" in str(host)


# --- The table --------------------------------------------------------------------------------------------------------

_REQUIRED = object()


class _Setting(NamedTuple):
    """One setting: its name in settings.py, its check, its default (checked already), and where it is kept."""

    name: str
    check: Callable[[object], object]
    default: object = _REQUIRED
    secret: bool = False
    field_name: str = ""

    @property
    def key(self) -> str:
        return self.field_name or self.name.lower()


_SETTINGS = (
    _Setting("TOKEN", _token, secret=True),
    _Setting("LLM_HOST", _server),
    _Setting("LLM_PORT", _number_between(1, _LAST_PORT)),
    _Setting("LLM_MODEL", _filled_text),
    _Setting("CHATBOT_CH_ID", _channel_ids, field_name="channel_ids"),
    _Setting("LLM_API", _one_of("ollama", "openai"), "ollama"),
    _Setting("LLM_API_KEY", _api_key, None, secret=True),
    _Setting("SYSTEM_PROMPT", _optional_text, ""),
    _Setting("HISTORY_MESSAGES", _number_between(0, _MOST_HISTORY), 20),
    _Setting("HISTORY_CHARS", _number_between(0, _MOST_CHARS), 12_000),
    _Setting("EDIT_EVERY_CHARS", _number_from(1), 15),
    _Setting("LLM_CONNECT_TIMEOUT", _timeout, 5.0),
    _Setting("LLM_READ_TIMEOUT", _timeout, 300.0),
    _Setting("LANGUAGE", _one_of("auto", "ja", "en"), "auto"),
    _Setting("COMMAND_PREFIX", _command_prefix, "!"),
    _Setting("MAX_PAGES", _number_between(1, _MOST_PAGES), 5),
    _Setting("MAX_ANSWER_CHARS", _number_between(1, _MOST_CHARS), 100_000),
    _Setting("SHOW_THINKING", _switch, default=False),
    _Setting("THINK", _think, "auto"),
    _Setting("ALLOWED_ROLES", _role_ids, ()),
    _Setting("BLOCKED_USERS", _user_ids, ()),
    _Setting("MAX_CHATS_PER_USER", _number_between(1, _MOST_CHATS), 2),
    _Setting("COOLDOWN_SECONDS", _cooldown, 0.0),
    _Setting("MAX_ACTIVE_CHATS", _number_between(1, _MOST_ACTIVE), 32),
    _Setting("MAX_WAITING", _number_between(0, _MOST_WAITING), 100),
)
_NAMES = tuple(setting.name for setting in _SETTINGS)


def _settings(values: Mapping[str, object], problems: List[_Wrong]) -> Settings:
    """The checked Settings. Raises SettingsError with `problems` and all that is wrong with the values."""
    checked, wrong = _check_all(values)
    if problems:  # the file did not run to its end: what is missing may stand further down
        wrong = [one for one in wrong if one.sentence is not wording.SETTING_MISSING]
    problems = problems + wrong
    if problems:
        language = console_language(values)
        secrets = _secrets(values)
        raise SettingsError([problem.say(language, secrets) for problem in problems], language)
    return Settings(**checked)


def _check_all(values: Mapping[str, object]) -> Tuple[Dict[str, Any], List[_Wrong]]:
    """The fields of Settings, as many as could be checked, and everything that is wrong."""
    unknown = [_unknown(name) for name in values if _is_unknown(name)]
    meant = {problem.values.get("nearest") for problem in unknown}
    fields: Dict[str, Any] = {}
    wrong: List[_Wrong] = []
    for setting in _SETTINGS:
        if setting.name in values:
            wrong += _check(setting, values[setting.name], fields)
        elif setting.default is not _REQUIRED:
            fields[setting.key] = setting.default
        elif setting.name not in meant and not (setting.name == "LLM_PORT" and _brings_port(values.get("LLM_HOST"))):
            wrong.append(_Wrong(wording.SETTING_MISSING, name=setting.name))
    server, port = fields.pop("llm_host", None), fields.pop("llm_port", None)
    if server and "llm_api" in fields:
        try:
            fields["llm_url"] = _llm_url(server, port, fields["llm_api"])
        except _Wrong as problem:
            wrong.append(problem)
    return fields, wrong + unknown


def _check(setting: _Setting, value: object, fields: Dict[str, Any]) -> List[_Wrong]:
    try:
        fields[setting.key] = setting.check(value)
    except _Wrong as wrong:
        found = _kind(value) if setting.secret else value
        wrong.values = {"name": setting.name, "found": found, **wrong.values}
        return [wrong]
    return []


def _is_unknown(name: str) -> bool:
    """Whether it looks like a setting but is none; imports, helpers in small letters and _names are the user's."""
    if name in _NAMES or name.startswith("_"):
        return False
    return name.isupper() or name.upper() in _NAMES


def _unknown(name: str) -> _Wrong:
    nearest = _nearest(name)
    if nearest:
        return _Wrong(wording.SETTING_UNKNOWN_NEAR, name=_safe_text(name), nearest=nearest)
    return _Wrong(wording.SETTING_UNKNOWN, name=_safe_text(name))


def _nearest(name: str, cutoff: float = 0.6) -> Optional[str]:
    return next(iter(get_close_matches(name.upper(), _NAMES, n=1, cutoff=cutoff)), None)


def _secrets(values: Mapping[str, object]) -> AbstractSet[str]:
    """The words of the secret values, to be recognised where they stand in another setting too."""
    held = (values.get(setting.name) for setting in _SETTINGS if setting.secret)
    return {word for value in held if isinstance(value, str) for word in value.split()}
