from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Iterator

import pytest

from tests.faults.opened import OpenHouse, opened
from tests.house import House


@pytest.fixture(name="open_house")
def _open_house(tmp_path: Path) -> Iterator[OpenHouse]:
    """Opens houses of the test's own: see `opened`."""
    with contextlib.ExitStack() as ends:

        def open_house(*arguments: Any, **more: Any) -> House:  # noqa: ANN401 - passed on
            return ends.enter_context(opened(tmp_path, *arguments, **more))

        yield open_house
