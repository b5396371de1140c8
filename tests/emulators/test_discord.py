"""The local Discord, against the real discord.py and raw HTTP: it must behave as Discord does, or it proves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import io
import json
import sys
import threading
import time
import types
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Deque, Dict, Iterator, List, Optional, Tuple, Union

import aiohttp
import discord
import pytest
import requests
from discord.gateway import DiscordWebSocket
from discord.http import Route

from emulators import run_bot
from emulators.discord import DiscordServer, LocalDiscord
from emulators.discord.errors import SLOW_MODE
from emulators.discord.limits import Limits, Rule, judge
from emulators.discord.mentions import find_mentions
from tests.emulators.real_client import WAIT, Bot


@pytest.fixture
def server() -> Iterator[LocalDiscord]:
    with LocalDiscord() as running:
        yield running


@pytest.fixture
def pointed(server: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> LocalDiscord:
    """Let discord.py use the local server until the test is over."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    run_bot.point_discord_at(server.url)
    return server


@pytest.fixture
def bot(pointed: LocalDiscord) -> Iterator[Bot]:
    with Bot(pointed) as running:
        running.hears("ready")
        yield running


def api(  # noqa: PLR0913 (the last two by name)
    server: LocalDiscord,
    method: str,
    path: str,
    body: object = None,
    *,
    data: Union[bytes, Dict[str, str], None] = None,
    headers: Optional[Dict[str, str]] = None,
) -> requests.Response:
    all_headers = {"Authorization": f"Bot {server.token}", **(headers or {})}
    url = f"{server.url}/api/v10{path}"
    return requests.request(method, url, json=body, data=data, headers=all_headers, timeout=WAIT)


def post(server: LocalDiscord, content: object, **fields: object) -> requests.Response:
    return api(server, "POST", f"/channels/{server.channel}/messages", {"content": content, **fields})


def patch(server: LocalDiscord, message_id: object, content: object, **fields: object) -> requests.Response:
    return api(server, "PATCH", f"/channels/{server.channel}/messages/{message_id}", {"content": content, **fields})


# A client logs in


@pytest.mark.usefixtures("pointed")
def test_ready_client_knows_guild_channels_rights_and_locale(server: LocalDiscord) -> None:
    server.state.guild.locale = "ja"
    server.take_right(server.other_channel, "send_messages")
    server.add_thread("thread", server.channel)
    with Bot(server) as bot:
        bot.hears("ready")
        guild = bot.guilds[0]
        assert guild.preferred_locale is discord.Locale.japanese
        assert [channel.name for channel in guild.text_channels] == ["chat", "other"]
        assert [(thread.name, thread.parent) for thread in guild.threads] == [("thread", guild.text_channels[0])]
        rights = [channel.permissions_for(guild.me).send_messages for channel in guild.text_channels]
        assert rights == [True, False]
        assert bot.application_flags.gateway_message_content_limited
        assert not bot.application_flags.gateway_guild_members_limited
        assert not server.unexpected


@pytest.mark.usefixtures("pointed")
def test_wrong_token_fails_the_login() -> None:
    async def log_in() -> None:
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login("wrong")

    with pytest.raises(discord.LoginFailure):
        asyncio.run(log_in())


@pytest.mark.usefixtures("pointed")
def test_intent_that_is_not_switched_on_is_refused(server: LocalDiscord) -> None:
    server.privileged_intents.clear()
    with Bot(server) as bot:
        assert isinstance(bot.hears("error"), discord.PrivilegedIntentsRequired)


@pytest.mark.usefixtures("pointed")
def test_members_intent_brings_all_members(server: LocalDiscord) -> None:
    server.privileged_intents.add("guild_members")
    alice = server.person("Alice")
    with Bot(server, discord.Intents(guilds=True, members=True)) as bot:
        bot.hears("ready")
        assert bot.guilds[0].get_member(alice.id) is not None


# What a client hears and does


def test_answer_and_edits_stand_in_the_channel(server: LocalDiscord, bot: Bot) -> None:
    question = server.say("!chat hi", author=server.person("Alice"))
    heard = bot.hears("message")
    assert (heard.content, heard.author.display_name, heard.guild.id) == ("!chat hi", "Alice", server.guild_id)
    reply = bot.do(heard.reply("Hel"))
    bot.do(reply.edit(content="Hello"))
    shown = server.wait_for_reply(question)
    assert (shown.id, shown.reference, shown.author) == (reply.id, question.id, server.bot)
    assert [version.content for version in shown.versions] == ["Hel", "Hello"]
    assert shown.versions[0].time < shown.versions[1].time == shown.edited


