"""What cannot be done is refused in a sentence, and tests compare all of it.

Runs every test that expects an error, and writes down which errors of ours it saw and whether it
compared the whole sentence. A place that raises one and is not among them says something that
nobody has read, or is read in a process of its own, as in `tests/test_first_words.py`.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from patchwidgets import errors
from tests.prove._proof import Proof
from tests.prove._sentences import PACKAGE

PROMISE = "bad input is refused in a sentence that is tested whole"

ROOT = PACKAGE.parent
WANTED = 60
"""Different bad inputs, each with its whole sentence."""
WORDS = ("pytest.raises(", ".value)")
"""A test file that has one of them expects errors."""


class Refusal(NamedTuple):
    """A place that raises, from the first of its lines to the last."""

    file: str
    first: int
    last: int

    def is_at(self, place: str) -> bool:
        """Whether `file:line` is within."""
        file, _, line = place.rpartition(":")
        return file == self.file and self.first <= int(line) <= self.last

    def __str__(self) -> str:
        return f"{self.file}:{self.first}"


def prove(times: int, seed: int = 0) -> Proof:
    """Run the tests; `times` files of them, in the order of their names."""
    proof = Proof(PROMISE)
    said, problem = expected_by(files()[:times])
    proof.fell += problem
    whole = {(one["at"], one["says"]) for one in said if one["whole"] and one["at"]}
    partly = {(one["at"], one["says"]) for one in said if one["at"]} - whole
    proof.count("bad inputs, whole sentence tested", len(whole))
    proof.count("bad inputs, part of the sentence tested", len(partly))
    if len(whole) < WANTED:
        proof.fell.append(f"only {len(whole)} whole sentences are tested, fewer than {WANTED}")
    places = list(refusals())
    read = [one for one in places if any(one.is_at(at) for at, _ in whole)]
    proof.notes.append(
        f"{len(read)} of {len(places)} places that refuse are tested by all they say"
    )
    proof.notes += [f"not whole: {one}" for one in places if one not in read]
    return proof


def files() -> list[Path]:
    """Return the test files that expect errors; those with a browser have none of their own."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    texts = {file: file.read_text("utf-8") for file in found if "e2e" not in file.parts}
    return [file for file, text in texts.items() if any(word in text for word in WORDS)]


def expected_by(tests: list[Path]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what the plugin wrote while the tests ran, and what they said if any failed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentences.jsonl"
        path.touch()
        command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "-m", "not browser"]
        done = subprocess.run(
            [*command, "-p", "tests.prove._sentences", *map(str, tests)],
            cwd=ROOT,
            env={**os.environ, "PATCHWIDGETS_SENTENCES": str(path)},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = path.read_text("utf-8").splitlines()
    failed = [f"tests fail: {done.stdout[-1500:]}{done.stderr[-1500:]}"] if done.returncode else []
    return [json.loads(line) for line in lines], failed


def refusals() -> Iterator[Refusal]:
    """Yield every place of the package that raises one of our errors by name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            made = node.exc if isinstance(node, ast.Raise) else None
            name = getattr(made.func, "id", "") if isinstance(made, ast.Call) else ""
            if isinstance(getattr(errors, name, None), type):
                assert isinstance(node, ast.Raise)
                last = node.end_lineno or node.lineno
                yield Refusal(str(path.relative_to(PACKAGE)), node.lineno, last)
