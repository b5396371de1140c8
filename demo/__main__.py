"""`python -m demo`: the real bot with a real model in a page like Discord's, all on this machine."""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import signal
import sys
from typing import Iterator, Optional, Sequence

from chat.settings.fields import Settings, parse
from chat.settings.problems import SettingsError, console_language
from chat.wording.sentence import Language
from demo import packages, wording
from demo.wording import Terminal

_LAST_PORT = 65535
_OLLAMA_PORT = 11434


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the demo, and return the exit status: 1 when a part can't start or ends by itself."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until everything is loaded there is nothing to end but this process
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character must not end the demo.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # typed as TextIO, which lacks it
    options = _options(arguments)
    terminal = Terminal(console_language(), verbose=options.verbose)
    try:
        server = _server(options)
    except SettingsError as error:
        terminal.complain("\n".join(_in_the_demos_words(error.problems, options, terminal.language)))
        return 1
    problem = packages.problem(terminal.language, model=server is None)
    if problem:
        terminal.complain(problem)
        return 1
    from demo.house import run  # noqa: PLC0415 - needs packages that may not have been installed

    return run(options.port, server, terminal, browser=options.browser)


def _options(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Try the bot in a browser: a Discord, the bot and a language model, all on this machine.",
        epilog="An API key that the server of --openai wants is taken from the environment variable LLM_API_KEY.",
    )
    parser.add_argument("--port", type=_port, default=8080, help="the page's port on 127.0.0.1 (default: 8080)")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    own = parser.add_mutually_exclusive_group()
    own.add_argument("--ollama", metavar="MODEL", help="use this model of your Ollama (at OLLAMA_HOST, if that is set)")
    own.add_argument("--openai", metavar="URL", help="use your OpenAI-compatible server, with --model")
    parser.add_argument("--model", metavar="NAME", help="the model of the server of --openai")
    parser.add_argument("--verbose", action="store_true", help="show all that the bot and the model log")
    options = parser.parse_args(arguments)
    if (options.openai is None) != (options.model is None):
        parser.error("--openai and --model are needed together")
    return options


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _server(options: argparse.Namespace) -> Optional[Settings]:
    """The person's own LLM server. Raises SettingsError when it can't be one."""
    if options.ollama is None and options.openai is None:
        return None
    api = "ollama" if options.openai is None else "openai"
    url = ollama_url(os.environ.get("OLLAMA_HOST", "")) if options.openai is None else options.openai
    return parse(
        {
            "TOKEN": "unused",
            "CHATBOT_CH_ID": 10**17,  # unused too
            "LLM_HOST": url if "://" in url else f"http://{url}",
            "LLM_PORT": 80,  # of an http URL without a port
            "LLM_MODEL": options.model if options.ollama is None else options.ollama,
            "LLM_API": api,
            "LLM_API_KEY": os.environ.get("LLM_API_KEY") if api == "openai" else None,
        }
    )


def _in_the_demos_words(problems: Sequence[str], options: argparse.Namespace, language: Language) -> Iterator[str]:
    """Name the demo's options where the bot's sentences name its settings, which the demo's user does not see."""
    is_ollama = options.openai is None
    place = ("OLLAMA_HOST", "http://127.0.0.1:11434") if is_ollama else ("--openai URL", "http://127.0.0.1:8080/v1")
    for problem in problems:
        if "LLM_HOST" in problem:
            yield wording.ADDRESS_WRONG.say(language, option=place[0], example=place[1])
        elif "LLM_MODEL" in problem:
            yield wording.MODEL_NAME_WRONG.say(language, option="--ollama" if is_ollama else "--model")
        else:
            yield wording.KEY_WRONG.say(language) if "LLM_API_KEY" in problem else problem


def ollama_url(host: str) -> str:
    """What OLLAMA_HOST means to Ollama's own clients (envconfig/config.go): each part of its URL may be missing.

    A server's "all addresses" becomes this machine's own.
    """
    scheme, found, place = host.strip(" \"'").rpartition("://")
    place, slash, path = place.partition("/")
    match = re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d+))?", place)
    name, port = (match[1], match[2]) if match else (place, None)  # without brackets, an IPv6 address has no port
    default = {"http": 80, "https": 443}.get(scheme, _OLLAMA_PORT)
    return f"{scheme if found else 'http'}://{_client_host(name)}:{port or default}{slash}{path}"


def _client_host(name: str) -> str:
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name or "127.0.0.1"
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"  # noqa: PLR2004 - of IP
    return str(address) if address.version == 4 else f"[{address}]"  # noqa: PLR2004 - of IP


if __name__ == "__main__":
    sys.exit(main())
