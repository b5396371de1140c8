"""Markdown as models write it, and what of it is sent to Discord while it grows."""

from __future__ import annotations

import re
from typing import Iterator, List, Tuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.text.discord_markdown import Open, closed, preview
from chat.text.inline import BEGINNINGS, INLINE, RULE_SHOWN, SMALL_TYPE, Rule
from tests.unit.fuzz import fuzzed

TABLE = "| Fruit | Price |\n|---|--:|\n| Apple | 5 |\n| Fig | 120 |\n"
DRAWN = "```\nFruit | Price\n------+------\nApple |     5\nFig   |   120\n```\n"


def shown(*chunks: str) -> str:
    """All of a text that came in these chunks."""
    blocks, text = "", Open()
    for chunk in chunks:
        new, text = closed(text._replace(source=text.source + chunk))
        blocks += new
    return blocks + closed(text, ended=True)[0]


def growing(text: str) -> Iterator[Tuple[str, str]]:
    """What the closed blocks and the open one show, after each character."""
    blocks, rest = "", Open()
    for char in text:
        new, rest = closed(rest._replace(source=rest.source + char))
        blocks += new
        yield blocks, preview(rest)


# What Discord knows is left alone


@pytest.mark.parametrize(
    "text",
    [
        "Hello! How are you? [1] <3 a|| b \\* 5 < 6",
        "# One\n## Two\n### Three\n#hashtag ####nothing",
        "- item\n  - item\n1. one\n* **bold** _em_ ~~no~~ ||spoiler|| __u__",
        "> quote\n>>> rest",
        "[link](https://a.example/b_(c)) <https://a.example> <:emoji:123456789012345678> <@1> <t:1:R>",
        "[not a footnote] [^] [^a-z] x[^1",
        "--- not a rule\n- - x\n**\n-",
        "`![a](b) <br> [^1] \\(x\\)` and ``a ` <br>``",
        "```py\n![a](b)<br>\n#### no\n| a | b |\n|---|---|\n- [ ] x\n\\[ x \\]\n---\n```",
        "  indented\n\n\n  - and a list",
        "Costs $5 or $$ or $$$. Escaped \\\\(not math) \\[nor this\\] here",
        "日本語の文。「引用」、絵文字😀",
        "In LaTeX, \\( starts and \\) ends. Use \\w+\\(\\d+\\) or \\(.*?\\)",
        "C:\\x\\(x86)\\foo and \\(x86\\)",
        "\\[Note: no formula\nbut text\\",
        "$$\n\nIt costs $$",
        "*\n**\n***\n****\n*****",
        "* \n* *\n* * *",
        "Run `ps aux | grep ssh`.\n-- x\n- Use `ls | wc`",
        "To start a code block, type ```\nThen write",
        "|x| is the absolute value of x\n|y| too",
    ],
)
def test_what_discord_knows_stays_as_it_is(text: str) -> None:
    assert shown(text) == text + "\n"


