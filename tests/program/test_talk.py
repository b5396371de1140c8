"""Conversations in the channel: what the LLM is sent when people reply, mention the bot, or talk in a thread."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest

from chat.wording import channel as wording
from emulators.bot import BotProcess, write_settings
from emulators.discord import LocalDiscord, Message, User
from emulators.llm.server import Chat, LocalLLM
from tests.house import House, settings_for

Json = Dict[str, str]


def _user(text: str) -> Json:
    return {"role": "user", "content": text}


def _llm(text: str) -> Json:
    return {"role": "assistant", "content": text}


def _answered(house: House, text: str, answer: str, **more: Any) -> Message:  # noqa: ANN401 - passed on
    """Let somebody write this and the LLM answer; give the answer's message."""
    return _answer(house, _say(house, text, **more), answer)


def _say(house: House, text: str, author: Optional[User] = None, reply_to: Optional[Message] = None) -> Message:
    return house.discord.say(text, channel=house.place, author=author, reply_to=reply_to)


def _answer(house: House, question: Message, answer: str) -> Message:
    chat = house.llm.next_chat()
    chat.say(answer)
    chat.finish()
    replies = house.discord.wait_for(lambda: [one for one in house.discord.replies(question) if one.content == answer])
    return replies[0]


def _sent(chat: Chat) -> List[Json]:
    messages: List[Json] = chat.json["messages"]
    return messages


def _asked(house: House, text: str, **more: Any) -> List[Json]:  # noqa: ANN401 - passed on
    """Let somebody write this; give the messages that the LLM was sent."""
    question = _say(house, text, **more)
    chat = house.llm.next_chat()
    chat.say("Done.")
    chat.finish()
    house.discord.wait_for(lambda: [one for one in house.discord.replies(question) if one.content == "Done."])
    return _sent(chat)


def test_a_reply_to_the_answer_goes_on_with_the_conversation(room: House) -> None:
    answer = _answered(room, "!chat 2+2?", "4")
    assert _asked(room, "And 3+3?", reply_to=answer) == [_user("2+2?"), _llm("4"), _user("And 3+3?")]


def test_a_conversation_goes_on_and_on_and_branches(room: House) -> None:
    first = _answered(room, "!chat one", "1")
    second = _answered(room, "two", "2", reply_to=first)
    begin = [_user("one"), _llm("1")]
    assert _asked(room, "!chat three", reply_to=second) == [*begin, _user("two"), _llm("2"), _user("three")]
    assert _asked(room, "other", reply_to=first) == [*begin, _user("other")]


def test_a_mention_asks_too(room: House) -> None:
    assert _asked(room, f"<@{room.discord.bot.id}> How are you?") == [_user("How are you?")]


def test_a_mention_in_mid_sentence_stands_there_by_name(room: House) -> None:
    bob = room.discord.person("Bob")
    sent = _asked(room, f"Hello <@{room.discord.bot.id}>, do you know <@{bob.id}> of <#{room.place}>?")
    channel = room.discord.find_channel(room.place)
    assert channel
    assert sent == [_user(f"Hello @Chatbot, do you know @Bob of #{channel.name}?")]


def test_a_question_that_replies_to_somebody_takes_their_message_along(room: House) -> None:
    opinion = _say(room, "Cats are better", author=room.discord.person("Bob"))
    sent = [_user('"Bob": Cats are better'), _user('"Alice": Is that so?')]
    assert _asked(room, "!chat Is that so?", reply_to=opinion) == sent


@pytest.mark.parametrize("text", ["!chat", "{bot}"])
def test_a_reply_with_nothing_but_the_command_asks_what_it_replies_to(room: House, text: str) -> None:
    question = _say(room, "Why is the sky blue?", author=room.discord.person("Bob"))
    said = text.format(bot=f"<@{room.discord.bot.id}>")
    assert _asked(room, said, reply_to=question) == [_user("Why is the sky blue?")]


def test_in_a_talk_of_several_the_llm_sees_who_said_what(room: House) -> None:
    answer = _answered(room, "!chat Hi", "Hello")
    sent = [_user('"Alice": Hi'), _llm("Hello"), _user('"Bob \\"B\\": x": Me too')]
    assert _asked(room, "Me too", author=room.discord.person('Bob "B": x'), reply_to=answer) == sent


