"""The server of the demo's page, without a browser: what it takes, and what it refuses."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from typing import Any, Awaitable, Callable, Dict, List, Optional, TypeVar

import aiohttp
import pytest
import requests
from aiohttp import WSMsgType

from chat.text.answer_text import CURSOR
from chat.wording import channel as wording
from demo import acts, events, news, people, web
from demo.tap import TapChat
from demo.visitor import Visitor
from emulators.discord import Attachment
from emulators.discord.permissions import RIGHTS
from tests.demo.stage import CHAT, MODEL, STOP, Stage, stage_fixture  # noqa: F401 - a fixture

T = TypeVar("T")
HTML = b"<script>alert(1)</script>"
STOP_BUTTON = {"components": [{"type": 1, "id": 1, "components": [{"type": 2, "id": 2, "custom_id": "stop"}]}]}


class Window:
    """A WebSocket as a browser window has it."""

    def __init__(self, socket: Any, connect: Callable[[], Any]) -> None:  # noqa: ANN401 - aiohttp's classes
        self.socket = socket
        self._connect = connect
        self.snapshot: Dict[str, Any] = {}

    async def hello(self, person: str = "", language: str = "en") -> Window:
        """Say hello, and take the snapshot."""
        await self.send(type="hello", person=person, language=language)
        self.snapshot = await self.next("snapshot")
        return self

    async def another(self) -> Window:
        """One more window of the same browser; it ends with the first."""
        return Window(await self._connect(), self._connect)

    async def send(self, **request: object) -> None:
        await self.socket.send_str(json.dumps(request))

    async def next(self, kind: str) -> Dict[str, Any]:
        """The next event of this type."""
        while True:
            event: Dict[str, Any] = await self.socket.receive_json(timeout=10)
            if event["type"] == kind:
                return event

    async def until(self, kind: str) -> List[Dict[str, Any]]:
        """All events up to the next one of this type."""
        events: List[Dict[str, Any]] = []
        while not events or events[-1]["type"] != kind:
            events.append(await self.socket.receive_json(timeout=10))
        return events

    async def close_code(self) -> Optional[int]:
        """Wait for the end of the connection."""
        while True:
            frame = await self.socket.receive(timeout=10)
            if frame.type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.ERROR}:
                code: Optional[int] = self.socket.close_code
                return code


def with_window(stage: Stage, act: Callable[[Window], Awaitable[object]], **headers: str) -> None:
    """Open a WebSocket with the page's own origin (or other headers), and do something with it."""

    async def connect() -> None:
        origin = {"Origin": stage.url, **headers}
        async with aiohttp.ClientSession() as session:

            def open_socket() -> Any:  # noqa: ANN401 - aiohttp's class, generic in some versions
                return session.ws_connect(stage.url + "/live", headers=origin)

            async with open_socket() as socket:
                await act(Window(socket, open_socket))

    asyncio.run(connect())


def upload(stage: Stage, secret: str, data: bytes, **headers: str) -> requests.Response:
    all_headers = {"Origin": stage.url, "X-Person": secret, "X-Filename": "a.txt", **headers}
    return requests.post(stage.url + "/attachments", data=data, headers=all_headers, timeout=10)


def get(stage: Stage, path: str, **headers: str) -> requests.Response:
    return requests.get(stage.url + path, headers=headers, timeout=10)


# Who may ask


@pytest.mark.parametrize("host", ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}"])
@pytest.mark.parametrize("path", ["/", "/live", "/static/page.js", "/attachments/1"])
def test_a_foreign_host_is_refused(host: str, path: str, stage: Stage) -> None:
    port = stage.url.rsplit(":", 1)[1]
    assert get(stage, path, Host=host.format(port=port)).status_code == 403


def test_localhost_is_the_same_page(stage: Stage) -> None:
    port = stage.url.rsplit(":", 1)[1]
    assert get(stage, "/", Host=f"localhost:{port}").status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.test", "https://{host}", "http://{host}:1", "null", ""])
def test_a_foreign_origin_is_refused(origin: str, stage: Stage) -> None:
    host = stage.url.split("/")[2]
    headers = {"Origin": origin.format(host=host)}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        with_window(stage, Window.hello, **headers)
    assert refusal.value.status == 403
    assert upload(stage, "", b"data", **headers).status_code == 403


def test_no_page_but_this_one_may_frame_it_or_run_scripts_in_it(stage: Stage) -> None:
    policy = get(stage, "/").headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    for path in ("/static/page.js", "/nothing", "/attachments/1"):
        assert get(stage, path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/../web.py", "/static/%2e%2e/web.py", "/web.py", "//etc/passwd", "/static/"])
def test_only_the_pages_own_files_are_served(path: str, stage: Stage) -> None:
    request = requests.Request("GET", stage.url).prepare()
    request.url = stage.url + path
    assert requests.Session().send(request, timeout=10).status_code == 404


def test_browsers_find_an_icon(stage: Stage) -> None:
    answer = get(stage, "/favicon.ico")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, "image/svg+xml")


def test_a_taken_port_is_an_oserror_and_closing_twice_is_fine(stage: Stage) -> None:
    other = web.Page(stage.discord, stage.tap, stage.discord.channel)
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        stage.run(other.open(int(stage.url.rsplit(":", 1)[1])))
    stage.run(other.close())


# What a window may send


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[" * 50_000,
        "[]",
        "{}",
        '{"type": 1}',
        '{"type": "say", "text": "before hello"}',
        '{"type": "hello", "person": null}',
        '{"type": "hello", "place": "#1"}',
        '{"type": "open"}',
    ],
)
def test_what_the_page_never_sends_ends_the_connection(text: str, stage: Stage) -> None:
    async def act(window: Window) -> None:
        await window.socket.send_str(text)
        assert await window.close_code() == 1008

    with_window(stage, act)
    assert stage.discord.messages() == ()


