"""What stands in the channel when Discord fails: all of the answer if it can be written, and the LLM is free."""

from __future__ import annotations

from typing import Callable, Dict, NamedTuple

import pytest

from chat.text.answer_text import CURSOR
from emulators.discord.errors import SLOW_MODE
from emulators.llm.server import Chat
from tests.conftest import READ_TIMEOUT
from tests.faults import after
from tests.faults.opened import OpenHouse
from tests.house import House

Breaks = Callable[[House], object]

RESUMED = "successfully RESUMED"
ANEW = "has connected to Gateway"
AGAIN = "writing again in"
LOST = "can't be written any more"


def _fails(method: str, status: int, code: int = 0) -> Breaks:
    return lambda house: house.discord.faults.fail(method, status=status, code=code, channel=house.place)


def _limits(method: str, retry_after: float, *, everywhere: bool = False, code: int = 0) -> Breaks:
    def breaks(house: House) -> None:
        house.discord.faults.rate_limit(
            method, retry_after=retry_after, is_global=everywhere, code=code, channel=house.place
        )

    return breaks


def _drops(method: str, *, applied: bool) -> Breaks:
    return lambda house: house.discord.faults.drop(method, applied=applied, channel=house.place)


def _is_late(method: str, seconds: float) -> Breaks:
    return lambda house: house.discord.faults.delay(method, seconds=seconds, channel=house.place)


def _closes_gateway(*, resumable: bool) -> Breaks:
    return lambda house: house.discord.drop_gateway(1001, resumable=resumable)


def _takes(right: str) -> Breaks:
    return lambda house: house.discord.take_right(_channel(house), right)


def _gives(right: str) -> Breaks:
    return lambda house: house.discord.give_right(_channel(house), right)


def _channel(house: House) -> int:
    """The channel that has the rights: that of the house's thread, or its channel itself."""
    place = house.discord.find_channel(house.place)
    return (place and place.parent_id) or house.place


def _nothing(_house: House) -> None:
    """Leave it as it is."""


# What passes: in the end the whole answer stands there


class Passing(NamedTuple):
    """A fault that passes, and what the log says of it.

    `begun`: it happens when the first words stand in the channel, else before that.
    """

    breaks: Breaks
    logged: str
    begun: bool
    mends: Breaks = _nothing


DONE = "end=finished (stop)"  # discord.py tries again and says nothing of it
LIMITED = "responded with 429. Retrying in"

PASSING: Dict[str, Passing] = {
    "429 on create": Passing(_limits("POST", 0.3), LIMITED, begun=False),
    "429 on edit": Passing(_limits("PATCH", 0.3), LIMITED, begun=True),
    "429 on create, global": Passing(_limits("POST", 0.5, everywhere=True), "Global rate limit", begun=False),
    "429 on edit, global": Passing(_limits("PATCH", 0.5, everywhere=True), "Global rate limit", begun=True),
    "429 for slow mode": Passing(_limits("POST", 0.3, code=SLOW_MODE), LIMITED, begun=False),
    "500 on create": Passing(_fails("POST", 500), DONE, begun=False),
    "500 on edit": Passing(_fails("PATCH", 500), DONE, begun=True),
    "502 on create": Passing(_fails("POST", 502), DONE, begun=False),
    "502 on edit": Passing(_fails("PATCH", 502), DONE, begun=True),
    "503 on create": Passing(_fails("POST", 503), AGAIN, begun=False),
    "503 on edit": Passing(_fails("PATCH", 503), AGAIN, begun=True),
    "reset before it created": Passing(_drops("POST", applied=False), AGAIN, begun=False),
    "reset after it created": Passing(_drops("POST", applied=True), AGAIN, begun=False),
    "reset before it edited": Passing(_drops("PATCH", applied=False), AGAIN, begun=True),
    "reset after it edited": Passing(_drops("PATCH", applied=True), AGAIN, begun=True),
    "create answered late": Passing(_is_late("POST", 1.5), DONE, begun=False),
    "edit answered late": Passing(_is_late("PATCH", 1.5), DONE, begun=True),
    "gateway closed, with resume": Passing(_closes_gateway(resumable=True), RESUMED, begun=True),
    "gateway closed, without": Passing(_closes_gateway(resumable=False), ANEW, begun=True),
    "gateway cut": Passing(lambda house: house.discord.drop_gateway(None), RESUMED, begun=True),
    "gateway closed before the first word": Passing(_closes_gateway(resumable=True), RESUMED, begun=False),
}

MORE = " and more" * 10


