"""What the LLM is sent for a question. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from llm_model import Message


def build(prompt: str, system_prompt: str) -> List[Message]:
    """Give the messages of a question that stands alone; ``system_prompt`` may be empty."""
    system: List[Message] = [{"role": "system", "content": system_prompt}] if system_prompt else []
    return [*system, {"role": "user", "content": prompt}]
