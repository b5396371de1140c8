"""Long and rich answers, and models that think, as they stand in the channel: the real bot over the local servers."""

from __future__ import annotations

import re
from typing import List

import pytest

from chat.answer.answer import ANSWER_FILE, THINKING_FILE
from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from emulators.discord import Message
from tests.house import House
from tests.unit.markdown import open_block

RICH = """Here is what you asked for.

#### Prices

| 果物 | Price | Note |
|:-----|------:|------|
| りんご | 120 | **red**, sweet |
| Fig | 90 | see `figs.txt` |

```python
for number in range(3):
    print(number)  # | not | a | table |
```

- [x] done
- [ ] to do<br>later[^1]

---

[^1]: The source
"""
RICH_SHOWN = """Here is what you asked for.

### Prices

```
果物   | Price | Note
-------+-------+-------------
りんご |   120 | red, sweet
Fig    |    90 | see figs.txt
```

```python
for number in range(3):
    print(number)  # | not | a | table |
```

- ☑ done
- ☐ to do
later¹

────────────────────

¹ The source"""
LINE = "Line number %d of a long answer, with `code` and **bold** words.\n"
LONG = [LINE % number for number in range(400)]


def pieces(text: str, size: int = 7) -> List[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def wait_for_file(house: House) -> Message:
    """Wait until the last of the bot's messages has a file."""
    house.discord.wait_for(lambda: house.messages() and house.messages()[-1].attachments, timeout=30)
    return house.messages()[-1]


def test_tables_and_all_else_are_shown_as_discord_knows_them(house: House) -> None:
    house.llm.answers(pieces(RICH))
    house.ask("Write about fruit")
    house.wait_for_texts(RICH_SHOWN)


def test_whatever_stands_in_the_channel_is_whole_at_every_moment(house: House) -> None:
    house.discord.limits.set_all(limit=100, per=1.0)
    house.llm.answers(pieces((RICH + "\n") * 12), rate=400)
    house.ask("Write much about fruit")
    house.discord.wait_for(lambda: house.texts() and "".join(house.texts()).count("The source") == 12, timeout=30)
    house.wait_for_end()
    written = [version.content for message in house.messages() for version in message.versions]
    assert len(written) > 10
    for text in written:
        assert len(text) <= 2000
        assert not open_block(text.replace(CURSOR, ""))
        assert not re.search(r"^\|", text, re.MULTILINE), "a row that is not drawn"
    assert "\n".join(house.texts()).count("```python") >= 12


def test_a_very_long_answer_is_attached_and_does_not_flood_the_channel(house: House) -> None:
    house.discord.limits.set_all(limit=100, per=1.0)
    house.llm.answers(LONG, rate=2000)
    house.ask("Tell me a very long story")
    last = wait_for_file(house)
    assert len(house.texts()) == 5
    assert last.content.endswith(f"\n-# {wording.IN_FILE.en.format(file=ANSWER_FILE)}")
    [file] = last.attachments
    assert (file.filename, file.data.decode()) == (ANSWER_FILE, "".join(LONG))
    shown = "\n".join(house.texts()).split("\n-# ")[0]
    assert "".join(LONG).startswith(shown)
    assert all(not message.attachments for message in house.messages()[:-1])


def test_while_it_goes_on_beyond_the_last_message_that_is_said(house: House) -> None:
    house.discord.limits.set_all(limit=100, per=1.0)
    chat = house.ask_by_hand("Tell me a very long story")
    chat.say("".join(LONG))
    goes_on = f"{CURSOR}\n-# {wording.GOES_ON.en}"
    house.discord.wait_for(lambda: len(house.texts()) == 5 and house.texts()[-1].endswith(goes_on))
    written = len(house.messages()[-1].versions)
    chat.say("and on")
    chat.finish()
    last = wait_for_file(house)
    assert len(last.versions) == written + 1
    assert last.attachments[0].data.decode().endswith("and on")


def test_where_no_file_may_be_attached_nothing_is_left_out(house: House) -> None:
    house.discord.limits.set_all(limit=100, per=1.0)
    house.discord.take_right(house.discord.channel, "attach_files")
    try:
        house.llm.answers(LONG)
        house.ask("Tell me a very long story")
        house.discord.wait_for(lambda: house.texts() and house.texts()[-1].endswith(LONG[-1].strip()), timeout=30)
    finally:
        house.discord.give_right(house.discord.channel, "attach_files")
    assert "\n".join(house.texts()) == "".join(LONG).strip()


def test_an_answer_that_met_the_models_limit_says_so(house: House) -> None:
    chat = house.ask_by_hand()
    chat.say("Once upon a")
    chat.finish("length")
    house.wait_for_texts(f"Once upon a\n-# {wording.LENGTH.en}")


# Thinking


def test_a_model_that_thinks_is_seen_to_and_its_thoughts_are_gone_in_the_end(house: House) -> None:
    chat = house.ask_by_hand()
    chat.think("What might they want?")
    asked = house.discord.messages(house.place)[-1]
    notice = house.wait_for_part("💭")
    assert notice == wording.THINKING.en.format(since=f"<t:{int(house.discord.wall_time(asked.created))}:R>")
    chat.think(" A greeting.")
    chat.say("Hello")
    house.wait_for_texts(f"Hello{CURSOR}")
    chat.finish()
    house.wait_for_texts("Hello")


def test_the_notice_of_waiting_becomes_one_of_thinking(house: House) -> None:
    chat = house.ask_by_hand()
    house.wait_for_texts(wording.NOTICE.en)
    chat.think("hm")
    house.wait_for_part("💭")
    chat.say("Hello")
    chat.finish()
    house.wait_for_texts("Hello")
    assert len(house.messages()[0].versions) <= 4


def test_thinking_between_tags_is_no_part_of_the_answer(house: House) -> None:
    house.llm.answers(["<thi", "nk>\nWhat", " might they", " want?\n</th", "ink>\n\n", "Hello. ", "Use `<think>`."])
    house.ask()
    house.wait_for_texts("Hello. Use `<think>`.")


@pytest.mark.parametrize(
    "tokens", [["<think>", "What might", " they want?"], ["Yes\n", "<think>", "What might they want?"]]
)
def test_thinking_that_never_ends_is_said_and_kept(house: House, tokens: List[str]) -> None:
    house.llm.answers(tokens)
    house.ask()
    last = wait_for_file(house)
    assert wording.STILL_THINKING.en in last.content
    assert wording.THOUGHTS_IN_FILE.en.format(file=THINKING_FILE) in last.content
    assert last.content.startswith("Yes" if tokens[0].startswith("Yes") else "⚠️")
    assert [(file.filename, file.data) for file in last.attachments] == [(THINKING_FILE, b"What might they want?")]


# With other settings


def test_what_was_thought_stands_above_the_answer_if_wanted(thinking_house: House) -> None:
    house = thinking_house
    chat = house.ask_by_hand()
    assert chat.json["think"] is True
    chat.think("What *might*\nthey want?")
    chat.say("Hello")
    house.wait_for_texts(f"-# 💭 What \\*might\\* they want?\nHello{CURSOR}")
    chat.finish()
    house.wait_for_texts("-# 💭 What \\*might\\* they want?\nHello")


def test_a_model_that_never_stops_is_stopped(thinking_house: House) -> None:
    house = thinking_house
    house.discord.limits.set_all(limit=100, per=1.0)
    chat = house.ask_by_hand()
    chat.say("word " * 1200)
    chat.wait_closed()
    last = wait_for_file(house)
    assert len(house.texts()) == 2
    notes = [wording.TOO_LONG.en.format(chars=5000), wording.IN_FILE.en.format(file=ANSWER_FILE)]
    assert last.content.endswith("".join(f"\n-# {note}" for note in notes))
    assert last.attachments[0].data.decode() == "word " * 1000
    assert "end=too long" in house.bot.wait_for_log(f"channel={house.place}")
