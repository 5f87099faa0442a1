"""Plans that go inside a layer: attention patterns and neurons."""

import re

import pytest

from patchwidgets.errors import PlanError
from patchwidgets.nodes import Node, parse_node
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.sweeps import SWEEPS
from tests.plans.test_plans import ONE, SPEC


@pytest.mark.parametrize(
    ("written", "node"),
    [
        ("L9.mlp_post[7]", Node("mlp_post", 9, neurons=(7, 8))),
        ("L9.mlp_post[0:64]@END", Node("mlp_post", 9, None, "END", neurons=(0, 64))),
        ("L9H6.pattern", Node("pattern", 9, 6)),
        ("L9H6.pattern@END<-S2", Node("pattern", 9, 6, "END", attended="S2")),
        ("L9H6.pattern<-4", Node("pattern", 9, 6, attended=4)),
    ],
)
def test_nodes_are_written_as_they_are_read(written, node):
    assert parse_node(written) == node
    assert str(node) == written


@pytest.mark.parametrize("written", ["L9H6.z[3]", "L9.mlp_out[3]", "L9H6<-3", "L9.pattern"])
def test_what_is_no_node_is_refused(written):
    with pytest.raises(PlanError, match=f"^{re.escape(repr(written))} is not the name of a node"):
        parse_node(written)


def test_patterns_by_head_destination_and_attended_position():
    plan = SWEEPS.get("pattern")(SPEC, ONE, heads=["L1H2"], positions="each", attended="each")
    (whole,) = plan.maps
    assert [axis.name for axis in whole.axes] == ["head", "position", "attended"]
    assert whole.shape == (1, 7, 7)
    assert len(plan.patches) == 7 * 8 // 2
    assert whole.cells[:8] == (0, None, None, None, None, None, None, 1)
    assert str(plan.patches[2]) == "L1H2.pattern@1<-1"
    assert Plan.from_json(plan.to_json()) == plan


def test_every_pattern():
    plan = SWEEPS.get("pattern")(SPEC, ONE, positions=["END"])
    assert plan.maps[0].shape == (4, 6, 1)
    assert str(plan.patches[-1]) == "L3H5.pattern@END"


def test_neurons_in_blocks():
    plan = SWEEPS.get("neurons")(SPEC, ONE, block=20, layers=[2])
    assert plan.maps[0].axes[1].labels == ("0:20", "20:40", "40:48")
    assert [str(patch) for patch in plan.patches] == [
        "L2.mlp_post[0:20]",
        "L2.mlp_post[20:40]",
        "L2.mlp_post[40:48]",
    ]
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("sweep", "options", "said"),
    [
        ("neurons", {"layers": [4]}, "`L4.mlp_post` is in layer 4, but `llama` has layers 0 to 3."),
        ("pattern", {"heads": ["L1H6"]}, "`L1H6` is head 6, but `llama` has heads 0 to 5"),
        ("pattern", {"attended": [9]}, "Position 9 is beyond the prompt"),
    ],
)
def test_what_the_model_lacks_is_refused(sweep, options, said):
    with pytest.raises(PlanError, match=f"^{re.escape(said)}"):
        SWEEPS.get(sweep)(SPEC, ONE, **options)