def _say_the_rest(house: House, chat: Chat) -> None:
    """Say some, some more when the fault has happened, and end."""
    chat.say(MORE)
    house.discord.wait_for(lambda: not house.discord.faults.waiting)
    chat.say(MORE)
    chat.finish()


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_ends_with_the_complete_answer(house: House, name: str) -> None:
    row, lines, chat = PASSING[name], house.bot.lines, house.ask_by_hand()
    house.wait_for_typing()
    if row.begun:
        chat.say("One")
        house.wait_for_texts(f"One{CURSOR}")
    row.breaks(house)
    if not row.begun:
        chat.say("One")
    _say_the_rest(house, chat)
    house.wait_for_texts(f"One{MORE}{MORE}")
    house.bot.wait_for_log(row.logged, after=lines)
    assert DONE in after.end_in_log(house)
    assert len(house.discord.messages(house.place, deleted=True)) == 2  # with the question
    row.mends(house)
    house.discord.wait_until_connected()
    after.is_well(house)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_stream_goes_on_whatever_fails_several_times(house: House, method: str) -> None:
    house.discord.faults.fail(method, status=503, channel=house.place, times=2)  # POST: the typing indicator too
    house.llm.answers([f"word{number} " for number in range(60)], rate=60)
    house.ask()
    house.discord.wait_for(lambda: house.texts()[-1:] and house.texts()[-1].endswith("word59"), timeout=20)
    assert len(house.texts()) == 1
    assert DONE in after.end_in_log(house)
    after.is_well(house)


def test_what_is_begun_is_written_to_its_end_without_the_right_to_write(house: House) -> None:
    house.new_channel()
    chat = house.ask_by_hand()
    chat.say("One")
    house.wait_for_texts(f"One{CURSOR}")
    house.discord.take_right(house.place, "send_messages")
    _say_the_rest(house, chat)
    house.wait_for_texts(f"One{MORE}{MORE}")
    assert DONE in after.end_in_log(house)
    house.discord.give_right(house.place, "send_messages")
    after.is_well(house)


@pytest.mark.parametrize("name", ["429 on create", "503 on create", "reset after it created"])
def test_a_passing_fault_of_the_second_page_too(house: House, name: str) -> None:
    chat = house.ask_by_hand()
    chat.say("one " * 490 + "One")
    house.wait_for_part(CURSOR)
    PASSING[name].breaks(house)
    _say_the_rest(house, chat)
    words = f"{'one ' * 490}One{MORE}{MORE}".split()
    house.discord.wait_for(lambda: " ".join(house.texts()).split() == words)
    assert DONE in after.end_in_log(house)
    after.is_well(house)


def test_an_answer_that_ends_before_its_message_could_be_made_is_whole(house: House) -> None:
    chat = house.ask_by_hand()
    house.wait_for_typing()
    house.discord.faults.drop("POST", applied=True, channel=house.place)
    chat.say("Hello")
    house.bot.wait_for_log(f"{AGAIN} 0.5 s: channel={house.place}")
    chat.say(" world")
    chat.finish()
    house.wait_for_texts("Hello world")
    assert DONE in after.end_in_log(house)
    after.is_well(house)


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_30_seconds_of_429_in_a_channel_hold_up_nobody_elsewhere(house: House, method: str) -> None:
    begun, chat = method == "PATCH", house.ask_by_hand()
    house.wait_for_typing()
    if begun:
        chat.say("One")
        house.wait_for_texts(f"One{CURSOR}")
    house.discord.faults.rate_limit(method, retry_after=30, channel=house.place)
    chat.say(MORE)
    house.bot.wait_for_log(f"/channels/{house.place}/messages")
    chat.finish()
    house.new_place()
    after.is_well(house)


def test_an_edit_that_is_answered_10_seconds_late_holds_up_no_other_answer(house: House) -> None:
    house.discord.limits.set_all(per=0.5)
    slow, quick = house.ask_by_hand("slow"), house.ask_by_hand("quick")
    for chat in (slow, quick):
        chat.say("One")
    house.discord.wait_for(lambda: house.texts() == [f"One{CURSOR}"] * 2)
    quick.say(MORE)  # with the first edit Discord says how many there may be
    house.wait_for_part(f"One{MORE}")
    house.discord.faults.delay("PATCH", seconds=10, channel=house.place)
    slow.say(" and two")
    slow.finish()
    house.discord.wait_for(lambda: "One and two" in house.texts())
    quick.finish()
    house.discord.wait_for(lambda: set(house.texts()) == {"One and two", f"One{MORE}"})
    after.is_well(house)


def test_slow_mode_does_not_concern_the_bot(house: House) -> None:
    house.new_channel()
    house.discord.set_slow_mode(house.place, 21_600)
    chat = house.ask_by_hand()
    chat.say("one " * 750)
    chat.finish()
    house.discord.wait_for(lambda: " ".join(house.texts()).split() == ["one"] * 750)
    assert DONE in after.end_in_log(house)
    after.is_well(house)


