"""`python3 chatbot.py --check`, as a process of its own, against each thing that can be wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import pytest

from chat import __version__
from chat.bot import permissions
from chat.doctor import packages
from chat.wording import settings as settings_wording
from chat.wording import terminal as wording
from chat.wording.sentence import Language, Sentence
from emulators.bot import HERE, BotProcess, write_settings
from emulators.discord import LocalDiscord
from emulators.llm.server import Chat, LocalLLM, refused_port, self_signed_certificate
from tests.house import settings_for

ENVIRONMENT = {**os.environ, "LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8"}
HERE_FINE, LLM_FINE, DISCORD_FINE = "✓✓✓✓✓✓", "✓✓✓✓", "✓✓✓✓✓✓✓✓✓"
"""The signs of Python, three packages and settings.py; of the LLM server; of Discord with the five rights."""

LLM_SKIPPED, DISCORD_SKIPPED = "––––", "–––––"

# As python -m emulators.run_bot, and a line of Python before it.
RUN = """
import sys
import chatbot
from chat.doctor import discord_checks
from chat.doctor import llm_checks
from emulators.run_bot import point_discord_at
point_discord_at(sys.argv[1])
{first}
sys.exit(chatbot.main(sys.argv[2:]))
"""


class Run(NamedTuple):
    """What `--check` printed and how it ended."""

    status: int
    lines: List[str]
    errors: str

    @property
    def signs(self) -> str:
        return "".join(line[0] for line in self.lines)

    @property
    def wrong(self) -> List[str]:
        return [line for line in self.lines if line.startswith("✗")]


class Doctor:
    """Runs `--check` with settings that a test can change."""

    def __init__(self, discord: LocalDiscord, llm: LocalLLM, folder: Path) -> None:
        self.settings = settings_for(discord, llm)
        self.path = folder / "settings.py"
        self._url = discord.url

    def run(
        self, *arguments: str, first: str = "", environment: Optional[Mapping[str, str]] = None, **settings: object
    ) -> Run:
        write_settings(self.path, {**self.settings, **settings})
        program = [sys.executable, "-c", RUN.format(first=first), self._url, "--check", *arguments]
        run = subprocess.run(
            [*program, "--settings", str(self.path)],
            cwd=HERE,
            env={**ENVIRONMENT, **(environment or {})},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        for secret in (self.settings["TOKEN"], settings.get("TOKEN"), settings.get("LLM_API_KEY")):
            assert not secret or str(secret) not in run.stdout + run.stderr
        assert "Traceback" not in run.stderr
        return Run(run.returncode, run.stdout.splitlines(), run.stderr)


@pytest.fixture(name="doctor")
def _doctor(discord: LocalDiscord, llm: LocalLLM, tmp_path: Path) -> Iterator[Doctor]:
    llm.answers("Hello")
    yield Doctor(discord, llm, tmp_path)
    assert {call.method for call in discord.calls} <= {"GET"}
    assert discord.gateway_log == ()
    assert discord.messages() == ()


@contextmanager
def web_server(answers: Mapping[Tuple[str, str], bytes]) -> Iterator[int]:
    """A server that knows these methods and paths, and answers all else with 404. Gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get((self.command, self.path), b"404 page not found")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200 if (self.command, self.path) in answers else 404)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the same

        def log_message(self, *_arguments: Any) -> None:  # noqa: ANN401 - as in http.server
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def said(sentence: Sentence, language: Language = "en", **values: object) -> str:
    """A line that is wrong."""
    return f"✗ {sentence.say(language, **values)}"


# --- All is well


def test_all_is_well(doctor: Doctor, llm: LocalLLM) -> None:
    run = doctor.run()
    assert run.signs == HERE_FINE + LLM_FINE + DISCORD_FINE
    assert run.status == 0
    assert "first token came after" in "".join(run.lines)
    assert "#chat of Local guild" in "".join(run.lines)
    assert "LLM_READ_TIMEOUT" in run.errors  # it says beforehand how long it may wait
    assert len(llm.chats) == 1


def test_in_japanese(doctor: Doctor) -> None:
    run = doctor.run(environment={"LANG": "ja_JP.UTF-8"}, LLM_MODEL="gema:2b")
    assert run.signs == HERE_FINE + "✓✓✗–" + DISCORD_FINE
    assert run.wrong == [said(wording.CHECK_LLM_NO_MODEL, "ja", model="gema:2b", models="gemma:2b")]
    assert "✓ TOKEN は有効です。ボットの名前は Chatbot です。" in run.lines
    chosen = doctor.run(LANGUAGE="ja", LLM_MODEL="gema:2b")
    assert chosen.lines[:-9] == run.lines[:-9]


