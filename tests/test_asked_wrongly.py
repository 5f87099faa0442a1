"""What studies and results refuse when something does not exist or does not fit, each whole."""

import re

import numpy as np
import pytest

import patchwidgets as pw
from patchwidgets.errors import (
    FileError,
    MeasurementError,
    PatchwidgetsError,
    PlanError,
)
from patchwidgets.views._prompt_effects import find_patch
from tests.families import PAIRS, RAGGED, study_of, tiny


@pytest.fixture(scope="module")
def study():
    return study_of(tiny("llama"), PAIRS, store=False)


@pytest.fixture(scope="module")
def ragged():
    return study_of(tiny("llama"), RAGGED, store=False)


def refused(kind, said):
    return pytest.raises(kind, match=f"^{re.escape(said)}$")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"head": "L1.mlp_out"},
            "`L1.mlp_out` is no attention head, so it has no attention pattern. Name a head, such "
            "as `L1H0`.",
        ),
        (
            {"head": "L3H0"},
            "`L3H0` is no head of `tiny-llama`, which has layers 0 to 2 with heads 0 to 3 each.",
        ),
        (
            {"head": "L1H0", "prompt": 9},
            "There is no prompt pair 9: this study has pairs 0 to 3.",
        ),
        (
            {"head": "L1H0", "prompt": []},
            "`prompt` is an empty list, so there is no pattern. Give a pair, such as `prompt=0`, "
            "several, or `None` for the mean of all.",
        ),
        (
            {"head": "L1H0", "prompt": None},
            "The prompts have 12, 15 tokens, and a mean of patterns needs one length. Choose pairs "
            "of one length with `prompt=[...]`, or one template with `study.keep([...])`.",
        ),
    ],
)
def test_patterns(ragged, asked, said):
    with refused(PlanError, said):
        ragged.patterns(**asked)


def test_paths_that_are_drawn_in_a_circuit(study):
    heads = study.sweep("heads").wait()
    with refused(
        PlanError,
        "`paths='L0H1 -> L2H3.q'` is one text. Write a list: `paths=['L0H1 -> L2H3.q']`.",
    ):
        study.circuit(["L0H1", "L2H3"], order=heads, paths="L0H1 -> L2H3.q")
    other = study.path(["L1H0.v"]).wait()
    with refused(
        PlanError,
        "`L0H1 -> L2H3.q` is not in the map that was given for it, which is into L1H0.v. Give the "
        "result of `study.path('L2H3.q')`.",
    ):
        study.circuit(["L0H1", "L2H3"], order=heads, paths={"L0H1 -> L2H3.q": other})


def test_a_cell_that_a_map_lacks(study):
    heads = study.sweep("heads").wait()
    with refused(
        MeasurementError,
        "This heads map has no patch called 'L9H9'; it has 12, such as `L0H0`, `L0H1`, `L0H2`. "
        "Give one of `result.plan.names`.",
    ):
        find_patch(heads, "L9H9")


def test_forward_maps_are_not_estimated(study):
    with refused(
        PlanError,
        "`eap` estimates every sender of one set of receivers, and this map has every receiver of "
        "`L0H1`. Leave out `estimate`: a forward map takes one pass.",
    ):
        study.estimate(study.plan("paths_from", sender="L0H1"), method="eap")


def test_a_question_with_no_right_answer():
    with refused(
        PatchwidgetsError,
        "`right` came to [], and no answer would be right. Give one of the answers as text, "
        "several of them, or a function of the result that returns them.",
    ):
        pw.ask("Why?", choices=["early", "late"], right=[])


def test_half_precision_ends(tmp_path):
    def large(logits, answers, reference):
        return logits[..., 0] * 1e6

    study = study_of(tiny("llama"), PAIRS, metric=large, store=False)
    mlp = study.sweep("mlp").wait()
    highest = np.nanmax(np.abs(mlp.numbers()[0]))
    with refused(
        FileError,
        f"A number of this result is {highest:.4g}, and `float16` ends at 65504. Save it without "
        "`precision`, which keeps every digit.",
    ):
        study.save(tmp_path / "large.study.json", precision="float16")
    assert not list(tmp_path.iterdir())
