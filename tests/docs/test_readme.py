"""The READMEs and the pages of docs/: what they say of the program is what it does, and both languages say the same."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from typing import Dict, Iterator, List, Sequence
from urllib.parse import unquote

import discord
import pytest

from chat.answer.answer import LOG_LINE
from chat.bot import permissions
from chat.wording import channel, terminal
from chat.wording.sentence import Language, Sentence
from chatbot import ChatBot
from tests.tools.test_layers import LAYERS

PROJECT = Path(__file__).resolve().parent.parent.parent
FILES: Dict[Language, Path] = {"en": PROJECT / "README.md", "ja": PROJECT / "README.ja.md"}
SPEED: Dict[Language, Path] = {"en": PROJECT / "docs" / "speed.md", "ja": PROJECT / "docs" / "speed.ja.md"}
PAGES = [path for pages in (FILES, SPEED) for path in pages.values()]
SENTENCES_HEADING: Dict[Language, str] = {"en": "What the bot says", "ja": "ボットの文"}
WAY_HEADING: Dict[Language, str] = {"en": "The way of a message", "ja": "メッセージの流れ"}
LOG_HEADING: Dict[Language, str] = {"en": "The log", "ja": "ログ"}
CLEAR_BY_THEMSELVES = (
    *("SETTING", "PACKAGES_", "CHECK_", "COMMAND_", "HELP"),
    *("STOP_BUTTON", "STOP_DONE", "MODEL_LIST", "MODEL_SWITCHED"),
)
"""What the names of sentences begin with that need no row in the table."""
SENTENCES = {
    name: value
    for name, value in {**vars(channel), **vars(terminal)}.items()
    if isinstance(value, Sentence) and not name.startswith(CLEAR_BY_THEMSELVES)
}
ENOUGH_CHARS = 8
"""A row of the table that quotes less than this of a sentence could mean any."""
OTHERS_MODULES = ("pip", "venv", "pytest", "ruff", "mypy")
"""What is run with `python -m` and is not of this project; the linters are not there on every Python."""


@pytest.fixture(name="language", params=FILES)
def _language(request: pytest.FixtureRequest) -> Language:
    language: Language = request.param
    return language


@pytest.fixture(name="text")
def _text(language: Language) -> str:
    return FILES[language].read_text("utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)


def headings(text: str) -> List[str]:
    return re.findall(r"^(#+ .+)$", without_code(text), flags=re.MULTILINE)


def section(text: str, heading: str) -> str:
    """Return the text between a heading and the next one."""
    return re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1].split("\n#")[0]


def code_in(text: str, kind: str) -> List[str]:
    """The code blocks of one kind, such as `python`."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def first_cells(text: str) -> List[str]:
    """The first column of a section's tables, without their heads."""
    rows = re.findall(r"^\| (.+?) \|", text, flags=re.MULTILINE)
    return [row for row, after in zip(rows, [*rows[1:], ""]) if row != "---" and after != "---"]


def settings_of_the_sample() -> Dict[str, str]:
    sample = (PROJECT / "settings.py.sample").read_text("utf-8")
    return dict(re.findall(r"^(?:# )?([A-Z_]+) = (.+)$", sample, flags=re.MULTILINE))


def fixed_parts(quoted: str) -> List[str]:
    """The parts of a quoted sentence that are the same whatever is filled in."""
    return [part.strip() for part in quoted.split("…") if part.strip()]


def is_quoted(sentence: str, parts: Sequence[str]) -> bool:
    return re.search(".*".join(map(re.escape, parts)), sentence) is not None


# --- What the program does ---


def test_each_setting_stands_in_the_table_with_the_default_of_the_sample(text: str) -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \|.*\| (.*?) \|$", text, flags=re.MULTILINE))
    settings = settings_of_the_sample()
    assert list(rows) == list(settings)
    for name in settings.keys() - {"TOKEN", "CHATBOT_CH_ID"}:  # these have no default
        assert f"`{settings[name]}`" in rows[name], name


@pytest.mark.parametrize("name", SENTENCES)
def test_each_sentence_of_the_bot_has_one_row(language: Language, text: str, name: str) -> None:
    said = getattr(SENTENCES[name], language)
    rows = first_cells(section(text, SENTENCES_HEADING[language]))
    assert sum(is_quoted(said, fixed_parts(row)) for row in rows) == 1, said


