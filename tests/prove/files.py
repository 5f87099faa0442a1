"""Saved files that were cut, edited or made by an enemy are refused in a sentence, or read right.

Studies, results, comparisons and circuits are changed at random and opened. What opens has to be
usable to the end: its tables, its page, its code. Nothing may be run, no other file be opened, and
no small file may take long or much memory.
"""

import json
import random
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import patchwidgets as pw
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.results.comparison import Comparison
from patchwidgets.results.result import Result
from tests.families import PAIRS, study_of, tiny
from tests.prove._mutate import mutate
from tests.prove._proof import Proof
from tests.prove._watch import watched

PROMISE = "a damaged or hostile file is refused in a sentence, or read right and drawn as text"


def prove(times: int, seed: int = 0) -> Proof:
    """Open so many changed files."""
    proof = Proof(PROMISE)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        documents = _documents(place)
        for kind in documents:
            USES[kind](place / f"{kind}.json")  # imports what is imported when it is needed
        for attempt in range(times):
            kind = list(documents)[attempt % len(documents)]
            path = place / "changed.json"
            path.write_bytes(mutate(documents[kind], chance))
            problems, opened = _attempt(path, USES[kind])
            proof.count(f"{kind}, {'read' if opened else 'refused'}")
            proof.fell += [f"{kind} (attempt {attempt}): {what}" for what in problems]
    return proof


def _documents(folder: Path) -> dict[str, Any]:
    """Return one good document of every kind."""
    study = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"], store=False)
    heads = study.sweep("heads").wait()
    study.path(["L2H1.q"]).wait()
    made = {
        "study": study.save,
        "result": heads.save,
        "comparison": study.compare("mlp", directions=["denoising", "noising"]).wait().save,
        "circuit": study.circuit(["L1H1", "L2H0"], random=2, order=heads).wait().save,
    }
    return {
        kind: json.loads(save(folder / f"{kind}.json").read_text()) for kind, save in made.items()
    }


def _attempt(path: Path, use: Callable[[Path], None]) -> tuple[list[str], bool]:
    """Return what went wrong, and whether the file was read to the end."""
    problems, opened = [], False
    with watched(path.parent) as watch:
        try:
            use(path)
            opened = True
        except PatchwidgetsError as refusal:
            problems += _unclear(str(refusal))
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{Path(where.filename).name}:{where.lineno}"
            problems.append(f"it raised {type(error).__name__} at {at}: {str(error)[:200]}")
    return problems + watch.seen, opened


def _unclear(sentence: str) -> list[str]:
    """Return what a refusal lacks: it is one paragraph, of a length that can be read."""
    found = [] if sentence.endswith((".", "`")) else [f"no sentence: {sentence[-80:]!r}"]
    return found + (
        [] if len(sentence) < 1500 else [f"{len(sentence)} letters long: {sentence[:200]}"]
    )


def _use_study(path: Path) -> None:
    study = pw.open_study(path)
    repr(study)
    study.table()
    study.size()
    _inert(study._repr_mimebundle_()[0]["text/html"])
    for result in study.results.values():
        _use(result)


def _use_result(path: Path) -> None:
    _use(Result.load(path))


def _use(result: Result) -> None:
    repr(result)
    for one in result.plan.maps:
        result.table(one.name)
        for metric in result.metrics:
            result.effect(metric.name, one.name)
    result.to_xarray()
    result.advice()
    result.to_json()
    _inert(result.widget.bundle()["text/html"])


def _use_comparison(path: Path) -> None:
    grid = Comparison.load(path)
    repr(grid)
    grid.detections()
    grid.flips()
    _inert(grid.widget.bundle()["text/html"])


def _use_circuit(path: Path) -> None:
    circuit = CircuitResult.load(path)
    repr(circuit)
    circuit.faithfulness()
    circuit.chance()
    circuit.curve()
    circuit.runs()


def _inert(html: str) -> None:
    """Check that no text of the file became a tag of the page."""
    for tag in ("<script>window.harmed", "<img src=x"):
        assert tag not in html, f"{tag} is in the page"


USES: dict[str, Callable[[Path], None]] = {
    "study": _use_study,
    "result": _use_result,
    "comparison": _use_comparison,
    "circuit": _use_circuit,
}