@pytest.mark.parametrize(
    "request_",
    [
        {"type": "say", "text": ["x"]},
        {"type": "say", "text": "x", "files": "1"},
        {"type": "say", "text": "x", "files": [1]},
        {"type": "say", "text": "x", "reply_to": "../1"},
        {"type": "click", "message": "9" * 30, "custom_id": "x"},
        {"type": "rename", "name": 5},
        {"type": "delete"},
        {"type": "edit", "text": "x"},
        {"type": "slash", "name": "chat", "options": "prompt"},
        {"type": "slash", "name": "chat", "options": {"prompt": 5}},
        {"type": "complete", "name": ["model"]},
        {"type": "open", "place": 5},
        {"type": "say", "text": "x", "place": "../1"},
        {"type": "thread", "name": "x"},
        {"type": "thread", "name": 5, "message": "1"},
        {"type": "manage"},
    ],
)
def test_so_does_a_badly_formed_request(request_: Dict[str, Any], stage: Stage) -> None:
    async def act(window: Window) -> None:
        await window.hello()
        await window.send(**request_)
        assert await window.close_code() == 1008

    with_window(stage, act)
    assert stage.discord.messages() == ()


def test_a_frame_that_is_too_large_or_binary_ends_the_connection(stage: Stage) -> None:
    async def large(window: Window) -> None:
        await window.hello()
        await window.send(type="say", text="x" * web.MAX_FRAME)
        assert await window.close_code() == 1009

    async def binary(window: Window) -> None:
        await window.socket.send_bytes(b"x")
        assert await window.close_code() == 1003

    with_window(stage, large)
    with_window(stage, binary)


def test_texts_are_limited_and_made_fit_for_utf8(stage: Stage) -> None:
    async def act(window: Window) -> None:
        await window.hello()
        await window.send(type="say", text="x" * 2001, nonce="1")
        assert await window.next("refused") == {"type": "refused", "nonce": "1", "why": "too_long"}
        await window.send(type="say", text="   ")
        await window.send(type="say", text="half \ud83d, whole \ud83d\ude00", reply_to="1")
        assert (await window.next("message"))["text"] == "half ?, whole 😀"

    with_window(stage, act)
    assert len(stage.discord.messages()) == 1


def test_a_window_hears_on_whatever_it_names(stage: Stage) -> None:
    async def act(window: Window) -> None:
        await window.hello()
        await window.send(type="say", text="x", nonce="\ud800")
        assert await window.next("taken") == {"type": "taken", "nonce": "\ud800"}
        await window.send(type="slash", name="\ud800", nonce="2")
        assert (await window.next("refused"))["command"] == "\ud800"

    with_window(stage, act)


def test_five_messages_in_five_seconds(stage: Stage) -> None:
    async def act(window: Window) -> None:
        await window.hello()
        for number in range(6):
            await window.send(type="say", text=str(number), nonce=str(number))
        refused = await window.next("refused")
        assert (refused["nonce"], refused["why"]) == ("5", "slow_down")
        assert 0 < refused["seconds"] <= 5

    with_window(stage, act)
    assert len(stage.discord.messages()) == 5


def test_a_rate_limit_frees_its_places_one_by_one() -> None:
    limit = people.RateLimit(2, 5.0)
    assert [limit.wait(0.0), limit.wait(1.0)] == [0.0, 0.0]
    assert limit.wait(2.0) == 3.0
    assert limit.wait(5.0) == 0.0
    assert limit.wait(5.5) == 0.5


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("  Kana \n Sato ", "Kana Sato"),
        ("x" * 40, "x" * 32),
        ("a\u202eb\u200bc\x00", "abc"),
        ("\u200b", ""),
        ("\u3164\u2800 \u3164", ""),
        ("\u0301\ufe0f", ""),
        ("e\u0301 ❤\ufe0f", "e\u0301 ❤\ufe0f"),
        ("😀", "😀"),
        ("\ud800", "?"),
        ("山田 花子", "山田 花子"),
    ],
)
def test_names_are_visible_and_short(wanted: str, name: str) -> None:
    assert people.clean_name(wanted, people.MAX_NAME) == name


def test_a_name_that_cannot_be_is_refused(stage: Stage) -> None:
    async def act(window: Window) -> None:
        await window.hello(language="ja")
        assert window.snapshot["you"]["name"] == "ゲスト 1"
        for wanted, why in (("\u200b", "bad_name"), ("CHATBOT", "name_taken")):
            await window.send(type="rename", name=wanted)
            assert (await window.next("note"))["why"] == why
        await window.send(type="rename", name="Kana")
        assert (await window.next("user"))["user"]["name"] == "Kana"  # and no news of the refused ones before

    with_window(stage, act)


def test_a_secret_brings_back_the_person_and_a_made_up_one_does_not(stage: Stage) -> None:
    async def act(window: Window) -> None:
        seen.append((await window.hello(seen[0]["secret"] if seen else "")).snapshot["you"])

    async def make_up(window: Window) -> None:
        other = (await window.hello("made up")).snapshot["you"]
        assert (other["name"], other["secret"] == "made up") == ("Guest 2", False)

    seen: List[Dict[str, str]] = []
    with_window(stage, act)
    with_window(stage, act)
    assert seen[0] == seen[1]
    with_window(stage, make_up)