def test_client_sees_its_own_messages_and_who_is_answered(server: LocalDiscord, bot: Bot) -> None:
    thread = server.add_thread("thread", server.channel)
    bot.hears("thread_create")
    bot.do(bot.get_channel(thread).send("first"))  # type: ignore[union-attr]  # it is a thread
    first = bot.hears("message")
    assert (first.content, first.channel.name, first.author) == ("first", "thread", bot.user)
    server.say("second", channel=thread, reply_to=server.messages(thread)[0])
    second = bot.hears("message")
    assert second.type is discord.MessageType.reply
    assert second.reference.resolved == first


def test_client_hears_edits_deletions_and_typing(server: LocalDiscord, bot: Bot) -> None:
    message = server.say("one")
    server.edit(message, "two")
    assert bot.hears("message_edit").content == "one"
    assert bot.get_channel(server.channel).last_message_id == message.id  # type: ignore[union-attr]  # text channel
    server.delete(message)
    assert bot.hears("message_delete").content == "two"
    server.start_typing(server.person("Alice"), server.channel)
    assert bot.hears("raw_typing").channel_id == server.channel


def test_client_hears_of_channels_that_come_change_and_go(server: LocalDiscord, bot: Bot) -> None:
    new = server.add_channel("new")
    assert bot.hears("guild_channel_create").id == new
    server.take_right(new, "view_channel")
    bot.hears("guild_channel_update")
    guild = bot.guilds[0]
    assert not guild.get_channel(new).permissions_for(guild.me).view_channel  # type: ignore[union-attr]  # it is there
    server.say("unseen", channel=new)
    server.delete_channel(new)
    assert bot.hears("guild_channel_delete").id == new
    thread = server.add_thread("under", server.channel)
    assert bot.hears("thread_create").id == thread
    server.delete_channel(thread)
    assert bot.hears("thread_delete").id == thread
    server.say("seen")
    assert bot.hears("message").content == "seen"


def test_a_bot_that_is_removed_hears_and_may_nothing_until_it_is_invited(server: LocalDiscord, bot: Bot) -> None:
    server.remove_bot()
    assert bot.hears("guild_remove").id == server.guild_id
    assert server.bot not in server.members
    refused = post(server, "nobody hears me")
    assert (refused.status_code, refused.json()["code"]) == (403, 50001)
    server.say("unheard")
    server.add_channel("unseen")
    server.invite_bot()
    assert bot.hears("guild_join").get_channel(server.channel).name == "chat"
    server.say("heard")
    assert bot.hears("message").content == "heard"
    assert post(server, "I am back").status_code == 200


def test_a_bot_that_is_in_no_guild_logs_in_all_the_same(pointed: LocalDiscord) -> None:
    pointed.remove_bot()
    with Bot(pointed) as client:
        client.hears("ready")
        assert list(client.guilds) == []


def test_slow_mode_is_told_and_does_not_concern_bots(server: LocalDiscord, bot: Bot) -> None:
    server.set_slow_mode(server.channel, 60)
    bot.hears("guild_channel_update")
    channel = bot.get_channel(server.channel)
    assert isinstance(channel, discord.TextChannel)
    assert channel.slowmode_delay == 60
    assert [post(server, "at once").status_code for _ in range(2)] == [200, 200]


def test_bots_and_webhooks_are_known_as_such(server: LocalDiscord, bot: Bot) -> None:
    server.say("beep", author=server.person("Robo", bot=True))
    assert bot.hears("message").author.bot
    hook = server.webhook("Hook")
    server.say("news", author=hook)
    assert bot.hears("message").webhook_id == hook.id


@pytest.mark.usefixtures("pointed")
def test_direct_message_can_be_answered(server: LocalDiscord) -> None:
    alice = server.person("Alice")
    channel = server.add_dm(alice)
    with Bot(server, discord.Intents(guilds=True, dm_messages=True)) as bot:
        bot.hears("ready")
        server.say("psst", author=alice, channel=channel)
        heard = bot.hears("message")
        assert (heard.content, heard.guild) == ("psst", None)
        bot.do(heard.channel.send("yes?"))
    assert [message.content for message in server.messages(channel)] == ["psst", "yes?"]


@pytest.mark.usefixtures("pointed")
def test_without_the_content_intent_only_mentions_can_be_read(server: LocalDiscord) -> None:
    with Bot(server, discord.Intents(guilds=True, guild_messages=True)) as bot:
        bot.hears("ready")
        server.say("secret")
        assert bot.hears("message").content == ""
        server.say(f"{server.bot.mention} hi")
        assert bot.hears("message").content == f"{server.bot.mention} hi"


