"""Paths of several receivers, chains and single edges in one plan: each as if it were alone."""

import numpy as np
import pytest

from tests.families import RAGGED, study_of, tiny
from tests.parity import FORMS, compare, plan_of

ASKED = (
    {"receivers": ["L2H1.v", "L2H0.q"]},
    {"receivers": ["L1.mlp_in", "L2.mlp_in"]},
    {"receivers": ["L1.mlp_in", "L2H1.v"]},
    {"receivers": ["L2H1.v"], "through": ["L1H1.q"]},
    {"receivers": ["L2H1.v"], "through": ["L1H0.v"]},
    {"receivers": ["logits"]},
)


@pytest.mark.parametrize("family", ["pythia", "llama"])
@pytest.mark.parametrize("form", FORMS)
def test_paths_of_every_kind_in_one_plan_are_those_of_whole_passes(family, form):
    fast, slow = (
        study_of(tiny(family), RAGGED, executor=executor, store=False)
        for executor in ("auto", "reference")
    )
    plans = [fast.plan("path", form=form, **asked) for asked in ASKED]
    first = [patch for plan in plans for patch in plan.patches if patch.path.sender.layer == 0]
    mixed = plan_of(first, form)
    error, effects = compare(fast, slow, mixed)
    assert error < 1e-4
    assert len(first) > 20
    assert (effects > 1e-3).mean() > 0.5
    alone = [fast.sweep(lambda *_, one=one: plan_of([one], form)).patched() for one in first[::5]]
    together = fast.sweep(lambda *_: mixed).patched()[::5]
    np.testing.assert_allclose(np.concatenate(alone), together, atol=1e-4)
