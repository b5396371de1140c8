"""One answer, from the question to its end: what its messages say meanwhile, in virtual time and without Discord."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, Awaitable, Callable, List, Optional, cast

import discord as discord_py
import pytest

from chat.answer.answer import ANSWER_FILE, NOTICE_SECONDS, THINKING_FILE, Answer
from chat.answer.question import Question
from chat.delivery.channel_writer import ChannelWriters
from chat.delivery.pacing import FIRST_SECONDS, Urgency
from chat.delivery.post import File, Page, State
from chat.delivery.rate_limits import RateLimits
from chat.llm.errors import ErrorKind, LLMError
from chat.llm.types import End, Failed, Finished, Incomplete, Stopped, Text, Thinking, TooLong
from chat.settings.fields import parse
from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from tests.unit import timeless
from tests.unit.questions import ASKED_AT, Nowhere, question_with
from tests.unit.recorded import BUTTONS, Recorded

THINKING = wording.THINKING.en.format(since=f"<t:{ASKED_AT.timestamp():.0f}:R>")
LINE = "A line of the answer.\n"


class Asked:
    """A question that was asked just now, and its answer in a channel."""

    def __init__(self, question: Optional[Question] = None, **settings: object) -> None:
        values = {"TOKEN": "MTA.Gx.secret", "LLM_HOST": "127.0.0.1", "LLM_PORT": 11434, "CHATBOT_CH_ID": 10**17}
        parsed = parse({**values, "LLM_MODEL": "gemma:2b", "MAX_PAGES": 2, **settings})
        self.time = asyncio.get_running_loop().time
        self.destination = Recorded()
        question = question or question_with()
        self.answer = Answer(question, parsed, "gemma:2b", cast("Any", self.destination), BUTTONS, asked_at=self.time())
        self._writers = ChannelWriters(RateLimits(self.time))

    @property
    def texts(self) -> List[str]:
        """What is in the channel."""
        return self.destination.texts

    async def until(self, at: float) -> List[str]:
        """Wait until so many seconds after the question; return what is in the channel then."""
        await asyncio.sleep(at - self.time())
        return self.texts

    async def finish(self, end: Optional[End]) -> List[str]:
        """End the answer; return what is in the channel at last."""
        self.answer.finish(end)
        await self.answer.post.over.wait()
        return self.texts

    def says(self) -> List[str]:
        """What its messages are to say now."""
        return [page.content for page in self.answer.pages()]


def _run(work: Callable[[Asked], Awaitable[None]], question: Optional[Question] = None, **settings: object) -> None:
    async def run() -> None:
        asked = Asked(question, **settings)
        with asked._writers.of(asked.answer.post.destination).showing(asked.answer.post):  # noqa: SLF001 - this file's
            await work(asked)

    timeless.run(run())


# Before its text


def test_it_says_nothing_at_first_and_a_notice_when_it_takes_long() -> None:
    async def work(asked: Asked) -> None:
        assert await asked.until(NOTICE_SECONDS - 0.01) == []
        assert await asked.until(NOTICE_SECONDS + 0.01) == [wording.NOTICE.en]
        assert asked.destination.channel.typed == 1

    _run(work)


def test_the_notice_speaks_the_language_of_the_question() -> None:
    async def work(asked: Asked) -> None:
        assert await asked.until(2) == [wording.NOTICE.ja]

    _run(work, question_with(language="ja"))


def test_an_answer_that_begins_soon_needs_no_notice() -> None:
    async def work(asked: Asked) -> None:
        await asked.until(1.0)
        asked.answer.append(Text("Hello"))
        assert await asked.until(1.0 + FIRST_SECONDS + 0.01) == [f"Hello{CURSOR}"]
        assert asked.answer.first_text_at == 1.0
        await asked.until(60)
        assert len(asked.destination.writes) == 1

    _run(work)


def test_white_space_is_no_first_text() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text("\n\n"))
        assert await asked.until(2) == [wording.NOTICE.en]
        asked.answer.append(Text("Hello"))
        assert await asked.until(3) == [f"Hello{CURSOR}"]

    _run(work)


def test_the_first_text_is_due_at_once_whatever_blank_came_before_it() -> None:
    async def work(asked: Asked) -> None:
        for _ in range(2):
            asked.answer.append(Text("\n" * 20))
            await asked.until(asked.time() + 0.1)
        assert asked.answer.first_text_at is None
        asked.answer.append(Text("Hi"))
        assert asked.answer.first_text_at == asked.time()
        waiting = asked.answer.post.waiting()
        assert (waiting.urgency, waiting.since) == (Urgency.FIRST_TEXT, asked.time())
        await asked.until(0.2 + FIRST_SECONDS + 0.01)
        assert asked.destination.kinds == [("create", f"Hi{CURSOR}")]

    _run(work, EDIT_EVERY_CHARS=50)


def test_what_a_person_waits_for_in_the_queue_is_shown() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.show_place(9)
        assert await asked.until(NOTICE_SECONDS - 0.01) == []
        assert await asked.until(NOTICE_SECONDS + 0.01) == ["⏳ Number 9 in line …"]
        asked.answer.show_place(0)
        await asked.until(2)
        asked.answer.append(Text("Hello"))
        assert await asked.until(3) == [f"Hello{CURSOR}"]

    _run(work)


def test_a_place_is_shown_when_it_is_half_of_the_last_one() -> None:
    async def work(asked: Asked) -> None:
        await asked.until(2)
        for place in range(9, -1, -1):
            asked.answer.show_place(place)
            await asked.until(asked.time() + 10)
        shown = [content for _, content in asked.destination.kinds[1:]]
        assert shown == [*(f"⏳ Number {place} in line …" for place in (9, 4, 2, 1)), wording.NOTICE.en]

    _run(work)


def test_a_turn_that_has_come_has_its_own_time_before_the_notice() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.show_place(1)
        await asked.until(10)
        asked.answer.show_place(0)
        assert await asked.until(10 + NOTICE_SECONDS - 0.01) == ["⏳ Number 1 in line …"]
        assert await asked.until(10 + NOTICE_SECONDS + 0.01) == [wording.NOTICE.en]

    _run(work)


# Thinking


def test_that_an_llm_thinks_is_said() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Thinking("Hm"))
        assert await asked.until(NOTICE_SECONDS - 0.01) == []
        assert await asked.until(NOTICE_SECONDS + 0.01) == [THINKING]
        asked.answer.append(Text("Hello"))
        assert await asked.until(2) == [f"Hello{CURSOR}"]

    _run(work)


def test_thinking_that_begins_after_the_notice_is_new_and_what_follows_is_not() -> None:
    async def work(asked: Asked) -> None:
        assert await asked.until(3) == [wording.NOTICE.en]
        asked.answer.append(Thinking("Hm"))
        assert asked.answer.post.waiting().since == 3
        assert await asked.until(3.1) == [THINKING]
        asked.answer.append(Thinking(", hm"))
        await asked.until(60)
        assert len(asked.destination.writes) == 2

    _run(work)


@pytest.mark.parametrize("show", [True, False])
def test_what_was_thought_is_above_the_answer_where_that_is_wanted(*, show: bool) -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Thinking("They *greet*\n\nme."))
        asked.answer.append(Text("Hello"))
        texts = await asked.finish(Finished("stop"))
        assert texts == ["-# 💭 They \\*greet\\* me.\nHello" if show else "Hello"]

    _run(work, THINK=True, SHOW_THINKING=show)


@pytest.mark.parametrize(
    ("end", "note"),
    [
        (Finished("stop"), wording.STILL_THINKING.en),
        (Incomplete(), wording.INCOMPLETE.en),
        (TooLong(), wording.TOO_LONG.en.format(chars=5000)),
    ],
)
@pytest.mark.parametrize("may_attach", [True, False])
def test_what_was_only_thought_is_kept_in_a_file(end: End, note: str, *, may_attach: bool) -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Thinking("Hm"))
        asked.answer.append(Thinking(", hm"))
        texts = await asked.finish(end)
        in_file = wording.THOUGHTS_IN_FILE.en.format(file=THINKING_FILE)
        assert texts == [f"{note}\n{in_file}" if may_attach else note]
        assert asked.destination.files == {101: File(THINKING_FILE, "Hm, hm") if may_attach else None}

    _run(work, question_with(channel=Nowhere(may_attach=may_attach)), MAX_ANSWER_CHARS=5000)


@pytest.mark.parametrize("end", [Stopped(), Failed(LLMError(ErrorKind.CUT_OFF, "gone"))])
def test_what_was_thought_before_it_was_stopped_or_failed_is_not_kept(end: End) -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Thinking("Hm"))
        await asked.finish(end)
        assert asked.destination.files == {101: None}

    _run(work)


def test_what_was_thought_before_an_answer_is_not_kept() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Thinking("Hm"))
        asked.answer.append(Text("Hello"))
        assert await asked.finish(Finished("stop")) == ["Hello"]
        assert asked.destination.files == {101: None}

    _run(work)


# Its text


def test_the_last_page_is_running_and_has_the_buttons() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text(LINE * 140))
        assert [page.running for page in asked.answer.pages()] == [False, True]
        await asked.until(3)
        assert asked.destination.buttons == {101: None, 102: BUTTONS}
        await asked.finish(Finished("stop"))
        assert asked.destination.buttons == {101: None, 102: None}
        assert not any(page.running for page in asked.answer.pages())

    _run(work)


@pytest.mark.parametrize("begin", ["|", "[", "$$", "![", "\\"])
def test_what_may_still_become_markup_is_nothing_to_write_yet(begin: str) -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text(begin))
        assert asked.says() == []
        assert await asked.until(1) == []
        asked.answer.append(Text(" Hello, and more"))
        assert await asked.finish(Finished("stop")) == [f"{begin} Hello, and more"]

    _run(work)


def test_a_notice_stays_while_there_is_nothing_to_write_yet() -> None:
    async def work(asked: Asked) -> None:
        await asked.until(2)
        asked.answer.append(Text("["))
        assert await asked.until(3) == [wording.NOTICE.en]
        asked.answer.append(Text("a] b"))
        assert await asked.until(5) == [f"[a] b{CURSOR}"]

    _run(work)


def test_an_answer_with_too_many_pages_is_attached_to_the_last() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text(LINE * 500))
        growing = asked.says()
        assert len(growing) == 2
        assert growing[1].endswith(f"{CURSOR}\n-# {wording.GOES_ON.en}")
        asked.answer.notes.append(wording.LEFT_OUT.en)
        first, last = await asked.finish(Finished("length"))
        assert first == growing[0]
        notes = [wording.LENGTH.en, wording.LEFT_OUT.en, wording.IN_FILE.en.format(file=ANSWER_FILE)]
        assert last.endswith("answer.\n" + "\n".join(f"-# {note}" for note in notes))
        assert asked.destination.files == {101: None, 102: File(ANSWER_FILE, LINE * 500)}

    _run(work)


def test_an_answer_that_fits_has_no_file() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text(LINE * 140))
        await asked.finish(Finished("stop"))
        assert asked.destination.files == {101: None, 102: None}

    _run(work)


def test_where_nothing_may_be_attached_all_pages_are_written() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text(LINE * 500))
        assert "\n".join(await asked.finish(Finished("stop"))) == (LINE * 500).strip()

    _run(work, question_with(channel=Nowhere(may_attach=False)))


def test_the_prompt_of_a_slash_command_is_above_it_from_the_start() -> None:
    permissions = discord_py.Permissions(attach_files=True)
    interaction = SimpleNamespace(permissions=permissions, app_permissions=permissions)

    async def work(asked: Asked) -> None:
        assert asked.says() == [f"> \\*Why?\\*\n{wording.NOTICE.en}"]
        asked.answer.append(Text("Because"))
        texts = await asked.finish(Finished("stop"))
        assert texts == ["> \\*Why?\\*\n\nBecause"]
        assert {write.kind for write in asked.destination.writes} == {"edit"}

    _run(work, question_with(text="*Why?*", interaction=interaction))


# Its end


ENDS = [
    (Finished("stop"), ""),
    (Finished("length"), wording.LENGTH.en),
    (Finished("max_tokens"), wording.LENGTH.en),
    (Incomplete(), wording.INCOMPLETE.en),
    (TooLong(), wording.TOO_LONG.en.format(chars=5000)),
    (Stopped(), wording.STOPPED.en),
    (Failed(LLMError(ErrorKind.CUT_OFF, "gone")), wording.LLM_CUT_OFF.en),
]


@pytest.mark.parametrize(("end", "note"), ENDS)
def test_a_note_is_small_under_a_text(end: End, note: str) -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text("Hello"))
        assert await asked.finish(end) == [f"Hello\n-# {note}" if note else "Hello"]

    _run(work, MAX_ANSWER_CHARS=5000)


@pytest.mark.parametrize(("end", "note"), [*((end, note) for end, note in ENDS if not isinstance(end, Finished))])
def test_a_note_is_plain_alone(end: End, note: str) -> None:
    async def work(asked: Asked) -> None:
        assert await asked.finish(end) == [note]
        assert len(asked.destination.writes) == 1

    _run(work, MAX_ANSWER_CHARS=5000)


@pytest.mark.parametrize("reason", ["stop", "length"])
def test_an_answer_without_text_is_said_to_be_empty(reason: str) -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text(" \n"))
        assert await asked.finish(Finished(reason)) == [wording.EMPTY.en]

    _run(work)


def test_the_end_is_said_before_what_is_said_of_the_prompt() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.notes += ["📎 One", "📎 Two"]
        assert await asked.finish(Stopped()) == [f"{wording.STOPPED.en}\n📎 One\n📎 Two"]

    _run(work)


def test_where_there_is_nothing_to_ask_it_is_said_why() -> None:
    async def nothing(asked: Asked) -> None:
        assert await asked.finish(None) == [wording.USAGE.en.format(prefix="!")]

    async def unread(asked: Asked) -> None:
        asked.answer.notes.append("📎 a.zip was not sent")
        assert await asked.finish(None) == ["📎 a.zip was not sent"]

    _run(nothing)
    _run(unread)


# Its end before its time


async def _for_ever() -> Optional[End]:
    await asyncio.Event().wait()
    return None


def test_what_brings_the_text_says_how_it_ends() -> None:
    async def work(asked: Asked) -> None:
        async def work_of_it() -> Optional[End]:
            return Finished("stop")

        assert await asked.answer.until_stopped(work_of_it()) == Finished("stop")

    _run(work)


def test_an_answer_that_is_stopped_ends_at_once() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text("Hello"))
        asyncio.get_running_loop().call_at(3, asked.answer.stop)
        end = await asked.answer.until_stopped(_for_ever())
        assert (end, asked.time()) == (Stopped(), 3)
        assert await asked.finish(end) == [f"Hello\n-# {wording.STOPPED.en}"]

    _run(work)


def test_an_answer_that_is_stopped_before_it_begins_asks_nobody() -> None:
    async def work(asked: Asked) -> None:
        async def ask() -> Optional[End]:
            raise AssertionError("it was asked")

        asked.answer.stop()
        assert await asked.answer.until_stopped(ask()) == Stopped()

    _run(work)


def test_the_first_reason_to_stop_is_the_one_that_is_said() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.stop(wording.BROKEN_OFF)
        asked.answer.stop()
        assert await asked.finish(Stopped()) == [wording.BROKEN_OFF.en]

    _run(work)


def test_an_answer_whose_task_is_cancelled_is_not_stopped_by_anybody() -> None:
    async def work(asked: Asked) -> None:
        task = asyncio.ensure_future(asked.answer.until_stopped(_for_ever()))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    _run(work)


def test_an_error_of_the_bots_own_is_an_end_that_is_said() -> None:
    async def work(asked: Asked) -> None:
        async def fail() -> Optional[End]:
            raise ValueError("a part of the bot is broken")

        end = await asked.answer.until_stopped(fail())
        assert isinstance(end, Failed)
        assert end.error.kind is ErrorKind.INTERNAL
        assert isinstance(end.error.__cause__, ValueError)
        assert await asked.finish(end) == [wording.LLM_INTERNAL.en]

    _run(work)


def test_an_answer_that_can_not_be_written_stops_the_llm() -> None:
    async def work(asked: Asked) -> None:
        working = asyncio.ensure_future(asked.answer.until_stopped(_for_ever()))
        await asyncio.sleep(1)
        asked.answer.post.lose()
        assert await working == Stopped()

    _run(work)


def test_without_its_question_an_answer_says_nothing_if_nothing_is_there() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.stop_without_question()
        assert await asked.answer.until_stopped(_for_ever()) == Stopped()
        assert await asked.finish(Stopped()) == []
        assert asked.answer.post.state is State.LOST

    _run(work)


@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_without_its_question_an_answer_that_is_there_says_that_it_was_stopped(seconds: float) -> None:
    async def work(asked: Asked) -> None:
        asked.destination.seconds = seconds  # its first request may be on its way
        asked.answer.append(Text("Hello"))
        await asked.until(0.5)
        asked.answer.stop_without_question()
        assert await asked.answer.until_stopped(_for_ever()) == Stopped()
        assert await asked.finish(Stopped()) == [f"Hello\n-# {wording.STOPPED.en}"]

    _run(work)


@pytest.mark.parametrize(("user", "manages", "may"), [(1, False, True), (2, True, True), (2, False, False)])
def test_who_asked_and_who_manages_messages_may_stop_it(user: int, *, manages: bool, may: bool) -> None:
    async def work(asked: Asked) -> None:
        permissions = discord_py.Permissions(manage_messages=manages)
        assert asked.answer.may_be_stopped_by(user, permissions) is may

    _run(work)


def test_the_pages_of_an_answer_that_is_over_do_not_change() -> None:
    async def work(asked: Asked) -> None:
        asked.answer.append(Text("Hello"))
        await asked.finish(Finished("stop"))
        assert asked.answer.pages() == [Page("Hello")]

    _run(work)