def test_a_duplicated_tab_is_somebody_new_and_says_hello_once(stage: Stage) -> None:
    async def act(window: Window) -> None:
        secret = (await window.hello()).snapshot["you"]["secret"]
        copy = await (await window.another()).hello(secret)
        assert copy.snapshot["you"]["name"] == "Guest 2"
        assert copy.snapshot["you"]["secret"] != secret
        await copy.send(type="hello", person=secret)
        assert await copy.close_code() == 1008

    with_window(stage, act)


def test_of_too_many_people_who_is_away_longest_is_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MAX_PEOPLE", 3)
    everybody = people.People(stage.discord)
    present, early, late = (everybody.welcome("", "en") for _ in range(3))
    everybody.leave(late)
    everybody.leave(early)
    assert everybody.welcome("", "en").secret
    assert everybody.find(late.secret) is None
    assert everybody.find(early.secret) is early
    assert everybody.find(present.secret) is present


def test_a_window_too_many_is_told_why(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(window: Window) -> None:
        await window.hello()
        other = await window.another()
        frame = await other.socket.receive(timeout=10)
        assert (frame.type, frame.data, frame.extra) == (WSMsgType.CLOSE, 1008, web.FULL.decode())

    monkeypatch.setattr(web, "MAX_WINDOWS", 1)
    with_window(stage, act)


def test_no_window_learns_anothers_secret(stage: Stage) -> None:
    async def act(window: Window) -> None:
        secret = (await window.hello()).snapshot["you"].pop("secret")
        await window.send(type="say", text="Hello")
        event = await window.next("message")
        other = await (await window.another()).hello()
        assert secret not in json.dumps([window.snapshot, event, other.snapshot])

    with_window(stage, act)


# One's own messages


def test_only_ones_own_messages_are_edited_and_deleted(stage: Stage) -> None:
    others = stage.discord.say("Alice's")

    async def act(window: Window) -> None:
        await window.hello()
        await window.send(type="edit", message=str(others.id), text="x", nonce="1")
        assert await window.next("refused") == {"type": "refused", "nonce": "1", "why": "gone"}
        await window.send(type="delete", message=str(others.id))
        await window.send(type="say", text="mine")
        own = (await window.next("message"))["id"]
        await window.send(type="edit", message=own, text="x" * 2001, nonce="2")
        assert (await window.next("refused"))["why"] == "too_long"
        await window.send(type="edit", message=own, text="changed", nonce="3")
        changed = await window.next("message")
        assert (changed["id"], changed["text"], changed["edited"] is None) == (own, "changed", False)
        await window.send(type="edit", message=own, text=" ", nonce="4")
        await window.send(type="delete", message=own)
        assert (await window.next("delete"))["id"] == own

    with_window(stage, act)
    assert stage.discord.messages() == (others,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@Chatbot hi", "<@bot> hi"),
        ("@chatBOT、元気?", "<@bot>、元気?"),
        ("こんにちは@Chatbotさん", "こんにちは<@bot>さん"),
        ("@Chatbots and me@Chatbot", "@Chatbots and me@Chatbot"),
        ("<@Chatbot> @nobody @", "<@Chatbot> @nobody @"),
        ("@Ann @Ann Bo", "<@ann> <@bo>"),
    ],
)
def test_a_name_that_is_typed_by_hand_becomes_a_mention(stage: Stage, text: str, said: str) -> None:
    ids = {"bot": stage.discord.bot, "ann": stage.discord.person("Ann"), "bo": stage.discord.person("Ann Bo")}
    for name, user in ids.items():
        said = said.replace(f"<@{name}>", user.mention)

    async def act(window: Window) -> None:
        await window.hello()
        await window.send(type="say", text=text)
        assert (await window.next("message"))["text"] == said

    with_window(stage, act)


# Slash commands, buttons, and who is told of the answers


