# ruff: noqa: INP001 - a script, run by its path
"""Makes the README's pictures of the demo: docs/demo.png, and docs/demo.webp, in which an answer is streamed.

`python tools/screenshots.py` runs the demo with the real bot and an LLM server that says a prepared answer at 50 tokens
per second, so that the pictures come out the same; with --real-model, the demo's own model answers. It needs Chromium,
and the packages playwright and pillow.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator, List, NamedTuple

from PIL import Image
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emulators.llm.server import LocalLLM  # noqa: E402 - found by the line above
from tests.demo.browser import FLAGS, find_chromium  # noqa: E402

SIZE: ViewportSize = {"width": 1320, "height": 800}
MOVIE_WIDTH = 960  # pixels
MAX_BYTES = 2_000_000
RATE = 50.0  # tokens per second
QUESTION = "!chat How do I read a text file in Python?"
STILL_AT = 0.93  # of the frames from the question to the end
LAST_SECONDS = 3.0  # that the end is shown
ANSWER = """With `pathlib`, reading a small text file takes **one line**:

```python
from pathlib import Path

text = Path("notes.txt").read_text("utf-8")
```
For a large file, go through it line by line, so that only one of them is in memory at a time:

```python
with open("notes.txt", encoding="utf-8") as file:
    for number, line in enumerate(file, start=1):
        print(f"{number:>4}  {line.rstrip()}")
```
How the two compare:

| Way | Memory | Best for |
|:----|-------:|----------|
| `read_text` | the whole file | small files |
| `for line in file` | one line | logs, large data |

Three things to know:
- `with` closes the file, *even if an error occurs*
- always name the `encoding`: the default differs between systems
- a file that is missing raises `FileNotFoundError`

> Errors should never pass silently.
"""


class Frame(NamedTuple):
    """What the window showed from `time` (seconds) on."""

    time: float
    png: bytes


@contextlib.contextmanager
def running_demo(*options: str) -> Iterator[str]:
    """Run `python -m demo`, and yield the page's address."""
    command = [sys.executable, "-m", "demo", "--no-browser", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")  # noqa: S603 - our own
    assert process.stdout is not None  # noqa: S101 - Popen was asked for a pipe
    try:
        lines = (re.fullmatch(r"\s*(http://127\.0\.0\.1:\d+)\s*", line) for line in process.stdout)
        found = next((line for line in lines if line), None)
        if found is None:
            sys.exit("The demo has ended before its page was ready.")
        yield found[1]
    finally:
        process.terminate()
        process.wait()


def shoot(page: Page, frames: List[Frame]) -> None:
    """Take one more frame."""
    frames.append(Frame(time.monotonic(), page.screenshot(type="png")))


def film(page: Page) -> List[Frame]:
    """Type the question, and film until the answer is whole."""
    frames: List[Frame] = []
    page.locator("#text").focus()
    for start in range(0, len(QUESTION), 3):
        page.keyboard.type(QUESTION[start : start + 3])
        shoot(page, frames)
    page.keyboard.press("Enter")
    page.mouse.move(5, 5)
    while not is_whole(page):
        shoot(page, frames)
    shoot(page, frames)
    return frames


def is_whole(page: Page) -> bool:
    """Return True if the bot has answered, and its answer is whole."""
    texts = page.locator(".message:has(.tag) .text").all_inner_texts()
    return bool(texts) and "▌" not in texts[-1] and not texts[-1].startswith(("⏳", "💭"))


def save_movie(frames: List[Frame], path: Path) -> None:
    """Write the animation, in as good a quality as fits."""
    pictures = [Image.open(io.BytesIO(frame.png)).convert("RGB") for frame in frames]
    height = MOVIE_WIDTH * pictures[0].height // pictures[0].width
    small = [picture.resize((MOVIE_WIDTH, height), Image.Resampling.LANCZOS) for picture in pictures]
    ends = [frame.time for frame in frames[1:]] + [frames[-1].time + LAST_SECONDS]
    durations = [round(1000 * (end - frame.time)) for frame, end in zip(frames, ends)]
    for quality in (80, 65, 50, 35):
        small[0].save(path, save_all=True, append_images=small[1:], duration=durations, quality=quality, method=4)
        if path.stat().st_size < MAX_BYTES:
            return
    sys.exit(f"{path} is larger than {MAX_BYTES} bytes.")


def take(url: str) -> None:
    """Film the page at this address, and write both pictures."""
    browser_path = find_chromium()
    if browser_path is None:
        sys.exit("Chromium is needed (Debian, Ubuntu: apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        page = browser.new_page(viewport=SIZE, locale="en-US", device_scale_factor=1)
        page.goto(url)
        expect(page.locator("#my-name-text")).not_to_be_empty()
        frames = film(page)
        browser.close()
    typed = len(range(0, len(QUESTION), 3))
    still = frames[typed + int((len(frames) - typed) * STILL_AT)]
    (ROOT / "docs" / "demo.png").write_bytes(still.png)
    save_movie(frames, ROOT / "docs" / "demo.webp")


def main() -> None:
    """Run the demo, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real-model", action="store_true", help="let the demo's own model answer")
    if parser.parse_args().real_model:
        with running_demo() as url:
            take(url)
        return
    with LocalLLM() as llm, running_demo("--openai", llm.url, "--model", llm.models[0]) as url:
        llm.answers(ANSWER, rate=RATE, first_after=0.4)
        take(url)


if __name__ == "__main__":
    main()
