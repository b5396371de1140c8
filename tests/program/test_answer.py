"""What a person sees in the channel when they ask: the real bot between the local Discord and the local LLM server."""

from __future__ import annotations

import pytest

from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from emulators.discord import Message
from tests.house import House

LONG = [f"Sentence number {number} of a long answer.\n" for number in range(150)]


def test_an_answer_grows_and_loses_its_mark_at_the_end(house: House) -> None:
    chat = house.ask_by_hand("Hello! How are you?")
    chat.say("I am fine")
    house.wait_for_texts(f"I am fine{CURSOR}")
    chat.say(", thank you for asking")
    house.wait_for_texts(f"I am fine, thank you for asking{CURSOR}")
    chat.say(".")
    chat.finish()
    house.wait_for_texts("I am fine, thank you for asking.")


def test_the_llm_is_asked_exactly_this(house: House) -> None:
    chat = house.ask_by_hand("  こんにちは！\n元気？ ")
    messages = [{"role": "user", "content": "こんにちは！\n元気？"}]
    assert chat.json == {"model": "gemma:2b", "messages": messages, "stream": True}
    chat.say("はい")
    chat.finish()
    house.wait_for_texts("はい")


def test_the_answer_is_a_reply_that_pings_nobody(house: House) -> None:
    house.llm.answers("@everyone @here <@1> <@&2> Hello")
    before = house.discord.pings
    question = house.ask()
    house.wait_for_end()
    answer = house.messages()[0]
    assert answer.reference == question.id
    assert house.discord.pings == before


def test_typing_shows_before_the_first_text(house: House) -> None:
    chat = house.ask_by_hand()
    house.wait_for_typing()
    assert house.texts() == []
    chat.say("Here I am")
    chat.finish()
    house.wait_for_texts("Here I am")


def test_an_llm_that_needs_long_is_announced_and_then_answers_in_that_message(house: House) -> None:
    chat = house.ask_by_hand()
    house.wait_for_texts(wording.NOTICE.en)
    chat.say("Good morning")
    house.wait_for_texts(f"Good morning{CURSOR}")
    chat.finish()
    house.wait_for_texts("Good morning")


def test_thinking_is_no_part_of_the_answer(house: House) -> None:
    chat = house.ask_by_hand()
    chat.think("What might they want?")
    chat.say("Yes")
    chat.finish()
    house.wait_for_texts("Yes")


def test_a_long_answer_goes_on_in_further_messages(house: House) -> None:
    house.llm.answers(LONG)
    house.ask("Tell me a long story")
    house.discord.wait_for(lambda: house.texts() and house.texts()[-1].endswith(LONG[-1].strip()), timeout=30)
    pages = house.texts()
    assert len(pages) > 1
    assert all(len(page) <= 2000 for page in pages)
    assert "\n".join(pages) == "".join(LONG).strip()


def test_a_finished_page_is_not_edited_again(house: House) -> None:
    chat = house.ask_by_hand()
    chat.say("a line of text\n" * 200)
    house.discord.wait_for(lambda: len(house.texts()) == 2)
    first = house.messages()[0]
    chat.say("and the end")
    chat.finish()
    house.discord.wait_for(lambda: house.texts()[-1].endswith("and the end"))
    assert house.messages()[0].versions == first.versions


def test_many_ask_at_once_and_all_answers_grow_side_by_side(house: House) -> None:
    house.discord.limits.set_all(limit=50)
    prompts = [f"question {number}" for number in range(20)]
    questions = [house.ask(prompt, house.discord.person(f"Person {prompt}")) for prompt in prompts]
    chats = [house.llm.next_chat() for _ in questions]
    for chat in chats:
        chat.say(f"To {chat.json['messages'][-1]['content'].split(': ')[-1]}: ")
    house.discord.wait_for(lambda: len(house.texts()) == len(chats))
    for chat in chats:
        chat.say("done")
        chat.finish()
    house.discord.wait_for(lambda: all(text.endswith(": done") for text in house.texts()))
    for question, prompt in zip(questions, prompts):
        assert [reply.content for reply in house.discord.replies(question)] == [f"To {prompt}: done"]


