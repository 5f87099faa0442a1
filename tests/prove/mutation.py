"""The engine's tests see a fault in any of its lines.

Faults are put into the engine one at a time (`_mutants.py`), and the tests that call the function
with the fault are run, the fastest first. A fault that no test sees is one that a change could
make unnoticed.
"""

import importlib.abc
import importlib.util
import json
import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from tests.prove._mutants import Mutant, mutants
from tests.prove._proof import Proof

PROMISE = "a fault in any line of the engine is seen by a test"

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "patchwidgets" / "engine"
WANTED = 0.85
"""Share of the faults that tests have to see."""
MOST_TESTS = 60
"""Of those that call the function, the fastest."""
SECONDS = 180
"""After which a fault counts as seen: a loop that does not end is noticed."""

PROCESSES = multiprocessing.get_context("forkserver")
PRELOADED = ["torch", "transformers.models.llama", "transformer_lens", "pytest", "hypothesis"]


def prove(times: int, seed: int = 0) -> Proof:
    """Put so many faults, drawn at random, into the engine."""
    proof = Proof(PROMISE)
    calls = _calls()
    every = [
        (path, one) for path in sorted(ENGINE.rglob("*.py")) for one in mutants(path.read_text())
    ]
    drawn = random.Random(seed).sample(every, min(times, len(every)))
    survived = []
    for path, one in drawn:
        name = str(path.relative_to(ENGINE))
        seen = _is_seen(name, one, _tests_of(name, one, calls))
        proof.count("faults seen" if seen else "faults not seen")
        if not seen:
            survived.append(f"{name}:{one.line} in {one.function or 'the module'}: {one.fault}")
    score = 1 - len(survived) / len(drawn)
    proof.notes += [f"{score:.0%} of {len(drawn)} of {len(every)} faults were seen", *survived]
    if score < WANTED:
        proof.fell.append(f"only {score:.0%} of the faults were seen, fewer than {WANTED:.0%}")
    return proof


def _calls() -> dict[str, dict[str, object]]:
    """Return what every test of the engine calls, from a run of all of them."""
    kept = os.environ.get("PATCHWIDGETS_CALLS")
    if kept and Path(kept).exists():
        return json.loads(Path(kept).read_text())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(kept or Path(folder) / "calls.json")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.prove._calls", "tests/engine"]
        subprocess.run(
            command, cwd=ROOT, env=os.environ | {"PATCHWIDGETS_CALLS": str(file)}, check=True
        )
        return json.loads(file.read_text())


def _tests_of(name: str, one: Mutant, calls: dict[str, dict[str, object]]) -> list[str]:
    """Return the tests that call the function with the fault, the fastest first."""
    inside = f"{name}:{one.function}" if one.function else f"{name}:"

    def touches(called: object) -> bool:
        assert isinstance(called, list)
        return any(
            f == inside or f.startswith(f"{inside}." if one.function else inside) for f in called
        )

    found = [test for test, seen in calls.items() if touches(seen["calls"])]
    return sorted(found, key=lambda test: float(str(calls[test]["seconds"])))[:MOST_TESTS]


def _is_seen(name: str, one: Mutant, tests: Sequence[str]) -> bool:
    if not tests:
        return False
    PROCESSES.set_forkserver_preload(PRELOADED)
    process = PROCESSES.Process(target=run_with, args=(name, one.source, list(tests)))
    process.start()
    process.join(SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
        return True
    return process.exitcode != 0


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a text.

    Args:
        name: Of the module.
        source: Its text.
    """

    def __init__(self, name: str, source: str) -> None:
        self._name, self._source = name, source

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        """Return a spec for the one module."""
        if fullname != self._name:
            return None
        file = str(ROOT / fullname.replace(".", "/")) + ".py"
        return importlib.util.spec_from_loader(fullname, self, origin=file)

    def exec_module(self, module: ModuleType) -> None:
        """Run the text."""
        exec(compile(self._source, self._name, "exec"), vars(module))


def run_with(name: str, source: str, tests: Sequence[str]) -> None:
    """Run tests on an engine with a fault, and end this process with pytest's status."""
    import pytest

    module = "patchwidgets.engine." + name.removesuffix(".py").replace("/", ".")
    sys.meta_path.insert(0, _Faulty(module, source))
    os.chdir(ROOT)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])))
