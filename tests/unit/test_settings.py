"""settings.py as users write it, whole and broken: what is taken, what is said, and that no secret is."""

from __future__ import annotations

import dataclasses
import errno
import locale
import re
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, Dict, Tuple, Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.settings import checks, fields, file, llm_url, problems
from chat.settings.fields import Settings, parse
from chat.settings.file import load
from chat.settings.problems import SettingsError, console_language
from chat.wording import settings as wording

SAMPLE = Path(__file__).parent.parent.parent / "settings.py.sample"
CHANNEL = 987654321098765432
REQUIRED: Dict[str, object] = {
    "TOKEN": "MTA.Gx.secret",
    "LLM_HOST": "127.0.0.1",
    "LLM_PORT": 11434,
    "LLM_MODEL": "gemma:2b",
    "CHATBOT_CH_ID": CHANNEL,
}
DEFAULTS = Settings(
    token="MTA.Gx.secret",
    llm_url="http://127.0.0.1:11434",
    llm_model="gemma:2b",
    channel_ids=(CHANNEL,),
    llm_api="ollama",
    llm_api_key=None,
    system_prompt="",
    history_messages=20,
    history_chars=12_000,
    edit_every_chars=15,
    llm_connect_timeout=5.0,
    llm_read_timeout=300.0,
    language="auto",
    command_prefix="!",
    max_pages=5,
    max_answer_chars=100_000,
    show_thinking=False,
    think="auto",
    allowed_roles=(),
    blocked_users=(),
    max_chats_per_user=2,
    cooldown_seconds=0.0,
    max_active_chats=32,
    max_waiting=100,
)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def with_values(**changes: object) -> Settings:
    return parse({**REQUIRED, **changes})


def problems_of(values: Dict[str, object]) -> Tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse(values)
    return caught.value.problems


def only_problem(**changes: object) -> str:
    (problem,) = problems_of({**REQUIRED, **changes})
    return problem


def problems_in_file(folder: Path, content: str, encoding: str = "utf-8") -> Tuple[str, ...]:
    path = folder / "settings.py"
    path.write_bytes(content.encode(encoding))
    with pytest.raises(SettingsError) as caught:
        load(path)
    return caught.value.problems


def file_text(**changes: object) -> str:
    return "".join(f"{name} = {value!r}\n" for name, value in {**REQUIRED, **changes}.items())


# --- The sample ---


def filled_in(sample: str) -> str:
    token = sample.replace(f'"{checks.TOKEN_PLACEHOLDER}"', '"MTA.Gx.secret"')
    return token.replace(f"= {checks.CHANNEL_PLACEHOLDER}", f"= {CHANNEL}")


def test_the_sample_as_it_is_has_only_the_two_placeholders_to_fill_in() -> None:
    with pytest.raises(SettingsError) as caught:
        load(SAMPLE)
    token, channel = caught.value.problems
    assert token.startswith("TOKEN still has the sample's text. ")
    assert channel.startswith("CHATBOT_CH_ID still has the sample's number. ")


def test_the_sample_with_both_filled_in_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text(filled_in(SAMPLE.read_text("utf-8")), "utf-8")
    assert load(path) == DEFAULTS


def test_the_optional_lines_of_the_sample_say_the_defaults(tmp_path: Path) -> None:
    whole, count = re.subn(r"^# (?=[A-Z_]+ = )", "", filled_in(SAMPLE.read_text("utf-8")), flags=re.MULTILINE)
    path = tmp_path / "settings.py"
    path.write_text(whole, "utf-8")
    assert load(path) == DEFAULTS
    # Each is a field of Settings but LLM_HOST and LLM_PORT, which are one.
    assert count + len(REQUIRED) == len(dataclasses.fields(Settings)) + 1


def test_each_setting_in_the_sample_has_a_line_in_both_languages() -> None:
    lines = SAMPLE.read_text("utf-8").splitlines()
    settings_at = [at for at, line in enumerate(lines) if re.match("(# )?[A-Z_]+ = ", line)]
    assert settings_at
    for at in settings_at:
        assert re.match("# [A-Z]", lines[at - 2])
        assert re.match("# .*[ぁ-ん]", lines[at - 1])