@pytest.mark.parametrize("mode", ["fixed", "sliding"])
@pytest.mark.parametrize("limit", [1, 3, 5])
def test_no_limit_of_discord_is_ever_hit(house: House, limit: int, mode: str) -> None:
    house.discord.limits.set_all(limit=limit, per=1.0, mode=mode)
    house.llm.answers([f"word{number} " for number in range(100)], rate=100)
    for number in range(4):
        house.ask(f"question {number}")
    house.discord.wait_for(lambda: sum(text.endswith("word99") for text in house.texts()) == 4, timeout=40)
    assert [call for call in house.discord.calls if call.status == 429 and call.channel_id == house.place] == []


def test_elsewhere_the_bot_names_its_channel_and_asks_no_llm(house: House) -> None:
    asked = len(house.llm.chats)
    question = house.discord.say("!chat Hello!", channel=house.discord.other_channel)
    reply = house.discord.wait_for_reply(question)
    channels = ", ".join(f"<#{channel}>" for channel in house.channels[:10])
    assert reply.content == wording.WRONG_CHANNEL.en.format(channels=channels)
    assert len(house.llm.chats) == asked


def test_without_a_prompt_the_bot_says_how_to_ask(house: House) -> None:
    house.ask("")
    house.wait_for_texts(wording.USAGE.en.format(prefix="!"))


def test_a_japanese_server_is_spoken_to_in_japanese(japanese_house: House) -> None:
    japanese_house.ask("")
    japanese_house.wait_for_texts(wording.USAGE.ja.format(prefix="!"))


def test_phones_may_write_the_command_with_a_capital(house: House) -> None:
    house.llm.answers("Yes")
    house.discord.say("!Chat Hello!", channel=house.place)
    house.wait_for_texts("Yes")


@pytest.mark.parametrize("command", ["！chat　こんにちは", "！ｃｈａｔ　こんにちは", "!Ｃｈａｔ こんにちは"])
def test_japanese_input_may_write_the_command_in_full_width(house: House, command: str) -> None:
    house.llm.answers("はい")
    house.discord.say(command, channel=house.place)
    house.wait_for_texts("はい")


def test_many_hints_at_once_meet_no_limit(house: House) -> None:
    house.discord.limits.set_all(limit=3, per=0.5)
    for number in range(9):
        house.ask("", house.discord.person(f"Person {number}"))
    house.discord.wait_for(lambda: len(house.texts()) == 9)
    assert [call for call in house.discord.calls if call.status == 429 and call.channel_id == house.place] == []


def _settled(house: House) -> None:
    """Wait until the bot has seen all that was said before: it answers in turn."""
    house.llm.answers("Settled")
    question = house.ask()
    house.discord.wait_for(lambda: [reply.content for reply in house.discord.replies(question)] == ["Settled"])


def _said_by_machine(house: House, kind: str) -> Message:
    author = {
        "bot": lambda: house.discord.person("Robot", bot=True),
        "webhook": lambda: house.discord.webhook("Hook"),
        "itself": lambda: house.discord.bot,
    }[kind]()
    return house.discord.say("!chat Hello!", channel=house.place, author=author)


@pytest.mark.parametrize("kind", ["bot", "webhook", "itself"])
def test_machines_are_not_answered(house: House, kind: str) -> None:
    question = _said_by_machine(house, kind)
    _settled(house)
    assert house.discord.replies(question) == ()


@pytest.mark.parametrize("text", ["Hello!", "!play a song", "chat Hello!"])
def test_what_is_no_question_to_it_is_left_alone(house: House, text: str) -> None:
    message = house.discord.say(text, channel=house.place)
    _settled(house)
    assert house.discord.replies(message) == ()


def test_each_answer_has_one_line_in_the_log_without_its_words(house: House) -> None:
    house.llm.answers(["secret ", "answer"])
    author = house.discord.person("Alice")
    house.ask("secret question", author)
    house.wait_for_texts("secret answer")
    line = house.bot.wait_for_log(f"channel={house.place}")
    for part in (f"user={author.id}", "chars=13", "first=", "total=", "edits=", "end=finished (stop)"):
        assert part in line
    assert "secret" not in house.bot.log