async def in_thread(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401 - passed on
    """Let what waits for the stage wait in a thread, while the windows live on."""
    return await asyncio.get_running_loop().run_in_executor(None, functools.partial(work, *args, **kwargs))


async def use(window: Window, name: str, **options: str) -> None:
    await window.send(type="slash", name=name, options=options, nonce="1")


def test_an_ephemeral_answer_is_sent_to_nobody_else(stage: Stage) -> None:
    stage.bot_registers(STOP)

    async def act(window: Window) -> None:
        await window.hello()
        other = await (await window.another()).hello()
        await use(window, "stop")
        used = await in_thread(stage.next_interaction, 2)
        await in_thread(stage.bot_answers, used, content="hush", flags=64)
        told = await window.next("message")
        assert (told["text"], told["private"], told["used"]["name"]) == ("hush", True, "stop")
        await in_thread(stage.bot_edits_answer, used, "hush hush")
        assert (await window.next("message"))["text"] == "hush hush"
        stage.discord.delete(stage.discord.ephemeral(used.author)[0])
        assert (await window.next("delete"))["id"] == told["id"]
        await use(window, "stop")
        await in_thread(stage.bot_answers, await in_thread(stage.next_interaction, 2), content="hush", flags=64)
        stage.bot_says("For all")
        heard = await other.until("message")
        assert heard[-1]["text"] == "For all"
        late = await (await window.another()).hello()
        assert "hush" not in json.dumps([heard, late.snapshot])
        assert "delete" not in [event["type"] for event in heard]

    with_window(stage, act)


def test_an_ephemeral_message_is_no_message_to_others(stage: Stage) -> None:
    hidden = stage.discord.post(
        stage.discord.bot,
        stage.discord.channel,
        "hush",
        visible_to=stage.discord.person("Alice").id,
        extras=STOP_BUTTON,
    )

    async def act(window: Window) -> None:
        await window.hello()
        await window.send(type="click", message=str(hidden.id), custom_id="stop")
        assert (await window.next("note"))["why"] == "no_button"
        await window.send(type="say", text="What?", reply_to=str(hidden.id))
        assert (await window.next("message"))["reply_to"] is None

    with_window(stage, act)
    assert stage.discord.interactions == ()


def test_a_slash_command_is_used_with_its_options(stage: Stage) -> None:
    options = [
        {"name": name, "description": "-", "type": kind} for name, kind in (("count", 4), ("half", 10), ("on", 5))
    ]
    stage.bot_registers(CHAT, {"name": "numbers", "description": "-", "options": options})

    async def act(window: Window) -> None:
        secret = (await window.hello()).snapshot["you"]["secret"]
        file = await in_thread(upload, stage, secret, HTML)
        await use(window, "chat", prompt="Hi @Chatbot", file=file.json()["id"])
        assert (await window.next("taken"))["nonce"] == "1"
        await use(window, "numbers", count="3", half="1.5", on="true")
        await window.next("taken")

    with_window(stage, act)
    chat, numbers = stage.discord.interactions
    assert (chat.name, chat.author.name, chat.attachments[0].data) == ("chat", "Guest 1", HTML)
    assert stage.option(chat, "prompt") == f"Hi {stage.discord.bot.mention}"
    assert [stage.option(numbers, name) for name in ("count", "half", "on")] == ["3", "1.5", "True"]
    assert stage.discord.messages() == ()


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("nothing", {}, "no_command"),
        ("chat", {}, "bad_options"),
        ("chat", {"prompt": "x", "file": "1"}, ""),
        ("chat", {"prompt": "x", "other": "y"}, "bad_options"),
        ("chat", {"prompt": "x" * 6001}, "bad_options"),
    ],
)
def test_what_a_command_does_not_take_is_refused(stage: Stage, name: str, options: Dict[str, str], why: str) -> None:
    stage.bot_registers(CHAT)

    async def act(window: Window) -> None:
        await window.hello()
        await use(window, name, **options)
        answer = await window.next("refused" if why else "taken")
        assert (answer["nonce"], answer.get("why", "")) == ("1", why)

    with_window(stage, act)
    assert bool(stage.discord.interactions) is not bool(why)


def test_commands_count_among_five_messages_in_five_seconds(stage: Stage) -> None:
    stage.bot_registers(STOP)

    async def act(window: Window) -> None:
        await window.hello()
        for _ in range(6):
            await use(window, "stop")
        assert (await window.next("refused"))["why"] == "slow_down"

    with_window(stage, act)
    assert len(stage.discord.interactions) == 5


def test_the_choices_for_what_is_typed_go_to_who_types(stage: Stage) -> None:
    stage.bot_registers(MODEL)

    async def act(window: Window) -> None:
        await window.hello()
        other = await (await window.another()).hello()
        await window.send(type="complete", name="model", options={"name": "ge"}, focused="name", nonce="7")
        asked = await in_thread(stage.next_interaction, 4)
        assert stage.option(asked, "name") == "ge"
        choices = [{"name": "gemma", "value": "gemma:2b"}]
        await in_thread(stage.bot_answers, asked, 8, choices=choices)
        assert await window.next("choices") == {"type": "choices", "nonce": "7", "choices": choices}
        await window.send(type="complete", name="model", options={}, focused="other", nonce="8")
        stage.bot_says("For all")
        heard = await other.until("message")
        assert "choices" not in [event["type"] for event in heard]

    with_window(stage, act)


def test_windows_learn_of_commands_and_of_the_bots_status_as_they_change(stage: Stage) -> None:
    stage.discord.record_presence({"status": "online", "game": {"type": 4, "state": "gemma:2b"}})

    async def act(window: Window) -> None:
        await window.hello()
        assert window.snapshot["commands"] == []
        assert window.snapshot["bot"]["status"] == "gemma:2b"
        await in_thread(stage.bot_registers, CHAT)
        (command,) = (await window.next("commands"))["commands"]
        assert (command["name"], command["description_localizations"]) == ("chat", {"ja": "質問する"})
        stage.discord.record_presence({"status": "online", "activities": [{"type": 4, "state": "llama3"}]})
        assert (await window.next("bot"))["status"] == "llama3"
        stage.discord.record_presence({"status": "online", "activities": []})
        assert (await window.next("bot"))["status"] == ""

    with_window(stage, act)


def test_calls_by_webhook_have_names_times_and_budgets_of_their_own(stage: Stage) -> None:
    discord = stage.discord
    stage.bot_registers(CHAT, MODEL)
    used = discord.slash("chat", {"prompt": "Hi"})
    discord.say("Meanwhile")
    stage.bot_answers(used, content="> Hi")
    stage.bot_edits_answer(used, f"> Hi\n\nHello{CURSOR}")
    typed = discord.complete("model", {"name": ""}, focused="name")
    stage.bot_answers(typed, 8, choices=[])

    async def act(window: Window) -> None:
        snapshot = (await window.hello()).snapshot
        calls = snapshot["calls"]
        assert [(call["name"], call["chars"]) for call in calls] == [
            ("register", None),
            ("respond", 4),
            ("webhook_edit", 13),
            ("choices", None),
        ]
        assert [call["since"] for call in calls[2:]] == [
            calls[2]["at"] - used.created,
            calls[3]["at"] - typed.created,
        ]
        assert snapshot["budget"]["free_at"] == []
        answer = snapshot["messages"][-1]
        assert (answer["chars"], answer["streaming"], answer["used"]["user"]["name"]) == (5, True, "Alice")

    with_window(stage, act)


