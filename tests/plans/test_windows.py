"""Windows of neighbouring layers and joint sets: which layers, which nodes, and what is refused."""

import re

import pytest

from patchwidgets.errors import PlanError
from patchwidgets.plans._grid import window_layers
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.sweeps import SWEEPS
from tests.plans.test_plans import ONE, PARALLEL, SPEC

SETS = {"first": ["L0H1", "L3.mlp_out"], "second": ["L3.mlp_out@END", "L0H1"]}


@pytest.mark.parametrize(
    ("at", "width", "layers"),
    [(0, 1, [0]), (0, 3, [0, 1]), (2, 3, [1, 2, 3]), (3, 3, [2, 3]), (2, 2, [1, 2]), (0, 2, [0])],
)
def test_a_window_is_cut_off_at_the_ends(at, width, layers):
    assert list(window_layers(SPEC, at, width)) == layers


def test_an_even_window_has_one_layer_more_before():
    assert list(window_layers(SPEC, 2, 4)) == [0, 1, 2, 3]
    assert list(window_layers(SPEC, 3, 4)) == [1, 2, 3]


@pytest.mark.parametrize("name", ["mlp", "attn", "residual"])
def test_a_windowed_plan_holds_the_layers_alone_too(name):
    plan = SWEEPS.get(name)(SPEC, ONE, window=3)
    window, alone = plan.maps
    assert (window.name, alone.name) == ("window", "alone")
    assert [len(plan.patches[cell].nodes) for cell in alone.cells] == [1] * len(alone.cells)
    middle = window.cells[window.shape[-1] if len(window.shape) > 1 else 1]
    assert [node.layer for node in plan.patches[middle].nodes] == [0, 1, 2]
    assert Plan.from_json(plan.to_json()) == plan
    assert len(set(plan.patches)) == len(plan.patches)


def test_a_window_is_written_by_its_ends():
    plan = SWEEPS.get("mlp")(SPEC, ONE, window=3)
    assert [str(patch) for patch in plan.patches[:4]] == [
        "L0-L1.mlp_out",
        "L0-L2.mlp_out",
        "L1-L3.mlp_out",
        "L2-L3.mlp_out",
    ]


@pytest.mark.parametrize("window", [0, -1, 5, True])
def test_a_window_that_does_not_fit_is_refused(window):
    with pytest.raises(PlanError) as caught:
        SWEEPS.get("mlp")(SPEC, ONE, window=window)
    assert str(caught.value) == (
        f"`window={window!r}` is not a number of layers of `llama`, which has 4. A window is a "
        "whole number of neighbouring layers that are patched together. Use 1 to 4, such as 3."
    )


def test_a_window_of_heads_is_refused():
    with pytest.raises(
        PlanError,
        match=r"^`window=3` with the site `z`: a window takes neighbouring layers, and head 3 of "
        r"one layer has nothing to do with head 3 of the next\. Use a site of whole layers, such "
        r"as `attn_out`\.$",
    ):
        SWEEPS.get("attn")(SPEC, ONE, site="z", window=3)


def test_joint_sets_share_the_nodes_alone():
    plan = SWEEPS.get("joint")(SPEC, ONE, sets=SETS)
    sets, alone = plan.maps
    assert sets.axes[0].labels == ("first", "second")
    assert [str(plan.patches[cell]) for cell in sets.cells] == [
        "L0H1 + L3.mlp_out",
        "L3.mlp_out@END + L0H1",
    ]
    assert alone.axes[0].labels == ("L0H1", "L3.mlp_out", "L3.mlp_out@END")
    assert len(plan.patches) == 5
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("spec", "node", "said"),
    [
        (SPEC, "L4H1", "`L4H1` is in layer 4, but `llama` has layers 0 to 3."),
        (SPEC, "L1H6", "`L1H6` is head 6, but `llama` has heads 0 to 5 at the site `z`."),
        (
            SPEC,
            "L1H2.k@1",
            "`L1H2.k@1` counts query heads, but `llama` has 2 key/value heads, each read by 3 "
            "query heads. Head 2 reads key/value head 0: write `L1H0.k@1`.",
        ),
        (SPEC, "L1H6.v", "`L1H6.v` is head 6, but `llama` has heads 0 to 1 at the site `v`."),
        (SPEC, "L1H2@S9", "Some of the prompts have no role 'S9'."),
        (SPEC, "L1H2@7", "Position 7 is beyond the prompt"),
        (PARALLEL, "L1.resid_mid", "`neox` (NeoX) has no `resid_mid`"),
        (SPEC, "L1H", "'L1H' is not the name of a node."),
    ],
)
def test_a_node_that_cannot_be_patched_is_refused(spec, node, said):
    with pytest.raises(PlanError, match=f"^{re.escape(said)}"):
        SWEEPS.get("joint")(spec, ONE, sets={"mine": [node]})


@pytest.mark.parametrize("sets", [None, {}, {"mine": []}])
def test_sets_without_nodes_are_refused(sets):
    with pytest.raises(PlanError) as caught:
        SWEEPS.get("joint")(SPEC, ONE, sets=sets)
    assert str(caught.value) == (
        f"`sets={sets!r}` leaves nothing to patch together. Give each set a name and at least one "
        'node, such as `sets={"name movers": ["L9H9", "L9H6"]}`.'
    )
