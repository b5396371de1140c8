"""A real browser for tests of the demo's page: Chromium through Playwright.

Chromium is the system's: $CHROME, or chromium or google-chrome on the path. Without it, or without Playwright (which
has no wheel for Python 3.8), the tests are skipped; with CI=true they fail.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any, Iterator, List, NoReturn, Optional

import pytest

WAIT = 10.0  # seconds until a test gives up
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> Optional[str]:
    """The browser's path, None if there is none."""
    named = [os.environ.get("CHROME", ""), "chromium", "chromium-browser", "google-chrome"]
    return next((path for path in map(shutil.which, filter(None, named)) if path), None)


def _go_without(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true" and sys.version_info >= (3, 9):
        raise RuntimeError(reason)
    pytest.skip(reason, allow_module_level=True)


try:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
except ImportError:
    _go_without("no Playwright: python -m pip install playwright (Python 3.9 or later)")

expect.set_options(timeout=WAIT * 1000)


class Windows:
    """Browser windows, each in a context of its own; all that goes wrong in them is remembered."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.errors: List[str] = []
        self.requests: List[str] = []

    def open(self, url: str, **options: Any) -> Page:  # noqa: ANN401 - as Playwright's new_context has them
        """Open a window, and wait until it shows the channel."""
        shape = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}}
        shape = {"locale": "en-US", "viewport": {"width": 1280, "height": 800}}
        context = self._browser.new_context(**{**shape, **options})
        context.set_default_timeout(WAIT * 1000)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(f"page error: {error}"))
        page.on("request", self._note)
        page.goto(url)
        expect(page.locator("#my-name-text")).not_to_be_empty()
        return page

    def close(self) -> None:
        """Close them all."""
        for context in list(self._browser.contexts):
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(f"console {message.type}: {message.text}")

    def _note(self, request: Request) -> None:
        self.requests.append(request.url)


@pytest.fixture(scope="module", name="browser")
def browser_fixture() -> Iterator[Browser]:
    """One browser for all tests of a file. While it runs, so does an event loop in this thread, Playwright's."""
    path = find_chromium()
    if path is None:
        _go_without("no browser: install chromium (Debian: apt install chromium), or name one in CHROME")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(name="windows")
def windows_fixture(browser: Browser) -> Iterator[Windows]:
    """Windows of the test's own; nothing may go wrong in them."""
    windows = Windows(browser)
    yield windows
    windows.close()
    assert windows.errors == []


__all__ = ["Page", "Windows", "browser_fixture", "expect", "windows_fixture"]
