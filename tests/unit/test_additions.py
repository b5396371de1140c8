"""What the bot itself adds to the channel is known again, and what the LLM says is not taken for it."""

from __future__ import annotations

from typing import Dict, List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.answer.history import answer_of, prompt_above, without_additions
from chat.answer.notes import LLM_ERRORS
from chat.answer.prompt import above
from chat.text.answer_text import CURSOR, THOUGHTS, AnswerText
from chat.text.pages import SIGNS, Pages
from chat.wording import channel as wording
from chat.wording.sentence import Sentence
from tests.unit.fuzz import fuzzed

SENTENCES: Dict[str, Sentence] = {name: value for name, value in vars(wording).items() if isinstance(value, Sentence)}

ALONE = {
    *("NOTICE", "THINKING", "IN_LINE", "TOO_MANY", "TOO_SOON", "FULL"),
    *("STILL_THINKING", "TOO_LONG", "EMPTY", "INCOMPLETE", "STOPPED", "BROKEN_OFF"),
    *(name for name in SENTENCES if name.startswith("FILE_")),
    *(name for name, sentence in SENTENCES.items() if sentence in LLM_ERRORS.values()),
    "MODEL_MISSING_OLLAMA",
}
"""Each may be all that a person is told in reply to a question in the bot's channels."""

UNDER_OTHERS = {"GOES_ON", "IN_FILE", "THOUGHTS_IN_FILE", "LENGTH", "LEFT_OUT"}
"""Never the first: under a text, each in small type, or under a sentence of ALONE."""

UNKNOWN = {
    "USAGE",  # the reply to a question without words, which is no part of the conversation either
    *("NOT_ALLOWED", "BLOCKED"),  # deleted after Notices' REFUSAL_SECONDS, and then forgotten
}

ELSEWHERE = {
    "WRONG_CHANNEL",  # in channels that are not the bot's
    *("HELP", "MODEL_LIST", "MODEL_SWITCHED", "MODEL_UNKNOWN", "MODEL_NOT_ALLOWED"),  # replies to another command
    *("STOP_BUTTON", "STOP_NOT_YOURS", "STOP_OVER", "STOP_NOTHING", "STOP_DONE"),
    *(name for name in SENTENCES if name.startswith("COMMAND_")),  # in Discord's menu
}

VALUES = {
    "place": 3,
    "since": "<t:1795478400:R>",
    "seconds": 8,
    "most": 2,
    "prefix": "!",
    "chars": 5,
    "file": "a.txt",
    "model": "gemma:2b",
    "address": "http://127.0.0.1:11434",
}


def _said(text: str, *, above_it: str = "", thoughts: str = "", growing: bool = False, note: str = "") -> List[str]:
    """The messages that show what an LLM says."""
    answer = AnswerText(above=above_it, show_thinking=True)
    answer.think(thoughts)
    answer.append(text)
    if not growing:
        answer.finish()
    return answer.messages(growing=growing, note=note)


# Sentences of the bot's own


def test_of_each_sentence_it_is_known_where_it_can_be() -> None:
    groups = (ALONE, UNDER_OTHERS, UNKNOWN, ELSEWHERE)
    assert set().union(*groups) == set(SENTENCES)
    assert sum(map(len, groups)) == len(SENTENCES)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", sorted(ALONE))
def test_a_message_that_is_only_a_sentence_of_the_bots_is_no_answer(name: str, language: str) -> None:
    sentence = SENTENCES[name].say("ja" if language == "ja" else "en", **VALUES)
    assert answer_of([sentence]) == ""
    assert answer_of([f"{sentence}\n{wording.LEFT_OUT.en}"]) == ""


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("name", sorted(ALONE | UNDER_OTHERS))
def test_a_note_under_an_answer_is_taken_away(name: str, language: str) -> None:
    sentence = SENTENCES[name].say("ja" if language == "ja" else "en", **VALUES)
    assert answer_of([f"The answer\n-# {sentence}"]) == "The answer"
    assert answer_of([f"The answer\n-# {sentence}\n-# {wording.LEFT_OUT.ja}"]) == "The answer"
    assert answer_of(["The answer", f"-# {sentence}"]) == "The answer"


def test_what_the_bot_added_is_taken_away() -> None:
    notes = f"-# {wording.TOO_LONG.en.format(chars=5)}\n-# {wording.LEFT_OUT.ja}"
    assert answer_of([f"{THOUGHTS}hm\nThe answer{CURSOR}\n{notes}"]) == "The answer"


def test_a_sentence_of_several_lines_is_no_answer() -> None:
    assert answer_of([wording.HELP.ja.format(prefix="!", bot="<@1>")]) == ""