def test_the_prompt_above_an_answer_is_not_the_models(stage: Stage) -> None:
    stage.bot_registers(CHAT)
    used = stage.discord.slash("chat", {"prompt": "Hi"})
    stage.bot_answers(used, content="> Hi")
    (begun,) = stage.discord.messages()
    told = [events.message(stage.discord, begun)]
    for text in (f"> Hi\n\n{wording.NOTICE.en}", "> Hi\n\nHello"):
        stage.bot_edits_answer(used, text)
        told.append(events.message(stage.discord, stage.discord.message(begun)))
    assert [(event["streaming"], event["chars"]) for event in told] == [(True, 0), (True, 0), (False, 5)]


def test_somebody_present_manages_the_server(stage: Stage) -> None:
    everybody = people.People(stage.discord)
    first, second = (everybody.welcome("", "ja") for _ in range(2))
    assert (first.manages, second.manages) == (True, False)
    everybody.leave(first)
    assert everybody.welcome("", "en").manages
    assert everybody.welcome(first.secret, "ja").manages
    place = stage.discord.find_channel(stage.discord.channel)
    assert place
    rights = [stage.discord.rights(person.user, place) for person in (first, second)]
    wanted = RIGHTS["manage_guild"] | RIGHTS["manage_messages"]
    assert [bits & wanted for bits in rights] == [wanted, 0]
    assert [person.user.locale for person in (first, second)] == ["ja", "ja"]


# Threads


def refusal(why: str, nonce: str = "1") -> Dict[str, str]:
    return {"type": "refused", "nonce": nonce, "why": why}


def test_a_thread_is_made_from_a_message_and_opened(stage: Stage) -> None:
    start = stage.discord.say("let us talk")

    async def act(window: Window) -> None:
        await window.hello()
        other = await (await window.another()).hello()
        assert window.snapshot["place"] == str(stage.discord.channel)
        assert [(place["name"], place["thread"]) for place in window.snapshot["places"]] == [("chat", False)]
        await window.send(type="thread", message=str(start.id), name=" Tea\n\u200btime " + "x" * 100, nonce="1")
        assert await window.next("begun") == {"type": "begun", "nonce": "1", "place": str(start.id)}
        heard = await other.next("place")
        assert (heard["id"], heard["name"]) == (str(start.id), "Tea time " + "x" * 91)
        await window.send(type="open", place=str(start.id))
        there = await window.next("snapshot")
        assert (there["place"], there["complete"]) == (str(start.id), True)
        assert [(place["thread"], place["messages"]) for place in there["places"]] == [(False, 1), (True, 0)]
        (first,) = there["messages"]
        assert (first["text"], first["starter"], first["reply_to"]) == ("let us talk", True, None)
        await window.send(type="say", text="Hello")
        assert (await window.next("message"))["text"] == "Hello"
        assert (await window.next("place"))["messages"] == 1

    with_window(stage, act)
    assert [entry.content for entry in stage.discord.messages(start.id)] == ["", "Hello"]


def test_what_can_not_have_a_thread_is_refused(stage: Stage) -> None:
    discord = stage.discord
    start = discord.say("has one")
    thread = discord.add_thread("thread", discord.channel, start)
    private = discord.post(discord.bot, discord.channel, "hush", visible_to=discord.person("Alice").id)
    gone = [discord.say("deleted"), private, discord.say("inside", channel=thread), discord.messages(thread)[0]]
    gone.append(discord.say("elsewhere", channel=discord.other_channel))
    discord.delete(gone[0])
    places = discord.channels

    async def act(window: Window) -> None:
        await window.hello()
        for message_id in [*(entry.id for entry in gone), 1]:
            await window.send(type="thread", message=str(message_id), name="x", nonce="1")
            assert await window.next("refused") == refusal("gone")
        await window.send(type="thread", message=str(start.id), name="x", nonce="1")
        assert await window.next("refused") == refusal("has_thread")
        await window.send(type="thread", message=str(discord.say("fine").id), name=" \u200b", nonce="1")
        assert await window.next("refused") == refusal("bad_name")

    with_window(stage, act)
    assert discord.channels == places


