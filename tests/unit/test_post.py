"""The messages of one text, and how they get into Discord: what is written, and what when that fails."""

from __future__ import annotations

import asyncio
import math
from typing import Any, Awaitable, Callable, List, Optional, cast

import pytest

from chat.delivery.channel_writer import TYPING_AGAIN_SECONDS, TYPING_SECONDS, ChannelWriters
from chat.delivery.pacing import FIRST_SECONDS, OLD_SECONDS, YOUNG_SECONDS, Urgency
from chat.delivery.post import GIVE_UP_SECONDS, RETRY_SECONDS, WRITE_SECONDS, File, Page, Post, State
from chat.delivery.rate_limits import RateLimits
from tests.unit import timeless
from tests.unit.recorded import BUTTONS, Recorded, post_to, refusal

NOW = 100.0


class Draft:
    """A text of several messages that grows, and the post that shows it."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 - passed on
        self.pages: List[Page] = []
        self.destination = Recorded()
        self.post = post_to(self.destination, lambda: self.pages, **more)
        self.now = NOW
        self._limits = RateLimits(asyncio.get_running_loop().time)

    def say(self, *contents: str, chars: int = 1, state: State = State.RUNNING, file: Optional[File] = None) -> None:
        """Say this from now on."""
        *full, last = contents
        self.pages = [*map(Page, full), Page(last, file, running=state < State.ENDED)]
        self.post.changed(state, self.now, chars)

    async def write(self, times: int = 1) -> None:
        """Write so many times."""
        for _ in range(times):
            await self.post.write(self._limits, lambda: self.now)

    @property
    def since(self) -> float:
        """Since when something waits to be sent; infinity: never."""
        return self.post.waiting().since


def _run(work: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await work()

    timeless.run(run())


# What is unsent


def test_what_is_new_counts_from_the_oldest_chunk_that_was_not_sent() -> None:
    async def work() -> None:
        draft = Draft(every_chars=15)
        assert draft.since == math.inf
        draft.say("One", chars=3)
        draft.now += 1
        draft.say("One, two", chars=5)
        assert (draft.since, draft.post.waiting().enough) == (NOW, False)
        draft.destination.failures = [refusal(500)]
        draft.destination.during = lambda: draft.say("One, two, three", chars=7)
        draft.now += 1
        await draft.write()
        assert draft.post.waiting().enough  # 15 characters, as none was sent
        draft.now = NOW + 60
        draft.destination.during = bool
        await draft.write()
        assert (draft.since, draft.post.waiting().enough) == (math.inf, False)
        draft.say("One, two, three, four", chars=6)
        assert (draft.since, draft.post.waiting().enough) == (NOW + 60, False)

    _run(work)


def test_characters_are_counted_once_however_often_a_write_of_several_messages_fails() -> None:
    async def work() -> None:
        draft = Draft(every_chars=15)
        draft.say("One", "Two", chars=7)
        for _ in range(5):
            draft.destination.failures = [refusal(500)]
            await draft.write()
            draft.now += 60
        assert not draft.post.waiting().enough

    _run(work)


def test_what_comes_after_a_write_was_composed_is_still_to_be_written() -> None:
    # The write is composed before its request goes out, and the answer may end between the two.
    async def work() -> None:
        draft = Draft()

        def goes_on() -> None:
            draft.now += 1
            draft.say("Hello world", chars=6, state=State.ENDED)

        draft.say("Hello", chars=5)
        draft.destination.during = goes_on
        await draft.write()
        assert draft.destination.texts == ["Hello"]
        assert (draft.since, draft.post.waiting().urgency) == (NOW + 1, Urgency.ENDED)
        assert not draft.post.over.is_set()
        draft.destination.during = bool
        await draft.write()
        assert draft.destination.texts == ["Hello world"]
        assert draft.post.over.is_set()

    _run(work)


def test_nothing_is_written_that_is_there_already() -> None:
    async def work() -> None:
        draft = Draft()
        draft.say("Hello")
        await draft.write()
        draft.say("Hello")
        await draft.write()
        assert draft.destination.kinds == [("create", "Hello")]
        assert draft.since == math.inf

    _run(work)


def test_the_writer_is_woken_where_the_next_write_is_due_anew() -> None:
    async def work() -> None:
        woken: List[float] = []
        draft = Draft(every_chars=10)
        draft.post.wake = lambda: woken.append(draft.now)
        for chars in (5, 5, 5, 5):
            draft.now += 1
            draft.say("…", chars=chars)
        assert woken == [NOW + 1, NOW + 2]
        draft.now += 1
        draft.say("…", chars=0, state=State.ENDED)
        assert woken == [NOW + 1, NOW + 2, NOW + 5]

    _run(work)


def test_each_state_has_its_urgency() -> None:
    async def work() -> None:
        draft = Draft()

        def urgency() -> Urgency:
            return draft.post.waiting().urgency

        draft.say("Wait", state=State.WAITING)
        assert urgency() is Urgency.NOTICE
        await draft.write()
        draft.say("Hello")
        assert urgency() is Urgency.FIRST_TEXT
        await draft.write()
        draft.say("Hello you")
        assert urgency() is Urgency.PROGRESS
        draft.say("Hello you.", state=State.ENDED)
        assert urgency() is Urgency.ENDED
        assert Draft(own=True).post.waiting().urgency is Urgency.OWN

    _run(work)


# Several messages


def test_each_write_makes_or_edits_one_message() -> None:
    async def work() -> None:
        draft = Draft()
        draft.say("1", "2", "3")
        await draft.write(3)
        draft.say("1", "2", "3!", "4", state=State.ENDED)
        assert not draft.post.waiting().creates
        await draft.write()
        assert draft.post.waiting().creates
        await draft.write()
        assert [kind for kind, _ in draft.destination.kinds] == ["create"] * 3 + ["edit", "create"]
        assert draft.destination.texts == ["1", "2", "3!", "4"]
        assert draft.post.message_ids == [101, 102, 103, 104]
        assert (draft.post.edits, draft.post.waiting().writes) == (1, 5)
        assert draft.post.over.is_set()

    _run(work)


def test_a_write_of_another_kind_than_was_said_waits_for_its_limit() -> None:
    async def work() -> None:
        draft = Draft()
        draft.say("1", "2")
        await draft.write()
        draft.say("1!", "2")
        assert draft.post.waiting().creates
        await draft.write()
        assert draft.destination.texts == ["1"]
        assert not draft.post.waiting().creates
        assert draft.since == NOW
        await draft.write()
        assert draft.destination.texts == ["1!"]

    _run(work)


def test_the_buttons_are_at_the_page_that_is_running() -> None:
    async def work() -> None:
        draft = Draft()
        draft.say("1")
        await draft.write()
        assert draft.destination.buttons == {101: BUTTONS}
        draft.say("1!", "2")
        await draft.write(3)
        assert draft.destination.buttons == {101: None, 102: BUTTONS}
        draft.say("1!", "2!", state=State.ENDED)
        await draft.write()
        assert draft.destination.buttons == {101: None, 102: None}

    _run(work)


def test_an_edit_whose_response_was_lost_leaves_no_buttons() -> None:
    async def work() -> None:
        draft = Draft(shown=Page("> hi"))
        draft.say("> hi\n\none")
        draft.destination.lose_next_response = True
        await draft.write()
        assert draft.destination.buttons == {draft.destination.answers: BUTTONS}
        draft.now += 60
        draft.say("> hi\n\none word", state=State.ENDED)
        await draft.write()
        assert draft.destination.buttons == {draft.destination.answers: None}

    _run(work)


def test_a_page_that_is_there_already_is_edited() -> None:
    async def work() -> None:
        draft = Draft(shown=Page("> Why?"))
        draft.say("> Why?\n\nBecause", state=State.ENDED)
        await draft.write()
        assert draft.destination.kinds == [("edit", "> Why?\n\nBecause")]
        assert draft.post.message_ids == [100]

    _run(work)


def test_a_post_that_ends_with_nothing_to_say_is_over() -> None:
    async def work() -> None:
        draft = Draft()
        draft.post.changed(State.ENDED, NOW)
        await draft.write()
        assert (draft.post.state, draft.destination.writes) == (State.WRITTEN, [])

    _run(work)


# Failures


@pytest.mark.parametrize(
    "error", [refusal(500), refusal(502), refusal(429), refusal(408), OSError(), asyncio.TimeoutError()]
)
def test_what_fails_in_passing_is_written_again_after_a_pause_that_grows(error: Exception) -> None:
    async def work() -> None:
        draft = Draft()
        draft.say("Hello", state=State.ENDED)
        for pause in (*RETRY_SECONDS, RETRY_SECONDS[-1]):
            draft.destination.failures = [error]
            await draft.write()
            assert draft.since == draft.now + pause
            draft.now += pause
        await draft.write()
        assert draft.destination.texts == ["Hello"]
        assert draft.post.state is State.WRITTEN

    _run(work)


def test_after_a_success_the_pauses_begin_at_the_shortest() -> None:
    async def work() -> None:
        draft = Draft()
        for text in ("One", "One, two"):
            draft.say(text)
            draft.destination.failures = [refusal(500), refusal(500)]
            await draft.write(2)
            assert draft.since == draft.now + RETRY_SECONDS[1]
            draft.now += 10
            await draft.write()

    _run(work)


@pytest.mark.parametrize("status", [403, 404, 400])
@pytest.mark.parametrize("state", [State.RUNNING, State.ENDED])
def test_what_is_refused_for_good_is_lost(status: int, state: State) -> None:
    async def work() -> None:
        draft, lost = Draft(), asyncio.Event()
        draft.post.on_lost = lost.set
        draft.say("Hello", state=state)
        draft.destination.failures = [refusal(status)]
        await draft.write()
        assert (draft.post.state, draft.post.over.is_set(), lost.is_set()) == (State.LOST, True, True)

    _run(work)


@pytest.mark.parametrize("late", [0.0, 0.001])
def test_an_ended_answer_is_given_up_when_discord_has_failed_for_long(late: float) -> None:
    async def work() -> None:
        draft = Draft()
        draft.say("Hello")
        draft.destination.failures = [refusal(500)] * 3
        await draft.write()
        draft.now += 2 * GIVE_UP_SECONDS  # while it runs, it is not given up
        await draft.write()
        assert draft.post.state is State.RUNNING
        draft.say("Hello.", state=State.ENDED)
        draft.now += GIVE_UP_SECONDS + late
        await draft.write()
        assert draft.post.over.is_set() == (late > 0)

    _run(work)


def test_a_request_without_a_response_is_given_up_and_tried_again() -> None:
    async def work() -> None:
        draft, time = Draft(), asyncio.get_running_loop().time
        draft.say("Hello")
        draft.destination.hangs = True
        await draft.write()
        assert time() == pytest.approx(WRITE_SECONDS)
        assert draft.since == NOW + RETRY_SECONDS[0]
        draft.destination.hangs = False
        await draft.write()
        assert draft.destination.texts == ["Hello"]

    _run(work)


@pytest.mark.parametrize("file", [None, File("a.md", "Hello world")])
def test_a_message_whose_response_was_lost_is_not_made_twice(file: Optional[File]) -> None:
    async def work() -> None:
        draft = Draft()
        draft.destination.lose_next_response = True
        draft.say("Hello")
        await draft.write()
        draft.say("Hello world", state=State.ENDED, file=file)
        await draft.write()
        assert draft.destination.texts == ["Hello"]  # Discord gives the one that it made
        assert not draft.post.over.is_set()
        await draft.write()
        assert draft.destination.texts == ["Hello world"]
        assert draft.destination.files == {101: file}
        assert draft.destination.buttons == {101: None}
        assert draft.post.state is State.WRITTEN

    _run(work)


def test_a_message_whose_response_was_lost_and_that_says_the_same_needs_no_edit() -> None:
    async def work() -> None:
        draft = Draft()
        draft.destination.lose_next_response = True
        draft.say("Hello", state=State.ENDED)
        await draft.write(2)
        assert draft.destination.kinds == [("create", "Hello")] * 2
        assert draft.post.state is State.WRITTEN

    _run(work)


def test_a_post_that_is_lost_stays_lost_whatever_a_write_under_way_brings() -> None:
    async def work() -> None:
        draft = Draft()
        draft.destination.during = draft.post.lose
        draft.say("Hello", state=State.ENDED)
        await draft.write()
        assert draft.post.state is State.LOST

    _run(work)


# The channel's writer


class Channel:
    """A channel's writer, with posts that it writes."""

    def __init__(self) -> None:
        self.time = asyncio.get_running_loop().time
        self.writers = ChannelWriters(RateLimits(self.time))
        self.destination = Recorded()

    def post(self, text: List[str], **more: Any) -> Post:  # noqa: ANN401 - passed on
        """Return a post that says what is the last in this list."""
        post = post_to(self.destination, lambda: [Page(text[-1], running=post.state < State.ENDED)], **more)
        return post


