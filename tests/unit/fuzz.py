"""Property tests that `make fuzz` runs for longer: FUZZ_TIMES as many cases."""

from __future__ import annotations

import os
from typing import Any, Callable, TypeVar

import pytest
from hypothesis import settings

_Test = TypeVar("_Test", bound=Callable[..., Any])
_TIMES = int(os.environ.get("FUZZ_TIMES", "1"))


def fuzzed(cases: int) -> Callable[[_Test], _Test]:
    """Decorate a test of hypothesis, which tries so many cases."""

    def decorate(test: _Test) -> _Test:
        marked: _Test = pytest.mark.fuzz(settings(max_examples=cases * _TIMES, deadline=None)(test))
        return marked

    return decorate