def test_each_row_quotes_a_sentence_of_the_bot(language: Language, text: str) -> None:
    for row in first_cells(section(text, SENTENCES_HEADING[language])):
        parts = fixed_parts(row)
        assert len("".join(parts)) >= ENOUGH_CHARS
        assert any(is_quoted(getattr(sentence, language), parts) for sentence in SENTENCES.values()), row


def test_the_invite_link_is_the_one_that_the_bot_shows_and_its_rights_are_named(language: Language, text: str) -> None:
    shown = permissions.invite(discord.Client(intents=discord.Intents.none(), application_id=1))
    assert shown.replace("client_id=1&", "client_id=YOUR_APPLICATION_ID&") in text.split()
    for name, needed in permissions.RIGHTS:
        if needed:
            assert terminal.RIGHTS[name].say(language) in text


def test_the_fields_of_the_log_are_shown_and_explained(language: Language, text: str) -> None:
    fields = re.findall(r"(\w+)=%", LOG_LINE)
    log = section(text, LOG_HEADING[language])
    assert re.findall(r"(\w+)=", re.findall(r"^answer .*$", log, flags=re.MULTILINE)[0]) == fields
    assert re.findall(r"`(\w+)`", " ".join(first_cells(log))) == fields


def test_each_make_command_is_in_the_makefile(text: str) -> None:
    commands = set(re.findall(r"`make ([a-z-]+)", text))
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    assert commands
    assert commands <= targets


def test_each_module_and_file_of_the_commands_is_there(text: str) -> None:
    modules = {name for name in re.findall(r"-m ([\w.]+)", text) if name not in OTHERS_MODULES}
    files = set(re.findall(r"-r ([\w./-]+\.txt)", text))
    assert "demo" in modules
    assert "requirements.txt" in files
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in files if not (PROJECT / name).exists()] == []


def test_the_way_of_a_message_shows_the_coroutines_of_the_program(language: Language, text: str) -> None:
    (shown,) = code_in(section(text, WAY_HEADING[language]), "python")
    source = inspect.getsource(ChatBot.answer) + inspect.getsource(ChatBot.stream)
    assert shown.split() == source.split()


def test_the_picture_shows_the_rooms_as_the_layers_are(language: Language, text: str) -> None:
    (picture,) = code_in(section(text, WAY_HEADING[language]), "text")
    shown = [re.findall(r"^(\S+?)(?:\.py)? ", floor, flags=re.MULTILINE) for floor in picture.split("    ↓\n")]
    program = [[name.replace(".", "/") for name in layer if name not in {"chat", "chat.errors"}] for layer in LAYERS]
    assert shown == [layer for layer in program if layer]


# --- The pages themselves ---


def slugs(text: str) -> Iterator[str]:
    """The anchors that GitHub makes of the headings."""
    for heading in headings(text):
        words = heading.lstrip("#").strip().lower()
        yield re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_within_the_project_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(list(slugs(text))) == len(set(slugs(text)))
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if link.startswith("https://"):
            continue
        target, _, anchor = link.partition("#")
        path = page.parent / target if target else page
        assert path.exists(), link
        assert not anchor or unquote(anchor) in slugs(path.read_text("utf-8")), link


def test_each_package_of_the_bot_is_listed(text: str) -> None:
    packages = [f"chat/{path.parent.name}/" for path in (PROJECT / "chat").glob("*/__init__.py")]
    for name in ["chatbot.py", "llm_model.py", *packages]:
        assert f"[{name}]({name})" in text


@pytest.mark.parametrize("pages", [FILES, SPEED], ids=["README", "speed"])
def test_both_languages_have_the_same_headings_and_code(pages: Dict[Language, Path]) -> None:
    english, japanese = (path.read_text("utf-8") for path in pages.values())
    levels = [[heading.split()[0] for heading in headings(text)] for text in (english, japanese)]
    assert levels[0] == levels[1]
    blocks = [re.findall(r"^ *```.*?^ *```$", text, flags=re.DOTALL | re.MULTILINE) for text in (english, japanese)]
    assert blocks[0] == blocks[1]
    rows = [len(re.findall(r"^ *(?:[-|]|\d\.) ?", text, flags=re.MULTILINE)) for text in (english, japanese)]
    assert rows[0] == rows[1]
