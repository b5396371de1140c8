"""What the operator sees in the terminal at the start; faults/test_machine.py has its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator

import pytest

from chat.wording import terminal as wording
from emulators.bot import HERE, BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.llm.server import LocalLLM
from tests.house import settings_for

NO_LANGUAGE = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8"}


@pytest.fixture(name="settings")
def _settings(discord: LocalDiscord, llm: LocalLLM) -> Dict[str, object]:
    return settings_for(discord, llm)


@pytest.fixture(name="run")
def _run(discord: LocalDiscord, settings: Dict[str, object], tmp_path: Path) -> Iterator[BotProcess]:
    """The bot with the test's settings, not started yet."""
    path = tmp_path / "settings.py"
    bot = BotProcess(discord.url, path, {**os.environ, **NO_LANGUAGE})
    write_settings(path, settings)
    yield bot
    bot.stop()
    assert str(settings["TOKEN"]) not in bot.log


def _chatbot(*arguments: str, language: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "chatbot.py", *arguments],
        cwd=HERE,
        env={**os.environ, **NO_LANGUAGE, "LANG": language},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_without_settings_it_says_how_to_make_them(tmp_path: Path) -> None:
    run = _chatbot("--settings", str(tmp_path / "settings.py"))
    assert run.returncode == 1
    assert "Copy the sample" in run.stderr
    assert "To try the bot first without any account: make demo" in run.stderr
    assert "Traceback" not in run.stderr


def test_in_a_japanese_terminal_it_says_so_in_japanese(tmp_path: Path) -> None:
    run = _chatbot("--settings", str(tmp_path / "settings.py"), language="ja_JP.UTF-8")
    assert "見本をコピー" in run.stderr
    assert "アカウントなしで先に試すこともできます: make demo" in run.stderr


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    path = write_settings(tmp_path / "settings.py", {"TOKEN": "", "LLM_PORT": "abc", "CHATBOT_CHID": 1})
    run = _chatbot("--settings", str(path))
    assert run.returncode == 1
    for name in ("TOKEN", "LLM_HOST", "LLM_PORT", "LLM_MODEL", "CHATBOT_CHID"):
        assert sum(line.startswith(name) or name in line for line in run.stderr.splitlines()) >= 1
    assert "Traceback" not in run.stderr


def test_a_wrong_command_line_has_its_own_status() -> None:
    assert _chatbot("--nonsense").returncode == 2


def test_it_says_who_and_where_it_is(discord: LocalDiscord, llm: LocalLLM, run: BotProcess) -> None:
    run.start()
    run.wait_until_ready()
    assert "Logged in as Chatbot" in run.log
    assert f"Answering in #chat (id {discord.channel})" in run.log
    assert f"LLM server {llm.host}:{llm.port}, model gemma:2b: ready" in run.log
    assert "WARNING" not in run.log


def test_a_wrong_token(settings: Dict[str, object], tmp_path: Path, run: BotProcess) -> None:
    write_settings(tmp_path / "settings.py", {**settings, "TOKEN": "wrong.token.here"})
    run.start()
    assert run.wait() == 1
    assert wording.START_WRONG_TOKEN.en in run.log
    assert "Traceback" not in run.log
    assert "wrong.token.here" not in run.log


def test_the_intent_is_not_switched_on(discord: LocalDiscord, run: BotProcess) -> None:
    discord.privileged_intents.clear()
    run.start()
    assert run.wait() == 1
    assert wording.START_INTENT_OFF.en in run.log
    assert "Traceback" not in run.log


def test_discord_cannot_be_reached(llm: LocalLLM, tmp_path: Path) -> None:
    with LocalDiscord() as gone:
        url, settings = gone.url, settings_for(gone, llm)
    bot = BotProcess(url, write_settings(tmp_path / "settings.py", settings), {**os.environ, **NO_LANGUAGE})
    bot.start()
    assert bot.wait(30) == 1
    assert wording.START_NO_DISCORD.en in bot.log
    assert "Traceback" not in bot.log


def test_no_such_channel(settings: Dict[str, object], tmp_path: Path, run: BotProcess) -> None:
    write_settings(tmp_path / "settings.py", {**settings, "CHATBOT_CH_ID": 123456789012345679})
    run.start()
    line = run.wait_for_log("123456789012345679", timeout=30)
    assert "Copy Channel ID" in line
    assert "permissions=274878008320" in line


@pytest.mark.parametrize(
    ("right", "named"),
    [
        ("view_channel", "View Channel"),
        ("send_messages", "Send Messages"),
        ("read_message_history", "Read Message History"),
    ],
)
def test_a_missing_right_is_named(discord: LocalDiscord, run: BotProcess, right: str, named: str) -> None:
    discord.take_right(discord.channel, right)
    run.start()
    line = run.wait_for_log("lacks permissions in #chat", timeout=30)
    assert named in line


def test_a_missing_model_is_said_at_the_start(
    settings: Dict[str, object], llm: LocalLLM, tmp_path: Path, run: BotProcess
) -> None:
    llm.models = ["llama3:8b"]
    write_settings(tmp_path / "settings.py", {**settings, "LLM_MODEL": "gemma:2b"})
    run.start()
    line = run.wait_for_log("ollama pull gemma:2b", timeout=30)
    assert "llama3:8b" in line


def test_it_stays_up_until_the_llm_server_is_there(
    discord: LocalDiscord, settings: Dict[str, object], llm: LocalLLM, run: BotProcess
) -> None:
    llm.stop()
    run.start()
    assert "can't reach" in run.wait_for_log("⚠️", timeout=30)
    question = discord.say("!chat Hello!")
    assert "can't reach" in discord.wait_for_reply(question).content
    with LocalLLM(port=int(str(settings["LLM_PORT"]))) as back:
        back.answers("Hello!")
        again = discord.say("!chat Hello!")
        discord.wait_for(lambda: [reply.content for reply in discord.replies(again)] == ["Hello!"])


def test_a_lost_connection_to_discord_is_one_line_in_the_log(discord: LocalDiscord, run: BotProcess) -> None:
    run.start()
    run.wait_until_ready()
    discord.stop()
    assert "Cannot connect to host" in run.wait_for_log("Attempting a reconnect")
    assert "Traceback" not in run.log
