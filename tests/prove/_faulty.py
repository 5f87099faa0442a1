"""A pytest plugin: runs tests on an engine with a fault, many faults one after the other.

Tests are collected and models made once; every fault is put into a process that is forked then.
Reads `PATCHWIDGETS_FAULTS`, a JSON list of `Job`, and writes a line of JSON for each to
`PATCHWIDGETS_SEEN`: the test that fails with it, or null, or what is in the way of putting it in.
"""

import json
import os
import select
import signal
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import Phase, settings

from tests.prove._graft import graft

HERE = Path(__file__).parent
ENGINE = HERE.parents[1] / "patchwidgets" / "engine"
OVERLAY = HERE / "overlay"

LATE, TIMES = 60, 10
"""A test is late, and sees the fault, after so many seconds and so many times what it took."""

WORTH_WARMING = 20
"""Jobs from which on making every model beforehand saves time."""


class Job(TypedDict):
    """A text for a module, and tests to run on it until one fails.

    Without a text, the module is as this process has loaded it.
    """

    file: str
    source: str | None
    tests: list[str]
    seconds: list[float]


def pytest_configure(config: pytest.Config) -> None:
    """Draw the same examples for every fault, and do not look for smaller ones."""
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("faults", derandomize=True, database=None, phases=phases)
    settings.load_profile("faults")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Run every job instead of every test."""
    jobs: list[Job] = json.loads(Path(os.environ["PATCHWIDGETS_FAULTS"]).read_text())
    items = {item.nodeid: item for item in session.items}
    if len(jobs) > WORTH_WARMING:
        _warm()
    for job in jobs:
        seen = _forked(session, items, job)
        with Path(os.environ["PATCHWIDGETS_SEEN"]).open("a") as file:
            file.write(json.dumps(seen) + "\n")
    return True


def _warm() -> None:
    """Make what tests share, and nothing that has a thread: threads do not survive a fork."""
    from tests.families import EVERY_FAMILY, FAMILIES, PAIRS, bridge_of, study_of, tiny

    for family in EVERY_FAMILY:
        tiny(family)
    study = study_of(bridge_of(FAMILIES["llama"](), "warm"), PAIRS)
    study.sweep("heads").wait()
    study.path(["logits"]).wait()
    study._session.model.worker._pool.shutdown()
    alive = [one.name for one in threading.enumerate() if one is not threading.main_thread()]
    assert not alive, f"threads that a fork would lose: {alive}"


def _forked(
    session: pytest.Session, items: dict[str, pytest.Item], job: Job
) -> str | dict[str, str] | None:
    """Run the tests of a job in a process of its own, and return what is written of it."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        _run(session, [items[test] for test in job["tests"]], job, there)
    with suppress(PermissionError):  # it may have done so itself
        os.setpgid(child, child)
    os.close(there)
    last, said = None, b""
    try:
        while True:
            took = job["seconds"][job["tests"].index(last)] if last else 0.0
            ready = select.select([here], [], [], LATE + TIMES * took)[0]
            word = os.read(here, 65536) if ready else b""
            said += word
            *lines, said = said.split(b"\n")
            for line in lines:
                match json.loads(line):
                    case {"runs": test}:
                        last = test
                    case {"ended": failed}:
                        return failed
                    case {"trouble": _} as trouble:
                        return trouble
            if not word:
                return last or job["tests"][0]
    finally:
        os.close(here)
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _run(session: pytest.Session, items: list[pytest.Item], job: Job, there: int) -> None:
    os.setpgid(0, 0)

    def say(**said: str | None) -> None:
        os.write(there, (json.dumps(said) + "\n").encode())

    try:
        _put(job)
        for item, following in zip(items, [*items[1:], None], strict=True):
            say(runs=item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                say(ended=item.nodeid)
                break
        else:
            say(ended=None)
    except BaseException:
        say(trouble=traceback.format_exc())
    time.sleep(600)  # until it is killed, with whatever it has started


def _put(job: Job) -> None:
    """Put the text into this process and into those that it will start."""
    if job["source"] is None:
        return
    module = "patchwidgets.engine." + job["file"].removesuffix(".py").replace("/", ".")
    graft(module, job["source"])
    text = Path(os.environ["PATCHWIDGETS_SEEN"]).with_name("fault.py")
    text.write_text(job["source"])
    os.environ |= overlaid(job["file"], text)


def overlaid(file: str, text: Path) -> dict[str, str]:
    """Return the environment in which Python loads a module of the engine from another text."""
    return {
        "PYTHONPATH": str(OVERLAY),
        "PATCHWIDGETS_FAULTY": str(ENGINE / file),
        "PATCHWIDGETS_FAULT": str(text),
    }