def test_threads_are_bounded_in_number_and_pace(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = [stage.discord.say(str(number)) for number in range(7)]

    async def make(window: Window) -> List[Dict[str, Any]]:
        await window.hello()
        for start in starts:
            await window.send(type="thread", message=str(start.id), name="x", nonce=str(start.id))
        return [await window.next("refused") for _ in starts[:2]]

    async def too_fast(window: Window) -> None:
        assert [told["why"] for told in await make(window)] == ["slow_down"] * 2

    async def too_many(window: Window) -> None:
        told = await make(window)
        assert {entry["why"] for entry in told} == {"has_thread"}
        await window.send(type="thread", message=str(starts[-1].id), name="x", nonce="1")
        while told[-1]["nonce"] != "1":
            told.append(await window.next("refused"))
        assert told[-1] == refusal("too_many_threads")

    with_window(stage, too_fast)
    monkeypatch.setattr(acts, "MAX_THREADS", 5)
    with_window(stage, too_many)
    assert len(stage.discord.channels) == 2 + 5


def test_only_the_channel_and_its_threads_are_places_of_the_page(stage: Stage) -> None:
    discord = stage.discord
    thread = discord.add_thread("thread", discord.channel)
    foreign = discord.add_thread("foreign", discord.other_channel)
    stage.bot_registers(STOP)

    async def act(window: Window) -> None:
        await window.send(type="hello", place=str(thread))
        snapshot = await window.next("snapshot")
        assert [place["name"] for place in snapshot["places"]] == ["chat", "thread"]
        for place in (discord.other_channel, foreign, 1):
            await window.send(type="say", text="x", place=str(place), nonce="1")
            assert await window.next("refused") == refusal("no_thread")
            await window.send(type="slash", name="stop", place=str(place), nonce="1")
            assert await window.next("refused") == refusal("no_thread")
            await window.send(type="typing", place=str(place))
            await window.send(type="open", place=str(thread))
            assert (await window.next("snapshot"))["place"] == str(thread)
            await window.send(type="open", place=str(place))
            assert (await window.next("snapshot"))["place"] == str(discord.channel)
        discord.say("elsewhere", channel=foreign)
        discord.say("here")
        assert [event["type"] for event in await window.until("message")] == ["message"]

    with_window(stage, act)
    assert (len(discord.messages(foreign)), discord.interactions, discord.typing) == (1, (), ())


def test_messages_of_other_channels_are_neither_changed_nor_clicked(stage: Stage) -> None:
    discord = stage.discord
    foreign = discord.add_thread("foreign", discord.other_channel)

    async def act(window: Window) -> None:
        you = (await window.hello()).snapshot["you"]
        me = next(person for person in discord.users if str(person.id) == you["id"])
        mine = discord.say("mine", author=me, channel=foreign)
        buttons = discord.post(discord.bot, foreign, "stop?", extras=STOP_BUTTON)
        await window.send(type="edit", message=str(mine.id), text="changed", nonce="1")
        assert await window.next("refused") == refusal("gone")
        await window.send(type="delete", message=str(mine.id))
        await window.send(type="click", message=str(buttons.id), custom_id="stop")
        assert (await window.next("note"))["why"] == "no_button"

    with_window(stage, act)
    assert [entry.content for entry in discord.messages(foreign)] == ["mine", "stop?"]
    assert discord.interactions == ()


def test_what_is_said_goes_to_the_place_that_is_named(stage: Stage) -> None:
    discord = stage.discord
    question = discord.say("question")
    thread = discord.add_thread("thread", discord.channel)
    stage.bot_registers(MODEL)

    async def act(window: Window) -> None:
        await window.hello()
        named = {"place": str(thread), "nonce": "1"}
        await window.send(type="say", text="x", reply_to=str(question.id), **named)
        await window.next("taken")
        await window.send(type="slash", name="model", **named)
        await window.next("taken")
        await window.send(type="complete", name="model", options={}, focused="name", **named)
        await window.send(type="typing", place=str(thread))
        await in_thread(stage.wait_for, lambda: discord.typing)

    with_window(stage, act)
    (said,) = discord.messages(thread)
    assert (said.content, said.reference) == ("x", None)
    assert [use.channel_id for use in discord.interactions] == [thread] * 2
    assert [typing.channel_id for typing in discord.typing] == [thread]


def test_a_window_is_told_of_its_own_place_and_of_others_only_what_the_lists_need(stage: Stage) -> None:
    discord = stage.discord
    thread = discord.add_thread("thread", discord.channel)
    path = f"channels/{thread}/messages"

    async def act(window: Window) -> None:
        await window.hello()
        inside = await (await window.another()).hello()
        await window.next("user")
        await inside.send(type="open", place=str(thread))
        await inside.next("snapshot")
        discord.start_typing(discord.bot, thread)
        await in_thread(stage.rest, "POST", path, {"content": f"Hello{CURSOR}"})
        (answer,) = discord.messages(thread)
        await in_thread(stage.rest, "PATCH", f"{path}/{answer.id}", {"content": "Hello!"})
        outside, heard = await window.until("answer"), await inside.until("message")
        while outside[-1]["streaming"]:
            outside += await window.until("answer")
        while heard[-1]["streaming"]:
            heard += await inside.until("message")
        told = outside[-1]
        assert (told["id"], told["chars"], "text" in told) == (str(answer.id), 6, False)
        discord.delete(answer)
        discord.say("here")
        outside += await window.until("message")
        heard += await inside.until("delete")
        assert {event["type"] for event in outside} == {"answer", "place", "delete", "message"}
        assert {event["type"] for event in heard} == {"typing", "message", "place", "call", "budget", "delete"}

    with_window(stage, act)


def test_calls_and_the_budget_are_those_of_the_place(stage: Stage) -> None:
    discord = stage.discord
    thread = discord.add_thread("thread", discord.channel)
    question = discord.say("question", channel=thread)
    stage.bot_registers(STOP)
    for place in (thread, discord.channel):
        stage.rest("POST", f"channels/{place}/messages", {"content": "Hello"})
    stage.rest("PATCH", f"channels/{thread}/messages/{discord.messages(thread)[-1].id}", {"content": "Hello!"})
    chat = TapChat(1, question.created)
    stage.model_says(chat, time.monotonic(), 6)

    async def act(window: Window) -> None:
        there = (await window.hello()).snapshot
        assert [call["name"] for call in there["calls"]] == ["register", "create"]
        assert (there["budget"]["free_at"], there["calls"][-1]["since"]) == ([], None)
        await window.send(type="open", place=str(thread))
        inside = await window.next("snapshot")
        assert [call["name"] for call in inside["calls"]] == ["register", "create", "edit"]
        assert len(inside["budget"]["free_at"]) == 1
        assert inside["calls"][-1]["since"] == inside["calls"][-1]["at"] - question.created
        # What the model says is not of one place, and neither is what is shown of it.
        assert there["answers"] == inside["answers"]
        assert sorted(entry["chars"] for entry in inside["answers"]) == [5, 6]

    with_window(stage, act)


def test_a_threads_first_message_is_the_one_that_it_was_made_from_and_stays_it(stage: Stage) -> None:
    discord = stage.discord

    async def act(window: Window) -> None:
        you = (await window.hello()).snapshot["you"]
        me = next(person for person in discord.users if str(person.id) == you["id"])
        start = discord.say("mine", author=me, attachments=[Attachment(discord.next_id(), "a.txt", "text/plain", b"x")])
        thread = discord.add_thread("thread", discord.channel, start)
        await window.send(type="open", place=str(thread))
        (first,) = (await window.next("snapshot"))["messages"]
        assert [file["name"] for file in first["attachments"]] == ["a.txt"]
        await window.send(type="edit", message=first["id"], text="changed", nonce="1")
        assert await window.next("refused") == refusal("gone")
        await window.send(type="delete", message=first["id"])
        await window.send(type="say", text="x", reply_to=first["id"])
        assert (await window.next("message"))["reply_to"] is None
        discord.edit(start, "changed in the channel")
        changed = await window.next("message")
        assert (changed["id"], changed["text"]) == (first["id"], "changed in the channel")
        assert changed["edited"] is not None
        discord.delete(start)
        emptied = await window.next("message")
        assert (emptied["id"], emptied["text"], emptied["attachments"]) == (first["id"], "", [])

    with_window(stage, act)


def test_when_a_thread_goes_its_windows_are_in_the_channel(stage: Stage) -> None:
    thread = stage.discord.add_thread("thread", stage.discord.channel)

    async def act(window: Window) -> None:
        await window.send(type="hello", place=str(thread))
        assert (await window.next("snapshot"))["place"] == str(thread)
        stage.discord.delete_channel(thread)
        after = await window.next("snapshot")
        assert (after["place"], len(after["places"])) == (str(stage.discord.channel), 1)

    with_window(stage, act)


def test_files_in_threads_are_served_and_those_in_others_are_not(stage: Stage) -> None:
    discord = stage.discord
    threads = [discord.add_thread("thread", parent) for parent in (discord.channel, discord.other_channel)]
    files = [Attachment(discord.next_id(), "a.txt", "text/plain", b"x") for _ in threads]
    for thread, file in zip(threads, files):
        discord.say("", channel=thread, attachments=[file])
    assert [get(stage, f"/attachments/{file.id}").status_code for file in files] == [200, 404]


def test_a_snapshot_takes_the_place_of_the_news_that_wait() -> None:
    sent: List[str] = []

    class Slow:
        closed = False

        async def send_str(self, data: str) -> None:
            sent.append(json.loads(data)["text"])
            self.closed = len(sent) == 3

    async def act() -> None:
        slow: Any = Slow()
        visitor = Visitor(slow, 1)
        visitor.tell({"text": "old budget"}, "budget")
        visitor.tell({"text": "taken"})
        visitor.show({"text": "snapshot"})
        visitor.tell({"text": "budget"}, "budget")
        await asyncio.wait_for(visitor.send_all(), 10)

    asyncio.run(act())
    assert sent == ["taken", "snapshot", "budget"]


# Files


def test_a_file_is_kept_for_the_next_message(stage: Stage) -> None:
    async def act(window: Window) -> None:
        secret = (await window.hello()).snapshot["you"]["secret"]
        send = [upload(stage, secret, HTML, **{"Content-Type": "text/html", "X-Filename": name}) for name in names]
        await window.send(type="say", text="", files=[answer.json()["id"] for answer in send])
        shown = (await window.next("message"))["attachments"]
        assert [file["name"] for file in shown] == ["passwd", "ファイル.html"]

    names = ["..%2F..%2Fetc%2Fpasswd", "%E3%83%95%E3%82%A1%E3%82%A4%E3%83%AB.html"]
    with_window(stage, act)
    answer = get(stage, f"/attachments/{stage.discord.messages()[0].attachments[1].id}")
    assert answer.content == HTML
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''" + names[1]


def test_an_image_is_shown_as_what_its_bytes_are(stage: Stage) -> None:
    files = [
        Attachment(stage.discord.next_id(), "a.html", "text/html", b"\x89PNG\r\n\x1a\n<script>"),
        Attachment(stage.discord.next_id(), "a.png", "image/png", b"<svg onload='alert(1)'/>"),
        Attachment(stage.discord.next_id(), "a.webp", "image/webp", b"RIFF\x00\x00\x00\x00WEBP"),
    ]
    stage.discord.say("", attachments=files)
    answers = [get(stage, f"/attachments/{file.id}").headers for file in files]
    assert [answer["Content-Type"] for answer in answers] == ["image/png", "application/octet-stream", "image/webp"]
    assert [answer["Content-Disposition"].split(";")[0] for answer in answers] == ["inline", "attachment", "inline"]


def test_uploads_are_limited_in_size_and_to_people_of_the_page(stage: Stage) -> None:
    async def act(window: Window) -> None:
        secret = (await window.hello()).snapshot["you"]["secret"]
        assert upload(stage, secret, b"x" * people.MAX_UPLOAD).status_code == 200
        assert upload(stage, secret, b"x" * (people.MAX_UPLOAD + 1)).status_code == 413
        statuses = [upload(stage, secret, b"x").status_code for _ in range(2 * people.MAX_FILES)]
        assert statuses[-1] == 429

    with_window(stage, act)
    assert upload(stage, "made up", b"x").status_code == 403


def test_attachments_of_other_channels_and_deleted_messages_are_not_served(stage: Stage) -> None:
    files = [Attachment(stage.discord.next_id(), "a.txt", "text/plain", b"x") for _ in range(2)]
    stage.discord.say("", channel=stage.discord.other_channel, attachments=files[:1])
    stage.discord.delete(stage.discord.say("", attachments=files[1:]))
    assert [get(stage, f"/attachments/{file.id}").status_code for file in files] == [404, 404]


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("a/b\\c.txt", "c.txt"),
        ("", "file"),
        ("..", "file"),
        ('a"\r\nb', "a___b"),
        ("x" * 200 + ".png", "x" * 96 + ".png"),
    ],
)
def test_file_names_are_only_names(name: str, clean: str) -> None:
    assert web.clean_filename(name) == clean


