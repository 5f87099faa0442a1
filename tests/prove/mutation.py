"""The engine's tests see a fault in any of its lines.

Faults are put into the engine one at a time (`_mutants.py`), and the tests that run the line with
the fault are run (`_faulty.py`), a short one of each kind first. A fault that no test sees is one
that a change could make unnoticed. Every test that sees a fault is run once more where there is
none: if it fails there too, nothing was seen.
"""

import ast
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from tests.prove._faulty import ENGINE, Job, overlaid
from tests.prove._mutants import Mutant, mutants
from tests.prove._proof import Proof

PROMISE = "a fault in any line of the engine is seen by a test"

ROOT = Path(__file__).parents[2]
TESTS = (
    "tests/engine",
    "tests/circuits",
    "tests/plans",
    "tests/test_cost.py",
    "tests/test_study.py",
    "tests/test_refusals.py",
    "tests/test_first_words.py",
    "tests/test_asked_wrongly.py",
    "tests/test_exploring.py",
)
"""Those that are asked to see faults."""
WANTED = 0.85
"""Share of the faults that tests have to see."""
SECONDS = 20
"""For so long tests of a line are run that run what few others run, then tests that import its
module, then any; by what they took to trace."""
NEAR = 20
"""Lines before and after the fault that count as what a test runs."""


class Fault(NamedTuple):
    """A fault, and the file of the engine it is in."""

    file: str
    mutant: Mutant

    def __str__(self) -> str:
        one = self.mutant
        return f"{self.file}:{one.line} in {one.function or 'the module'}: {one.fault}"


def prove(times: int, seed: int = 0) -> Proof:
    """Put so many faults, drawn at random, into the engine."""
    every = faults()
    drawn = random.Random(seed).sample(every, min(times, len(every)))
    seen = seen_by(drawn)
    proof = Proof(PROMISE)
    survived = [str(fault) for fault, test in zip(drawn, seen, strict=True) if test is None]
    proof.count("faults seen", len(drawn) - len(survived))
    proof.count("faults not seen", len(survived))
    score = 1 - len(survived) / len(drawn)
    proof.notes += [f"{score:.0%} of {len(drawn)} of {len(every)} faults were seen", *survived]
    if score < WANTED:
        proof.fell.append(f"only {score:.0%} of the faults were seen, fewer than {WANTED:.0%}")
    return proof


def faults() -> list[Fault]:
    """Return every fault that can be put into the engine."""
    return [
        Fault(str(path.relative_to(ENGINE)), one)
        for path in sorted(ENGINE.rglob("*.py"))
        for one in mutants(path.read_text(encoding="utf-8"))
    ]


def seen_by(drawn: Sequence[Fault]) -> list[str | None]:
    """Return for every fault the test that fails with it.

    Raises:
        RuntimeError: A test fails without any fault, so that nobody can say what it sees.
    """
    calls = _calls()
    jobs = [_job(fault, calls) for fault in drawn]
    seen = _run(jobs, [fault.mutant.on_import for fault in drawn])
    controls = {
        (job["file"], test, fault.mutant.on_import): _control(job, test)
        for fault, job, test in zip(drawn, jobs, seen, strict=True)
        if test is not None
    }
    without = _run(list(controls.values()), [on_import for _, _, on_import in controls])
    if failing := sorted({test for test in without if test is not None}):
        raise RuntimeError(f"These fail in an engine without a fault: {', '.join(failing)}.")
    return seen