def test_a_writer_writes_what_changes_until_it_is_over() -> None:
    async def work() -> None:
        channel, text = Channel(), ["Hello"]
        post = channel.post(text)
        with channel.writers.of(post.destination).showing(post):
            post.changed(State.RUNNING, channel.time(), 5)
            await asyncio.sleep(1)
            text.append("Hello you")
            post.changed(State.ENDED, channel.time(), 4)
            await post.over.wait()
        assert channel.destination.kinds == [("create", "Hello"), ("edit", "Hello you")]
        assert [write.at for write in channel.destination.writes] == pytest.approx([FIRST_SECONDS, 1])
        assert channel.writers.of(post.destination) is channel.writers.of(cast("Any", channel.destination))

    _run(work)


def test_text_that_is_less_than_is_worth_an_edit_does_not_wait_for_ever() -> None:
    async def work() -> None:
        channel, text = Channel(), ["One"]
        post = channel.post(text, every_chars=15)
        with channel.writers.of(post.destination).showing(post):
            post.changed(State.RUNNING, channel.time(), 20)
            await asyncio.sleep(1)
            text.append("One, two")
            post.changed(State.RUNNING, channel.time(), 5)
            await asyncio.sleep(OLD_SECONDS + 0.1)
            text.append("One, two, three and many more")
            post.changed(State.RUNNING, channel.time(), 21)
            await asyncio.sleep(YOUNG_SECONDS + 0.1)
        times = [write.at for write in channel.destination.writes]
        assert times == pytest.approx([FIRST_SECONDS, 1 + OLD_SECONDS, 1 + OLD_SECONDS + 0.1 + YOUNG_SECONDS])

    _run(work)