@pytest.mark.usefixtures("pointed")
def test_events_come_only_for_the_intents_asked_for(server: LocalDiscord) -> None:
    with Bot(server, discord.Intents(guilds=True, guild_typing=True)) as bot:
        bot.hears("ready")
        server.say("unheard")
        server.start_typing(server.person("Alice"), server.channel)
        bot.hears("raw_typing")
        assert not bot.cached_messages


def test_client_can_fetch_guild_channels_and_own_rights_without_a_gateway(pointed: LocalDiscord) -> None:
    pointed.add_category("category")
    pointed.take_right(pointed.other_channel, "view_channel")

    async def fetched() -> Tuple[List[str], List[Tuple[str, bool]]]:
        async with discord.Client(intents=discord.Intents.none()) as client:
            await client.login(pointed.token)
            guilds = [await client.fetch_guild(partial.id) async for partial in client.fetch_guilds()]
            me = await guilds[0].fetch_member(pointed.bot.id)
            channels = await guilds[0].fetch_channels()
            views = [(channel.name, channel.permissions_for(me).view_channel) for channel in channels]
            return [guild.name for guild in guilds], views

    names, views = asyncio.run(fetched())
    assert names == ["Local guild"]
    assert views == [("chat", True), ("other", False), ("category", True)]
    assert pointed.unexpected == ()


def test_bot_that_was_not_invited_sees_nothing_of_the_guild(pointed: LocalDiscord) -> None:
    pointed.remove_bot()
    assert api(pointed, "GET", "/users/@me/guilds").json() == []
    guild = f"/guilds/{pointed.guild_id}"
    for path in (guild, f"{guild}/channels", f"{guild}/members/{pointed.bot.id}"):
        assert api(pointed, "GET", path).json()["code"] == 10004
    assert api(pointed, "GET", f"/channels/{pointed.channel}").json()["code"] == 50001
    with Bot(pointed) as bot:
        bot.hears("ready")
        assert list(bot.guilds) == []


def test_unknown_member_is_not_found(server: LocalDiscord) -> None:
    answer = api(server, "GET", f"/guilds/{server.guild_id}/members/1")
    assert (answer.status_code, answer.json()["code"]) == (404, 10007)


def test_category_takes_no_messages(server: LocalDiscord) -> None:
    answer = api(server, "POST", f"/channels/{server.add_category('category')}/messages", {"content": "x"})
    assert (answer.status_code, answer.json()["code"]) == (400, 50008)


def test_file_is_kept_and_can_be_fetched(server: LocalDiscord, bot: Bot) -> None:
    channel: Any = bot.get_channel(server.channel)
    sent = bot.do(channel.send("see", file=discord.File(io.BytesIO(b"\0\xff"), "a.bin")))
    kept = server.messages()[0].attachments[0]
    assert (kept.filename, kept.data) == ("a.bin", b"\0\xff")
    assert requests.get(sent.attachments[0].url, timeout=WAIT).content == b"\0\xff"


# The gateway breaks


@pytest.mark.parametrize("code", [4000, 1001, None])
def test_dropped_gateway_is_resumed_and_nothing_missed(server: LocalDiscord, bot: Bot, code: Optional[int]) -> None:
    server.drop_gateway(code)
    server.say("while away")
    assert bot.hears("message").content == "while away"
    server.wait_for(lambda: [record.name for record in server.gateway_log].count("CLOSE"))
    names = [record.name for record in server.gateway_log]
    assert (names.count("IDENTIFY"), names.count("RESUME")) == (1, 1)


def test_forgotten_session_makes_the_client_identify_anew(server: LocalDiscord, bot: Bot) -> None:
    server.drop_gateway(resumable=False)
    bot.hears("ready")
    server.say("again")
    assert bot.hears("message").content == "again"
    names = [record.name for record in server.gateway_log]
    assert (names.count("IDENTIFY"), names.count("RESUME")) == (2, 0)


@pytest.mark.usefixtures("pointed")
def test_silent_gateway_is_given_up_and_resumed(server: LocalDiscord) -> None:
    server.heartbeat_interval = 0.1
    with Bot(server, patience=0.5) as bot:
        bot.hears("ready")
        server.silence_gateway()
        server.say("into silence")
        assert bot.hears("message").content == "into silence"
        assert "RESUME" in [record.name for record in server.gateway_log]


def converse(server: LocalDiscord, query: str, sent: List[Any]) -> List[Any]:
    """What a raw websocket gets for `sent`: decoded payloads and, at the end, a close code."""
    got: List[Any] = []

    async def run() -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{server.url}/gateway?{query}") as socket:
            for payload in sent:
                await socket.send_str(payload if isinstance(payload, str) else json.dumps(payload))
            inflate = zlib.decompressobj()
            async for frame in socket:
                got.append(json.loads(inflate.decompress(frame.data) if isinstance(frame.data, bytes) else frame.data))
                if got[-1].get("t") == "GUILD_CREATE" or got[-1]["op"] == 9:
                    await socket.close()
            got.append(socket.close_code)

    asyncio.run(run())
    return got


