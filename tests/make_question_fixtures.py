"""Synthetic questions, for the payloads of `tests/make_view_fixtures.py`.

No number was measured on a model.
"""

import numpy as np

from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline, MetricInfo, Result
from patchwidgets.views._question import WAITING, Asked, key_of, question
from patchwidgets.views._still import Shown
from patchwidgets.views.question import Question, QuestionStep

HOSTILE = '</script><img src=x onerror="alert(1)">'
SHARES = {(0, 0): 0.02, (0, 1): 0.4, (1, 0): -0.1, (1, 1): 0.8, (2, 0): 0.03, (2, 1): -0.01}
STEPS = [QuestionStep(id=str(at), state=state) for at, state in enumerate(("open", "right"))]


def measured() -> Result:
    """Return a map of three layers of two heads; the gap is 2 on each of four pairs."""
    places = list(SHARES)
    patches = tuple(Patch((Node("z", layer, head),)) for layer, head in places)
    axes = (Axis("layer", (0, 1, 2)), Axis("head", (0, 1)))
    plan = Plan("heads", patches, (PlanMap("heads", axes, tuple(range(len(patches)))),))
    baseline = Baseline(clean=np.full((1, 4), 1.0), corrupted=np.full((1, 4), -1.0))
    values = np.array([[-1 + 2 * SHARES[place]] * 4 for place in places])[None]
    return Result(
        plan,
        metrics=[MetricInfo("logit_diff", "logit difference", "logit")],
        direction="denoising",
        baseline=baseline,
        groups=[""] * 4,
        provenance={"model": "synthetic"},
        values=values,
    )


def asked(kind: str, **changes) -> Asked:
    """Return one question of each kind."""
    kinds = {
        "node": {"text": "Which head brings most of the answer back?", "right": None},
        "number": {
            "text": "How much of it does L1H1 bring back?",
            "right": lambda heads: heads.normalized().sel(layer=1, head=1),
            "within": 0.1,
            "because": "The other heads share the rest.",
        },
        "choice": {
            "text": "Why is L1H0 blue?",
            "choices": {
                "It pushes the answer away.": "Its effect is negative.",
                "It was not measured.": lambda heads: f"{len(heads.plan.names)} heads were.",
                HOSTILE: "No.",
            },
            "right": "It pushes the answer away.",
            "because": HOSTILE,
        },
    }
    usual = {"kind": kind, "about": (measured(),), "choices": (), "within": 0.0, "because": ""}
    hints = ("It is in the middle layer.", "Not the first head.")
    return Asked(**{**usual, "hints": hints, **kinds[kind], **changes})


def shown(one: Asked, waiting: str = "", **told) -> Question:
    """Return a question as it is drawn."""
    usual = {"session": "synthetic", "id": "0", "given": [], "hinted": 0, "shown": -1}
    key = None if waiting else key_of(one)
    return question(one, key, waiting, **{**usual, "steps": STEPS, **told})


def payloads() -> dict[str, tuple[Shown, bytes]]:
    """Return every fixture by file name."""
    kinds = {f"synthetic_question_{kind}": shown(asked(kind)) for kind in ("number", "choice")}
    kinds["synthetic_question"] = shown(asked("node"))
    kinds["synthetic_question_waiting"] = shown(asked("node"), WAITING, given=["L0H1"])
    return {name: (header, b"") for name, header in kinds.items()}
