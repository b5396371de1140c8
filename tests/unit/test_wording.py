"""Both languages of every sentence say the same thing, with the same values in it."""

from __future__ import annotations

import re
from string import Formatter
from typing import Set

import pytest

from chat.answer.notes import LLM_ERRORS
from chat.llm.errors import ErrorKind
from chat.wording import channel, settings, terminal
from chat.wording.sentence import Sentence

SENTENCES = {
    name: value
    for wording in (channel, settings, terminal)
    for name, value in vars(wording).items()
    if isinstance(value, Sentence)
}


def names_in(text: str) -> Set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_both_languages_have_the_same_names_to_fill_in(sentence: Sentence) -> None:
    assert names_in(sentence.en) == names_in(sentence.ja)


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_both_languages_are_written(sentence: Sentence) -> None:
    assert re.search("[A-Za-z]", sentence.en)
    assert not re.search("[ぁ-んァ-ヶ一-龠]", sentence.en)
    assert re.search("[ぁ-んァ-ヶ一-龠]", sentence.ja)
    assert sentence.en == sentence.en.strip()
    assert sentence.ja == sentence.ja.strip()


def test_say_fills_in_the_values_in_the_language_that_is_asked_for() -> None:
    sentence = Sentence("{count} of {all}", "{all} のうち {count}")
    assert sentence.say("en", count=1, all=2) == "1 of 2"
    assert sentence.say("ja", count=1, all=2) == "2 のうち 1"


def test_a_value_with_braces_is_said_as_it_is() -> None:
    assert Sentence("It says {text}", "内容は {text}").say("en", text="{name} {0}") == "It says {name} {0}"


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        Sentence("It says {text}", "内容は {text}").say("en")


def test_each_kind_of_error_has_a_sentence() -> None:
    assert LLM_ERRORS.keys() == set(ErrorKind)