# --- Values that are taken ---


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"TOKEN": " MTA.Gx.secret\n"}, "token", "MTA.Gx.secret"),
        ({"TOKEN": "Bot MTA.Gx.secret"}, "token", "MTA.Gx.secret"),
        ({"LLM_PORT": " 8080 "}, "llm_url", "http://127.0.0.1:8080"),
        ({"LLM_MODEL": " qwen3:4b "}, "llm_model", "qwen3:4b"),
        ({"CHATBOT_CH_ID": f" {CHANNEL} "}, "channel_ids", (CHANNEL,)),
        ({"CHATBOT_CH_ID": [CHANNEL, str(10**14), CHANNEL]}, "channel_ids", (CHANNEL, 10**14)),
        ({"CHATBOT_CH_ID": (str(CHANNEL), CHANNEL)}, "channel_ids", (CHANNEL,)),
        ({"CHATBOT_CH_ID": {CHANNEL, 10**14}}, "channel_ids", (10**14, CHANNEL)),
        ({"LLM_API": "OpenAI"}, "llm_api", "openai"),
        ({"LLM_API_KEY": ""}, "llm_api_key", None),
        ({"LLM_API_KEY": " sk-1 "}, "llm_api_key", "sk-1"),
        ({"SYSTEM_PROMPT": "\n猫のように\n話してください。\n"}, "system_prompt", "猫のように\n話してください。"),
        ({"SYSTEM_PROMPT": None}, "system_prompt", ""),
        ({"SYSTEM_PROMPT": "{date} {x} {"}, "system_prompt", "{date} {x} {"),
        ({"HISTORY_MESSAGES": 0}, "history_messages", 0),
        ({"HISTORY_MESSAGES": "100"}, "history_messages", 100),
        ({"HISTORY_CHARS": 0}, "history_chars", 0),
        ({"HISTORY_CHARS": 1_000_000}, "history_chars", 1_000_000),
        ({"EDIT_EVERY_CHARS": "1"}, "edit_every_chars", 1),
        ({"LLM_CONNECT_TIMEOUT": "2.5"}, "llm_connect_timeout", 2.5),
        ({"LLM_READ_TIMEOUT": 600}, "llm_read_timeout", 600.0),
        ({"LANGUAGE": "JA"}, "language", "ja"),
        ({"COMMAND_PREFIX": "bot>"}, "command_prefix", "bot>"),
        ({"MAX_PAGES": "50"}, "max_pages", 50),
        ({"MAX_ANSWER_CHARS": 1_000_000}, "max_answer_chars", 1_000_000),
        ({"SHOW_THINKING": True}, "show_thinking", True),
        ({"SHOW_THINKING": " true "}, "show_thinking", True),
        ({"THINK": "Auto"}, "think", "auto"),
        ({"THINK": False}, "think", False),
        ({"THINK": "True"}, "think", True),
        ({"ALLOWED_ROLES": None}, "allowed_roles", ()),
        ({"ALLOWED_ROLES": []}, "allowed_roles", ()),
        ({"ALLOWED_ROLES": CHANNEL}, "allowed_roles", (CHANNEL,)),
        ({"ALLOWED_ROLES": [CHANNEL, f" {10**14} ", CHANNEL]}, "allowed_roles", (CHANNEL, 10**14)),
        ({"BLOCKED_USERS": None}, "blocked_users", ()),
        ({"BLOCKED_USERS": ()}, "blocked_users", ()),
        ({"BLOCKED_USERS": str(CHANNEL)}, "blocked_users", (CHANNEL,)),
        ({"BLOCKED_USERS": {CHANNEL, 10**14}}, "blocked_users", (10**14, CHANNEL)),
        ({"MAX_CHATS_PER_USER": "1"}, "max_chats_per_user", 1),
        ({"MAX_CHATS_PER_USER": 100}, "max_chats_per_user", 100),
        ({"MAX_ACTIVE_CHATS": 1}, "max_active_chats", 1),
        ({"MAX_WAITING": 0}, "max_waiting", 0),
        ({"COOLDOWN_SECONDS": 86_400}, "cooldown_seconds", 86_400.0),
        ({"COOLDOWN_SECONDS": "0.5"}, "cooldown_seconds", 0.5),
    ],
)
def test_a_value_is_taken(changes: Dict[str, Any], field: str, value: object) -> None:
    expected: Dict[str, Any] = {field: value}
    assert with_values(**changes) == dataclasses.replace(DEFAULTS, **expected)


@pytest.mark.parametrize(
    ("host", "api", "url", "address"),
    [
        ("localhost", "ollama", "http://localhost:11434", "localhost:11434"),
        ("my_ollama.lan", "ollama", "http://my_ollama.lan:11434", "my_ollama.lan:11434"),
        ("::1", "ollama", "http://[::1]:11434", "[::1]:11434"),
        ("[::1]", "ollama", "http://[::1]:11434", "[::1]:11434"),
        ("fe80::1%eth0", "ollama", "http://[fe80::1%eth0]:11434", "[fe80::1%eth0]:11434"),
        ("http://host", "ollama", "http://host:11434", "host:11434"),
        ("http://host/", "ollama", "http://host:11434", "host:11434"),
        ("HTTP://host:80/llm/", "ollama", "http://host:80/llm", "host:80"),
        ("http://[::1]:8080", "ollama", "http://[::1]:8080", "[::1]:8080"),
        ("http://[::1]", "ollama", "http://[::1]:11434", "[::1]:11434"),
        ("https://host", "ollama", "https://host", "host:443"),
        ("https://host:8443/path", "ollama", "https://host:8443/path", "host:8443"),
        ("http://host:1/api", "ollama", "http://host:1", "host:1"),
        ("http://host:1/x/api/chat/", "ollama", "http://host:1/x", "host:1"),
        ("https://openrouter.ai/api/v1", "openai", "https://openrouter.ai/api", "openrouter.ai:443"),
        ("https://openrouter.ai/api", "openai", "https://openrouter.ai/api", "openrouter.ai:443"),
        ("https://host/v1/chat/completions", "openai", "https://host", "host:443"),
        ("https://host/v1/", "openai", "https://host", "host:443"),
    ],
)
def test_llm_host_is_taken(host: str, api: str, url: str, address: str) -> None:
    taken = with_values(LLM_HOST=host, LLM_API=api)
    assert (taken.llm_url, taken.llm_address) == (url, address)


