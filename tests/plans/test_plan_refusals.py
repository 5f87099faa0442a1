"""What a plan cannot be, each in a whole sentence; no model is needed to say so."""

import re

import pytest

from patchwidgets.errors import PlanError, UnknownNameError
from patchwidgets.plans.paths import path_plan
from patchwidgets.plans.paths_from import paths_from_plan
from patchwidgets.plans.single import single
from patchwidgets.plans.sweeps import SWEEPS
from tests.plans.test_path_plans import ATTENTION_ONLY
from tests.plans.test_plans import ONE, SPEC


def refused(said):
    return pytest.raises(PlanError, match=f"^{re.escape(said)}$")


@pytest.mark.parametrize(
    ("sweep", "options", "said"),
    [
        (
            "neurons",
            {"block": 0},
            "`block=0` is not a number of neurons of `llama`, whose MLPs have 48. Use 1 for each "
            "neuron by itself, or a size such as 64.",
        ),
        (
            "pattern",
            {"heads": []},
            "`heads` is an empty list, so there is no pattern to patch. Give at least one, such as "
            '`heads=["L9H6"]`, or leave it out for every head.',
        ),
        (
            "pattern",
            {"heads": ["L1.mlp_out"]},
            "`L1.mlp_out` is not a whole head, and only heads have a pattern. Write heads as "
            '`heads=["L9H6", "L10H0"]`, and positions as `positions=` and `attended=`.',
        ),
        (
            "joint",
            {"sets": {"a": ["L1.mlp_post[40:49]"]}},
            "`L1.mlp_post[40:49]` names neurons that do not exist: the MLPs of `llama` have 48, so "
            "the first is 0 and the last 47.",
        ),
        (
            "joint",
            {"sets": {"a": ["logits"]}},
            "`logits` is what is read off, so it cannot be overwritten. Name a node inside the "
            "model, such as `L9H6` or `L9.mlp_out`.",
        ),
        (
            "heads",
            {"positions": "END"},
            "`positions='END'` is one role, and positions are a list. Write `positions=['END']`, "
            "or `positions='roles'` for all of them.",
        ),
        (
            "heads",
            {"positions": []},
            "`positions` is an empty list, so there is nothing to patch. Give token positions or "
            "roles, `'each'`, `'roles'`, or `None` for all positions together.",
        ),
    ],
)
def test_sweeps(sweep, options, said):
    with refused(said):
        SWEEPS.get(sweep)(SPEC, ONE, **options)


@pytest.mark.parametrize(
    ("spec", "receivers", "options", "said"),
    [
        (
            SPEC,
            [],
            {},
            "`receivers` is empty, so no path has an end. Give at least one, such as "
            '`receivers=["L9H6.q"]` or `receivers=["logits"]`.',
        ),
        (
            SPEC,
            "logits",
            {"senders": []},
            "`senders` is empty, so no path has a beginning. Give at least one of `heads`, `mlp`, "
            "`attn`, `neurons` and `embed`.",
        ),
        (
            ATTENTION_ONLY,
            "logits",
            {"senders": ["mlp"]},
            "`attn-only` (Native) has no MLPs that could send: its blocks are attention only. Use "
            '`senders=["heads", "attn", "embed"]`.',
        ),
        (
            ATTENTION_ONLY,
            "logits",
            {"senders": ["neurons"]},
            "`attn-only` (Native) has no MLPs that could send: its blocks are attention only. Use "
            '`senders=["heads", "attn", "embed"]`.',
        ),
        (
            SPEC,
            "logits",
            {"senders": ["neurons"], "block": 0},
            "`block=0` is not a number of neurons of `llama`, whose MLPs have 48. Use 1 for each "
            "neuron by itself, or a size such as 64.",
        ),
        (
            SPEC,
            "logits",
            {"block": 16},
            "`block=16` says how many neurons send together, and `senders` names none. Add "
            '`"neurons"` to `senders`, or leave `block` out.',
        ),
        (
            ATTENTION_ONLY,
            "L1.mlp_in",
            {},
            "`attn-only` (Native) has no `mlp_in`: its blocks are attention only, without an MLP. "
            "Use a head's `q`, `k` or `v`, `resid_post` or `logits`.",
        ),
    ],
)
def test_paths_into_receivers(spec, receivers, options, said):
    with refused(said):
        path_plan(spec, receivers, **options)


@pytest.mark.parametrize(
    ("spec", "sender", "receivers", "said"),
    [
        (
            SPEC,
            "L0H1, L0H2 -> L1H0.q",
            None,
            "`L0H1, L0H2 -> L1H0.q` begins at several senders. A forward map has one: make one for "
            "each, or patch them together with a joint sweep.",
        ),
        (
            SPEC,
            "L0H1",
            [],
            "`receivers` is empty, so no path has an end. Give at least one of `q`, `k`, `v`, "
            "`mlp_in` and `logits`.",
        ),
        (
            ATTENTION_ONLY,
            "L0H1",
            ["mlp_in"],
            "`attn-only` (Native) has no `mlp_in`: its blocks are attention only, without an MLP. "
            "Use `q`, `k`, `v` or `logits`.",
        ),
    ],
)
def test_paths_out_of_a_sender(spec, sender, receivers, said):
    with refused(said):
        paths_from_plan(spec, sender, receivers=receivers)


def test_one_path_that_leads_nowhere():
    with refused(
        "`L2H1` cannot reach `L1H0.q`, which reads the residual stream before `L2H1` writes to it. "
        "Name a receiver in a later layer."
    ):
        single(SPEC, ONE, "L2H1 -> L1H0.q")


def test_one_path_of_an_unknown_form():
    with pytest.raises(UnknownNameError) as caught:
        single(SPEC, ONE, "L0.mlp_post[3] -> L1H0.q", "pined")
    assert str(caught.value) == (
        "There is no form of path patching called 'pined'. Did you mean `pinned`? Known: `pinned`, "
        "`direct`, `pinned_all`."
    )