def identify(token: str, intents: object = 1) -> Dict[str, Any]:
    return {"op": 2, "d": {"token": token, "intents": intents, "properties": {}}}


@pytest.mark.parametrize("query", ["v=10", "v=10&compress=zlib-stream", "v=10&compress=zstd-stream"])
def test_identify_brings_hello_ready_and_guild(server: LocalDiscord, query: str) -> None:
    got = converse(server, query, [identify(server.token)])
    assert [payload["t"] for payload in got[:-1]] == [None, "READY", "GUILD_CREATE"]
    assert [payload["s"] for payload in got[:-1]] == [None, 1, 2]
    assert got[0]["d"] == {"heartbeat_interval": 41250}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([identify("wrong")], 4004),
        ([identify("TOKEN", 1 << 1)], 4014),
        ([identify("TOKEN", "all")], 4013),
        ([identify("TOKEN", 0), identify("TOKEN", 0)], 4005),
        ([{"op": 99}], 4001),
        (["{"], 4002),
        (["[]"], 4002),
        (["[" * 90_000], 4002),
        ([{"op": 3, "d": {}}], 4003),
        ([{"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}], 4004),
        ([{"op": 1, "d": "x" * 5000}], 4002),
    ],
)
def test_wrong_payload_is_closed_with_its_code(server: LocalDiscord, sent: List[Any], code: int) -> None:
    filled = [json.loads(json.dumps(payload).replace("TOKEN", server.token)) for payload in sent]
    assert converse(server, "v=10", filled)[-1] == code


def test_heartbeat_is_acknowledged_and_unknown_session_invalid(server: LocalDiscord) -> None:
    resume = {"op": 6, "d": {"token": server.token, "session_id": "gone", "seq": 1}}
    got = converse(server, "v=10", [{"op": 1, "d": None}, resume])
    assert [payload["op"] for payload in got[:-1]] == [10, 11, 9]
    assert got[2]["d"] is False


# REST


def test_json_is_answered_with_exactly_its_content_type(server: LocalDiscord) -> None:
    answer = api(server, "GET", "/users/@me")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["id"] == str(server.bot.id)


def test_token_is_checked_but_for_the_gateway_address(server: LocalDiscord) -> None:
    wrong = {"Authorization": server.token}
    assert api(server, "GET", "/gateway", headers=wrong).json() == {
        "url": server.url.replace("http", "ws") + "/gateway"
    }
    refused = api(server, "GET", "/gateway/bot", headers=wrong)
    assert (refused.status_code, refused.json()) == (401, {"message": "401: Unauthorized", "code": 0})


def test_token_is_checked_before_the_body_has_come(server: LocalDiscord) -> None:
    connection = http.client.HTTPConnection(server.url.split("//")[1], timeout=WAIT)
    with contextlib.closing(connection):
        connection.putrequest("POST", f"/api/v10/channels/{server.channel}/messages")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", "1000")
        connection.endheaders()
        assert connection.getresponse().status == 401


def test_message_can_be_created_read_edited_and_deleted(server: LocalDiscord) -> None:
    button = {"type": 2, "style": 1, "custom_id": "stop"}
    created = post(server, " one ", flags=4, components=[{"type": 1, "components": [button]}]).json()
    row = {"type": 1, "id": 1, "components": [{**button, "id": 2}]}
    assert (created["content"], created["flags"], created["components"]) == ("one", 4, [row])
    edited = patch(server, created["id"], "two", components=None).json()
    assert (edited["content"], edited["components"], edited["flags"]) == ("two", [], 4)
    path = f"/channels/{server.channel}/messages/{created['id']}"
    assert api(server, "GET", path).json() == edited
    assert api(server, "DELETE", path).status_code == 204
    assert server.messages() == ()
    assert server.message(int(created["id"])).deleted is not None
    assert [call.status for call in server.calls] == [200, 200, 200, 204]


def test_2000_code_points_pass_and_one_more_is_refused(server: LocalDiscord) -> None:
    assert post(server, "😀" * 2000).status_code == 200
    refused = post(server, "x" * 2001)
    assert refused.status_code == 400
    assert refused.json() == {
        "message": "Invalid Form Body",
        "code": 50035,
        "errors": {
            "content": {"_errors": [{"code": "BASE_TYPE_MAX_LENGTH", "message": "Must be 2000 or fewer in length."}]}
        },
    }
    assert patch(server, server.messages()[0].id, "x" * 2001).json()["code"] == 50035
    assert len(server.messages()) == 1


@pytest.mark.parametrize("content", ["", " \n ", None])
def test_empty_message_is_refused(server: LocalDiscord, content: object) -> None:
    assert post(server, content).json() == {"message": "Cannot send an empty message", "code": 50006}
    standing = post(server, "x").json()["id"]
    assert patch(server, standing, content).json()["code"] == 50006


@pytest.mark.parametrize(
    ("path", "code"),
    [("/channels/1", 10003), ("/channels/1/messages", 10003), ("/channels/CHAT/messages/1", 10008)],
)
def test_unknown_channel_or_message_is_not_found(server: LocalDiscord, path: str, code: int) -> None:
    answer = api(server, "GET", path.replace("CHAT", str(server.channel)))
    assert (answer.status_code, answer.json()["code"]) == (404, code)


def test_deleted_and_foreign_messages_cannot_be_edited(server: LocalDiscord) -> None:
    message = server.say("mine")
    foreign = patch(server, message.id, "yours")
    assert (foreign.status_code, foreign.json()["code"]) == (403, 50005)
    own = post(server, "x").json()["id"]
    server.delete(server.message(int(own)))
    gone = patch(server, own, "y")
    assert (gone.status_code, gone.json()) == (404, {"message": "Unknown Message", "code": 10008})


def test_rights_that_were_taken_are_missing_until_given(server: LocalDiscord) -> None:
    own = post(server, "x").json()["id"]
    thread = server.add_thread("thread", server.channel)
    server.take_right(server.channel, "send_messages")
    assert post(server, "y").json()["code"] == 50013
    assert api(server, "POST", f"/channels/{server.channel}/typing").json()["code"] == 50013
    assert patch(server, own, "edits need no right to send").status_code == 200
    server.take_right(server.channel, "view_channel")
    assert patch(server, own, "z").json()["code"] == 50001
    assert api(server, "GET", f"/channels/{thread}").json()["code"] == 50001
    server.give_right(server.channel, "view_channel")
    server.give_right(server.channel, "send_messages")
    assert post(server, "y").status_code == 200
    foreign = f"/channels/{server.channel}/messages/{server.say('keep').id}"
    assert api(server, "DELETE", foreign).json()["code"] == 50013


def test_reply_needs_the_message_and_the_history(server: LocalDiscord) -> None:
    question = server.say("hi")
    assert post(server, "yes", message_reference={"message_id": str(question.id)}).json()["type"] == 19
    server.delete(question)
    refused = post(server, "yes", message_reference={"message_id": str(question.id)})
    assert refused.json()["errors"]["message_reference"]["_errors"][0]["message"] == "Unknown message"
    lenient = {"message_id": str(question.id), "fail_if_not_exists": False}
    assert post(server, "yes", message_reference=lenient).json()["type"] == 0
    server.take_right(server.channel, "read_message_history")
    assert post(server, "yes", message_reference={"message_id": str(question.id)}).json()["code"] == 160002


def test_same_nonce_makes_no_second_message(server: LocalDiscord) -> None:
    first, second = (post(server, text, nonce="n1", enforce_nonce=True).json() for text in ("a", "b"))
    assert (first["id"], first["content"]) == (second["id"], second["content"])
    assert post(server, "c", nonce="n1").json()["id"] != first["id"]
    assert [message.content for message in server.messages()] == ["a", "c"]
    assert post(server, "d", nonce="x" * 26).json()["code"] == 50035


def test_history_is_answered_newest_first_in_pages(server: LocalDiscord) -> None:
    sent = [server.say(str(number)) for number in range(6)]
    path = f"/channels/{server.channel}/messages"

    def page(query: str) -> str:
        return "".join(message["content"] for message in api(server, "GET", f"{path}?{query}").json())

    assert page("limit=2") == "54"
    assert page(f"limit=2&before={sent[3].id}") == "21"
    assert page(f"limit=2&after={sent[3].id}") == "54"
    assert page(f"limit=3&around={sent[3].id}") == "432"
    assert api(server, "GET", f"{path}?limit=101").json()["code"] == 50035


@pytest.mark.parametrize(("method", "path"), [("GET", "/nowhere"), ("PUT", "/users/@me"), ("GET", "/channels/abc")])
def test_unknown_route_is_recorded(server: LocalDiscord, method: str, path: str) -> None:
    answer = api(server, method, path)
    assert (answer.status_code, answer.json()) == (404, {"message": "404: Not Found", "code": 0})
    assert server.unexpected == (f"{method} /api/v10{path}",)


def test_broken_bodies_are_refused(server: LocalDiscord) -> None:
    path = f"/channels/{server.channel}/messages"
    json_header = {"Content-Type": "application/json"}
    assert api(server, "POST", path, data=b"{", headers=json_header).json()["code"] == 50109
    assert api(server, "POST", path, data=b"[]", headers=json_header).json()["code"] == 50109
    assert api(server, "POST", path, data=b"[" * 90_000, headers=json_header).json()["code"] == 50109
    assert api(server, "POST", path, data={"content": "a form"}).json()["code"] == 50035


@pytest.mark.parametrize(
    "fields",
    [
        {"content": 5},
        {"message_reference": {"message_id": "abc"}},
        {"message_reference": "abc"},
        {"allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        {"allowed_mentions": {"parse": ["all"]}},
    ],
)
def test_wrong_fields_are_refused(server: LocalDiscord, fields: Dict[str, Any]) -> None:
    answer = api(server, "POST", f"/channels/{server.channel}/messages", {"content": "x", **fields})
    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, 50035, list(fields))


# Pings


@pytest.mark.parametrize(
    ("allowed", "users", "everyone"),
    [
        (None, (7, 8, 9), True),
        ({"parse": []}, (), False),
        ({"parse": [], "replied_user": True}, (9,), False),
        ({"parse": ["users"]}, (7, 8), False),
        ({"parse": ["everyone"], "users": ["8"]}, (8,), True),
    ],
)
def test_allowed_mentions_say_who_is_mentioned(
    *, allowed: Optional[Dict[str, Any]], users: Tuple[int, ...], everyone: bool
) -> None:
    found = find_mentions("<@7> <@!8> <@&5> @everyone", allowed, replied_to=9)
    assert (found.users, found.everyone) == (users, everyone)


def test_answer_without_allowed_mentions_pings(server: LocalDiscord) -> None:
    alice, bob = server.person("Alice"), server.person("Bob")
    question = server.say("hi", author=alice)
    reference = {"message_id": str(question.id)}
    quiet = post(server, f"{bob.mention} @everyone", message_reference=reference, allowed_mentions={"parse": []})
    assert quiet.json()["mentions"] == []
    assert server.pings == frozenset()
    assert patch(server, quiet.json()["id"], f"{bob.mention}").json()["mentions"][0]["id"] == str(bob.id)
    assert server.pings == {bob.id}
    post(server, "yes", message_reference=reference)
    assert server.pings == {alice.id, bob.id}


def test_everyone_and_roles_ping_their_members_where_the_bot_may(server: LocalDiscord) -> None:
    alice, bob = server.person("Alice"), server.person("Bob")
    helpers = server.role("Helpers", alice)
    post(server, f"<@&{helpers.id}>")
    assert server.messages()[-1].pings == {alice.id}
    post(server, "@here")
    assert server.messages()[-1].pings == {alice.id, bob.id}
    server.take_right(server.channel, "mention_everyone")
    post(server, "@here")
    assert server.messages()[-1].pings == frozenset()


# Limits


def verdicts(rule: Rule, times: List[float]) -> List[Any]:
    hits: Deque[float] = deque()
    found = [judge(rule, hits, now) for now in times]
    return [(one.allowed, one.remaining, one.reset_after, one.retry_after) for one in found]


def test_fixed_window_opens_at_the_first_request() -> None:
    assert verdicts(Rule(2, 5.0, "fixed"), [0, 4, 4.5, 5, 9.5, 10]) == [
        (True, 1, 5, 5),
        (True, 0, 1, 1),
        (False, 0, 0.5, 0.5),
        (True, 1, 5, 5),
        (True, 0, 0.5, 0.5),
        (True, 1, 5, 5),
    ]


def test_sliding_window_holds_no_more_than_the_limit_in_any_span() -> None:
    assert verdicts(Rule(2, 5.0, "sliding"), [0, 4, 4.5, 5, 8, 9]) == [
        (True, 1, 5, 5),
        (True, 0, 5, 1),
        (False, 0, 4.5, 0.5),
        (True, 0, 5, 4),
        (False, 0, 2, 1),
        (True, 0, 5, 1),
    ]


def test_limit_is_told_in_headers_and_429(server: LocalDiscord) -> None:
    server.limits.set("create", limit=2, per=60)
    first, second, third = (post(server, "x") for _ in range(3))
    told = [
        (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) for answer in (first, second)
    ]
    assert told == [("2", "1"), ("2", "0")]
    assert 59 < float(second.headers["X-RateLimit-Reset-After"]) <= 60
    assert abs(float(second.headers["X-RateLimit-Reset"]) - time.time() - 60) < 5
    body = third.json()
    assert third.status_code == 429
    assert (body["message"], body["global"]) == ("You are being rate limited.", False)
    assert f"{body['retry_after']:.3f}" == third.headers["X-RateLimit-Reset-After"]
    assert (third.headers["Retry-After"], third.headers["X-RateLimit-Scope"]) == ("60", "user")
    assert third.headers["Via"]
    assert len(server.messages()) == 2


def test_sliding_429_says_when_one_request_is_free(server: LocalDiscord) -> None:
    server.limits.set("create", limit=2, per=60, mode="sliding")
    server.latency = 0.02
    refused = [post(server, "x") for _ in range(3)][-1]
    assert refused.status_code == 429
    # The first of the two leaves the window a round trip before the second, which frees the whole bucket.
    assert 0 < refused.json()["retry_after"] < float(refused.headers["X-RateLimit-Reset-After"]) <= 60


def test_creates_edits_and_typing_are_counted_apart_per_channel(server: LocalDiscord) -> None:
    server.limits.set_all(limit=1, per=60)
    created = post(server, "x")
    edited = patch(server, created.json()["id"], "y")
    typing = api(server, "POST", f"/channels/{server.channel}/typing")
    elsewhere = api(server, "POST", f"/channels/{server.other_channel}/messages", {"content": "x"})
    answers = [created, edited, typing, elsewhere]
    assert [answer.status_code for answer in answers] == [200, 200, 204, 200]
    hashes = [answer.headers["X-RateLimit-Bucket"] for answer in answers]
    assert hashes[0] == hashes[1] == hashes[3] != hashes[2]
    assert patch(server, created.json()["id"], "z").status_code == 429
    assert [call.status for call in server.calls].count(429) == 1


def test_discord_py_waits_for_the_limit_and_loses_nothing(server: LocalDiscord, bot: Bot) -> None:
    server.limits.set_all(limit=2, per=0.2)
    channel: Any = bot.get_channel(server.channel)
    for number in range(5):
        bot.do(channel.send(str(number)))
    assert [message.content for message in server.messages()] == list("01234")


def test_unknown_limit_is_an_error(server: LocalDiscord) -> None:
    with pytest.raises(ValueError, match="no such rule"):
        server.limits.set("edits", limit=3)


# Latency and faults


def test_change_is_seen_half_a_round_trip_before_the_answer(server: LocalDiscord) -> None:
    server.latency = 0.2
    asked = time.monotonic()
    post(server, "x")
    answered = time.monotonic()
    applied = server.messages()[0].created
    assert applied - asked >= 0.1
    assert answered - applied >= 0.1


def test_gateway_events_keep_their_order_whatever_the_latency(server: LocalDiscord, bot: Bot) -> None:
    for latency in (0.3, 0.0):
        server.latency = latency
        server.say(str(latency))
    assert [bot.hears("message").content, bot.hears("message").content] == ["0.3", "0.0"]


def test_failing_calls_are_not_applied_and_end_when_used_up(server: LocalDiscord) -> None:
    own = post(server, "x").json()["id"]
    server.faults.fail("PATCH", status=503, times=2)
    assert [patch(server, own, text).status_code for text in "abc"] == [503, 503, 200]
    assert [version.content for version in server.messages()[0].versions] == ["x", "c"]


def test_429_can_be_ordered_with_its_wait(server: LocalDiscord) -> None:
    server.faults.rate_limit("POST", retry_after=1.5, is_global=True)
    answer = post(server, "x")
    assert (answer.status_code, answer.json()["retry_after"], answer.json()["global"]) == (429, 1.5, True)
    assert answer.headers["X-RateLimit-Scope"] == "global"
    assert post(server, "x").status_code == 200


def test_429_can_have_a_code_of_its_own(server: LocalDiscord) -> None:
    server.faults.rate_limit("POST", retry_after=2, code=SLOW_MODE)
    assert post(server, "too soon").json() == {
        "message": "You are being rate limited.",
        "retry_after": 2.0,
        "global": False,
        "code": 20016,
    }


@pytest.mark.parametrize("applied", [True, False])
def test_connection_is_cut_after_or_before_applying(server: LocalDiscord, *, applied: bool) -> None:
    server.faults.drop("POST", applied=applied)
    with pytest.raises(requests.ConnectionError):
        post(server, "x")
    assert [message.content for message in server.messages()] == ["x"] * applied


def test_late_answer_is_applied_at_once_and_ended_by_stop(server: LocalDiscord) -> None:
    server.faults.delay("POST", seconds=3600)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post, server, "x")
        server.wait_for(server.messages)
        assert not answer.done()
        server.stop()
        assert isinstance(answer.exception(WAIT), requests.ConnectionError)