def test_pages_are_one_answer_whichever_is_replied_to(room: House) -> None:
    room.discord.limits.set_all(limit=50)
    text = "\n".join(f"Sentence number {number} of a long answer." for number in range(120))
    question = room.discord.say("!chat long", channel=room.place)
    chat = room.llm.next_chat()
    chat.say(text)
    chat.finish()
    last = text.rsplit("\n", 1)[-1]
    pages = room.discord.wait_for(
        lambda: room.discord.replies(question) if room.texts() and room.texts()[-1].endswith(last) else ()
    )
    assert len(pages) > 1
    for page in pages:
        assert _asked(room, "And?", reply_to=page) == [_user("long"), _llm(text), _user("And?")]


def test_notes_and_marks_of_the_bot_are_not_sent_back(room: House) -> None:
    question = _say(room, "!chat Hi")
    chat = room.llm.next_chat()
    chat.say("Hello there")
    chat.finish("length")
    room.wait_for_texts(f"Hello there\n-# {wording.LENGTH.en}")
    answer = room.discord.replies(question)[0]
    assert _asked(room, "go on", reply_to=answer) == [_user("Hi"), _llm("Hello there"), _user("go on")]


def test_thoughts_above_an_answer_are_not_sent_back(thinking_house: House) -> None:
    thinking_house.new_channel()
    question = _say(thinking_house, "!chat Hi")
    chat = thinking_house.llm.next_chat()
    chat.think("What might they want?")
    chat.say("Hello")
    chat.finish()
    answer = thinking_house.discord.wait_for_reply(question)
    thinking_house.wait_for_part("What might they want?\nHello")
    thinking_house.bot.wait_for_log(f"answer channel={thinking_house.place} ")
    assert _asked(thinking_house, "Well?", reply_to=answer) == [_user("Hi"), _llm("Hello"), _user("Well?")]


def test_commands_are_no_part_of_a_threads_conversation(house: House) -> None:
    house.discord.wait_for_reply(_say(house, "!help"))
    house.discord.wait_for_reply(_say(house, "!stop"))
    house.discord.wait_for_reply(_say(house, "!model"))
    assert _asked(house, "!chat Hi") == [_user("Hi")]


def test_an_answer_that_failed_is_no_answer(room: House) -> None:
    question = _say(room, "!chat Hi")
    room.llm.next_chat().error(500, {"error": "oops"})
    reply = room.discord.wait_for_reply(question)
    assert _asked(room, "Once more", reply_to=reply) == [_user("Hi"), _user("Once more")]


def test_an_edited_question_counts_as_edited(room: House) -> None:
    question = _say(room, "!chat 2+2?")
    answer = _answer(room, question, "5")
    room.discord.edit(question, "!chat 2+3?")
    assert _asked(room, "Sure?", reply_to=answer) == [_user("2+3?"), _llm("5"), _user("Sure?")]


def test_what_was_deleted_while_the_gateway_was_away_is_left_out(room: House) -> None:
    question = _say(room, "!chat secret")
    answer = _answer(room, question, "1")
    logins = room.bot.log.count("Logged in")
    room.discord.drop_gateway(resumable=False)
    room.discord.delete(question)
    room.bot.wait_for_count("Logged in", logins + 1)
    assert _asked(room, "two", reply_to=answer) == [_llm("1"), _user("two")]


def test_a_deleted_question_is_left_out_and_what_was_before_it_is_not(room: House) -> None:
    first = _answered(room, "!chat one", "1")
    question = _say(room, "two", reply_to=first)
    second = _answer(room, question, "2")
    room.discord.delete(question)
    assert _asked(room, "three", reply_to=second) == [_user("one"), _llm("1"), _llm("2"), _user("three")]


def test_what_people_say_to_each_other_is_not_answered(room: House) -> None:
    bobs = _say(room, "Hello!", author=room.discord.person("Bob"))
    reply = _say(room, "Hi Bob", reply_to=bobs)
    answer = _answered(room, "!chat Hi", "Hello")
    command = _say(room, "!play a song", reply_to=answer)
    _answered(room, "!chat settled", "Yes")
    assert room.discord.replies(reply) == room.discord.replies(command) == ()


def test_a_thread_is_a_conversation(house: House) -> None:
    _say(house, "I like cats", author=house.discord.person("Bob"))
    _answered(house, "!chat And you?", "Me too")
    sent = [_user('"Bob": I like cats'), _user('"Alice": And you?'), _llm("Me too"), _user('"Alice": Really?')]
    assert _asked(house, "!chat Really?") == sent


def test_a_thread_made_from_an_answer_goes_on_with_it(room: House) -> None:
    answer = _answered(room, "!chat one", "1")
    room.place = room.discord.add_thread("more", room.place, from_message=answer)
    assert _asked(room, "!chat two") == [_user("one"), _llm("1"), _user("two")]
    expected = [_user("one"), _llm("1"), _user("two"), _llm("Done."), _user("three")]
    assert _asked(room, "!chat three") == expected