# What windows are told


def test_other_channels_stay_out_of_the_page(stage: Stage) -> None:
    async def act(window: Window) -> None:
        await window.hello()
        stage.discord.say("elsewhere", channel=stage.discord.other_channel)
        stage.discord.say("here")
        assert (await window.next("message"))["text"] == "here"

    with_window(stage, act)


def test_an_answers_own_characters_are_counted() -> None:
    assert events.answer_chars(wording.NOTICE.en) == events.answer_chars(wording.NOTICE.ja) == 0
    assert events.answer_chars(f"Hello{CURSOR}") == 5
    assert events.answer_chars("Hello\n-# ended by Bob") == 5
    assert events.answer_chars(f"Hello{CURSOR}\n-# It goes on") == 5
    assert events.answer_chars("Hello\n-# Too long\n-# See the file") == 5
    assert events.answer_chars(wording.THINKING.ja.format(since="<t:1:R>")) == 0


@pytest.mark.parametrize("components", [None, "x", [1], [{"type": 1}], [{"type": 1, "components": [{"type": 3}, 5]}]])
def test_what_is_no_button_is_left_out(components: object) -> None:
    assert [row for row in events.button_rows(components) if row] == []


def test_a_call_tells_the_time_since_its_question(stage: Stage) -> None:
    discord = stage.discord
    question = discord.say("first")
    discord.say("second")
    url = f"{discord.url}/api/v10/channels/{discord.channel}/messages"
    headers = {"Authorization": f"Bot {discord.token}"}
    body = {"content": "answer", "message_reference": {"message_id": str(question.id)}}
    answer = requests.post(url, json=body, headers=headers, timeout=10).json()["id"]
    requests.patch(f"{url}/{answer}", json={"content": "answer!"}, headers=headers, timeout=10)
    requests.post(f"{discord.url}/api/v10/channels/{discord.channel}/typing", headers=headers, timeout=10)
    requests.patch(f"{url}/{answer}", json={"content": 5}, headers=headers, timeout=10)

    async def act(window: Window) -> None:
        calls = (await window.hello()).snapshot["calls"]
        assert [(call["name"], call["status"], call["chars"]) for call in calls] == [
            ("create", 200, 6),
            ("edit", 200, 7),
            ("typing", 204, None),
            ("edit", 400, None),
        ]
        asked = [discord.messages()[place].created for place in (0, 0, 1, 0)]
        assert [call["since"] for call in calls] == [call["at"] - moment for call, moment in zip(calls, asked)]
        budget = window.snapshot["budget"]
        assert (budget["limit"], budget["per"], len(budget["free_at"])) == (5, 5.0, 2)

    with_window(stage, act)