# Waiting, stopping, other ways to run it


def test_wait_for_tells_what_stands_in_the_channel(server: LocalDiscord) -> None:
    server.say("hello there")
    with pytest.raises(AssertionError, match=r"(?s)#chat.*Alice: 'hello there'"):
        server.wait_for(lambda: False, timeout=0)


def test_wait_for_wakes_at_the_change(server: LocalDiscord) -> None:
    question = server.say("hi")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.wait_for_reply, question, WAIT)
        post(server, "yes", message_reference={"message_id": str(question.id)})
        assert waiting.result(WAIT).content == "yes"


def test_stop_ends_the_thread_and_open_connections() -> None:
    before = set(threading.enumerate())
    server = LocalDiscord()
    server.start()
    with ThreadPoolExecutor(1) as pool:
        connection = pool.submit(converse, server, "v=10", [identify(server.token, 0)])
        server.wait_until_connected()
        server.stop()
        assert connection.result(WAIT)[-1] == 1001
    assert set(threading.enumerate()) == before
    assert not server.connected
    with pytest.raises(requests.ConnectionError):
        post(server, "x")


def test_port_in_use_is_an_error(server: LocalDiscord) -> None:
    other = LocalDiscord()
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        other.start(int(server.url.rsplit(":", 1)[1]))
    other.stop()


