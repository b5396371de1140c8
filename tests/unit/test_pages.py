"""Pages: what stands in Discord while a text grows, and where it is cut."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import List, Optional

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from chat.text.pages import CURSOR_CHARS, PAGE_CHARS, Pages
from tests.unit.fuzz import fuzzed
from tests.unit.markdown import open_block

CURSOR = " ▌"
FAMILY = "👨‍👩‍👧‍👦"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
CLUSTERS = ["🇯🇵", "🇬🇧", FAMILY, ENGLAND, "👍🏽", "1️⃣", "❤️", "e\u0301", "か\u3099", "ｶﾞ", "각", "नि", "क्ष", "กำ", "😀"]


def pages_of(text: str, cursor: str = "", note: str = "", tail: str = "", max_pages: Optional[int] = None) -> List[str]:
    pages = Pages(max_pages)
    pages.feed(text)
    return pages.written(cursor, note, tail)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def fill(length: int) -> str:
    """Words of a text, `length` characters in all, that ends in a letter."""
    return ("lorem ipsum " * (length // 12 + 1))[: length - 1] + "x"


# Examples


def test_short_answer_is_one_page() -> None:
    assert pages_of("Hello! How are you?") == ["Hello! How are you?"]


def test_exactly_2000_characters_are_one_page() -> None:
    text = fill(2000)
    assert pages_of(text) == [text]
    assert len(pages_of(text + "x")) == 2


def test_emoji_count_twice() -> None:
    assert pages_of("😀" * 1000) == ["😀" * 1000]
    assert pages_of("😀" * 1001) == ["😀" * 1000, "😀"]


@pytest.mark.parametrize("text", ["", " ", "\n\n \t\n", "\u3000"])
def test_blank_answer_has_no_page_but_the_note(text: str) -> None:
    assert pages_of(text) == []
    assert pages_of(text, cursor=CURSOR) == []
    assert pages_of(text, note="-# nothing came") == ["-# nothing came"]


def test_leading_blank_lines_go_and_indentation_stays() -> None:
    assert pages_of("\n \n    x = 1\n") == ["    x = 1"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{fill(1200)}\n\n{fill(300)}\n", f"## Next\n{fill(300)}\n\n{fill(300)}"),
        (f"{fill(1200)}\n{fill(300)}\n\n", f"{fill(300)}\n{fill(300)}"),
        (f"{fill(1200)}. {fill(300)}\n", f"{fill(300)}. {fill(300)}"),
        (f'{fill(1200)}, {fill(300)}." ', f"{fill(300)}, {fill(300)}"),
        ("あ" * 1500 + "、" + "い" * 300 + "。」", "う" * 100 + "、" + "え" * 300),
        ("あ" * 1500 + " " + "い" * 300 + "、", "う" * 100 + " " + "え" * 300),
        ("あ" * 1900 + " ", "い" * 300),
        ("あ" * 2000, "い" * 300),
        ("a" * 2000, "a" * 300),
        ("short line\n", "a" * 2000),
        (f"{fill(100)}\n\n## Early\n{fill(1000)}\n{fill(700)}\n", fill(500)),
    ],
    ids=["heading", "blank line", "line", "sentence", "文", "読点", "blank", "characters", "word", "far line", "late"],
)
def test_best_place_to_cut(first: str, second: str) -> None:
    assert pages_of(first + second) == [first.rstrip(), second]


@pytest.mark.parametrize(
    "whole",
    [
        *CLUSTERS,
        "<:thinking_face:123456789012345678>",
        "<@123456789012345678>",
        "<t:1700000000:R>",
        "https://example.com/a/long/path?q=1&r=(2)",
        "`a b, c. d`",
        "``a ` b``",
        "[a link, with. blanks](https://example.com/a_(b))",
        "[![badge](https://a.example/b.svg)](https://a.example)",
        "\\*",
    ],
)
def test_what_belongs_together_is_never_cut(whole: str) -> None:
    for length in range(1999 - len(whole), 2001):
        first, second = pages_of("あ" * length + whole + "い" * 50)
        assert (first + second).count(whole) == first.count(whole) + second.count(whole) == 1


def test_url_longer_than_a_page_is_cut_but_complete() -> None:
    url = "https://example.com/" + "a" * 3000
    assert "".join(pages_of("See " + url)) == "See" + url


def test_list_mark_is_not_left_alone() -> None:
    assert pages_of("- " + "a" * 3000)[0] == "- " + "a" * 1998


@pytest.mark.parametrize("item", ["  - item", "   1. item", "\n\t* item"])
def test_list_item_keeps_its_level_at_the_beginning_of_a_page(item: str) -> None:
    # Discord would drop the blanks before it.
    assert pages_of(f"{fill(1990)}\n{item} {fill(50)}") == [fill(1990), f"\u200b\n{item.strip(chr(10))} {fill(50)}"]


@pytest.mark.parametrize("text", ["- item", "1. item", "# heading", "```py\nx\n```", "> quote", "  text"])
def test_what_looks_the_same_at_the_beginning_of_a_page_has_nothing_before_it(text: str) -> None:
    assert pages_of(f"{fill(1999)}\n{text}") == [fill(1999), text]


def test_character_longer_than_a_page_is_cut_but_complete() -> None:
    zalgo = "a" + "\u0301" * 5000
    assert "".join(pages_of("x " + zalgo)) == "x" + zalgo
    assert all(units(page) <= PAGE_CHARS for page in pages_of(zalgo))


def test_surrogates_that_came_apart_stay_side_by_side() -> None:
    first, second = pages_of("a" * 1999 + "\ud83d\ude00")
    assert (first, second) == ("a" * 1999, "\ud83d\ude00")
    first, second = pages_of("a" + "\u200d" * 1998 + "\ud83d\ude00")
    assert (len(first), second) == (1999, "\ud83d\ude00")


# Code blocks


@pytest.mark.parametrize(
    ("opening", "indent", "closing", "again"),
    [
        ("```py", "    ", "```", "```py"),
        ("~~~", "", "~~~", "~~~"),
        ("`````md", "", "`````", "`````md"),
        ("1. ```js", "   ", "   ```", "```js"),
        ("> ```c", "> ", "> ```", "> ```c"),
    ],
)
def test_code_block_is_closed_and_opened_again(opening: str, indent: str, closing: str, again: str) -> None:
    code = [f"{indent}line {number} `` ~~" for number in range(150)]
    pages = pages_of("\n".join([opening, *code, closing, "after"]))
    assert len(pages) > 1
    assert pages[0].startswith(opening + "\n")
    assert all(page.endswith("\n" + closing) for page in pages[:-1])
    assert all(page.startswith(again + "\n" + indent + "line") for page in pages[1:])
    assert [line for page in pages for line in page.split("\n") if "line" in line] == code
    assert pages[-1].endswith(closing + "\nafter")


def test_one_long_line_of_code_loses_nothing() -> None:
    code = "x = [" + "1,  " * 1200 + "]"
    pages = pages_of(f"```py\n{code}\n```")
    assert "".join(page[len("```py\n") : -len("\n```")] for page in pages) == code
    assert [len(page) for page in pages[:-1]] == [2000, 1999]  # blanks at a cut go to the next page


def test_block_that_just_fits_is_one_page() -> None:
    block = "```\n" + "x" * 1992 + "\n```"
    assert len(block) == PAGE_CHARS
    assert pages_of(block) == [block]
    assert pages_of(block + "\n\n") == [block]


def test_block_is_moved_rather_than_cut_before_its_first_or_last_line() -> None:
    text = fill(1985)
    assert pages_of(f"{text}\n```py\nx = 1\n```") == [text, "```py\nx = 1\n```"]
    first, second = pages_of("```\n" + "y" * 1500 + "\n" + "x" * 490 + "\n     ```\nend")
    assert (first, second) == ("```\n" + "y" * 1500 + "\n```", "```\n" + "x" * 490 + "\n     ```\nend")


def test_long_line_of_quoted_code_stays_quoted() -> None:
    first, second = pages_of("> ```py\n> " + "x" * 3000 + "\n> ```")
    assert first == "> ```py\n> " + "x" * 1984 + "\n> ```"
    assert second == "> ```py\n> " + "x" * 1016 + "\n> ```"


def test_line_of_code_like_the_beginning_of_a_fence_does_not_break_the_limit() -> None:
    first, second = pages_of("```\n" + "y" * 1992 + "\n`\n" + "x" * 100)
    assert (first, second) == ("```\n" + "y" * 1992 + "\n```", "```\n`\n" + "x" * 100 + "\n```")


def test_block_left_open_is_closed() -> None:
    assert pages_of("```py\nx = 1") == ["```py\nx = 1\n```"]


# Cursor and note


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello", "Hello"),
        ("Hello\n\n", "Hello"),
        ("a **bold", "a **bold**"),
        ("a **bold*", "a **bold**"),
        ("a **bold**", "a **bold**"),
        ("a **", "a"),
        ("これは**重要", "これは**重要**"),
        ("**a *b", "**a *b***"),
        ("**a *b*** c", "**a *b*** c"),
        ("a ||secret", "a ||secret||"),
        ("a ~~gone", "a ~~gone~~"),
        ("the `code", "the `code`"),
        ("the ``co`de", "the ``co`de``"),
        ("a \\*star", "a \\*star"),
        ("* item", "* item"),
        ("2 * 3 and snake_case", "2 * 3 and snake_case"),
        ("https://a.example/_b_/c_", "https://a.example/_b_/c"),
        ("text\n```py", "text"),
        ("text ``\n```py", "text ``"),
        ("*\n**\n***", "*\n**"),
        ("text\n```py\nx", "text\n```py\nx\n```"),
        ("```py\nx\n``", "```py\nx\n```"),
        ("```py\nx **\n```", "```py\nx **\n```"),
        ("**", ""),
        ("*" * 20 + "a", "*" * 20 + "a"),
    ],
)
def test_growing_text_is_well_formed_before_the_cursor(text: str, shown: str) -> None:
    assert pages_of(text, cursor=CURSOR) == [shown + CURSOR]


def test_growing_code_on_a_later_page_keeps_its_characters() -> None:
    assert (
        pages_of("```py\n" + "x" * 1989 + "\ny = 2 **" + "\n" * 9, cursor=CURSOR)[-1] == "```py\ny = 2 **\n```" + CURSOR
    )


def test_nothing_is_added_to_emphasis_at_the_end() -> None:
    assert pages_of("a **bold") == ["a **bold"]


def test_note_stands_under_the_text() -> None:
    assert pages_of("Hello", note="-# cut off\n") == ["Hello\n-# cut off"]
    assert pages_of("Hello", cursor=CURSOR, note="-# slow") == [f"Hello{CURSOR}\n-# slow"]
    assert pages_of("the `code", note="-# model `m`") == ["the `code`\n-# model `m`"]


def test_note_without_room_is_a_page_of_its_own() -> None:
    text = fill(1995)
    assert pages_of(text, note="-# cut off") == [text, "-# cut off"]
    assert pages_of("Hello", note=fill(2100)) == ["Hello", *pages_of(fill(2100))]


@pytest.mark.parametrize("length", range(1990, 2001))
def test_cursor_finds_room_on_a_page_that_is_all_but_full(length: int) -> None:
    text = fill(length)
    (page,) = pages_of(text, cursor=CURSOR)
    assert page.endswith(CURSOR)
    assert len(page) <= PAGE_CHARS
    assert text.startswith(page[: -len(CURSOR)])
    assert pages_of(text) == [text]


def test_blank_cursor_is_no_cursor() -> None:
    assert pages_of("**", cursor=" \n") == ["**"]


def test_too_long_a_cursor_is_refused() -> None:
    with pytest.raises(ValueError, match="cursor"):
        Pages().written("x" * (CURSOR_CHARS + 1))


# Text that may still change


def test_tail_stands_behind_the_text_for_the_moment() -> None:
    pages = Pages()
    pages.feed("Hello ")
    assert pages.written(CURSOR, tail="world") == [f"Hello world{CURSOR}"]
    assert pages.written(CURSOR, tail="there,\nyou") == [f"Hello there,\nyou{CURSOR}"]
    assert pages.written(CURSOR) == [f"Hello{CURSOR}"]


def test_tail_never_turns_a_page() -> None:
    text = f"{fill(1500)}\n\n# Heading\n{fill(400)}"
    pages = Pages()
    pages.feed(text)
    (page,) = pages.written(CURSOR, tail=f"\n```\n{'x' * 400}\n```")
    assert re.fullmatch(re.escape(text) + r"\n```\nx+\n```" + CURSOR, page)
    assert pages.written(CURSOR) == [text + CURSOR]
    assert pages.has_room_for("and more")
    assert not pages.has_room_for(f"\n```\n{'x' * 400}\n```")


def test_code_that_begins_in_the_tail_is_closed() -> None:
    assert pages_of("One\n", cursor=CURSOR, tail="```\nx = 1") == [f"One\n```\nx = 1\n```{CURSOR}"]


# Answers with more pages than may be written


def test_last_page_has_room_for_what_comes_under_it() -> None:
    first, second = pages_of(fill(9000), cursor=CURSOR, max_pages=2)
    assert first == pages_of(fill(9000))[0]
    assert units(second) <= 1600 + len(CURSOR)
    assert pages_of(fill(9000), note="-# goes on", max_pages=2) == [first, second[: -len(CURSOR)] + "\n-# goes on"]


def test_last_page_stays_as_it_is_while_more_comes() -> None:
    pages = Pages(max_pages=2)
    pages.feed(fill(3800))
    before = pages.written(CURSOR)
    assert pages.overflowed
    pages.feed(fill(9000))
    assert pages.written(CURSOR, tail="and more") == before


def test_answer_that_fits_is_not_cut() -> None:
    pages = Pages(max_pages=2)
    pages.feed(f"{fill(1900)}\n\n{fill(1400)}")
    assert pages.written() == [fill(1900), fill(1400)]
    assert not pages.overflowed


def test_last_page_closes_its_code_and_emphasis() -> None:
    assert pages_of("```py\n" + "x = 1\n" * 900, cursor=CURSOR, max_pages=1)[0].endswith(f"x = 1\n```{CURSOR}")
    assert pages_of("**" + "bold " * 900 + "**", cursor=CURSOR, max_pages=1)[0].endswith(f"bold**{CURSOR}")


# Properties


PROSE = ["word ", "Sentence. ", "a, b ", "日本語の文。", "長い「引用。」次、", "x" * 700, "あ" * 300]
PROSE += ["\n", "\n\n", "\r\n", "   ", "<:a:1>", "https://a.example/b", "**", "||", "\\", "("]
PROSE += ["\n  - item ", "\n   2. item ", *CLUSTERS, "👨\u200d" * 40 + "👧", "🇫" * 51, "\u0301", "\u200d"]
FENCED = [*PROSE, "\n```\n", "\n```py\n", "\n~~~\n", "\n````\n", "\n- ```\n", "\n> ```\n> "]
FENCED += ["` ", "`` x", "\n`\n", "\n    code = 1", "# h\n"]


def texts(pieces: List[str]) -> st.SearchStrategy[str]:
    piece = st.tuples(st.sampled_from(pieces), st.integers(1, 60)).map(lambda pair: (pair[0] * pair[1])[:2500])
    return st.lists(st.sampled_from(pieces) | piece, max_size=15).map("".join)


def cut_up(text: str, sizes: List[int]) -> List[str]:
    """The text as deltas of these sizes and one with what remains."""
    ends = list(accumulate(sizes))
    return [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)])]


@fuzzed(500)
@given(texts(PROSE))
@example("🇯🇵" * 700)
def test_prose_loses_only_white_space_and_no_character_is_cut(text: str) -> None:
    boundaries = {match.end() for match in regex.finditer(r"\X", text)} | {0}
    position = 0
    for page in pages_of(text):
        position += len(text[position:]) - len(text[position:].lstrip())
        shown = page.lstrip().replace("\u200b\n", "", 1).lstrip()
        assert text.startswith(shown, position)
        assert position in boundaries or text[position - 1].isspace()
        position += len(shown)
        assert position in boundaries or text[position].isspace()
    assert not text[position:].strip()


def without_fences(text: str) -> str:
    return re.sub(r"\s|>|\u200b", "", re.sub(r"(?m)^[-> \t]*(`{3,}|~{3,})\w{0,40}\s*$", "", text))


@fuzzed(600)
@given(texts(FENCED))
@example("```\n`" + "👨\u200d" * 680)
@example("```\n`\n" + "x" * 2000)
def test_fenced_text_loses_only_white_space_and_fences(text: str) -> None:
    text += "\nend"  # a fence character alone in the last line would be completed to a closing fence
    assert without_fences("\n".join(pages_of(text))) == without_fences(text)


@fuzzed(400)
@given(texts(FENCED), st.lists(st.integers(1, 6) | st.integers(1, 900), max_size=40))
def test_pages_are_stable_and_within_the_limit_while_they_grow(text: str, sizes: List[int]) -> None:
    pages, full = Pages(), pages_of("")
    for delta in cut_up(text, sizes):
        pages.feed(delta)
        plain, marked, noted = pages.written(), pages.written(CURSOR), pages.written(note="-# a note of some words")
        for shown in (plain, marked, noted):
            assert all(page.strip() and units(page) <= PAGE_CHARS for page in shown)
            assert shown[: len(full)] == full
        assert plain[:-1] == marked[: len(plain) - 1] == noted[: len(plain) - 1]
        assert len(plain) == len(marked) <= len(noted) <= len(plain) + 1
        assert not marked or marked[-1].endswith(CURSOR)
        assert noted[-1].endswith("-# a note of some words")
        full = plain[:-1]
    assert pages.written() == pages_of(text)


@fuzzed(200)
@given(texts(FENCED), st.integers(1, 7), st.integers(1, 200), st.none() | st.integers(1, 3))
def test_pages_do_not_depend_on_the_cut_of_the_stream(
    text: str, size: int, every: int, max_pages: Optional[int]
) -> None:
    pages = Pages(max_pages)
    for start in range(0, len(text), size * every):
        pages.feed(text[start : start + size * every])
        pages.written(CURSOR, tail="what may change")
    assert pages.written() == pages_of(text, max_pages=max_pages)


@fuzzed(300)
@given(
    st.lists(st.sampled_from(["```", "~~~~", "```py", "x = 1", "# text", "日本語" * 50, "", "y" * 900]), max_size=60),
    st.integers(1, 3),
)
def test_every_page_closes_its_code(lines: List[str], repeat: int) -> None:
    for page in pages_of("\n".join(lines * repeat), cursor=CURSOR):
        assert not open_block(page.replace(CURSOR, ""))