@pytest.mark.parametrize("host", ["https://host/path", "http://host:8080"])
def test_llm_port_may_be_missing_when_the_url_needs_none(host: str) -> None:
    values = {**REQUIRED, "LLM_HOST": host}
    del values["LLM_PORT"]
    assert parse(values).llm_url == host


def test_llm_port_is_needed_for_an_http_url_without_one() -> None:
    values = {**REQUIRED, "LLM_HOST": "http://host"}
    del values["LLM_PORT"]
    assert problems_of(values)[0].startswith("LLM_PORT is missing.")


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DEFAULTS.token = "other"  # type: ignore[misc]  # that it can't be is the test


# --- Values that are refused ---


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TOKEN", "", "TOKEN is empty."),
        ("TOKEN", "Bot ", "TOKEN is empty."),
        ("TOKEN", 12345, "it is a number."),
        ("TOKEN", None, "it is something that is neither text nor number."),
        ("TOKEN", "MTA. Gx", "TOKEN has a space or another character that no token has."),
        ("TOKEN", "ＭＴＡ", "TOKEN has a space or another character that no token has."),
        ("LLM_PORT", "abc", 'LLM_PORT must be a number between 1 and 65535; it is "abc".'),
        ("LLM_PORT", 65536, "it is 65536."),
        ("LLM_PORT", 0, "it is 0."),
        ("LLM_PORT", True, "it is True."),
        ("LLM_PORT", 11434.5, "it is 11434.5."),
        ("LLM_PORT", None, "it is None."),
        ("LLM_PORT", "user:hidden@host", 'it is "…".'),
        ("LLM_PORT", [], "it is a list."),
        ("LLM_PORT", [1, "a"], 'it is 1, "a".'),
        ("LLM_PORT", [10**400], "it is a list."),
        ("LLM_PORT", -(10**400), "it is a number."),
        ("LLM_PORT", "9" * 5000, 'it is "…".'),
        ("LLM_PORT", print, "it is something that is neither text nor number."),
        ("LLM_PORT", "\ud800\x1b[2J", r'it is "\ud800\x1b[2J".'),
        ("LLM_MODEL", "  ", "LLM_MODEL is empty."),
        ("LLM_MODEL", "a\nb", "LLM_MODEL has a line break"),
        ("LLM_MODEL", 2, 'LLM_MODEL must be a text between quotes, like LLM_MODEL = "…"; it is 2.'),
        ("CHATBOT_CH_ID", "general", 'it is "general". To get it: in Discord, switch on User Settings'),
        ("CHATBOT_CH_ID", 12345678901234, "it is 12345678901234."),
        ("CHATBOT_CH_ID", 10**20, f"it is {10**20}."),
        ("CHATBOT_CH_ID", True, "it is True."),
        ("CHATBOT_CH_ID", [CHANNEL, "a", 5], 'it is "a", 5.'),
        ("CHATBOT_CH_ID", ["a"] * 9, 'it is "a", "a", "a", "a", "a", ….'),
        ("CHATBOT_CH_ID", [], "CHATBOT_CH_ID is an empty list."),
        ("CHATBOT_CH_ID", [CHANNEL, "123456789012345678"], "CHATBOT_CH_ID still has the sample's number."),
        ("LLM_API", "openapi", 'LLM_API must be one of "ollama", "openai"; it is "openapi".'),
        ("LLM_API_KEY", "鍵", "LLM_API_KEY has a line break or a character that no key has."),
        ("LLM_API_KEY", "a\nb", "LLM_API_KEY has a line break"),
        ("LLM_API_KEY", ["a"], "it is a list."),
        ("SYSTEM_PROMPT", ["a"], "SYSTEM_PROMPT must be a text"),
        ("HISTORY_MESSAGES", -1, "HISTORY_MESSAGES must be a number between 0 and 100; it is -1."),
        ("HISTORY_MESSAGES", 101, "it is 101."),
        ("HISTORY_MESSAGES", None, "it is None."),
        ("HISTORY_CHARS", 1_000_001, "HISTORY_CHARS must be a number between 0 and 1000000; it is 1000001."),
        ("HISTORY_CHARS", "all", 'it is "all".'),
        ("EDIT_EVERY_CHARS", 0, "EDIT_EVERY_CHARS must be a whole number, 1 or more; it is 0."),
        ("EDIT_EVERY_CHARS", 1.5, "it is 1.5."),
        ("LLM_CONNECT_TIMEOUT", 0, "LLM_CONNECT_TIMEOUT must be a number of seconds, more than 0 and at most 2000000"),
        ("LLM_CONNECT_TIMEOUT", False, "it is False."),
        ("LLM_CONNECT_TIMEOUT", "soon", 'it is "soon".'),
        ("LLM_READ_TIMEOUT", None, "it is None."),
        ("LLM_READ_TIMEOUT", float("inf"), "it is inf."),
        ("LLM_READ_TIMEOUT", "nan", 'it is "nan".'),
        ("LLM_READ_TIMEOUT", 10**400, "it is a number."),
        ("LANGUAGE", "french", 'LANGUAGE must be one of "auto", "ja", "en"; it is "french".'),
        ("MAX_PAGES", 0, "MAX_PAGES must be a number between 1 and 50; it is 0."),
        ("MAX_ANSWER_CHARS", 1_000_001, "MAX_ANSWER_CHARS must be a number between 1 and 1000000"),
        ("SHOW_THINKING", "yes", 'SHOW_THINKING must be True or False; it is "yes".'),
        ("SHOW_THINKING", 1, "it is 1."),
        ("THINK", "high", 'THINK must be True, False or "auto"; it is "high".'),
        ("THINK", None, "it is None."),
        ("ALLOWED_ROLES", "Friends", "ALLOWED_ROLES must be a role's ID, a number of 15 to 20 digits, or a list of"),
        ("ALLOWED_ROLES", "", 'it is "". To get it: in Discord, switch on User Settings → Advanced → Developer Mode'),
        ("ALLOWED_ROLES", [CHANNEL, "a", 5], 'it is "a", 5.'),
        ("ALLOWED_ROLES", [10**20], "right-click the role in Server Settings → Roles → Copy Role ID."),
        ("BLOCKED_USERS", "@somebody", "BLOCKED_USERS must be a person's ID, a number of 15 to 20 digits, or a list"),
        ("BLOCKED_USERS", False, "it is False."),
        ("BLOCKED_USERS", [None], "right-click the person → Copy User ID."),
        ("MAX_CHATS_PER_USER", 0, "MAX_CHATS_PER_USER must be a number between 1 and 100; it is 0."),
        ("MAX_CHATS_PER_USER", 101, "it is 101."),
        ("MAX_ACTIVE_CHATS", 0, "MAX_ACTIVE_CHATS must be a number between 1 and 200; it is 0."),
        ("MAX_WAITING", 1001, "MAX_WAITING must be a number between 0 and 1000; it is 1001."),
        ("COOLDOWN_SECONDS", -1, "COOLDOWN_SECONDS must be a number of seconds between 0 and 86400; it is -1."),
        ("COOLDOWN_SECONDS", 86_400.5, "it is 86400.5."),
        ("COOLDOWN_SECONDS", True, "it is True."),
        ("COOLDOWN_SECONDS", "nan", 'it is "nan".'),
        ("COOLDOWN_SECONDS", None, "it is None."),
        ("COMMAND_PREFIX", "", 'COMMAND_PREFIX must be 1 to 10 visible characters without spaces; it is "".'),
        ("COMMAND_PREFIX", "! ", "without spaces"),
        ("COMMAND_PREFIX", "!" * 11, "1 to 10"),
        ("COMMAND_PREFIX", "/", "Discord keeps that for its own command menu"),
        ("COMMAND_PREFIX", "@bot", "Discord turns such text into mentions"),
        ("COMMAND_PREFIX", 1, "must be a text"),
    ],
)
def test_a_value_is_refused_with_what_was_found(name: str, value: object, said: str) -> None:
    problem = only_problem(**{name: value})
    assert said in problem
    assert problem.startswith(name)


