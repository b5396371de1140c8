"""The fixture `real_model`: a real language model, for tests with the marker of that name."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Iterator

import pytest

from demo.model import RunningModel, running_model


def skip_without_real_model() -> None:
    """Skip the test where the model cannot be had; where ``CI=true``, only a Python that it is not made for counts."""
    if sys.version_info < (3, 10) or sys.implementation.name != "cpython":
        pytest.skip("xllamacpp is made for CPython 3.10 and later")
    if os.environ.get("CI") != "true" and not importlib.util.find_spec("xllamacpp"):
        pytest.skip("xllamacpp is not installed; demo/requirements.txt says how")


@pytest.fixture(scope="module", name="real_model")
def start_real_model() -> Iterator[RunningModel]:
    """Run the model for the tests of one module."""
    skip_without_real_model()
    with running_model() as model:
        yield model
