"""`python -m tests.kills --n 20`: kills a sweep at random moments and lets it go on each time.

Says how many cells were stored at each kill, how many of those were measured again (none may be),
and whether the numbers in the end are, bit for bit, those of a sweep that nobody killed.
"""

import argparse
import multiprocessing
import os
import random
import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import numpy as np

PROCESSES = multiprocessing.get_context("forkserver")
PRELOADED = ["patchwidgets.study", "transformers.models.llama", "tests.families"]
"""Imported once; every sweep still has a process of its own."""
PAUSE = 0.02
"""Seconds after a cell was begun within which a kill comes: a few waves are measured in them."""


@dataclass
class Kills:
    """What happened.

    Args:
        stored: Cells in the store at each kill.
        again: Cells that were stored at a kill and measured again after it.
        identical: For every sweep that came to its end, whether its numbers were the same bits.
    """

    stored: list[int] = field(default_factory=list)
    again: int = 0
    identical: list[bool] = field(default_factory=list)


def kill_and_resume(n: int, folder: Path, seed: int = 0) -> Kills:
    """Kill a sweep `n` times and let it go on; where it came to its end, start a new one."""
    PROCESSES.set_forkserver_preload(PRELOADED)
    chance, kills = random.Random(seed), Kills()
    whole = Run(folder / "whole", folder)
    assert whole.ends_within(None)
    cells, wanted = len(whole.measured()), whole.out.read_bytes()
    while len(kills.stored) < n or not kills.identical:
        cache = folder / f"store {len(kills.identical)}"
        before = _stored(cache)
        run = Run(cache, folder)
        moment = (chance.randint(0, cells // 5), chance.uniform(0, PAUSE))
        if run.ends_by(*moment) if len(kills.stored) < n else run.ends_within(None):
            kills.identical.append(run.out.read_bytes() == wanted)
        else:
            kills.stored.append(len(_stored(cache)))
            print(f"kill {len(kills.stored)}: {kills.stored[-1]} cells stored", flush=True)
        kills.again += len(run.measured() & before)
    return kills


class Run:
    """One process that sweeps, from the moment at which it begins to.

    Args:
        cache: The cache folder it uses.
        folder: Takes its numbers and its log.
    """

    def __init__(self, cache: Path, folder: Path) -> None:
        name = f"run {time.monotonic_ns()}"
        self.out, self.log = folder / f"{name}.npy", folder / f"{name}.txt"
        cache.mkdir(exist_ok=True)
        args = (cache, self.out, self.log)
        self._process: ForkServerProcess = PROCESSES.Process(target=sweep, args=args)
        self._process.start()
        while not self.log.exists():
            assert self._process.is_alive(), "the sweep did not start"
            time.sleep(0.002)

    def ends_by(self, cells: int, seconds: float) -> bool:
        """Kill it so many cells and then seconds later; return whether it had ended before."""
        while self._process.is_alive() and len(self.measured()) < cells:
            time.sleep(0.001)
        return self.ends_within(seconds)

    def ends_within(self, seconds: float | None) -> bool:
        """Kill it after so many seconds, and return whether it had ended by itself before."""
        self._process.join(seconds)
        if self._process.is_alive():
            assert self._process.pid is not None
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.join()
        assert self._process.exitcode in (0, -signal.SIGKILL)
        return self.out.exists()

    def measured(self) -> set[str]:
        """Return the patches it began to measure."""
        return set(self.log.read_text().splitlines())


def _stored(cache: Path) -> set[str]:
    path = cache / "cells" / "cells.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as file:
        known = file.execute("SELECT count(*) FROM sqlite_master WHERE name = 'cells'").fetchone()
        rows = file.execute("SELECT patch FROM cells").fetchall() if known[0] else []
    return {patch for (patch,) in rows}


def sweep(cache: Path, out: Path, log: Path) -> None:
    """Make the sweep that is killed; every patch is written to the log before it is measured."""
    os.environ |= {"PATCHWIDGETS_CACHE": str(cache), "PATCHWIDGETS_STORE": "on"}
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from patchwidgets.engine import execute
    from patchwidgets.engine.group_work import GroupWork
    from tests.families import PAIRS, SIZE, bridge_of, study_of

    execute.CHUNK_TOKENS = execute.SMALL_CHUNK_TOKENS = 60
    values = GroupWork.values

    def logged(self: GroupWork, cells: Any, check: Any) -> Any:
        with log.open("a") as file:
            file.writelines(f"{self._written[cell.patch]}\n" for cell in cells)
        return values(self, cells, check)

    GroupWork.values = logged
    torch.manual_seed(0)
    sizes = {"num_hidden_layers": 6, "num_attention_heads": 8, "num_key_value_heads": 4}
    config = LlamaConfig(**sizes, hidden_size=128, intermediate_size=256, **SIZE)
    study = study_of(bridge_of(LlamaForCausalLM(config), "killed"), PAIRS)
    log.touch()
    numbers = study.sweep("heads", positions="each").wait().snapshot().values
    half_written = out.with_suffix(".part")
    with half_written.open("wb") as file:
        np.save(file, numbers)
    half_written.rename(out)
    os._exit(0)


def main() -> None:
    """Kill, resume, and print what happened."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20, help="kills (default: %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kills = kill_and_resume(options.n, Path(folder))
    print(f"kills: {len(kills.stored)}")
    print(f"measured again, of those stored: {kills.again}")
    same = "yes" if all(kills.identical) else "no"
    print(f"bit-identical: {same} ({len(kills.identical)} sweeps came to their end)")


if __name__ == "__main__":
    main()