def test_a_post_that_waits_for_a_response_holds_up_no_other() -> None:
    async def work() -> None:
        channel = Channel()
        slow, quick = Recorded(), channel.destination
        slow.hangs = True
        posts = [post_to(slow, lambda: [Page("slow")]), channel.post(["quick"])]
        writer = channel.writers.of(posts[0].destination)
        with writer.showing(posts[0]), writer.showing(posts[1]):
            for post in posts:
                post.changed(State.ENDED, channel.time(), 1)
                await asyncio.sleep(0.1)
            await posts[1].over.wait()
            assert channel.time() < WRITE_SECONDS
            assert not posts[0].over.is_set()
        assert quick.texts == ["quick"]

    _run(work)


def test_while_nothing_is_there_the_typing_indicator_shows_that_an_answer_comes() -> None:
    async def work() -> None:
        channel = Channel()
        post = channel.post(["Hello"])
        with channel.writers.of(post.destination).showing(post):
            await asyncio.sleep(2 * TYPING_SECONDS - 0.5)
            assert channel.destination.channel.typed == 2
            post.changed(State.RUNNING, channel.time(), 5)
            await asyncio.sleep(5 * TYPING_SECONDS)
            assert channel.destination.channel.typed == 2

    _run(work)


def test_the_typing_indicator_is_shown_again_for_another_answer_when_a_message_has_ended_it() -> None:
    async def work() -> None:
        channel = Channel()
        first, second = channel.post(["Hello"]), channel.post(["Hi"])
        writer = channel.writers.of(first.destination)
        with writer.showing(first), writer.showing(second):
            await asyncio.sleep(0.1)
            assert channel.destination.channel.typed == 1
            first.changed(State.ENDED, channel.time(), 5)
            await asyncio.sleep(TYPING_AGAIN_SECONDS)
            assert channel.destination.channel.typed == 2

    _run(work)