def test_a_number_that_python_refuses_to_print_is_refused() -> None:
    assert only_problem(LLM_PORT=10**5000) == "LLM_PORT must be a number between 1 and 65535; it is a number."


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("", "LLM_HOST is empty."),
        ("127.0.0.1:8080", 'Write the two separately: LLM_HOST = "127.0.0.1" and LLM_PORT = 8080'),
        ("[::1]:8080", 'Write the two separately: LLM_HOST = "[::1]" and LLM_PORT = 8080'),
        ("127.0.0", 'it is "127.0.0".'),
        ("300.1.1.1", 'it is "300.1.1.1".'),
        ("my host", 'it is "my host".'),
        ("host/path", "a whole URL like"),
        ("http:/host", "a whole URL like"),
        ("[host]", 'it is "[host]".'),
        ("1::2::3", 'it is "1::2::3".'),
        ("ftp://host", "LLM_HOST must begin with http:// or https://"),
        ("http://", 'it is "http://".'),
        ("http://:80", 'it is "http://:80".'),
        ("http://[::1", 'it is "http://[::1".'),
        ("http://[::1]x:1", 'it is "http://[::1]x:1".'),
        ("http://::1:8080", 'it is "http://::1:8080".'),
        ("http://host:0", "LLM_HOST has a port that is not a number between 1 and 65535"),
        ("http://host:65536", "LLM_HOST has a port"),
        ("http://host:abc", "LLM_HOST has a port"),
        ("http://host/a b", 'it is "http://host/a b".'),
        ("http://host?key=hidden", "LLM_HOST has a part that begins with ? or #."),
        ("http://host/#hidden", "LLM_HOST has a part that begins with ? or #."),
        ("https://user:hidden@host", "put the server's key in LLM_API_KEY."),
        ("https://user:hid/den@host", "put the server's key in LLM_API_KEY."),
        ("ftp://user:hidden@host", "put the server's key in LLM_API_KEY."),
        ("https://host/v1", 'LLM_HOST ends with /v1, as for an OpenAI-compatible server. Add LLM_API = "openai"'),
        ("https://host/v1/chat/completions", "LLM_HOST ends with /v1/chat/completions"),
    ],
)
def test_llm_host_is_refused(host: str, said: str) -> None:
    problem = only_problem(LLM_HOST=host)
    assert said in problem
    assert "hidden" not in problem


