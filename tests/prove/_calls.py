"""A pytest plugin: which functions of the engine every test calls, and how long it takes.

`python -m pytest tests/engine -p tests.prove._calls` writes `PATCHWIDGETS_CALLS`, a JSON file.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ENGINE = str(Path(__file__).parents[2] / "patchwidgets" / "engine")

_called: set[str] = set()
_tests: dict[str, Any] = {}


def _event(frame: FrameType, event: str, _: Any) -> None:
    code = frame.f_code
    if event == "call" and code.co_filename.startswith(ENGINE):
        _called.add(f"{Path(code.co_filename).relative_to(ENGINE)}:{code.co_qualname}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Look at one test, its fixtures included."""
    _called.clear()
    threading.setprofile(_event)
    sys.setprofile(_event)
    began = time.monotonic()
    try:
        return (yield)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        _tests[item.nodeid] = {"seconds": time.monotonic() - began, "calls": sorted(_called)}


def pytest_sessionfinish() -> None:
    """Write what was seen."""
    Path(os.environ["PATCHWIDGETS_CALLS"]).write_text(json.dumps(_tests))