def test_as_json(doctor: Doctor, discord: LocalDiscord) -> None:
    run = doctor.run("--json")
    found: Dict[str, Any] = json.loads("".join(run.lines))
    assert (found["ok"], run.status) == (True, 0)
    assert [sorted(check) for check in found["checks"]] == [["check", "ok", "says"]] * 19
    discord.privileged_intents.clear()
    run = doctor.run("--json", LLM_HOST="127.0.0.1", LLM_PORT=refused_port())
    found = json.loads("".join(run.lines))
    assert (found["ok"], run.status) == (False, 1)
    oks = {check["check"]: check["ok"] for check in found["checks"]}
    assert (oks["settings"], oks["llm_address"], oks["llm_api"]) == (True, False, None)
    assert (oks["discord_token"], oks["message_content_intent"], oks["channel"]) == (True, False, True)


def test_where_the_signs_cannot_be_printed_there_are_others(doctor: Doctor) -> None:
    run = doctor.run(environment={"PYTHONIOENCODING": "ascii"}, TOKEN="wrong.token.here")
    assert [line[:2] for line in run.lines] == ["OK"] * 10 + ["!!"] + ["--"] * 4


def test_several_channels_and_a_thread(doctor: Doctor, discord: LocalDiscord) -> None:
    thread = discord.add_thread("thread", discord.channel)
    run = doctor.run(CHATBOT_CH_ID=[discord.channel, discord.other_channel, thread])
    assert run.signs == HERE_FINE + LLM_FINE + DISCORD_FINE + "✓✓✓✓✓✓" * 2
    assert run.status == 0


# --- On this computer


def test_python_is_too_old(doctor: Doctor) -> None:
    run = doctor.run(first="sys.version_info = (3, 7, 17, 'final', 0)")
    assert (run.signs, run.status) == ("✗✓✓✓✓✓" + LLM_SKIPPED + DISCORD_SKIPPED, 1)
    assert run.wrong == [said(wording.CHECK_PYTHON_OLD, version="3.7.17")]