# --- Names ---


def test_everything_that_is_wrong_is_said_at_once() -> None:
    values: Dict[str, object] = {"LLM_HOST": "a:1", "LLM_PORT": "x", "LLM_API": "y", "COLOUR": "red"}
    starts = [problem.split(" ")[0] for problem in problems_of(values)]
    assert starts == ["TOKEN", "LLM_HOST", "LLM_PORT", "LLM_MODEL", "CHATBOT_CH_ID", "LLM_API", "There"]
    assert all("\n" not in problem for problem in problems_of(values))


def test_a_missing_name_is_said() -> None:
    said = " is missing. Add a line that begins with "
    assert [problem.split(said)[0] for problem in problems_of({})] == list(REQUIRED)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("CHATBOT_CHID", "CHATBOT_CH_ID"), ("token", "TOKEN"), ("Llm_Model", "LLM_MODEL"), ("LLMHOST", "LLM_HOST")],
)
def test_a_misspelt_name_is_said_once_with_the_right_one(wrong: str, right: str) -> None:
    values = {**REQUIRED, wrong: REQUIRED[right]}
    del values[right]
    assert problems_of(values) == (f"There is no setting {wrong}. Did you mean {right}? Then write {right}.",)


def test_an_unknown_name_beside_the_right_one_is_said_too() -> None:
    (problem,) = problems_of({**REQUIRED, "token": "x"})
    assert problem == "There is no setting token. Did you mean TOKEN? Then write TOKEN."


def test_a_name_that_is_near_to_none_is_said() -> None:
    assert only_problem(COLOUR="red").startswith("There is no setting COLOUR. Remove it, or,")


def test_names_of_the_users_own_are_no_concern() -> None:
    assert with_values(os=re, prompt_file="p", _DRAFT=1, helper=print, Path=Path) == DEFAULTS


# --- The file ---


def test_a_missing_file_is_said_with_the_commands_to_copy_the_sample(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path / "settings.py")
    (problem,) = caught.value.problems
    assert f"There is no settings.py in {tmp_path}." in problem
    assert "cp settings.py.sample settings.py (Windows: copy settings.py.sample settings.py)" in problem
    assert "without any account: make demo" in problem


def test_a_file_that_the_editor_named_txt_is_found(tmp_path: Path) -> None:
    (tmp_path / "settings.py.txt").write_text("")
    with pytest.raises(SettingsError, match=re.escape("(Windows: ren settings.py.txt settings.py)")):
        load(tmp_path / "settings.py")


def test_a_folder_in_place_of_the_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is a folder"):
        load(tmp_path)


def test_a_file_that_must_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:  # chmod can't refuse the superuser, who may run the tests
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SettingsError, match=r"settings.py in .* can't be read \(Permission denied\)"):
        load(tmp_path / "settings.py")


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("start", ["# ボットの設定\n", "\n\n\n# ボットの設定\n"])
def test_a_file_that_is_not_utf_8_is_said(tmp_path: Path, encoding: str, start: str) -> None:
    (problem,) = problems_in_file(tmp_path, start + file_text(), encoding)
    assert problem.startswith("settings.py is not saved as UTF-8.")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_any_japanese_is_said(tmp_path: Path, encoding: str) -> None:
    (problem,) = problems_in_file(tmp_path, file_text(), encoding)
    assert problem.startswith("settings.py is not saved as UTF-8.")


