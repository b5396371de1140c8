"""LLM_HOST, with LLM_PORT and LLM_API → the URL of the LLM server."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple, Optional
from urllib.parse import urlsplit

from chat.settings.checks import filled_text
from chat.settings.problems import Wrong
from chat.wording import settings as wording

LAST_PORT = 65535
# The paths that the program adds itself, longest first.
_API_PATHS = {"ollama": ("/api/generate", "/api/chat", "/api"), "openai": ("/v1/chat/completions", "/v1")}


class Server(NamedTuple):
    """What LLM_HOST says."""

    scheme: str
    host: str
    port: Optional[int]
    path: str


def needs_port(server: Optional[Server], text: object) -> bool:
    """Return True if LLM_PORT must be set. Without a server, `text` is wrong or missing: a URL may have a port."""
    if server:
        return server.port is None and server.scheme == "http"
    return not (isinstance(text, str) and "://" in text)


def server(value: object) -> Server:
    """Read LLM_HOST: a name, an address or a URL. Raises Wrong."""
    text = filled_text(value)
    if "@" in text:
        raise Wrong(wording.SETTING_HOST_WITH_PASSWORD)
    if "://" not in text:
        return Server("http", _host(text), None, "")
    scheme = text.split("://", maxsplit=1)[0].lower()
    if scheme not in ("http", "https"):
        raise Wrong(wording.SETTING_HOST_SCHEME)
    if "?" in text or "#" in text:
        raise Wrong(wording.SETTING_HOST_WITH_QUERY)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    where = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(.*))?", parts.netloc)
    if not where or re.search(r"\s", parts.path):
        raise Wrong(wording.SETTING_HOST_NOT_A_HOST)
    host, port = _host(where[1]), where[2]
    if port and not (re.fullmatch(r"\d{1,20}", port) and 1 <= int(port) <= LAST_PORT):
        raise Wrong(wording.SETTING_HOST_BAD_PORT)
    return Server(scheme, host, int(port) if port else None, parts.path.rstrip("/"))


def llm_url(server: Server, port: Optional[int], api: str) -> str:
    """Return the URL that ends before the API's own path. Raises Wrong for a path of the other API's."""
    path = server.path
    if api == "ollama" and path.endswith(_API_PATHS["openai"]):
        wrong = next(suffix for suffix in _API_PATHS["openai"] if path.endswith(suffix))
        raise Wrong(wording.SETTING_HOST_IS_OPENAI, name="LLM_HOST", path=wrong)
    suffix = next((suffix for suffix in _API_PATHS[api] if path.endswith(suffix)), "")
    number = port if needs_port(server, None) else server.port
    return f"{server.scheme}://{server.host}{f':{number}' if number else ''}{path[: len(path) - len(suffix)]}"


def bracketed(host: str) -> str:
    """Return a host as it is in a URL: an IPv6 address has brackets there."""
    return f"[{host}]" if ":" in host else host


def _host(text: str) -> str:
    """Check a name, an IPv4 address, or an IPv6 address with or without brackets; return it as it is in a URL."""
    with_port = re.fullmatch(r"(\[.*\]|[^:]*):(\d{1,20})", text)
    if with_port and with_port[1]:
        raise Wrong(wording.SETTING_HOST_WITH_PORT, host=with_port[1], port=int(with_port[2]))
    in_brackets = re.fullmatch(r"\[(.*)\]", text)
    bare = in_brackets[1] if in_brackets else text
    if not in_brackets and re.fullmatch(r"[\w-]+(\.[\w-]+)*\.?", bare) and not re.fullmatch(r"[\d.]+", bare):
        return bare
    try:
        if in_brackets or ":" in bare:
            ipaddress.IPv6Address(re.sub(r"%[\w.-]+$", "", bare))  # before Python 3.9, it has no zone ("fe80::1%eth0")
        else:
            ipaddress.IPv4Address(bare)
    except ValueError:
        raise Wrong(wording.SETTING_HOST_NOT_A_HOST) from None
    return bracketed(bare)
