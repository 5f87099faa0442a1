"""A disk that is full or read-only, and two processes on one cache, cost a sentence and no number.

A process may write files up to a random size only, which the system refuses as it does on a full
disk: its sweep is measured to the end, what it saves is the old file or the new one, and it is told
what to do. The same in folders that may not be written. Two processes sweep on one cache at once.
"""

import multiprocessing
import os
import random
import re
import resource
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

import patchwidgets as pw
from patchwidgets.errors import FileError
from tests.families import PAIRS, study_of, tiny
from tests.kills import PRELOADED, Run, _stored
from tests.prove._proof import Proof

PROMISE = (
    "a full or read-only disk costs a sentence that helps, no number and no file that was whole"
)

PROCESSES = multiprocessing.get_context("forkserver")

ROOM = "Make room on that disk, or name a folder on another; what was measured is still here."
MAY = "Name a folder that you may write to; what was measured is still here."
STORE = re.compile(
    r"The store of measured cells .* cannot be used \(.*\), so every cell is measured and none "
    r"is kept\. `patchwidgets cache clear` starts a new one; `Study\(\.\.\., store=False\)` does "
    r"without\."
)
CACHE = re.compile(
    r"The cache folder .* cannot be written \(.*\), so this session uses .* and the next one "
    r"starts again\. Set PATCHWIDGETS_CACHE to a folder of yours to keep it\."
)
NOBODY = 65534


def prove(times: int, seed: int = 0) -> Proof:
    """Let so many processes meet such a disk, a third of them full, read-only and shared each."""
    proof, chance = Proof(PROMISE), random.Random(seed)
    PROCESSES.set_forkserver_preload(PRELOADED)
    for attempt in range(times):
        way = list(WAYS)[attempt % len(WAYS)]
        with tempfile.TemporaryDirectory() as folder:
            problems = WAYS[way](Path(folder), chance)
        proof.count(way)
        proof.fell += [f"{way} (attempt {attempt}): {what}" for what in problems]
    return proof


def full(folder: Path, chance: random.Random) -> list[str]:
    """Let files grow up to some size only, in the middle of a sweep and of what is saved."""
    return _met(folder, limited, chance.choice([0, chance.randrange(60_000)]), ROOM)


def read_only(folder: Path, chance: random.Random) -> list[str]:
    """Take the right to write from a folder with what was kept there."""
    return _met(folder, forbidden, 0, MAY)


def shared(folder: Path, chance: random.Random) -> list[str]:
    """Let two processes sweep on one cache at the same time, then a third."""
    cache = folder / "cache"
    runs = [Run(cache, folder) for _ in range(2)]
    ends = [run.ends_within(300) for run in runs]
    found = [] if all(ends) else ["a sweep did not end"]
    kept, last = _stored(cache), Run(cache, folder)
    found += [] if last.ends_within(300) else ["the sweep after them did not end"]
    if found:
        return found
    numbers = {run.out.read_bytes() for run in [*runs, last]}
    found += ["the sweeps have different numbers"] if len(numbers) > 1 else []
    again = last.measured() & kept
    return found + ([f"{len(again)} stored cells were measured again"] if again else [])


WAYS: dict[str, Callable[[Path, random.Random], list[str]]] = {
    "full disk": full,
    "folder that may not be written": read_only,
    "two processes on one cache": shared,
}

WRITERS: dict[str, Callable[[Any, Any, Path], Any]] = {
    "one.study.json": lambda study, heads, path: study.save(path),
    "study.html": lambda study, heads, path: study.to_html(path),
    "heads.json": lambda study, heads, path: heads.save(path),
    "heads.csv": lambda study, heads, path: heads.to_csv(path),
    "heads.svg": lambda study, heads, path: heads.figure(path),
    "array.html": lambda study, heads, path: pw.heatmap(np.eye(40)).save_html(path),
    "chart.html": lambda study, heads, path: heads.chart("prompts").save_html(path),
    "comparison.json": lambda study, heads, path: _compared(study).save(path),
    "comparison.html": lambda study, heads, path: _compared(study).save_html(path),
    "circuit.json": lambda study, heads, path: study.circuit(["L1H0"], random=1).save(path),
}