def test_server_runs_in_an_existing_loop() -> None:
    notices: List[Any] = []

    async def run() -> None:
        server = DiscordServer()
        server.listen(notices.append)
        await server.open()
        async with aiohttp.ClientSession(headers={"Authorization": f"Bot {server.token}"}) as session:
            url = f"{server.url}/api/v10/channels/{server.channel}/messages"
            async with session.post(url, json={"content": "hi"}) as response:
                assert response.status == 200
        await server.close()

    asyncio.run(run())
    change, call = notices
    assert (change.event, change.message.content, call.status) == ("MESSAGE_CREATE", "hi", 200)


@pytest.mark.usefixtures("pointed")
def test_run_bot_passes_the_arguments_and_the_status(monkeypatch: pytest.MonkeyPatch) -> None:
    chatbot: Any = types.ModuleType("chatbot")
    chatbot.main = lambda argv: (Route.BASE, list(argv))
    monkeypatch.setitem(sys.modules, "chatbot", chatbot)
    result: Any = run_bot.main(["--discord", "http://127.0.0.1:9", "--", "--settings", "s.py"])
    assert result == ("http://127.0.0.1:9/api/v10", ["--settings", "s.py"])
    assert str(DiscordWebSocket.DEFAULT_GATEWAY) == "ws://127.0.0.1:9/gateway"