# What it doesn't know becomes the nearest that it does


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("#### Deep\n###### Deeper", "### Deep\n### Deeper"),
        ("-# ⚠️ Forged\n> -# ⏹️ Stopped.\n-# small", "\\-# ⚠️ Forged\n> \\-# ⏹️ Stopped.\n\\-# small"),
        ("  -# small\n- -# item\n2. - -# item\n-#hashtag", "  \\-# small\n- \\-# item\n2. - \\-# item\n-#hashtag"),
        ("![-# Forged](a.png)\n-# " + "long " * 60, "\\-# Forged (a.png)\n\\-# " + "long " * 60),
        ("`-# code`\n```\n-# code\n```", "`-# code`\n```\n-# code\n```"),
        ("a<br>-# ⚠️ Forged", "a\n\u200b-# ⚠️ Forged"),
        ("- #### Deep\n2. ##### 深い", "- ### Deep\n2. ### 深い"),
        ("> #### Deep", "> ### Deep"),
        ("---", RULE_SHOWN),
        ("* * *\n\n___\n> ---", f"{RULE_SHOWN}\n\n{RULE_SHOWN}\n> {RULE_SHOWN}"),
        ("`a | b`\n---\nc | d", f"`a | b`\n{RULE_SHOWN}\nc | d"),
        ("text\n-----\n# next", f"text\n{RULE_SHOWN}\n# next"),
        ("![A cat](https://a.example/cat.png)", "[A cat](https://a.example/cat.png)"),
        ('![A cat](https://a.example/cat.png "Tom")', "[A cat](https://a.example/cat.png)"),
        ("![](https://a.example/cat.png)", "https://a.example/cat.png"),
        ("![A cat](cat.png)", "A cat (cat.png)"),
        ("[![build](https://a.example/b.svg)](https://a.example)", "[build](https://a.example)"),
        ("one<br>\n\\<br>\n> two<br>", "one\n\\<br>\n> two"),
        ("one<br>two<BR/>three<br />four", "one\ntwo\nthree\nfour"),
        ("> one<br>two", "> one\n> two"),
        ("- [ ] do\n- [x] done\n  1. [X] done", "- ☐ do\n- ☑ done\n  1. ☑ done"),
        ("True.[^1] Also.[^12]\n\n[^1]: The source", "True.¹ Also.¹²\n\n¹ The source"),
        ("so \\(a^2 + b^2\\) is", "so `a^2 + b^2` is"),
        ("\\[ E = mc^2 \\]", "`E = mc^2`"),
        ("$$ E = mc^2 $$", "`E = mc^2`"),
        ("\\[\nx\n= y\n\\]\nso", "```tex\nx\n= y\n```\nso"),
        ("$$\nx\n$$", "```tex\nx\n```"),
        ("\\[ x\n= y \\]", "```tex\nx\n= y\n```"),
        ("\\[\nx = 1\n\\].\n\nSo", "```tex\nx = 1\n```\n\nSo"),
        ("$$\nx\n$$ where x is 1", "```tex\nx\n```\nwhere x is 1"),
        ("$$f = {\n1\n$$\n\n## Next", "```tex\nf = {\n1\n```\n\n## Next"),
        ("$$x = 1\n$$", "```tex\nx = 1\n```"),
        ("1. $$\n   a\n   $$\n2. b", "1. \n```tex\n   a\n```\n2. b"),
        ("So $$\na = b\n$$", "So \n```tex\na = b\n```"),
        ("> \\[\n> q=1\n> \\]\n> end", "> ```tex\n> q=1\n> ```\n> end"),
        ("\\[\nx = 1\n\nforgotten\n## Next", "```tex\nx = 1\n```\n\nforgotten\n## Next"),
        ("2. So: \\[ y=2 \\] and $$ a^2 $$ (1)", "2. So: `y=2` and `a^2` (1)"),
        ("~~~py\nx\n~~~", "```py\nx\n```"),
        ("````md\n```py\nx\n```\n````", "```md\n``\u200b`py\nx\n``\u200b`\n```"),
        ('```python title="a.py"\nx\n```', "```python\nx\n```"),
        ("```{.python .numbered}\nx\n```", "```python\nx\n```"),
        ("```print(1) # on the line\nx\n```", "```\nprint(1) # on the line\nx\n```"),
        ("So: ```py\nx\n```\nend ```a``` end", "So: \n```py\nx\n```\nend ```a``` end"),
        ("- ```js\n  x\n  ```", "- ```js\n  x\n  ```"),
        ("long " * 60 + "so: ```py\nx\n```\n**b**", "long " * 60 + "so: \n```py\nx\n```\n**b**"),
        ("> " + "long " * 60 + "```py\n> x\n> ```", "> " + "long " * 60 + "\n> ```py\n> x\n> ```"),
        ("```py\nx = 1\n```This is after\n\n```py\ny\n```", "```py\nx = 1\n```\nThis is after\n\n```py\ny\n```"),
        ("```\nx\n``` これは後", "```\nx\n```\nこれは後"),
        ("```md\n```py\nx\n```", "```md\n``\u200b`py\nx\n```"),
        ("```python:app.py\nx\n```", "`app.py`\n```python\nx\n```"),
        ("```python src/app.py\nx\n```", "`src/app.py`\n```python\nx\n```"),
        ("- ```{r}\n  x\n  ```", "- ```r\n  x\n  ```"),
    ],
)
def test_what_discord_does_not_know_becomes_the_nearest(text: str, becomes: str) -> None:
    assert shown(text) == becomes + "\n"


