"""demo/model.py, on the real model wherever it can be installed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List
from unittest.mock import Mock
from urllib.parse import urlsplit

import pytest
import requests

from demo import model
from demo.model import ModelError
from tests.real_model import (
    RunningModel,
    running_model,
    skip_without_real_model,
    start_real_model,  # noqa: F401 - a fixture; pytest sees it here
)

PROJECT = Path(__file__).resolve().parent.parent.parent
SECONDS = 30.0


def authorization(model: RunningModel) -> Dict[str, str]:
    """Return the header with the model's API key."""
    return {"Authorization": f"Bearer {model.api_key}"}


def stream_chat(model: RunningModel, prompt: str, **options: object) -> List[str]:
    """Ask the model and return the data of the server-sent events that it answers with."""
    request = {"model": model.model, "messages": [{"role": "user", "content": prompt}], "stream": True, **options}
    url = f"{model.url}/v1/chat/completions"
    headers = authorization(model)
    with requests.post(url, json=request, headers=headers, stream=True, timeout=SECONDS) as response:
        response.raise_for_status()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        lines = [line.decode() for line in response.iter_lines()]
    return [line[len("data: ") :] for line in lines if line]


def first_choice(event: str) -> Dict[str, Any]:
    """Return the only choice in one event of a chat completion."""
    choice: Dict[str, Any] = json.loads(event)["choices"][0]
    return choice


@pytest.mark.real_model
def test_an_answer_comes_in_several_deltas_with_a_finish_reason_and_done_at_its_end(real_model: RunningModel) -> None:
    *events, done = stream_chat(real_model, "Say hello to me.", temperature=0, max_tokens=24)
    choices = [first_choice(event) for event in events]
    texts = [choice["delta"].get("content") for choice in choices]
    assert done == "[DONE]"
    assert len([text for text in texts if text]) > 1
    assert "".join(text for text in texts if text).strip()
    assert [choice["finish_reason"] for choice in choices[:-1]] == [None] * (len(choices) - 1)
    assert choices[-1]["finish_reason"] in ("stop", "length")


@pytest.mark.real_model
def test_an_answer_ends_at_the_asked_length(real_model: RunningModel) -> None:
    *events, _done = stream_chat(real_model, "Count to a hundred.", ignore_eos=True, max_tokens=3)
    assert first_choice(events[-1])["finish_reason"] == "length"


@pytest.mark.real_model
def test_the_server_is_on_loopback_and_lists_the_model_by_its_name(real_model: RunningModel) -> None:
    headers = authorization(real_model)
    listed = requests.get(f"{real_model.url}/v1/models", headers=headers, timeout=SECONDS).json()["data"]
    assert urlsplit(real_model.url).hostname == "127.0.0.1"
    assert [entry["id"] for entry in listed] == [real_model.model]


@pytest.mark.real_model
def test_a_page_from_elsewhere_may_not_use_the_server_from_a_browser(real_model: RunningModel) -> None:
    headers = {"Origin": "https://example.com"}
    answer = requests.options(f"{real_model.url}/v1/chat/completions", headers=headers, timeout=SECONDS)
    assert not answer.headers.get("Access-Control-Allow-Origin")


@pytest.mark.real_model
def test_without_the_api_key_there_is_no_answer(real_model: RunningModel) -> None:
    request = {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 1}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        url = f"{real_model.url}/v1/chat/completions"
        assert requests.post(url, json=request, headers=headers, timeout=SECONDS).status_code == 401


@pytest.mark.real_model
def test_leaving_the_block_ends_the_server_also_while_it_answers() -> None:
    skip_without_real_model()
    with running_model() as model:
        request = {"messages": [{"role": "user", "content": "Count."}], "stream": True, "ignore_eos": True}
        url, headers = f"{model.url}/v1/chat/completions", authorization(model)
        answer = requests.post(url, json=request, headers=headers, stream=True, timeout=SECONDS)
        assert next(answer.iter_lines())
    answer.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(model.url, timeout=SECONDS)


@pytest.mark.real_model
def test_a_port_that_is_taken_is_an_error_that_says_so(real_model: RunningModel) -> None:
    port = urlsplit(real_model.url).port
    assert port
    with pytest.raises(ModelError, match=f"port {port} .*taken"), running_model(port=port):
        pass


def test_a_server_that_cannot_start_on_any_free_port_does_not_blame_the_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    library = Mock(**{"Server.side_effect": RuntimeError("bad model file")})
    monkeypatch.setitem(sys.modules, "xllamacpp", library)
    monkeypatch.setattr(model, "_model_file", lambda: Path("model.gguf"))
    monkeypatch.setattr(signal, "signal", Mock())
    with pytest.raises(ModelError) as raised:
        model.serve(0)
    assert str(raised.value) == "llama.cpp's server does not start on 127.0.0.1: bad model file"
    assert capsys.readouterr().out == ""


@pytest.mark.real_model
def test_a_server_that_is_not_ready_in_time_is_an_error() -> None:
    skip_without_real_model()
    with pytest.raises(ModelError, match="for which it has 0 s"), running_model(seconds_to_start=0):
        pass


@pytest.mark.real_model
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to another process")
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_in_a_terminal_it_prints_its_address_and_key_and_a_signal_ends_it(signum: signal.Signals) -> None:
    skip_without_real_model()
    command = [sys.executable, "-m", "demo.model", "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "LLM_API_KEY"}
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        try:
            ready, key = process.stdout.readline(), process.stdout.readline()
            process.send_signal(signum)
            rest, _ = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert re.fullmatch(r"SmolLM2\S* is ready at http://127\.0\.0\.1:\d+\n", ready)
    assert re.fullmatch(r"Its API key is \S{43}\n", key)
    assert (process.returncode, rest) == (-signum, "")


def test_without_its_packages_it_says_how_to_install_them() -> None:
    command = [sys.executable, "-S", "-m", "demo.model"]  # -S: no installed package is to be found
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert ended.returncode == 1
    assert "python -m pip install --no-deps -r demo/requirements.txt" in ended.stderr
    assert "Traceback" not in ended.stderr