def test_nobody_waits_for_a_post_that_can_not_be_composed(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        def broken() -> List[Page]:
            raise RuntimeError("a part of the bot is broken")

        channel, lost = Channel(), asyncio.Event()
        post = post_to(channel.destination, broken)
        post.on_lost = lost.set
        with channel.writers.of(post.destination).showing(post):
            post.changed(State.ENDED, channel.time(), 5)
            await post.over.wait()
        assert post.state is State.LOST
        assert lost.is_set()
        await asyncio.sleep(0.1)
        assert "The write of a post failed" in caplog.text

    _run(work)


def test_a_writer_that_is_closed_leaves_nobody_waiting() -> None:
    async def work() -> None:
        channel = Channel()
        channel.destination.hangs = True
        post = channel.post(["Hello"])
        with channel.writers.of(post.destination).showing(post):
            post.changed(State.ENDED, channel.time(), 5)
            await asyncio.sleep(0.1)
            await channel.writers.close()
            assert post.over.is_set()

    _run(work)


def test_writers_that_have_nothing_to_do_are_dropped_when_there_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.delivery.channel_writer.MAX_WRITERS", 2)

    async def work() -> None:
        writers = ChannelWriters(RateLimits(asyncio.get_running_loop().time))
        places = [Recorded() for _ in range(3)]
        for number, place in enumerate(places):
            cast("Any", place).limit_key = number
        post = post_to(places[0], lambda: [Page("Hello")])
        used, idle = (writers.of(cast("Any", place)) for place in places[:2])
        with used.showing(post):
            writers.of(cast("Any", places[2]))
            assert writers.of(cast("Any", places[0])) is used
            assert writers.of(cast("Any", places[1])) is not idle

    _run(work)