@pytest.mark.parametrize("language", ["C.UTF-8", "ja_JP.UTF-8"])
def test_packages_are_missing(doctor: Doctor, language: str) -> None:
    write_settings(doctor.path, doctor.settings)
    # -S: without the folders where pip puts packages
    program = [sys.executable, "-S", "chatbot.py", "--settings", str(doctor.path)]
    environment = {**ENVIRONMENT, "LANG": language}
    checked = subprocess.run(
        [*program, "--check"], cwd=HERE, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    lines = checked.stdout.splitlines()
    assert "".join(line[0] for line in lines) == "✓✗✗✗✗✓" + LLM_SKIPPED + DISCORD_SKIPPED
    assert all("pip install -r requirements.txt" in line for line in lines[1:5])
    assert checked.returncode == 1
    started = subprocess.run(program, cwd=HERE, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert started.returncode == 1
    assert "discord.py, requests, urllib3, wcwidth" in started.stderr
    assert "pip install -r requirements.txt" in started.stderr
    assert ("この Python" in started.stderr) == (language == "ja_JP.UTF-8")
    for run in (checked, started):
        assert "Traceback" not in run.stderr


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_need_no_package(option: str) -> None:
    for python in ([sys.executable], [sys.executable, "-S"]):
        run = subprocess.run(
            [*python, "chatbot.py", option], cwd=HERE, capture_output=True, encoding="utf-8", check=False
        )
        assert run.returncode == 0
        assert ("--check" if option == "--help" else __version__) in run.stdout


def test_json_goes_with_check_alone() -> None:
    run = subprocess.run(
        [sys.executable, "chatbot.py", "--json"], cwd=HERE, capture_output=True, encoding="utf-8", check=False
    )
    assert run.returncode == 2


@pytest.mark.parametrize(
    ("version", "sentence", "rest"),
    [
        ("2.28.1", wording.CHECK_PACKAGE_OLD, LLM_SKIPPED + DISCORD_SKIPPED),
        ("3.0.0", wording.CHECK_PACKAGE_NEW, LLM_FINE + DISCORD_FINE),
    ],
)
def test_a_package_has_the_wrong_version(
    doctor: Doctor, tmp_path: Path, version: str, sentence: Sentence, rest: str
) -> None:
    about = tmp_path / f"requests-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: requests\nVersion: {version}\n")
    run = doctor.run(environment={"PYTHONPATH": str(tmp_path)})
    assert (run.signs, run.status) == ("✓✓✗✓✓✓" + rest, 1)
    what = packages.how_to_install("en")
    assert run.wrong == [said(sentence, package="requests", found=version, wanted=">=2.32,<3", what=what)]


def test_versions_are_compared_by_their_numbers(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# a comment with a>=1 in it\ndiscord.py~=2.7.1\nnot-there-at-all>=1\n")
    found, missing = packages.installed(requirements)
    assert (found.is_too_old, found.is_too_new, found.is_unusable) == (False, False, False)
    assert (missing.found, missing.is_unusable) == (None, True)
    versions = {
        "2.7.1": "",
        "2.7.10": "",
        "2.7.0": "old",
        "2.10.0": "new",
        "2.8.0a1": "new",
        "1.7.3": "old",
        "3": "new",
    }
    for version, fault in versions.items():
        package = found._replace(found=version)
        assert (package.is_too_old, package.is_too_new) == (fault == "old", fault == "new"), version


def test_each_wrong_setting_has_a_line(doctor: Doctor) -> None:
    run = doctor.run(LLM_PORT="abc", LLM_MODEL="", CHATBOT_CHID=1)
    assert (run.signs, run.status) == ("✓✓✓✓✓✗✗✗" + LLM_SKIPPED + DISCORD_SKIPPED, 1)
    assert all(any(name in line for line in run.wrong) for name in ("LLM_PORT", "LLM_MODEL", "CHATBOT_CHID"))


def test_there_is_no_settings_file(doctor: Doctor) -> None:
    run = doctor.run("--settings", str(doctor.path))
    assert run.status == 0
    missing = subprocess.run(
        [sys.executable, "chatbot.py", "--check", "--settings", str(doctor.path.with_name("none.py"))],
        cwd=HERE,
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert missing.returncode == 1
    assert "✗ There is no none.py" in missing.stdout


@pytest.mark.skipif(os.name != "posix", reason="only there a file has such permissions")
@pytest.mark.parametrize("language", ["en", "ja"])
def test_others_can_read_the_settings(doctor: Doctor, discord: LocalDiscord, language: Language) -> None:
    doctor.settings["LANGUAGE"] = language
    assert "chmod" not in doctor.run().errors
    doctor.path.chmod(0o640)
    warning = settings_wording.SETTINGS_OPEN.say(language, file=str(doctor.path))
    run = doctor.run()
    assert warning in run.errors
    assert run.status == 0
    doctor.path.chmod(0o604)
    discord.faults.fail("GET", status=401)  # the bot ends by itself, without having been online
    with BotProcess(discord.url, doctor.path) as bot:
        assert bot.wait() == 1
        assert "WARNING" in bot.wait_for_log(warning)


# --- The LLM server


def test_llm_server_is_not_there(doctor: Doctor) -> None:
    port = refused_port()
    run = doctor.run(LLM_PORT=port)
    assert (run.signs, run.status) == (HERE_FINE + "✗–––" + DISCORD_FINE, 1)
    assert run.wrong == [said(wording.CHECK_LLM_UNREACHABLE, address=f"127.0.0.1:{port}")]


def test_name_of_the_llm_server_is_unknown(doctor: Doctor) -> None:
    run = doctor.run(LLM_HOST="nowhere.invalid")
    assert (run.signs, run.status) == (HERE_FINE + "✗–––" + DISCORD_FINE, 1)
    assert "The server's name in nowhere.invalid" in run.wrong[0]


def test_llm_server_lets_nobody_connect(doctor: Doctor) -> None:
    """A look-up or connection that hangs, which the settings' own time limits do not end."""
    hang = "import socket, threading; socket.getaddrinfo = lambda *_, **__: threading.Event().wait()"
    run = doctor.run(first=f"llm_checks.LIST_SECONDS = 0.5; {hang}")
    assert (run.signs, run.status) == (HERE_FINE + "✗–––" + DISCORD_FINE, 1)
    assert "can't be reached" in run.wrong[0]


def test_certificate_of_the_llm_server_is_refused(doctor: Doctor, tmp_path: Path) -> None:
    with LocalLLM(tls=self_signed_certificate(tmp_path)) as llm:
        run = doctor.run(LLM_HOST=llm.url)
    assert (run.signs, run.status) == (HERE_FINE + "✗–––" + DISCORD_FINE, 1)
    assert "certificate" in run.wrong[0]


def test_something_else_answers(doctor: Doctor, llm: LocalLLM) -> None:
    llm.page_instead()
    run = doctor.run()
    assert (run.signs, run.status) == (HERE_FINE + "✓✗––" + DISCORD_FINE, 1)
    address = f"127.0.0.1:{llm.port}"
    assert run.wrong == [said(wording.CHECK_LLM_NOT_THE_API, address=address, api="ollama")]


OLLAMA_LIST = {("GET", "/api/tags"): b'{"models": [{"name": "gemma:2b"}]}'}
OPENAI_LIST = {("GET", "/v1/models"): b'{"data": [{"id": "gemma:2b"}]}'}
OPENAI_STREAM = b'data: {"choices": [{"delta": {"content": "Hello"}}]}\n\n'


@pytest.mark.parametrize(
    ("api", "answers", "signs"),
    [
        ("ollama", OPENAI_LIST, "✓✗––"),
        ("openai", OLLAMA_LIST, "✓✗––"),
        # llama.cpp has Ollama's paths, but answers there as OpenAI does
        ("ollama", {**OLLAMA_LIST, **OPENAI_LIST, ("POST", "/api/chat"): OPENAI_STREAM}, "✓✓✓✗"),
    ],
)
def test_it_is_the_other_api(doctor: Doctor, api: str, answers: Dict[Tuple[str, str], bytes], signs: str) -> None:
    with web_server(answers) as port:
        run = doctor.run(LLM_PORT=port, LLM_API=api)
    assert (run.signs, run.status) == (HERE_FINE + signs + DISCORD_FINE, 1)
    other = "openai" if api == "ollama" else "ollama"
    assert run.wrong == [said(wording.CHECK_LLM_OTHER_API, address=f"127.0.0.1:{port}", api=api, other=other)]


def test_key_is_refused(doctor: Doctor, llm: LocalLLM) -> None:
    llm.api_key = "right"
    run = doctor.run(LLM_API="openai", LLM_API_KEY="wrong-key")
    assert (run.signs, run.status) == (HERE_FINE + "✓✗––" + DISCORD_FINE, 1)
    assert run.wrong == [said(wording.CHECK_LLM_KEY_REFUSED)]


@pytest.mark.parametrize("api", ["ollama", "openai"])
def test_model_is_not_there(doctor: Doctor, llm: LocalLLM, api: str) -> None:
    llm.models = ["llama3:8b", "qwen3:4b", "gemma3:4b"]
    run = doctor.run(LLM_MODEL="gema3:4b", LLM_API=api)
    assert (run.signs, run.status) == (HERE_FINE + "✓✓✗–" + DISCORD_FINE, 1)
    assert run.wrong[0].endswith(": gemma3:4b, qwen3:4b, llama3:8b")
    assert ("ollama pull gema3:4b" in run.wrong[0]) == (api == "ollama")


def _repeats_the_key(chat: Chat) -> None:
    chat.error(500, {"error": "out of memory\nfor secret-key"})


def _breaks_off(chat: Chat) -> None:
    chat.say("Hel")
    chat.end()


def _keeps_alive_without_a_token(chat: Chat) -> None:
    while True:
        chat.raw(b": still here\n\n")
        threading.Event().wait(0.1)


ANSWERS: Dict[str, Tuple[Callable[[Chat], None], str]] = {
    "error": (_repeats_the_key, "out of memory"),
    "overloaded": (lambda chat: chat.error(503, {"error": "busy"}), "too busy"),
    "empty": (lambda chat: chat.finish(), wording.CHECK_LLM_EMPTY.en),
    "incomplete": (_breaks_off, wording.CHECK_LLM_INCOMPLETE.en),
    "cut off": (lambda chat: chat.close(), "was lost"),
    "silent": (lambda chat: chat.headers_only(), "silent for too long"),
    "alive": (_keeps_alive_without_a_token, "silent for too long"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_model_gives_no_answer(doctor: Doctor, llm: LocalLLM, answer: str) -> None:
    llm.script, words = ANSWERS[answer]
    run = doctor.run(LLM_API="openai", LLM_API_KEY="secret-key", LLM_READ_TIMEOUT=1)
    assert (run.signs, run.status) == (HERE_FINE + "✓✓✓✗" + DISCORD_FINE, 1)
    assert words in run.wrong[0]
    assert "⚠️" not in run.wrong[0]


def test_model_that_says_too_much_is_told_to_stop(doctor: Doctor, llm: LocalLLM) -> None:
    def endless(chat: Chat) -> None:
        while True:
            chat.say("Hello ")
            threading.Event().wait(0.01)

    llm.script = endless
    run = doctor.run(first="llm_checks.REST_SECONDS = 0.2")
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + DISCORD_FINE, 0)
    assert llm.active == 0


# --- Discord


def test_token_is_wrong(doctor: Doctor) -> None:
    run = doctor.run(TOKEN="wrong.token.here")
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✗––––", 1)
    assert run.wrong == [said(wording.START_WRONG_TOKEN)]


def test_discord_cannot_be_reached(doctor: Doctor) -> None:
    run = doctor.run(first=f"point_discord_at('http://127.0.0.1:{refused_port()}')")
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✗––––", 1)
    assert "Discord can't be reached" in run.wrong[0]


def test_discord_is_silent(doctor: Doctor, discord: LocalDiscord) -> None:
    discord.faults.delay("GET", seconds=60)
    run = doctor.run(first="discord_checks.SECONDS = 0.5")
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✗––––", 1)
    assert "Discord can't be reached" in run.wrong[0]


def test_discord_fails_in_the_middle(doctor: Doctor, discord: LocalDiscord) -> None:
    thread = discord.add_thread("thread", discord.channel)
    discord.faults.fail("GET", status=503, channel=thread)
    run = doctor.run(CHATBOT_CH_ID=thread)
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✓✓✓✗–", 1)
    assert "503" in run.wrong[0]


def test_intent_is_off(doctor: Doctor, discord: LocalDiscord) -> None:
    discord.privileged_intents.clear()
    run = doctor.run()
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✓✗" + DISCORD_FINE[2:], 1)
    assert run.wrong == [said(wording.START_INTENT_OFF)]


def test_bot_was_not_invited(doctor: Doctor, discord: LocalDiscord) -> None:
    discord.remove_bot()
    run = doctor.run()
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✓✓✗––", 1)
    assert f"client_id={discord.bot.id}" in run.wrong[0]
    assert f"permissions={permissions.RIGHTS.value}" in run.wrong[0]


def test_no_such_channel(doctor: Doctor) -> None:
    run = doctor.run(CHATBOT_CH_ID=123456789012345679)
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✓✓✓✗–", 1)
    assert "123456789012345679" in run.wrong[0]
    assert f"permissions={permissions.RIGHTS.value}" in run.wrong[0]


def test_channel_is_a_category(doctor: Doctor, discord: LocalDiscord) -> None:
    category = discord.add_category("Text channels")
    run = doctor.run(CHATBOT_CH_ID=[category, discord.channel])
    assert (run.signs, run.status) == (HERE_FINE + LLM_FINE + "✓✓✓✗" + DISCORD_FINE[3:], 1)
    assert run.wrong == [said(wording.START_CATEGORY, channel="Text channels", id=category)]


@pytest.mark.parametrize("right", ["send_messages", "send_messages_in_threads", "read_message_history", "attach_files"])
def test_a_right_is_missing(doctor: Doctor, discord: LocalDiscord, right: str) -> None:
    discord.take_right(discord.channel, right)
    run = doctor.run()
    values = {"channel": "chat", "server": "Local guild", "rights": wording.RIGHTS[right].en}
    assert f"✗ {wording.START_RIGHTS.en.format(**values)}" in run.wrong
    # Who may not write can't attach a file either.
    assert len(run.wrong) == (2 if right == "send_messages" else 1)
    assert (run.signs[:-5], run.status) == (HERE_FINE + LLM_FINE + DISCORD_FINE[:-5], 1)


def test_channel_cannot_be_seen(doctor: Doctor, discord: LocalDiscord) -> None:
    """Without that right, there is no other in the channel."""
    discord.take_right(discord.channel, "view_channel")
    run = doctor.run()
    assert (run.signs[:-5], run.status) == (HERE_FINE + LLM_FINE + "✓✓✓✓", 1)
    assert "View Channel" in run.wrong[0]