def test_a_new_window_sees_how_an_answer_has_grown(stage: Stage) -> None:
    chat = TapChat(1, time.monotonic())
    stage.model_says(chat, 1.0, 5)
    stage.model_says(chat, 2.0, 9)

    async def act(window: Window) -> None:
        taps: List[Dict[str, Any]] = (await window.hello()).snapshot["taps"]
        assert taps[0]["times"] == [[1.0, 5], [2.0, 9]]
        chat.times.append((3.0, 12))
        stage.model_says(chat, 4.0, 15)
        assert (await window.next("tap"))["times"] == [[4.0, 15]]

    with_window(stage, act)


def test_a_window_is_told_whether_older_messages_are_left_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(window: Window) -> None:
        assert (await window.hello()).snapshot["complete"] is True
        stage.discord.say("One more")
        other = await (await window.another()).hello()
        assert other.snapshot["complete"] is False
        assert [entry["text"] for entry in other.snapshot["messages"]] == ["One more"]

    monkeypatch.setattr(news, "OLD_MESSAGES", 1)
    stage.discord.say("One")
    with_window(stage, act)


def test_who_types_is_in_the_snapshot_until_they_have_written(stage: Stage) -> None:
    discord = stage.discord
    discord.start_typing(discord.bot, discord.channel)
    assert [entry["user"] for entry in events.typing(discord, discord.channel)] == [str(discord.bot.id)]
    stage.bot_says("Answer")
    assert events.typing(discord, discord.channel) == []


def test_news_of_one_thing_replace_each_other_while_a_window_is_slow() -> None:
    sent: List[str] = []

    class Slow:
        closed = False

        async def send_str(self, data: str) -> None:
            sent.append(json.loads(data)["text"])
            self.closed = len(sent) == 101

    async def act() -> None:
        slow: Any = Slow()
        visitor = Visitor(slow, 1)
        for number in range(100):
            visitor.tell({"text": f"message {number}"}, "message")
            visitor.tell({"text": f"call {number}"})
        await asyncio.wait_for(visitor.send_all(), 10)

    asyncio.run(act())
    assert sent == ["message 99", *(f"call {number}" for number in range(100))]