def _compared(study: Any) -> Any:
    return study.compare("mlp", metrics=["logit_diff", "prob"])


def _met(folder: Path, way: Callable[..., None], how: int, advice: str) -> list[str]:
    """Save everything, let a process meet the disk, and look at what it said and left."""
    folder.chmod(0o755)
    with _cache(folder):
        study = study_of(tiny("llama"), PAIRS)
        heads = study.sweep("heads").wait()
        for name, save in WRITERS.items():
            save(study, heads, folder / name)
    before = {name: (folder / name).read_bytes() for name in WRITERS}
    kept, numbers = _stored(folder / "cache"), heads.snapshot().values
    assert kept
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=way, args=(folder, how, theirs))
    process.start()
    theirs.close()
    try:
        told, saved, found_numbers = ours.recv()
    except EOFError:
        return ["the process ended without a word"]
    finally:
        process.join(60)
        for place in (folder, folder / "cache", folder / "cache" / "cells"):
            place.chmod(0o755)
    strange = [one for one in told if not any(known.fullmatch(one) for known in (STORE, CACHE))]
    found = [f"it was told {one!r}" for one in strange]
    for name, sentence in saved.items():
        if sentence and not sentence.endswith(advice):
            found.append(f"{name}: it said {sentence!r}")
        if sentence and (folder / name).read_bytes() != before[name]:
            found.append(f"{name} was not written, and is no longer the old one")
        if not sentence and (folder / name).stat().st_size < len(before[name]) // 2:
            found.append(f"{name} is cut off, and nobody was told")
    found += [] if np.array_equal(found_numbers, numbers) else ["the sweep has other numbers"]
    found += [f"{path.name} was left" for path in folder.glob(".*.unfinished")]
    lost = kept - _stored(folder / "cache")
    return found + ([f"{len(lost)} stored cells were lost"] if lost else [])


@contextmanager
def _cache(folder: Path) -> Iterator[None]:
    were = {name: os.environ.get(name) for name in ("PATCHWIDGETS_CACHE", "PATCHWIDGETS_STORE")}
    os.environ |= {"PATCHWIDGETS_CACHE": str(folder / "cache"), "PATCHWIDGETS_STORE": "on"}
    try:
        yield
    finally:
        for name, was in were.items():
            os.environ.pop(name) if was is None else os.environ.update({name: was})


def limited(folder: Path, room: int, to: Connection) -> None:
    """Go on in a process whose files may have so many bytes."""
    _warm_up()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that the system says no, and does not kill
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    to.send(_used(folder))


def forbidden(folder: Path, _: int, to: Connection) -> None:
    """Go on in a process that may read and not write."""
    _warm_up()
    for place in (folder, folder / "cache", folder / "cache" / "cells"):
        place.chmod(0o555)
    if os.geteuid() == 0:  # who may do everything
        os.seteuid(NOBODY)
    to.send(_used(folder))


def _warm_up() -> None:
    """Import everything while it can be."""
    with tempfile.TemporaryDirectory() as scratch:
        _used(Path(scratch))


def _used(folder: Path) -> tuple[list[str], dict[str, str], np.ndarray]:
    """Sweep and save; return what was told, what each writer said, and the numbers."""
    with warnings.catch_warnings(record=True) as told, _cache(folder):
        warnings.simplefilter("always")
        study = study_of(tiny("llama"), PAIRS)
        study.sweep("mlp", positions="each").wait()
        heads = study.sweep("heads").wait()
        said = {name: _said(save, study, heads, folder / name) for name, save in WRITERS.items()}
    ours = [str(one.message) for one in told if issubclass(one.category, UserWarning)]
    about = [one for one in ours if "prefers the answer on" not in one]
    return about, said, heads.snapshot().values


def _said(save: Callable[[Any, Any, Path], Any], study: Any, heads: Any, path: Path) -> str:
    try:
        save(study, heads, path)
    except FileError as problem:
        return str(problem)
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""
