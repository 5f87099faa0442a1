"""Path plans: kinds of senders, positions, chains, and which paths lead anywhere."""

import re

import pytest

from patchwidgets.errors import PlanError, UnknownNameError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, Path, parse_node, parse_stops
from patchwidgets.plans.paths import path_plan
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape
from tests.plans.test_plans import ONE, PARALLEL, SIZES, SPEC

PLACED = PromptShape((7,), ("S2", "END"), tuple("abcdefg"), {"S2": (4, 4), "END": (6, 6)})
ATTENTION_ONLY = ModelSpec(
    **{**SIZES, "d_mlp": 0},
    name="attn-only",
    family="Native",
    d_vocab=99,
    n_ctx=32,
    gated_mlp=False,
    parallel=False,
)


def reached(plan, name):
    """Return the senders of a map that have a patch, as text."""
    (one,) = [one for one in plan.maps if one.name == name]
    return {str(plan.patches[cell].path.sender) for cell in one.cells if cell is not None}


def test_every_kind_of_sender_has_a_map_with_its_axes():
    plan = path_plan(
        SPEC,
        "logits",
        shape=PLACED,
        senders=["attn", "embed", "heads", "neurons"],
        positions="roles",
        block=20,
    )
    assert [(one.name, [axis.name for axis in one.axes]) for one in plan.maps] == [
        ("attn", ["layer", "role"]),
        ("embed", ["role"]),
        ("heads", ["layer", "head", "role"]),
        ("neurons", ["layer", "neurons", "role"]),
    ]
    assert plan.maps[-1].axes[1].labels == ("0:20", "20:40", "40:48")
    assert "L2.mlp_post[40:48]@END" in reached(plan, "neurons")
    assert reached(plan, "embed") == {"embed@END"}
    assert reached(plan, "attn") == {f"L{layer}.attn_out@END" for layer in range(4)}
    assert Plan.from_json(plan.to_json()) == plan


def test_an_mlp_hears_the_attention_of_its_own_layer_unless_both_are_side_by_side():
    heads = reached(path_plan(SPEC, "L1.mlp_in"), "heads")
    assert "L1H5" in heads
    assert reached(path_plan(SPEC, "L1.mlp_in"), "mlp") == {"L0.mlp_out"}
    neurons = path_plan(SPEC, "L1.mlp_in", senders=["neurons"])
    assert reached(neurons, "neurons") == {"L0.mlp_post[0:48]"}
    assert reached(path_plan(SPEC, "L1.mlp_in", senders="neurons", block=47), "neurons") == {
        "L0.mlp_post[0:47]",
        "L0.mlp_post[47]",
    }
    assert "L1H5" not in reached(path_plan(PARALLEL, "L1.mlp_in"), "heads")
    assert "L1H5" in reached(path_plan(PARALLEL, "L1.resid_post"), "heads")


@pytest.mark.parametrize(
    ("written", "roles"),
    [
        ("L2H1.q", {"S2", "END"}),
        ("L2H1.q@S2", {"S2"}),
        ("L2H1.q@4", {"S2"}),
        ("L2.resid_post@END", {"END"}),
        ("L1H1.q -> logits", {"END"}),
        ("L1H1.k -> logits", {"S2", "END"}),
        ("L1H1.v@S2 -> L2H0.q@END", {"S2"}),
        ("L1.mlp_in@S2 -> L2H1.k", {"S2"}),
    ],
)
def test_a_change_stays_at_its_position_until_a_key_or_value_carries_it_on(written, roles):
    *through, receivers = parse_stops(written)
    asked = {"shape": PLACED, "through": through, "positions": "roles", "senders": ["embed"]}
    assert reached(path_plan(SPEC, receivers, **asked), "embed") == {f"embed@{r}" for r in roles}


def test_chains_are_written_and_read_back():
    through = ["L1.mlp_in", ["L2H1.q", "L2H0.k@S2"]]
    plan = path_plan(SPEC, ["L3H0.v"], shape=PLACED, through=through)
    assert str(plan.patches[0]) == "L0H0 -> L1.mlp_in -> L2H1.q, L2H0.k@S2 -> L3H0.v"
    assert Plan.from_json(plan.to_json()) == plan
    path = plan.patches[0].path
    assert path is not None
    stops = parse_stops(path.destination)
    assert Path(Node("z", 0, 0), stops[-1], stops[:-1]) == path
    assert parse_stops("L9H6.q") == ((parse_node("L9H6.q"),),)


REFUSED = {
    ("L3H0.q", "L1H0.v"): (
        "`L3H0.q -> L1H0.v` goes backwards: what comes of `L3H0.q` is written to the residual "
        "stream after `L1H0.v` has read it. Put the stops in the order in which the model computes "
        "them."
    ),
    ("L1.mlp_in", "L1H0.v"): (
        "`L1.mlp_in -> L1H0.v` goes backwards: what comes of `L1.mlp_in` is written to the "
        "residual stream after `L1H0.v` has read it. Put the stops in the order in which the model "
        "computes them."
    ),
    ("L1.resid_post", "L2H0.v"): (
        "`L1.resid_post` cannot be a stop on the way: every path to what comes after it leads "
        "through it anyway. Use a head's `q`, `k` or `v`, or `mlp_in`; or leave it out."
    ),
    (("L0H0.q", "L1H0.q"), "L2H0.v"): (
        "`L0H0.q`, `L1H0.q` cannot be one stop: some come after others, so what one writes would "
        "be left out of what another reads. Use inputs of heads of one layer, or one MLP; and make "
        "a map for each of the others."
    ),
    ((), "L2H0.v"): (
        "`through` has an empty stop, through which no path leads. Give a node, such as "
        '`through=["L9H6.q"]`, or leave the stop out.'
    ),
}


@pytest.mark.parametrize("stop", REFUSED)
def test_chains_that_mean_nothing(stop):
    through, receiver = stop
    with pytest.raises(PlanError, match=f"^{re.escape(REFUSED[stop])}$"):
        path_plan(SPEC, [receiver], through=[through])


def test_senders_that_do_not_exist_or_reach_nothing():
    with pytest.raises(
        UnknownNameError,
        match=r"^There is no kind of sender called 'head'\. Did you mean `heads`\? Known: `heads`, "
        r"`mlp`, `attn`, `neurons`, `embed`\.$",
    ):
        path_plan(SPEC, "logits", senders=["head"])
    with pytest.raises(PlanError, match=r"^`senders` is empty, so no path has a beginning\. Give"):
        path_plan(SPEC, "logits", senders=[])
    with pytest.raises(
        PlanError,
        match=r"^Nothing that `senders` names can reach `L0H0\.q`, so there is nothing to measure"
        r"\. Name senders in earlier layers, at the receivers' positions, or `embed`\.$",
    ):
        path_plan(SPEC, "L0H0.q", senders=["heads"])
    with pytest.raises(PlanError, match=r"^Position 7 is beyond the prompt: these prompts have 7 "):
        path_plan(SPEC, "logits", shape=ONE, positions=[7])


def test_a_model_without_mlps():
    plan = path_plan(ATTENTION_ONLY, "logits")
    assert [one.name for one in plan.maps] == ["heads", "embed"]
    with pytest.raises(PlanError, match=r"^`attn-only` \(Native\) has no `mlp_in`: its blocks are"):
        path_plan(ATTENTION_ONLY, "L1.mlp_in")
    with pytest.raises(
        PlanError, match=r"^`attn-only` \(Native\) has no MLPs that could send: its"
    ):
        path_plan(ATTENTION_ONLY, "logits", senders=["mlp"])