def _calls() -> dict[str, dict[str, Any]]:
    """Return by test which lines of the engine it runs and for how long, by running all once.

    A file named by `PATCHWIDGETS_CALLS` is kept, and read if it is there.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(os.environ.get("PATCHWIDGETS_CALLS") or Path(folder) / "calls.jsonl")
        if not file.exists():
            _pytest("tests.prove._calls", TESTS, {"PATCHWIDGETS_CALLS": str(file)})
        lines = file.read_text(encoding="utf-8").splitlines()
    return {one["test"]: one for one in map(json.loads, lines)}


def _job(fault: Fault, calls: dict[str, dict[str, Any]]) -> Job:
    """Return the tests that may see a fault: those that were most likely written for it first."""
    ran = {test: called["lines"].get(fault.file, []) for test, called in calls.items()}
    found = {
        test: calls[test]["seconds"]
        for test, lines in ran.items()
        if set(lines) & set(fault.mutant.reached_by)
    }
    times = Counter(line for test in found for line in ran[test])
    line = fault.mutant.line
    near = {*range(line - NEAR, line + NEAR + 1), *fault.mutant.reached_by}
    rarest = {test: min(times[one] for one in ran[test] if one in near) for test in found}
    importing = [test for test in found if _imports(test.split("::")[0], fault.file)]
    chosen = [
        *_until(SECONDS, found, sorted(found, key=lambda test: (rarest[test], found[test], test))),
        *_until(SECONDS, found, _one_of_each_first(importing, found)),
        *_until(SECONDS, found, _one_of_each_first(found, found)),
    ]
    tests = list(dict.fromkeys(chosen))
    seconds = [found[test] for test in tests]
    return Job(file=fault.file, source=fault.mutant.source, tests=tests, seconds=seconds)


def _until(seconds: float, took: dict[str, float], tests: Sequence[str]) -> list[str]:
    """Return the first tests that take so long together, or one."""
    spent = accumulate(took[test] for test in tests)
    there = [test for test, until in zip(tests, spent, strict=True) if until <= seconds]
    return there or list(tests[:1])


def _one_of_each_first(tests: Iterable[str], took: dict[str, float]) -> list[str]:
    """Return a short test of each kind, then a second of each, and so on."""
    kinds: Counter[str] = Counter()
    ranked = []
    for test in sorted(tests, key=lambda test: (took[test], test)):
        kind = test.split("[")[0]
        ranked.append((kinds[kind], took[test], test))
        kinds[kind] += 1
    return [test for _, _, test in sorted(ranked)]


@cache
def _imported(file: str) -> frozenset[str]:
    """Return the modules of the engine that a file of tests imports, by their last names."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and "patchwidgets.engine" in (node.module or ""):
            found |= {str(node.module).rpartition(".")[2], *(one.name for one in node.names)}
    return frozenset(found)


def _imports(file: str, module: str) -> bool:
    return Path(module).stem in _imported(file)


def _control(job: Job, test: str) -> Job:
    """Return the job of running a test on the text without a fault, put in the same way."""
    source = ast.unparse(ast.parse((ENGINE / job["file"]).read_text(encoding="utf-8")))
    seconds = job["seconds"][job["tests"].index(test)]
    return Job(file=job["file"], source=source, tests=[test], seconds=[seconds])


def _run(jobs: Sequence[Job], on_import: Sequence[bool]) -> list[str | None]:
    """Return for every job the test that failed: one process for each on import, few for the rest.

    Nothing is loaded anew where a fault is in a function, so that those take seconds. The few that
    cannot be put into a module that is loaded take the slow way too.
    """
    hands = os.cpu_count() or 1
    rest = [k for k, job in enumerate(jobs) if not on_import[k] and job["tests"]]
    shares = [rest[hand::hands] for hand in range(hands)]
    together: dict[int, Any] = {}
    with ThreadPoolExecutor(hands) as pool:
        found = pool.map(lambda share: _forked([jobs[k] for k in share], {}), shares)
        for share, seen in zip(shares, found, strict=True):
            together |= dict(zip(share, seen, strict=True))
        alone = [
            k
            for k, job in enumerate(jobs)
            if job["tests"] and (k not in together or isinstance(together[k], dict))
        ]
        together |= dict(zip(alone, pool.map(lambda k: _alone(jobs[k]), alone), strict=True))
    return [together.get(k) for k in range(len(jobs))]


def _alone(job: Job) -> str | None:
    """Return the test that fails where the module is loaded from the text of a job.

    Raises:
        RuntimeError: The tests cannot be run.
    """
    assert job["source"] is not None
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "fault.py"
        text.write_text(job["source"], encoding="utf-8")
        (found,) = _forked([Job({**job, "source": None})], overlaid(job["file"], text))
    if isinstance(found, dict):
        raise RuntimeError(f"{job['file']}: {found['trouble']}")
    return found


def _forked(jobs: Sequence[Job], environment: dict[str, str]) -> list[str | dict[str, str] | None]:
    if not jobs:
        return []
    with tempfile.TemporaryDirectory() as folder:
        given, seen = Path(folder) / "faults.json", Path(folder) / "seen.jsonl"
        given.write_text(json.dumps(jobs), encoding="utf-8")
        paths = {"PATCHWIDGETS_FAULTS": str(given), "PATCHWIDGETS_SEEN": str(seen)}
        files = sorted({test.split("::")[0] for job in jobs for test in job["tests"]})
        ended = _pytest("tests.prove._faulty", files, environment | paths)
        if not seen.exists() and environment:
            return [jobs[0]["tests"][0]]  # the module cannot even be loaded
        lines = seen.read_text(encoding="utf-8").splitlines() if seen.exists() else []
        if len(lines) < len(jobs):
            raise RuntimeError(f"Only {len(lines)} of {len(jobs)} were run. {ended[-3000:]}")
        return [json.loads(line) for line in lines]


def _pytest(plugin: str, paths: Sequence[str], environment: dict[str, str]) -> str:
    """Run pytest with a plugin, and return what it says."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin, *paths]
    ran = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    return ran.stdout + ran.stderr
