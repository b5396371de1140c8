"""What it costs to compose a growing answer: `python3 -m bench.growing`.

A reply is fed tokens of 4 characters, and all its messages are composed anew for every 15 characters, which is far more
often than Discord's limits let the bot write. That the last column does not grow shows that the cost is linear.
"""

from __future__ import annotations

import time
from typing import Dict, List, NamedTuple

from chat.text.answer_text import Phrases, Reply

LENGTHS = (1_000, 10_000, 30_000, 100_000)  # characters
TOKEN = 4  # characters
EVERY = 15  # characters
TEXTS: Dict[str, str] = {
    "English": "Some words of an answer, with **bold** ones and `code` in it. And a second sentence!\n\n",
    "one line": "Some words of an answer, with **bold** ones and `code` in it. And a second sentence! ",
    "Japanese": "これは答えの文です。「引用」や、読点もあります。改行はありません。",
    "code": "```python\n" + "for number in range(10):\n    print(number)  # a comment\n" * 20 + "```\n\n",
    "list": "- an item of a list\n  1. and one under it, with a [link](https://example.com/some/path)\n",
    "table": "| Name | Value |\n|---|---:|\n" + "| a row of the table | 12345 |\n" * 60 + "\n",
}


class Cost(NamedTuple):
    """Processor time of one whole answer."""

    chars: int
    seconds: float
    pages: int

    @property
    def per_thousand(self) -> float:
        """Milliseconds for 1,000 characters."""
        return self.seconds * 1e6 / self.chars


def measure(text: str, chars: int) -> Cost:
    """Let an answer of so many characters grow."""
    answer = (text * (chars // len(text) + 1))[:chars]
    reply = Reply(0.0, Phrases(waiting=""))
    unseen = 0
    began = time.process_time()
    for start in range(0, chars, TOKEN):
        reply.feed(answer[start : start + TOKEN], 0.0)
        unseen += TOKEN
        if unseen >= EVERY:
            reply.pages(0.0)
            unseen = 0
    reply.finish("", 0.0)
    pages = reply.pages(0.0)
    return Cost(chars, time.process_time() - began, len(pages))


def main() -> None:
    """Print the table."""
    print(f"{'text':10}{'characters':>12}{'messages':>10}{'seconds':>10}{'ms per 1,000':>14}")
    for name, text in TEXTS.items():
        costs: List[Cost] = [measure(text, chars) for chars in LENGTHS]
        for cost in costs:
            print(f"{name:10}{cost.chars:12,}{cost.pages:10}{cost.seconds:10.3f}{cost.per_thousand:14.1f}")


if __name__ == "__main__":
    main()
