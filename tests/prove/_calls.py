"""A pytest plugin: which lines of the engine every test runs, and how long it takes.

`python -m pytest tests/engine -p tests.prove._calls` writes `PATCHWIDGETS_CALLS`: a line of JSON
for each test, as soon as it has ended.
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ENGINE = str(Path(__file__).parents[2] / "patchwidgets" / "engine")

_seen: set[tuple[str, int]] = set()
_setups: dict[str, float] = {}
"""By file, the longest that making fixtures took: a test that is run alone makes them anew."""


def _called(frame: FrameType, event: str, _: Any) -> Any:
    return _line if frame.f_code.co_filename.startswith(ENGINE) else None


def _line(frame: FrameType, event: str, _: Any) -> Any:
    if event == "line":
        _seen.add((frame.f_code.co_filename, frame.f_lineno))
    return _line


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Look at one test, its fixtures included, in every thread that it starts."""
    _seen.clear()
    threading.settrace(_called)
    sys.settrace(_called)
    try:
        return (yield)
    finally:
        sys.settrace(None)
        threading.settrace(None)  # pyright: ignore[reportArgumentType]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep how long it took."""
    file = report.nodeid.split("::")[0]
    if report.when == "setup":
        _setups[file] = max(_setups.get(file, 0.0), report.duration)
    if report.when == "call":
        _write(report.nodeid, _setups[file] + report.duration)


def _write(test: str, seconds: float) -> None:
    lines: dict[str, list[int]] = {}
    for file, line in sorted(_seen):
        lines.setdefault(str(Path(file).relative_to(ENGINE)), []).append(line)
    one = {"test": test, "seconds": round(seconds, 2), "lines": lines}
    with Path(os.environ["PATCHWIDGETS_CALLS"]).open("a") as file:
        file.write(json.dumps(one) + "\n")