def test_an_unknown_coding_line_is_said(tmp_path: Path) -> None:
    (problem,) = problems_in_file(tmp_path, "# coding: nonsense\n" + file_text())
    assert problem.startswith("settings.py is not saved as UTF-8.")


@pytest.mark.parametrize(
    ("start", "encoding"), [("", "utf-8-sig"), ("# coding: cp932\n", "cp932"), ("# coding: utf-8\r\n", "utf-8")]
)
def test_a_byte_order_mark_and_a_coding_line_are_honoured(tmp_path: Path, start: str, encoding: str) -> None:
    path = tmp_path / "settings.py"
    path.write_bytes((start + file_text(SYSTEM_PROMPT="猫")).encode(encoding))
    assert load(path) == dataclasses.replace(DEFAULTS, system_prompt="猫")


def test_the_file_is_python_in_a_namespace_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "MTA.Gx.secret")
    body = "import os\nfrom pathlib import Path\nTOKEN: str = os.environ['BOT_TOKEN']\nhere = Path(__file__).name\n"
    path = tmp_path / "settings.py"
    path.write_text(file_text().replace("MTA.Gx.secret", "old") + body)
    modules, search_path = set(sys.modules), list(sys.path)
    assert load(path) == DEFAULTS
    assert (set(sys.modules), sys.path) == (modules, search_path)
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_does_not_inherit_future_imports(tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text(file_text() + "def f(x: int): pass\nSYSTEM_PROMPT = f.__annotations__['x'].__name__\n")
    assert load(path).system_prompt == "int"


@pytest.mark.parametrize(
    ("line", "setting", "hint"),
    [
        ("LLM_MODEL = “gemma:2b”", " (LLM_MODEL)", "replace them with straight quotes"),
        ("LLM_MODEL = ＂gemma:2b＂", " (LLM_MODEL)", "replace them with straight quotes"),
        ("LLM_MODEL = 「gemma:2b」", " (LLM_MODEL)", "replace them with straight quotes"),
        ("TOKEN = ‘MTA.Gx.s’", " (TOKEN)", "replace them with straight quotes"),
        ("LLM_PORT ＝ 11434", " (LLM_PORT)", "full-width characters"),
        ('LLM_MODEL\u3000= "gemma:2b"', " (LLM_MODEL)", "full-width characters"),
        ('LLM_MODEL = "gemma:2b', " (LLM_MODEL)", "a quote is missing"),
        ('LLM_MODEL = gemma:2b\'  # "x"', " (LLM_MODEL)", "a quote is missing"),
        ('TOKEN = "MTA.Gx.s', " (TOKEN)", "a quote is missing"),
        ("LLM_MODEL = gemma:2b", " (LLM_MODEL)", "put the text between quotes"),
        ("LLM_HOST = 127.0.0.1", " (LLM_HOST)", "put the text between quotes"),
        ("TOKEN = MTA.0x.s", " (TOKEN)", "put the text between quotes"),
        ("  LLM_PORT = 11434", " (LLM_PORT)", "remove the spaces"),
        ("LLM_PORT 11434", " (LLM_PORT)", "look for a missing quote, comma or bracket"),
        ("CHATBOT_CH_ID = [1 2]", " (CHATBOT_CH_ID)", "look for a missing quote, comma or bracket"),
        ('TOKN = MTA.0x.s"', " (TOKEN)", "a quote is missing"),
        ('LLM_MODEL = "a" TOKEN = "MTA"', " (LLM_MODEL)", "look for a missing quote"),
        ('hello = = "world"', "", "look for a missing quote"),
        ("LLM_MODEL = (\n", " (LLM_MODEL)", "look for a missing quote"),
    ],
)
def test_a_syntax_error_is_said_with_line_setting_and_hint(tmp_path: Path, line: str, setting: str, hint: str) -> None:
    (problem,) = problems_in_file(tmp_path, f"# 設定\r\n{line}\r\n\r\n")
    assert problem.startswith(f"settings.py, line 2{setting}: Python does not understand this line (")
    assert hint in problem


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("LLM_MODEL = gemma", " (LLM_MODEL): Python does not know a word in this line (put the text between"),
        ("TOKEN = MTA", " (TOKEN): Python does not know a word in this line (put the text between"),
        ("LLM_PORT = int('x')", " (LLM_PORT): Python can't run this line (ValueError)."),
        ("import no_such_module", ": Python can't run this line (ModuleNotFoundError)."),
        ("import sixteen8.aaaaaaaaaaaaaaaaaaaa", ": Python can't run this line (ModuleNotFoundError)."),
        ("LLM_PORT = eight888.aaaaaaaaaaaaaaaaaaaa", " (LLM_PORT): Python does not know a word in this line ("),
        ("TOKEN = __import__('os').environ['NO_SUCH']", " (TOKEN): Python can't run this line (KeyError)."),
        ("raise SystemExit('MTA')", ": Python can't run this line (SystemExit)."),
        ("LLM_PORT = (lambda: 1 / 0)()", " (LLM_PORT): Python can't run this line (ZeroDivisionError)."),
        ("import json; json.loads('{')", ": Python can't run this line (JSONDecodeError)."),
    ],
)
def test_an_error_while_the_file_runs_is_said(tmp_path: Path, line: str, said: str) -> None:
    (problem,) = problems_in_file(tmp_path, f"\n\n{line}\n")
    assert problem.startswith(f"settings.py, line 3{said}")