# What the demo's page looks at


def test_a_call_on_one_message_names_it(server: LocalDiscord) -> None:
    message = post(server, "Hello").json()["id"]
    patch(server, message, "Hello!")
    assert [(call.method, call.message_id) for call in server.calls] == [("POST", None), ("PATCH", int(message))]


@pytest.mark.parametrize(("mode", "free_at"), [("fixed", [6.0, 6.0]), ("sliding", [6.0, 8.0])])
def test_usage_says_when_each_used_request_is_free_again(
    mode: str, free_at: List[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([1.0, 3.0, 4.0, 8.5])
    monkeypatch.setattr("emulators.discord.limits.time.monotonic", lambda: next(clock))
    limits = Limits()
    limits.set("edit", limit=3, per=5.0, mode=mode)
    limits.take("edit", 7)
    limits.take("edit", 7)
    assert limits.usage("edit", 7) == (3, 5.0, tuple(free_at))
    assert limits.usage("edit", 7).free_at == ()


def test_a_renamed_person_writes_under_the_new_name(server: LocalDiscord) -> None:
    alice = server.person("Alice")
    before = server.say("Hello", author=alice)
    kana = server.rename(alice, "Kana")
    after = server.say("Hello", author=kana)
    assert kana.id == alice.id
    assert server.person("Kana") == server.find_user(alice.id) == kana
    assert [server.message(message).author.name for message in (before, after)] == ["Alice", "Kana"]


@pytest.mark.parametrize("path", ["/api/v10/gateway", "/gateway", "/attachments/1/1/x"])
def test_another_site_cannot_reach_it_under_a_name_of_its_own(server: LocalDiscord, path: str) -> None:
    answer = requests.get(server.url + path, headers={"Host": "evil.example"}, timeout=WAIT)
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/api/v10/gateway", "/gateway", "/attachments/1/1/x"])
def test_a_web_page_cannot_reach_it(server: LocalDiscord, path: str) -> None:
    answer = requests.get(server.url + path, headers={"Origin": server.url}, timeout=WAIT)
    assert answer.status_code == 403