def test_elsewhere_a_mention_is_told_where_to_ask(house: House) -> None:
    question = house.discord.say(f"<@{house.discord.bot.id}> Hi", channel=house.discord.other_channel)
    assert "I answer in" in house.discord.wait_for_reply(question).content


def test_the_bots_own_role_is_a_mention_of_it(room: House) -> None:
    role = next(role for role in room.discord.roles if room.discord.bot.id in role.members)
    assert _asked(room, f"<@&{role.id}> Hi")[-1]["content"].endswith("Hi")


SYSTEM_PROMPT = "{server} {channel} {user} {x} {date}T{time}"


@pytest.fixture(name="forgetful")
def _forgetful(discord: LocalDiscord, llm: LocalLLM, tmp_path: Path) -> Iterator[House]:
    settings = settings_for(discord, llm, HISTORY_MESSAGES=3, HISTORY_CHARS=9, SYSTEM_PROMPT=SYSTEM_PROMPT)
    with BotProcess(discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
        bot.wait_until_ready()
        yield House(discord, llm, bot)


def test_the_oldest_is_left_out_with_a_note_but_never_the_system_prompt(forgetful: House) -> None:
    answer = _answered(forgetful, "!chat one", "1")
    for number in ("two", "three"):
        question = _say(forgetful, number, reply_to=answer)
        answer = _answer(forgetful, question, "4" * 6) if number == "two" else answer
    chat = forgetful.llm.next_chat()
    system, *rest = _sent(chat)
    assert re.fullmatch(r"Local guild chat Alice \{x\} \d{4}-\d\d-\d\dT\d\d:\d\d", system["content"])
    assert rest == [_user("two"), _llm("444444"), _user("three")]
    chat.say("5")
    chat.finish()
    forgetful.wait_for_part(f"5\n-# {wording.LEFT_OUT.en}")


@pytest.fixture(name="restarted")
def _restarted(discord: LocalDiscord, llm: LocalLLM, tmp_path: Path) -> Iterator[House]:
    """A bot that was started anew after a conversation of two answers, the second of several pages."""
    discord.limits.set_all(limit=50)
    settings = write_settings(tmp_path / "settings.py", settings_for(discord, llm))
    with BotProcess(discord.url, settings) as bot:
        bot.wait_until_ready()
        house = House(discord, llm, bot)
        answer = _answered(house, "!chat one", "1")
        question = _say(house, "two", reply_to=answer)
        chat = llm.next_chat()
        chat.say(LONG)
        chat.finish()
        discord.wait_for(lambda: house.texts()[-1].endswith("number 119 of a long answer."))
        assert len(discord.replies(question)) > 1
    with BotProcess(discord.url, settings) as bot:
        bot.wait_until_ready()
        house = House(discord, llm, bot)
        discord.wait_for(lambda: _fetches(house) == 1)
        _asked(house, "!chat settled")
        yield house


LONG = "\n".join(f"Sentence number {number} of a long answer." for number in range(120))
BEFORE = [_user("one"), _llm("1"), _user("two"), _llm(LONG)]


def _fetches(house: House) -> int:
    return sum(call.method == "GET" and call.route.endswith("/messages") for call in house.discord.calls)


def test_conversations_survive_a_restart_and_no_message_is_fetched_twice(restarted: House) -> None:
    before = _fetches(restarted)
    middle = restarted.messages()[2]
    for text in ("three", "four"):
        assert _asked(restarted, text, reply_to=middle) == [*BEFORE, _user(text)]
    assert _fetches(restarted) == before


def test_a_fetch_that_fails_does_not_stop_the_answer(restarted: House) -> None:
    old = restarted.messages()[1]
    restarted.discord.drop_gateway(resumable=False)  # what was seen before may have changed since
    restarted.bot.wait_for_count("Logged in", 2)
    restarted.discord.faults.fail("GET", status=403, code=50001, times=100)
    assert _asked(restarted, "three", reply_to=old) == [_user("three")]
    restarted.bot.wait_for_log("Earlier messages can't be fetched")


def test_what_discord_itself_says_of_a_thread_is_no_command(room: House) -> None:
    alice, thread_created = room.discord.person("Alice"), 18
    named = room.discord.post(alice, room.place, "!chat my thread", kind=thread_created)
    _answered(room, "!chat settled", "Yes")
    assert room.discord.replies(named) == ()
