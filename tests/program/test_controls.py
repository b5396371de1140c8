"""What people can do beside asking: slash commands, the Stop button, choosing a model, help; and who may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest

from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from chat.wording.sentence import Sentence
from demo import events
from emulators.bot import BotProcess, write_settings
from emulators.discord import Interaction, LocalDiscord, Message
from emulators.llm.server import Chat, LocalLLM
from tests.house import House, settings_for


def _buttons(message: Message) -> List[Dict[str, Any]]:
    return [button for row in message.extras.get("components", ()) for button in row["components"]]


def _growing(house: House, text: str = "I am") -> Chat:
    """An answer that has begun to stand in the channel."""
    chat = house.ask_by_hand()
    chat.say(text)
    house.wait_for_texts(f"{text}{CURSOR}")
    return chat


def _told(house: House, interaction: Interaction) -> str:
    """What only the person sees."""
    messages = house.discord.wait_for(lambda: [one for one in house.discord.responses(interaction) if one.content])
    assert all(message.visible_to == interaction.author.id for message in messages)
    return messages[-1].content


# Stop


def test_a_growing_answer_has_a_stop_button_and_a_finished_one_has_none(room: House) -> None:
    chat = _growing(room)
    assert [button["label"] for button in _buttons(room.messages()[0])] == [wording.STOP_BUTTON.en]
    chat.finish()
    room.wait_for_texts("I am")
    assert _buttons(room.messages()[0]) == []


def test_the_button_speaks_japanese_in_a_japanese_server(japanese_house: House) -> None:
    chat = _growing(japanese_house)
    assert [button["label"] for button in _buttons(japanese_house.messages()[0])] == ["停止"]
    japanese_house.discord.click(japanese_house.messages()[0])
    assert chat.wait_closed()
    japanese_house.wait_for_texts(f"I am\n-# {wording.STOPPED.ja}")


def test_only_the_page_that_grows_has_the_button(room: House) -> None:
    chat = room.ask_by_hand()
    chat.say("a line of text\n" * 200)
    room.discord.wait_for(lambda: len(room.messages()) == 2 and not _buttons(room.messages()[0]))
    assert _buttons(room.messages()[1])
    chat.finish()
    room.discord.wait_for(lambda: not _buttons(room.messages()[1]))


def test_the_button_stops_the_answer_and_frees_the_llm(room: House) -> None:
    chat = _growing(room)
    room.discord.click(room.messages()[0])
    assert chat.wait_closed()
    room.wait_for_texts(f"I am\n-# {wording.STOPPED.en}")
    assert _buttons(room.messages()[0]) == []


def test_an_answer_that_is_still_waited_for_can_be_stopped(room: House) -> None:
    chat = room.ask_by_hand()
    room.wait_for_texts(wording.NOTICE.en)
    room.discord.click(room.messages()[0])
    assert chat.wait_closed()
    room.wait_for_texts(wording.STOPPED.en)


def test_nobody_else_can_stop_it_but_who_manages_messages(room: House) -> None:
    chat = _growing(room)
    refused = room.discord.click(room.messages()[0], author=room.discord.person("Bob"))
    assert _told(room, refused) == wording.STOP_NOT_YOURS.en
    assert chat.active
    moderator = room.discord.person("Moderator")
    room.discord.role("moderators", moderator, permissions=("manage_messages",))
    room.discord.click(room.messages()[0], author=moderator)
    room.wait_for_texts(f"I am\n-# {wording.STOPPED.en}")


def test_a_button_of_an_earlier_run_answers_kindly_and_vanishes(room: House) -> None:
    button = {"type": 2, "style": 2, "label": "Stop", "custom_id": "chat:stop", "id": 2}
    components = [{"type": 1, "id": 1, "components": [button]}]
    old = room.discord.post(room.discord.bot, room.place, "Half an", extras={"components": components})
    assert _told(room, room.discord.click(old)) == wording.STOP_OVER.en
    room.discord.wait_for(lambda: _buttons(room.discord.message(old)) == [])
    assert room.discord.message(old).content == "Half an"


def test_the_command_stops_ones_own_answers_here(room: House) -> None:
    chat = _growing(room)
    others = room.discord.say("!stop", channel=room.place, author=room.discord.person("Bob"))
    assert room.discord.wait_for_reply(others).content == wording.STOP_NOTHING.en.format(prefix="!")
    assert chat.active
    room.discord.say("!stop", channel=room.place)
    room.wait_for_part(f"I am\n-# {wording.STOPPED.en}")


def test_as_a_reply_the_command_stops_that_answer(room: House) -> None:
    _growing(room)
    answer, bob = room.messages()[0], room.discord.person("Bob")
    refused = room.discord.say("!stop", channel=room.place, author=bob, reply_to=answer)
    assert room.discord.wait_for_reply(refused).content == wording.STOP_NOT_YOURS.en
    room.discord.say("!stop", channel=room.place, reply_to=answer)
    room.wait_for_part(f"I am\n-# {wording.STOPPED.en}")
    room.bot.wait_for_log(f"answer channel={room.place} ")
    over = room.discord.say("!stop", channel=room.place, reply_to=answer)
    assert room.discord.wait_for_reply(over).content == wording.STOP_OVER.en


def test_deleting_the_question_stops_its_answer(room: House) -> None:
    question = room.ask()
    chat = room.llm.next_chat()
    chat.say("I am")
    room.wait_for_texts(f"I am{CURSOR}")
    room.discord.delete(question)
    assert chat.wait_closed()
    room.wait_for_texts(f"I am\n-# {wording.STOPPED.en}")


def test_a_question_that_is_deleted_before_anything_stands_there_gets_no_answer(room: House) -> None:
    question = room.ask()
    chat = room.llm.next_chat()
    room.discord.delete_many([question])
    assert chat.wait_closed()
    room.bot.wait_for_log(f"channel={room.place} ")
    assert room.texts() == []


def test_deleting_the_answer_stops_it(room: House) -> None:
    chat = _growing(room)
    room.discord.delete(room.messages()[0])
    assert chat.wait_closed()


# /chat


def _slash(house: House, prompt: str = "Hello!", **more: Any) -> Interaction:  # noqa: ANN401 - passed on
    return house.discord.slash("chat", {"prompt": prompt, **more}, channel=house.place)


def test_the_slash_command_answers_below_the_prompt(room: House) -> None:
    _slash(room, "2+2?")
    chat = room.llm.next_chat()
    room.wait_for_part("> 2+2?")
    chat.say("It is")
    room.wait_for_texts(f"> 2+2?\n\nIt is{CURSOR}")
    assert _buttons(room.messages()[0])
    chat.say(" 4")
    chat.finish()
    room.wait_for_texts("> 2+2?\n\nIt is 4")
    assert _buttons(room.messages()[0]) == []
    assert chat.json["messages"] == [{"role": "user", "content": "2+2?"}]


def test_it_is_answered_whatever_the_llm_does(room: House) -> None:
    interaction = _slash(room)
    room.llm.next_chat()
    room.discord.wait_for(lambda: room.discord.interaction(interaction).answered)
    assert not room.discord.interaction(interaction).failed
    room.wait_for_texts(f"> Hello!\n{wording.NOTICE.en}")


def test_its_edits_cost_the_channel_nothing(room: House) -> None:
    room.discord.limits.set("create", limit=1, per=3600)
    room.discord.limits.set("edit", limit=1, per=3600)
    _slash(room, "long")
    chat = room.llm.next_chat()
    lines = [f"Sentence number {number} of a long answer.\n" for number in range(120)]
    chat.say("".join(lines))
    chat.finish()
    room.discord.wait_for(lambda: len(room.texts()) > 1 and room.texts()[-1].endswith(lines[-1].strip()))
    calls = [call for call in room.discord.calls if call.channel_id == room.place]
    assert [call for call in calls if call.status == 429] == []
    assert {call.route.split("/")[1] for call in calls if call.method in ("POST", "PATCH")} == {
        "interactions",
        "webhooks",
    }


def test_many_at_once_meet_no_limit(room: House) -> None:
    room.discord.limits.set_all(limit=2, per=0.5)
    people = [room.discord.person(f"Person {number}") for number in range(10)]
    room.llm.answers([f"word{number} " for number in range(60)], rate=100)
    for person in people:
        room.discord.slash("chat", {"prompt": "Hi"}, channel=room.place, author=person)
    room.discord.wait_for(lambda: sum(text.endswith("word59") for text in room.texts()) == 10, timeout=30)
    assert [call for call in room.discord.calls if call.status == 429 and call.channel_id == room.place] == []


def test_after_its_fifteen_minutes_the_answer_goes_on_by_the_bots_own_rights(room: House) -> None:
    _slash(room, "long")
    chat = room.llm.next_chat()
    chat.say("I am")
    room.wait_for_texts(f"> long\n\nI am{CURSOR}")
    room.discord.interaction_lifetime = 0.0
    chat.say(" still here.\n" + "a line of text\n" * 200 + "the end")
    chat.finish()
    room.discord.wait_for(lambda: len(room.texts()) == 2 and room.texts()[1].endswith("the end"))
    room.discord.interaction_lifetime = 900.0
    assert "I am still here." in room.texts()[0]
    assert CURSOR.strip() not in "".join(room.texts())


def test_its_answer_is_a_part_of_the_conversation(room: House) -> None:
    room.llm.answers("It is 4")
    _slash(room, "2+2?")
    room.wait_for_texts("> 2+2?\n\nIt is 4")
    room.llm.script = None
    room.discord.say("Sure?", channel=room.place, reply_to=room.messages()[0])
    sent = room.llm.next_chat().json["messages"]
    assert [message["content"] for message in sent] == ["2+2?", "It is 4", "Sure?"]


def test_it_pings_nobody(room: House) -> None:
    before = room.discord.pings
    room.llm.answers("@everyone <@1>")
    _slash(room, f"@everyone <@{room.discord.person('Bob').id}>")
    room.discord.wait_for(lambda: room.texts() and "<@1>" in room.texts()[0] and CURSOR not in room.texts()[0])
    assert room.discord.pings == before


def test_elsewhere_it_says_where_it_answers_to_its_user_alone(room: House) -> None:
    interaction = room.discord.slash("chat", {"prompt": "Hi"}, channel=room.discord.other_channel)
    assert _told(room, interaction).startswith("I answer in")


def test_a_slash_command_that_is_answered_too_late_leaves_nothing_behind(room: House) -> None:
    room.discord.interaction_seconds = 0.0
    _slash(room)
    room.bot.wait_for_log("10062")
    room.discord.interaction_seconds = 3.0
    assert room.texts() == []


def test_the_menu_says_everything_in_both_languages(room: House) -> None:
    commands = {command["name"]: command for command in room.discord.commands}
    assert set(commands) == {"chat", "stop", "model", "help"}
    chat = commands["chat"]
    assert (chat["description"], chat["description_localizations"]["ja"]) == tuple(wording.COMMAND_CHAT)
    prompt = next(option for option in chat["options"] if option["name"] == "prompt")
    assert prompt["required"]
    assert prompt["description_localizations"]["ja"] == wording.COMMAND_CHAT_PROMPT.ja


def test_the_menu_is_published_at_each_start_and_not_at_each_login(
    discord: LocalDiscord, llm: LocalLLM, tmp_path: Path
) -> None:
    settings = write_settings(tmp_path / "settings.py", settings_for(discord, llm))

    def published() -> int:
        return sum(call.method == "PUT" for call in discord.calls)

    for start in (1, 2):
        with BotProcess(discord.url, settings) as bot:
            bot.wait_for_log("Slash commands published: /chat, /stop, /model, /help")
            assert published() == start
            discord.drop_gateway(resumable=False)
            bot.wait_for_count("Logged in", 2)
            bot.wait_for_count("LLM server", 2)
        assert published() == start


# Models


@pytest.fixture(name="choice")
def _choice(discord: LocalDiscord, tmp_path: Path) -> Iterator[House]:
    """A bot whose LLM server has several models."""
    with LocalLLM(models=["gemma:2b", "llava:7b", "qwen:latest"]) as llm:
        settings = settings_for(discord, llm, CHATBOT_CH_ID=[discord.channel, discord.other_channel])
        with BotProcess(discord.url, write_settings(tmp_path / "settings.py", settings)) as bot:
            bot.wait_until_ready()
            discord.wait_for(lambda: discord.commands)
            discord.role("managers", discord.person("Manager"), permissions=("manage_guild",))
            yield House(discord, llm, bot)


def _status(house: House) -> str:
    return str(events.bot(house.discord)["status"])


def test_the_models_are_listed_with_the_one_in_use(choice: House) -> None:
    question = choice.discord.say("!model", channel=choice.place)
    text = choice.discord.wait_for_reply(question).content
    assert "● `gemma:2b`\n○ `llava:7b`\n○ `qwen:latest`" in text
    assert text in _told(choice, choice.discord.slash("model", {}, channel=choice.place)).replace("/model", "!model")


def test_a_manager_switches_the_model_of_one_channel(choice: House) -> None:
    assert _status(choice) == "gemma:2b"
    manager = choice.discord.person("Manager")
    choice.discord.say("!model qwen", channel=choice.place, author=manager)
    choice.wait_for_texts(wording.MODEL_SWITCHED.en.format(model="`qwen:latest`"))
    choice.discord.wait_for(lambda: _status(choice) == "qwen:latest, gemma:2b")
    assert choice.ask_by_hand().json["model"] == "qwen:latest"
    choice.discord.say("!chat Hi", channel=choice.discord.other_channel)
    assert choice.llm.next_chat().json["model"] == "gemma:2b"


def test_the_status_stays_when_the_bot_has_to_log_in_again(choice: House) -> None:
    manager = choice.discord.person("Manager")
    choice.discord.say("!model llava:7b", channel=choice.place, author=manager)
    choice.discord.wait_for(lambda: _status(choice) == "llava:7b, gemma:2b")
    choice.discord.drop_gateway(resumable=False)
    choice.bot.wait_for_count("Logged in", 2)
    assert _status(choice) == "llava:7b, gemma:2b"


def test_an_offer_that_comes_too_late_alarms_nobody(choice: House) -> None:
    choice.discord.interaction_seconds = 0.0
    choice.discord.complete("model", {"name": ""}, focused="name", channel=choice.place)
    choice.bot.wait_for_log("10062")
    assert "Traceback" not in choice.bot.log


def test_others_can_not_switch_it(choice: House) -> None:
    interaction = choice.discord.slash("model", {"name": "llava:7b"}, channel=choice.place)
    assert _told(choice, interaction) == wording.MODEL_NOT_ALLOWED.en
    assert choice.ask_by_hand().json["model"] == "gemma:2b"


def test_a_model_that_is_not_there_is_refused_with_the_nearest(choice: House) -> None:
    manager = choice.discord.person("Manager")
    question = choice.discord.say("!model gema:2b", channel=choice.place, author=manager)
    assert "`gemma:2b`" in choice.discord.wait_for_reply(question).content
    assert choice.ask_by_hand().json["model"] == "gemma:2b"


def test_typing_a_model_offers_those_that_fit(choice: House) -> None:
    typed = choice.discord.complete("model", {"name": "LLA"}, focused="name", channel=choice.place)
    choices = choice.discord.wait_for(lambda: choice.discord.interaction(typed).choices)
    assert choices
    assert [one["value"] for one in choices] == ["llava:7b"]


def test_where_the_llm_server_is_gone_no_model_is_offered_and_the_list_says_why(choice: House) -> None:
    choice.llm.stop()
    typed = choice.discord.complete("model", {"name": ""}, focused="name", channel=choice.place)
    choice.discord.wait_for(lambda: choice.discord.interaction(typed).choices == ())
    told = _told(choice, choice.discord.slash("model", {}, channel=choice.place))
    assert told.startswith("⚠️ I can't reach the LLM server")


# Help


def test_help_says_what_there_is(room: House) -> None:
    question = room.discord.say("!help", channel=room.place)
    bot = f"<@{room.discord.bot.id}>"
    assert room.discord.wait_for_reply(question).content == wording.HELP.en.format(prefix="!", bot=bot)


def test_help_speaks_japanese_in_a_japanese_server(japanese_house: House) -> None:
    interaction = japanese_house.discord.slash("help", {}, channel=japanese_house.place)
    bot = f"<@{japanese_house.discord.bot.id}>"
    assert _told(japanese_house, interaction) == wording.HELP.ja.format(prefix="!", bot=bot)


# Who may


SHORT_WHILE = 1.0  # seconds


@pytest.fixture(name="strict")
def _strict(discord: LocalDiscord, llm: LocalLLM, tmp_path: Path) -> Iterator[House]:
    """A bot for one role, and not for Mallory."""
    friends = discord.role("friends", discord.person("Alice"), discord.person("Mallory"))
    settings = settings_for(
        discord,
        llm,
        ALLOWED_ROLES=[friends.id],
        BLOCKED_USERS=[discord.person("Mallory").id],
        MAX_CHATS_PER_USER=1,
        COOLDOWN_SECONDS=3600,
    )
    constants = {"chat.answer.notices:REFUSAL_SECONDS": SHORT_WHILE}
    with BotProcess(discord.url, write_settings(tmp_path / "settings.py", settings), constants=constants) as bot:
        bot.wait_until_ready()
        discord.wait_for(lambda: discord.commands)
        yield House(discord, llm, bot)


@pytest.mark.parametrize(("name", "sentence"), [("Bob", wording.NOT_ALLOWED), ("Mallory", wording.BLOCKED)])
def test_who_may_not_ask_is_told_so_for_a_short_while(strict: House, name: str, sentence: Sentence) -> None:
    author = strict.discord.person(name)
    refusal = strict.discord.wait_for_reply(strict.ask(author=author))
    assert refusal.content == sentence.en
    interaction = strict.discord.slash("chat", {"prompt": "Hi"}, author=author, channel=strict.place)
    assert _told(strict, interaction) == sentence.en
    assert strict.llm.chats == []
    deleted = strict.discord.wait_for(lambda: strict.discord.message(refusal).deleted or 0.0)
    assert deleted - refusal.created >= SHORT_WHILE


def test_one_person_has_so_many_answers_at_once_and_so_often(strict: House) -> None:
    chat = strict.ask_by_hand()
    refusal = strict.discord.wait_for_reply(strict.ask())
    assert refusal.content == wording.TOO_MANY.en.format(most=1, prefix="!")
    chat.say("Done")
    chat.finish()
    strict.wait_for_part("Done")
    strict.bot.wait_for_log("end=finished")
    assert "before your next question" in strict.discord.wait_for_reply(strict.ask()).content