def test_a_broken_line_is_said_in_japanese_too(tmp_path: Path) -> None:
    (problem,) = problems_in_file(tmp_path, 'LANGUAGE = "ja"\nLLM_MODEL = gemma\n')
    assert problem.startswith("settings.py の 2 行目 (LLM_MODEL): Python の知らない名前が使われています (文字列は")


def test_what_an_unfinished_file_did_set_is_checked_too(tmp_path: Path) -> None:
    error, port, unknown = problems_in_file(tmp_path, "LLM_PORT = 'x'\nCOLOUR = 1\nLLM_MODEL = gemma\nTOKEN = ''\n")
    assert error.startswith("settings.py, line 3 (LLM_MODEL): ")
    assert port.startswith("LLM_PORT must be")
    assert unknown.startswith("There is no setting COLOUR.")


@pytest.mark.parametrize(
    "body", ["x = " + "(" * 300 + ")" * 300, "x = " + "-" * 200_000 + "1"], ids=["brackets", "minus signs"]
)
def test_what_python_can_not_compile_is_said(tmp_path: Path, body: str) -> None:
    (problem,) = problems_in_file(tmp_path, body)
    assert problem.startswith("settings.py, line 1: Python does not understand this line (")


# --- Language ---


@pytest.mark.parametrize(
    ("environment", "wanted", "language"),
    [
        ({}, None, "en"),
        ({"LANG": "ja_JP.UTF-8"}, None, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, None, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_MESSAGES": "C"}, None, "en"),
        ({"LC_MESSAGES": "en_GB", "LC_ALL": "ja_JP"}, None, "ja"),
        ({"LANG": "ja_JP.UTF-8"}, "en", "en"),
        ({"LANG": "en_US.UTF-8"}, "ja", "ja"),
        ({"LANG": "ja_JP.UTF-8"}, "auto", "ja"),
        ({"LANG": "ja_JP.UTF-8"}, 5, "ja"),
    ],
)
def test_the_terminals_language(
    monkeypatch: pytest.MonkeyPatch, environment: Dict[str, str], wanted: object, language: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert console_language(wanted) == language


@pytest.mark.parametrize(
    ("name", "language"), [("Japanese_Japan", "ja"), ("ja_JP", "ja"), ("de_DE", "en"), (None, "en")]
)
def test_the_terminals_language_on_windows(monkeypatch: pytest.MonkeyPatch, name: str, language: str) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(locale, "getlocale", lambda: (name, "932"))
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(variable, raising=False)
    assert console_language() == language


def test_problems_are_said_in_the_language_that_is_set() -> None:
    problem = only_problem(LANGUAGE="ja", CHATBOT_CH_ID=print)
    assert "今の値は 文字列でも数値でもないもの です。" in problem
    assert "チャンネルを右クリックして「チャンネルIDをコピー」を選びます" in problem


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("ALLOWED_ROLES", "「サーバー設定」→「ロール」でロールを右クリックして「ロールIDをコピー」を選びます。"),
        ("BLOCKED_USERS", "ユーザーを右クリックして「ユーザーIDをコピー」を選びます。"),
    ],
)
def test_how_to_get_an_id_is_said_in_japanese_too(name: str, how: str) -> None:
    problem = only_problem(**{"LANGUAGE": "ja", name: "x"})
    assert '今の値は "x" です。' in problem
    assert how in problem


# --- Secrets ---

# Hypothesis also tries the texts of our source, which are in the sentences and tracebacks too.
OURS = (checks, fields, file, llm_url, problems, wording)
SOURCES = "".join(Path(name).read_text("utf-8") for name in (*(str(module.__file__) for module in OURS), __file__))


def shows_part_of(secret: str, text: str) -> bool:
    return any(secret[at : at + 8] in text for at in range(len(secret) - 7))


def is_no_text_of_ours(secret: str) -> bool:
    return not shows_part_of(secret, SOURCES)


