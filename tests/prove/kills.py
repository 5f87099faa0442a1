"""Processes that are killed at random moments lose nothing they had acknowledged.

A sweep that fills the cell store is killed and goes on; a process that writes one study file over
and over is killed, and the file is then one that it had written, whole.
"""

import multiprocessing
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import patchwidgets as pw
from patchwidgets.errors import PatchwidgetsError
from tests.kills import kill_and_resume
from tests.prove._proof import Proof

PROMISE = "after kill -9 every file is whole, nothing acknowledged is lost, a resume is identical"

PROCESSES = multiprocessing.get_context("forkserver")


def prove(times: int, seed: int = 0) -> Proof:
    """Kill so many processes, half of them sweeping and half of them saving."""
    proof = Proof(PROMISE)
    with tempfile.TemporaryDirectory() as folder:
        sweeping = kill_and_resume(times - times // 2, Path(folder), seed)
    proof.count("kills of a sweep", len(sweeping.stored))
    if sweeping.again:
        proof.fell.append(f"{sweeping.again} cells that were stored were measured again")
    if not all(sweeping.identical):
        proof.fell.append("a sweep that went on has other numbers than one that nobody killed")
    with tempfile.TemporaryDirectory() as folder:
        for problem in _kill_while_saving(times // 2, Path(folder), random.Random(seed)):
            proof.fell += [problem] if problem else []
            proof.count("kills of a process that saves a study")
    return proof


def _kill_while_saving(times: int, folder: Path, chance: random.Random) -> list[str]:
    """Return for each kill what was wrong with the file, or nothing."""
    path, log = folder / "one.study.json", folder / "saved.txt"
    found = []
    for _ in range(times):
        log.unlink(missing_ok=True)
        process = PROCESSES.Process(target=save_for_ever, args=(path, log))
        process.start()
        while not log.exists():
            assert process.is_alive(), "the process that saves did not start"
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.3))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        found.append(_wrong_with(path, log.read_text().split()))
    return found


def _wrong_with(path: Path, acknowledged: list[str]) -> str:
    """Return what is wrong with a study file whose writer was killed."""
    try:
        study = pw.open_study(path)
    except PatchwidgetsError as error:
        return f"the file cannot be read: {error}"
    if f"{len(study.results)}" not in (acknowledged[-1], _next(acknowledged[-1])):
        return f"the file is older than save {len(acknowledged)}, which was acknowledged"
    left = [other.name for other in path.parent.iterdir() if other.name.endswith(".unfinished")]
    return "" if len(left) <= MOST_LEFT else f"{len(left)} unfinished files were left behind"


MOST_LEFT = 1
"""A killed process cannot clear away the file it was writing; the next save of its name does."""


def _next(results: str) -> str:
    return "2" if results == "1" else "1"


def save_for_ever(path: Path, log: Path) -> None:
    """Save a study with one result and one with two, in turns, and note each save that is done."""
    from tests.families import PAIRS, study_of, tiny

    studies: list[Any] = []
    for sweeps in (["mlp"], ["mlp", "heads"]):
        study = study_of(tiny("llama"), PAIRS, store=False)
        for name in sweeps:
            study.sweep(name).wait()
        studies.append(study)
    while True:
        for count, study in enumerate(studies, start=1):
            study.save(path)
            with log.open("a") as file:
                file.write(f"{count}\n")
