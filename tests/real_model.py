"""The fixture `real_model`: a real language model, for tests with the marker of that name."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Iterator, NamedTuple

import pytest

from demo.model import API_KEY, MODEL, READY, ModelError, new_api_key

PROJECT = Path(__file__).resolve().parent.parent
_SECONDS_TO_END = 10.0


class RunningModel(NamedTuple):
    """Where the model is to be reached: its server's address (without ``/v1``), its name there, and the API key."""

    url: str
    model: str
    api_key: str


def skip_without_real_model() -> None:
    """Skip the test where the model cannot be had; where ``CI=true``, only a Python that it is not made for counts."""
    if sys.version_info < (3, 10) or sys.implementation.name != "cpython":
        pytest.skip("xllamacpp is made for CPython 3.10 and later")
    if os.environ.get("CI") != "true" and not importlib.util.find_spec("xllamacpp"):
        pytest.skip("xllamacpp is not installed; demo/requirements.txt says how")


@pytest.fixture(scope="module", name="real_model")
def start_real_model() -> Iterator[RunningModel]:
    """Run the model for the tests of one module."""
    skip_without_real_model()
    with running_model() as model:
        yield model


@contextlib.contextmanager
def running_model(*, port: int = 0, seconds_to_start: float = 45.0) -> Iterator[RunningModel]:
    """Run ``python -m demo.model`` for as long as the block lasts; it is ready when the block begins.

    Port 0 takes any free one. Raises `ModelError` with what the process wrote when it ends before it is ready, or is
    not ready in time.
    """
    command = [sys.executable, "-m", "demo.model", "--port", str(port)]
    key = new_api_key()
    environment = {**os.environ, API_KEY: key}
    with tempfile.TemporaryFile() as log, subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
    ) as process:
        try:
            yield RunningModel(_address_when_ready(process, log, seconds_to_start), MODEL, key)
        finally:
            _end(process)


def _address_when_ready(process: subprocess.Popen[bytes], log: IO[bytes], seconds: float) -> str:
    assert process.stdout is not None
    deadline = threading.Timer(seconds, process.kill)
    deadline.start()
    try:
        line = process.stdout.readline().decode()  # empty when the process has ended
    finally:
        deadline.cancel()
    if line.startswith(READY):
        return line[len(READY) :].strip()
    _end(process)
    log.seek(0)
    said = line + log.read().decode(errors="replace")
    status = f"the model's server ended with status {process.returncode} before it was ready"
    raise ModelError(f"{status}, for which it has {seconds:g} s:\n{said}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