@pytest.mark.parametrize("sign", SIGNS)
def test_each_sign_begins_a_sentence(sign: str) -> None:
    assert any(sentence.en.startswith(sign) and sentence.ja.startswith(sign) for sentence in SENTENCES.values())


# What the LLM says


OWN_WORDS = [
    *("Stopped.", "a number", "Stop", "⚠️ Careful: hot!", "⚠", "\n\n⏳ One moment"),
    *("-# small", "-# small\nA", "A\n-# small\nB", "A\n-# small", "-# ⚠️ Stopped", "A\n-# ⏹️ Stopped.\nB\n-# 💭 hm"),
    "Python 3.8 is recent enough.",  # said at the terminal
    *("```\ncode\n```", "> quote", "A ▌ B", "1. one\n   - two"),
]


@pytest.mark.parametrize("text", OWN_WORDS)
def test_what_the_llm_says_itself_stays(text: str) -> None:
    assert answer_of(_said(text)) == text.strip()


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_what_the_llm_says_like_the_bot_stays(sentence: Sentence) -> None:
    for text in sentence:
        assert answer_of(_said(f"The answer\n{text}")) == f"The answer\n{text}"
        assert answer_of(_said(text)) == text


@pytest.mark.parametrize("text", OWN_WORDS)
def test_what_the_llm_says_under_its_thoughts_and_over_a_note_stays(text: str) -> None:
    assert answer_of(_said(text, thoughts="What *now*?", note="-# ⚠️ A note\n-# Another")) == text.strip()


@pytest.mark.parametrize("text", OWN_WORDS)
def test_what_the_llm_says_under_a_prompt_stays(text: str) -> None:
    first, *others = _said(text, above_it=above("*Why?*"), thoughts="Hm")
    prompt, answer = prompt_above(first)
    assert (prompt, answer_of([answer, *others])) == ("*Why?*", text.strip())


@pytest.mark.parametrize("line", ["⚠️ Careful, that is hot, it burns.", "-# small print", "💭 A thought of its own"])
def test_what_the_llm_says_at_the_beginning_of_a_page_stays(line: str) -> None:
    text = "\n".join([line] * 200)
    pages = _said(text)
    assert len(pages) > 1
    assert answer_of(pages) == text
    for page in pages:
        assert answer_of([page]).startswith(line)
        assert answer_of([without_additions(page)]) == answer_of([page])  # as it is when an answer is closed later


@pytest.mark.parametrize("middle", ["-# ", "⚠️ ", "💭"])
def test_what_begins_a_page_in_the_middle_of_a_line_stays(middle: str) -> None:
    text = " ".join([f"{middle}word"] * 600)
    pages = _said(text)
    assert len(pages) > 1
    assert " ".join(answer_of(pages).split("\n")) == text


def test_a_growing_answer_reads_back_as_what_was_said() -> None:
    (page,) = _said("Because\nof this.", above_it=above("*Why?*"), growing=True)
    assert page.endswith(CURSOR)
    assert prompt_above(page)[0] == "*Why?*"
    assert answer_of([prompt_above(page)[1]]) == "Because\nof this."


PIECES = ["word ", "日本語。", "\n", "\n\n", "-# ", "⚠️ ", "⏳", "💭 hm", "- y", "x" * 300, "あ" * 700]


@fuzzed(200)
@given(st.lists(st.sampled_from(PIECES), max_size=30), st.sampled_from(["", "What now?"]), st.sampled_from([None, 3]))
def test_at_no_moment_is_a_text_taken_for_the_bots(pieces: List[str], thoughts: str, growing: Optional[int]) -> None:
    text = "A" * (growing or 0) + "".join(pieces) + "end"
    read = answer_of(_said(text, thoughts=thoughts, growing=bool(growing)))
    assert [line.strip() for line in read.split("\n") if line.strip()] or not text.strip()
    assert "".join(read.split()).replace("\u200b", "") == "".join(text.split())


# Pages


def _pages(text: str) -> List[str]:
    pages = Pages()
    pages.feed(text)
    return pages.written()


def test_pages_are_joined_again() -> None:
    text = "\n".join(f"Sentence number {number} of a long answer." for number in range(150))
    assert answer_of(_pages(text)) == text


def test_a_code_block_that_crosses_pages_is_one_again() -> None:
    code = "\n".join(f"line_{number} = {number}" for number in range(300))
    text = f"Look:\n```python\n{code}\n```\nThat is all."
    assert len(_pages(text)) > 1
    assert answer_of(_pages(text)) == text