TOKENS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", min_size=24, max_size=72).filter(
    is_no_text_of_ours
)
ANY_TEXT = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="*("), min_size=8, max_size=60
).filter(is_no_text_of_ours)
IN_ITS_OWN_SETTING = (
    "TOKEN = {}",
    "TOKEN = “{}”",
    "TOKEN = '{}",
    "TOKEN = '''{}\n{}\n",
    "TOKEN = (\n'{}'\nLLM_HOST = 1",
    "TOKEN = '{}' '{}' + 1",
    "TOKEN = int('{}')",
    "TOKEN = [\n{}\n]",
    "TOKEN '{}'",
    "TOKEN: {}",
    "token = '{}'",
    "TOKN = {}",
    "TOKEN = '{} x'",
    "TOKEN = ['{}']",
    "TOKEN = b'{}'",
    r"TOKEN = '{}\d' is 5",
    "LLM_API_KEY = '{}\n'",
    "LLM_API_KEY = '{} 鍵'",
    "LLM_API_KEY = {}",
    "SYSTEM_PROMPT = '' TOKEN = '{}'",
)
ELSEWHERE = (
    "{}",
    "print '{}'",
    "import {}",
    "from x import {}",
    "raise ValueError('{}')",
    "exit('{}')",
    "t = '{}'\nTOKEN = t + 1",
    "t = '{}'\nLLM_PORT = int(t)",
    "t = '{}'\nLLM_PORT = __import__('os').environ[t]",
    "TOKEN = '{}'\nLLM_PORT = TOKEN[:50]",
    "LLM_PORT = '{}'",
    "LLM_PORT = ['{}']",
    "LLM_PORT = {}",
    "LLM_MODEL = 'a' '{}",
    "CHATBOT_CH_ID = '{}'",
    "LLM_HOST = '{}:1'",
    "LLM_HOST = 'http://u:{}@host'",
    "LLM_HOST = 'ftp://host/?key={}'",
    "LLM_HOST = 'http://host:{}'",
    "COMMAND_PREFIX = '{}'",
)


def outcome(path: Path) -> Union[Settings, SettingsError]:
    try:
        return load(path)
    except SettingsError as error:
        return error


def everything_shown(path: Path, content: str) -> str:
    path.write_bytes(content.encode())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = outcome(path)
    shown = [repr(result), *(str(warning) for warning in caught)]
    if isinstance(result, SettingsError):
        assert (result.__cause__, result.__context__) == (None, None)
        shown += [*result.problems, str(result)]
        shown += traceback.format_exception(type(result), result, result.__traceback__)
    return "\n".join(shown)


@settings(max_examples=200, deadline=None)
@given(secret=st.one_of(TOKENS, ANY_TEXT), line=st.sampled_from(IN_ITS_OWN_SETTING))
def test_no_secret_is_shown(tmp_path_factory: pytest.TempPathFactory, secret: str, line: str) -> None:
    path = tmp_path_factory.getbasetemp() / "settings.py"
    assert not shows_part_of(secret, everything_shown(path, line.replace("{}", secret)))


@settings(max_examples=200, deadline=None)
@given(secret=TOKENS, line=st.sampled_from(ELSEWHERE))
def test_no_token_in_the_wrong_place_is_shown(tmp_path_factory: pytest.TempPathFactory, secret: str, line: str) -> None:
    path = tmp_path_factory.getbasetemp() / "settings.py"
    assert not shows_part_of(secret, everything_shown(path, line.replace("{}", secret)))


@pytest.mark.parametrize("line", IN_ITS_OWN_SETTING + ELSEWHERE)
def test_a_usual_token_is_not_shown(tmp_path: Path, line: str) -> None:
    usual = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghij_klmnopqrstuvwxyz-0123456789"
    assert not shows_part_of(usual, everything_shown(tmp_path / "settings.py", line.replace("{}", usual)))


def test_a_program_that_is_stopped_while_it_reads_the_file_shows_no_line_of_it(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("raise KeyboardInterrupt  # hidden")
    with pytest.raises(KeyboardInterrupt) as caught:
        load(tmp_path / "settings.py")
    assert "hidden" not in "".join(traceback.format_exception(caught.type, caught.value, caught.tb))


def test_python_gives_no_warning_of_the_file(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    path = tmp_path / "settings.py"
    path.write_text(file_text() + r"SYSTEM_PROMPT = 'a\d'")
    assert load(path).system_prompt == r"a\d"
    assert not recwarn.list


def test_a_short_secret_is_not_shown_where_another_setting_holds_it() -> None:
    assert only_problem(LLM_API_KEY="pa55", LLM_PORT="xpa55x") == (
        'LLM_PORT must be a number between 1 and 65535; it is "…".'
    )


def test_a_secret_that_is_a_part_of_the_host_is_not_shown() -> None:
    assert only_problem(LLM_API_KEY="pa55", LLM_HOST="xpa55x:8080").endswith('LLM_HOST = "…" and LLM_PORT = 8080')


def test_the_repr_of_settings_holds_no_secret() -> None:
    shown = repr(with_values(LLM_API_KEY="sk-hidden"))
    assert "secret" not in shown
    assert "sk-hidden" not in shown
    assert "gemma:2b" in shown