@pytest.mark.parametrize("rule", [*INLINE, *BEGINNINGS, SMALL_TYPE], ids=lambda rule: rule.name)
def test_each_rule_shows_its_example_so(rule: Rule) -> None:
    line, becomes = rule.example
    assert re.search(rule.pattern, line, re.IGNORECASE)
    assert shown(line) == becomes + "\n"


# Tables


def test_table_becomes_an_aligned_code_block() -> None:
    assert shown(f"Prices:\n\n{TABLE}\nThat is all.") == f"Prices:\n\n{DRAWN}\nThat is all.\n"


def test_table_in_a_quote_stays_there() -> None:
    quoted = "".join(f"> {line}\n" for line in TABLE.splitlines())
    assert shown(quoted) == "".join(f"> {line}\n" for line in DRAWN.splitlines()) + "\n"


@pytest.mark.parametrize("after", ["text", "> quote", "```\ncode\n```", "- item | x", "## Next: x | y", "1. a | b"])
def test_table_ends_where_something_else_begins(after: str) -> None:
    assert shown(TABLE + after) == DRAWN + after + "\n"


def test_backticks_in_a_table_do_not_end_its_code_block() -> None:
    assert shown("| a |\n|---|\n| ``` |").count("```") == 2


@pytest.mark.parametrize(
    "text", ["a | b\nc | d", "| a | b |", "| a | b |\n|---|", "| a |\n| - - |\n", "a|b\n\n---|---"]
)
def test_bars_alone_make_no_table(text: str) -> None:
    assert shown(text).rstrip() == text.rstrip()


def test_table_is_seen_while_it_grows() -> None:
    seen = ["".join(parts) for parts in growing(TABLE)]
    assert seen[TABLE.index("---")] == "```\nFruit | Price\n------+------\n```"
    assert "Apple |     5" in seen[TABLE.index("| Fig") - 1]
    assert "Fig" in seen[TABLE.index("120")]
    assert all("|--" not in text for text in seen)


def test_long_table_keeps_its_columns() -> None:
    rows = "".join(f"| row {number} | {'x' * (number % 7)} |\n" for number in range(200))
    before = ""
    for blocks, open_block in growing(f"| Name | Value |\n|---|---|\n{rows}"):
        assert blocks.startswith(before)
        assert len(open_block) < 1000
        before = blocks
    assert len(before) > 2000


# While it grows


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a ![al", "a "),
        ("a \\(x^2", "a "),
        ("\\[\nx = 1\n\\", "```tex\nx = 1\n```"),
        ("\\[\nwords\n", "```tex\nwords\n```"),
        ("|x| is", "|x| is"),
        ("a [^1", "a "),
        ("a <b", "a "),
        ("a [lin", "a [lin"),
        ("a `cod", "a `cod"),
        ("#### He", "### He"),
        ("~~~py", "```py"),
        ("So: ```py", "So: \n```py"),
        ("~~~py\nx\n~~", "```py\nx\n"),
        ("```\nx ``", "```\nx ``"),
        ("|", ""),
        ("| a | b", "```\na | b\n--+--\n```"),
        ("| a | b |\n", "```\na | b\n--+--\n```"),
        ("> | a | b |\n>", "> ```\n> a | b\n> --+--\n> ```"),
        ("||spoi", "||spoi"),
        ("a | b\n", "a | b\n"),
        ("| a | b |\n|--", "```\na | b\n--+--\n```"),
        ("| a | b |\r\n|--\r", "```\na | b\n--+--\n```"),
    ],
)
def test_nothing_is_shown_that_would_change_its_look_at_once(text: str, seen: str) -> None:
    *_, (blocks, open_block) = growing(text)
    assert blocks + open_block == seen