@pytest.mark.parametrize("character", ["x", "😀"])
def test_2001_characters_never_meet_discords_limit(house: House, character: str) -> None:
    chat = house.ask_by_hand()
    chat.say(character * 2000)
    chat.say(character)
    chat.finish()
    house.discord.wait_for(lambda: "".join(house.texts()) == character * 2001)
    assert DONE in after.end_in_log(house)
    assert 400 not in {call.status for call in house.discord.calls if call.channel_id == house.place}
    after.is_well(house)


def test_an_answer_goes_on_while_the_gateway_is_silent(open_house: OpenHouse) -> None:
    house = open_house(machine={"GIVE_UP_SECONDS": "1"}, heartbeat=0.2)
    chat = house.ask_by_hand()
    chat.say("One")
    house.wait_for_texts(f"One{CURSOR}")
    house.discord.silence_gateway()
    chat.say(MORE)
    chat.finish()
    house.wait_for_texts(f"One{MORE}")
    house.bot.wait_for_log(RESUMED)  # discord.py noticed, in one of its two ways
    assert DONE in after.end_in_log(house)
    after.is_well(house)


# What does not pass: the rest of the answer can't be written, and the LLM need not go on with it


class Lasting(NamedTuple):
    """A fault after which nothing more can be written, what the log says of it, and what still stands.

    `begun`: it happens when the first words stand in the channel, else before that. `heard`: Discord tells the bot of
    it, which need not try to write then. `goes_to` goes to the place where it happens.
    """

    breaks: Breaks
    logged: str
    begun: bool
    stands: bool
    mends: Breaks = _nothing
    heard: bool = False
    goes_to: Breaks = House.new_channel


def _delete_answer(house: House) -> None:
    house.discord.delete(house.messages()[0])


def _delete_place(house: House) -> None:
    house.discord.delete_channel(house.place)


def _new_thread_elsewhere(house: House) -> None:
    house.new_channel()
    house.place = house.discord.add_thread("thread", house.place)


LASTING: Dict[str, Lasting] = {
    "message deleted": Lasting(_delete_answer, "end=lost", begun=True, stands=False, heard=True),
    "channel deleted": Lasting(_delete_place, LOST, begun=True, stands=False, heard=True, mends=House.new_channel),
    "channel deleted before the first word": Lasting(
        _delete_place, "end=lost", begun=False, stands=False, heard=True, mends=House.new_channel
    ),
    "thread deleted": Lasting(
        _delete_place, LOST, begun=True, stands=False, heard=True, mends=House.new_place, goes_to=House.new_place
    ),
    "channel of the thread deleted": Lasting(
        lambda house: house.discord.delete_channel(_channel(house)),
        LOST,
        begun=True,
        stands=False,
        heard=True,
        mends=House.new_channel,
        goes_to=_new_thread_elsewhere,
    ),
    "right to write taken": Lasting(
        _takes("send_messages"), LOST, begun=False, stands=False, mends=_gives("send_messages")
    ),
    "right to write in threads taken": Lasting(
        _takes("send_messages_in_threads"),
        LOST,
        begun=False,
        stands=False,
        mends=_gives("send_messages_in_threads"),
        goes_to=House.new_place,
    ),
    "right to see taken": Lasting(_takes("view_channel"), LOST, begun=True, stands=True, mends=_gives("view_channel")),
    "bot removed": Lasting(
        lambda house: house.discord.remove_bot(),
        LOST,
        begun=True,
        stands=True,
        heard=True,
        mends=lambda house: house.discord.invite_bot(),
    ),
    "text refused on create": Lasting(_fails("POST", 400, 50035), LOST, begun=False, stands=False),
    "text refused on edit": Lasting(_fails("PATCH", 400, 50035), LOST, begun=True, stands=True),
}


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_fault_frees_the_llm(house: House, name: str) -> None:
    row, lines = LASTING[name], house.bot.lines
    row.goes_to(house)
    chat = house.ask_by_hand()
    house.wait_for_typing()
    if row.begun:
        chat.say("One")
        house.wait_for_texts(f"One{CURSOR}")
    row.breaks(house)
    try:
        if not row.heard:
            chat.say(MORE)
        chat.wait_closed(READ_TIMEOUT / 2)  # not because the LLM says nothing
        house.bot.wait_for_log(row.logged, after=lines)
        assert "end=lost" in after.end_in_log(house)
        assert house.texts() == ([f"One{CURSOR}"] if row.stands else [])
    finally:
        row.mends(house)
    after.is_well(house)
