"""What a model thinks between tags in its text, parted from its answer."""

from __future__ import annotations

from itertools import groupby
from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.llm.think_tags import ThinkTags
from chat.llm.types import Text, Thinking
from tests.unit.fuzz import fuzzed


def parted(*deltas: str) -> List[Tuple[str, str]]:
    """What was said and what was thought, in turn."""
    tags = ThinkTags()
    chunks = [chunk for delta in deltas for chunk in tags.feed(delta)]
    chunks += tags.end()
    kinds = {Text: "text", Thinking: "thinking"}
    return [
        (kind, "".join(chunk.text for chunk in group))
        for kind, group in groupby(chunks, key=lambda chunk: kinds[type(chunk)])
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hello", [("text", "Hello")]),
        ("<think>hm</think>Hello", [("thinking", "hm"), ("text", "Hello")]),
        ("<thinking>hm</thinking>\n\nHello", [("thinking", "hm"), ("text", "\n\nHello")]),
        ("<THINK>hm</Think>Hello", [("thinking", "hm"), ("text", "Hello")]),
        ("One\n<think>hm</think>two", [("text", "One\n"), ("thinking", "hm"), ("text", "two")]),
        ("Each reply opens with a <think> tag.\n1. a", [("text", "Each reply opens with a <think> tag.\n1. a")]),
        ("Put it between <think> and </think>.", [("text", "Put it between <think> and </think>.")]),
        ("\\<think> and \\</think>", [("text", "\\<think> and \\</think>")]),
        ("tokens <|start|>, <|channel|> and <|end|>.", [("text", "tokens <|start|>, <|channel|> and <|end|>.")]),
        ("<think>a <think> b</think>c", [("thinking", "a <think> b"), ("text", "c")]),
        ("<think>if `x </think>c", [("thinking", "if `x "), ("text", "c")]),
        ("<think>never closed", [("thinking", "never closed")]),
        ("<think></think>c", [("text", "c")]),
        ("a</think>b", [("text", "a</think>b")]),
        ("a < b <thin", [("text", "a < b <thin")]),
        ("<thinker>", [("text", "<thinker>")]),
        ("Write `<think>` and `</think>`.", [("text", "Write `<think>` and `</think>`.")]),
        ("```xml\n<think>x</think>\n```", [("text", "```xml\n<think>x</think>\n```")]),
        ("```\nx\n```\n<think>hm</think>c", [("text", "```\nx\n```\n"), ("thinking", "hm"), ("text", "c")]),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hello<|return|>",
            [("thinking", "hm"), ("text", "Hello")],
        ),
        ("<|channel|>commentary to=x<|message|>hm<|end|>c", [("thinking", "hm"), ("text", "c")]),
        ("<|channel|>final<|message|>Hello", [("text", "Hello")]),
        ("<|start|>" + "x" * 200, [("text", "x" * 200)]),
        ("<|start|>assistant<|message|>Hello", [("text", "Hello")]),
        ("<|channel|>final<|message|>Hello<|end|><|start|>assistant", [("text", "Hello")]),
        ("The sign `<|end|>` ends", [("text", "The sign `<|end|>` ends")]),
    ],
)
def test_thinking_between_tags_is_no_text(text: str, parts: List[Tuple[str, str]]) -> None:
    assert parted(text) == parts
    assert parted(*text) == parts


def test_only_what_may_become_a_tag_is_held_back() -> None:
    tags = ThinkTags()
    assert list(tags.feed("a <b> <th")) == [Text("a <b> ")]
    assert list(tags.feed("e")) == [Text("<the")]
    assert list(tags.feed(" end\n<think>x</thi")) == [Text(" end\n"), Thinking("x")]
    assert list(tags.feed("nk>so")) == [Text("so")]


PIECES = [
    "<think>",
    "</think>",
    "<thinking>",
    "<|start|>",
    "<|channel|>",
    "<|message|>",
    "<|end|>",
    "final",
    "analysis",
]
PIECES += ["word ", "`", "```", "\n", "<", "日本語"]


@fuzzed(300)
@given(st.lists(st.sampled_from(PIECES), max_size=30), st.lists(st.integers(1, 9), min_size=1, max_size=20))
def test_any_cut_of_the_stream_gives_the_same(pieces: List[str], sizes: List[int]) -> None:
    text = "".join(pieces)
    deltas, at = [], 0
    for number in range(len(text)):
        size = sizes[number % len(sizes)]
        deltas.append(text[at : at + size])
        at += size
    assert parted(*deltas) == parted(text)
    assert sum(part.count("word") for _, part in parted(text)) <= text.count("word")