def test_beginning_of_a_long_line_is_closed_before_the_line_ends() -> None:
    *_, (blocks, open_block) = growing("日本語の文。" * 1000)
    assert len(blocks) > 5000
    assert blocks + open_block == "日本語の文。" * 1000


def test_sign_that_is_never_closed_holds_nothing_back_for_long() -> None:
    for sign in ("`", "\\(", "![", "[![", "[^", "<b", "[!"):
        *_, parts = growing(f"a {sign} " + "word " * 400)
        assert len("".join(parts)) > 1600
        assert shown(f"a {sign} " + "word " * 400).rstrip() == (f"a {sign} " + "word " * 400).rstrip()


@pytest.mark.parametrize("sign", ["\\", "\\\\", "<br>", "x"])
def test_fence_after_a_long_line_does_not_depend_on_the_cut(sign: str) -> None:
    text = "x" * 350 + sign + "```py\nx\n```\nend"
    assert shown(*text) == shown(text[:350], text[350:]) == shown(text)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        (TABLE, DRAWN[: -len("```\n")]),
        ("A line of text", "A line of tex"),
        ("- an item of a list that is long enough", "- an item of a list that is long enoug"),
        ("```\nx = 1", "```\nx = 1"),
        ("```\nx\n``", "```\nx\n"),
        ("| a | b |", ""),
        ("- [", ""),
        ("$$\nx", ""),
    ],
)
def test_what_has_no_room_where_it_is_can_be_closed(text: str, becomes: str) -> None:
    blocks, rest = closed(Open(text), tight=True)
    assert blocks == becomes
    assert closed(rest._replace(source=f"{rest.source}\n"), ended=True)[1].source == ""


# Properties

PIECES = [
    "word ",
    "日本語。",
    "\n",
    "\n\n",
    "- [ ] ",
    "- [x] ",
    "#### ",
    "---\n",
    "![alt](https://a.example/p)",
    "<br>",
]
PIECES += ["[^1]", "[^2]: ", "\\(x\\)", "\\[", "\\]", "$$", "`", "``", "```", "```py\n", "\n```\n", "~~~\n", "\n~~~\n"]
PIECES += ["| a | b |\n", "|---|---|\n", "| 1 | 2 |\n", "| long cell of words | x |\n", "|", "> ", "\r\n", "x" * 350]
PIECES += ["\\", "!", "[", "<", "[![a](b)](c)", "*", "    ", "word " * 130]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@fuzzed(500)
@given(TEXTS, st.lists(st.integers(1, 5) | st.integers(1, 700), min_size=1, max_size=30))
@example("``![alt](https://a.example/p)`" + "word " * 130, [1])
@example("word " * 60 + "```py\nx\n```\nword", [1])
@example("`" + "x" * 290 + "<br>`" + "y" * 400, [100])
@example("| a | b |\n|---|---|\n" * 60, [7])
def test_any_cut_of_the_stream_gives_the_same(text: str, sizes: List[int]) -> None:
    chunks, at, number = [], 0, 0
    while at < len(text):
        size = sizes[number % len(sizes)]
        chunks.append(text[at : at + size])
        at, number = at + size, number + 1
    assert shown(*chunks) == closed(Open(text), ended=True)[0]


@fuzzed(300)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_word_is_lost_or_comes_twice(pieces: List[str]) -> None:
    numbered = "".join(piece.replace("word", f"w{number}w") for number, piece in enumerate(pieces))
    # Not in the same order: in a table whose cells are broken, a line has parts of several cells.
    assert sorted(re.findall(r"w\d+w", shown(numbered))) == sorted(re.findall(r"w\d+w", numbered))


@fuzzed(200)
@given(TEXTS)
def test_closed_blocks_never_change(text: str) -> None:
    before = ""
    for blocks, open_block in growing(text):
        assert blocks.startswith(before)
        assert len(open_block) < 5000
        before = blocks
    assert shown(text).startswith(before)
