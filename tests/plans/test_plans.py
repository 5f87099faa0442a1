"""Plans need no model and no tokens."""

import re

import pytest

from patchwidgets.errors import PlanError, UnknownNameError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, parse_node
from patchwidgets.plans.paths import path_plan
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape
from patchwidgets.plans.sweeps import SWEEPS

SIZES = {"n_layers": 4, "n_heads": 6, "n_kv_heads": 2, "d_model": 24, "d_head": 4, "d_mlp": 48}
SPEC = ModelSpec(
    name="llama", family="Llama", d_vocab=99, n_ctx=32, gated_mlp=True, parallel=False, **SIZES
)
PARALLEL = ModelSpec(
    name="neox", family="NeoX", d_vocab=99, n_ctx=32, gated_mlp=False, parallel=True, **SIZES
)
ONE = PromptShape(lengths=(7,), roles=("S2", "END"), labels=tuple("abcdefg"))
TWO = PromptShape(lengths=(7, 9), roles=("S2", "END"), labels=())


@pytest.mark.parametrize(
    "name", [name for name in SWEEPS.names() if name not in ("joint", "pattern")]
)
@pytest.mark.parametrize("positions", [None, "each", "roles", [-1, 2], ["END"]])
def test_every_cell_is_a_patch_and_the_plan_survives_json(name, positions):
    plan = SWEEPS.get(name)(SPEC, ONE, positions=positions)
    assert sorted(plan.maps[0].cells) == list(range(len(plan.patches)))
    assert Plan.from_json(plan.to_json()) == plan
    assert len({str(patch) for patch in plan.patches}) == len(plan.patches)


def test_residual_sweeps_go_by_position_or_by_role():
    residual = SWEEPS.get("residual")
    assert [axis.name for axis in residual(SPEC, ONE).maps[0].axes] == ["layer", "position"]
    assert [axis.name for axis in residual(SPEC, TWO).maps[0].axes] == ["layer", "role"]


def test_keys_and_values_have_their_own_axis():
    plan = SWEEPS.get("heads")(SPEC, ONE, site="k")
    assert [(axis.name, len(axis.labels)) for axis in plan.maps[0].axes] == [
        ("layer", 4),
        ("kv_head", 2),
    ]


def test_a_path_plan_has_no_patch_for_senders_that_cannot_reach():
    plan = path_plan(SPEC, ["L2H1.v"])
    heads, mlps, embed = plan.maps
    assert [cell is None for cell in heads.cells] == [False] * 12 + [True] * 12
    assert [cell is None for cell in mlps.cells] == [False, False, True, True]
    assert embed.cells == (14,)
    assert str(plan.patches[14]) == "embed -> L2H1.v"
    assert Plan.from_json(plan.to_json()) == plan
    assert plan.describe() == (
        "path: 15 patches in heads (layer x head), mlp (layer), embed (one number), form pinned"
    )


@pytest.mark.parametrize(
    "written",
    ["L9H6", "L9H6.q", "L9.mlp_out", "L9.resid_pre@14", "L9H6@S1+1", "embed", "embed@S2", "logits"],
)
def test_written_names_come_back(written):
    assert str(parse_node(written)) == written
    assert parse_node(parse_node(written)) == parse_node(written)


NOT_A_NODE = (
    "is not the name of a node. Write a head as `L9H6`, its query, key or value input as "
    "`L9H6.q`, another site as `L9.mlp_out`, one position as `L9.resid_pre@14`, or `embed` or "
    "`logits`."
)


@pytest.mark.parametrize("written", ["9.6", "L9", "L9H6.mlp_out", "L9.q", "L9H6 ", "", "H6"])
def test_other_text_is_refused(written):
    with pytest.raises(PlanError, match=f"^{re.escape(f'{written!r} {NOT_A_NODE}')}$"):
        parse_node(written)


@pytest.mark.parametrize("written", ["L{}", "L9H{}", "L9.mlp_out@{}", "embed@{}", "L9H6@!S2!{}"])
def test_numbers_of_thousands_of_digits_are_refused_in_a_line(written):
    endless = written.format("1" * 5000)
    with pytest.raises(PlanError) as refused:
        parse_node(endless)
    assert str(refused.value) == f"{repr(endless)[:100]}... {NOT_A_NODE}"
    whole = written.format("1" * 10)
    with pytest.raises(PlanError, match=f"^{re.escape(f'{whole!r} {NOT_A_NODE}')}$"):
        parse_node(whole)


PATH_ERRORS = {
    "L4H0.q": "`L4H0.q` is in layer 4, but `llama` has layers 0 to 3.",
    "L3H6.q": "`L3H6.q` is head 6, but `llama` has heads 0 to 5.",
    "L3H6.v": "`L3H6.v` is head 6, but `llama` has heads 0 to 1.",
    "L3H4.v": (
        "`L3H4.v` counts query heads, but `llama` has 2 key/value heads, each read by 3 query "
        "heads. Head 4 reads key/value head 1: write `L3H1.v`."
    ),
    "L3H1": (
        "`L3H1` cannot receive. A receiver is where something reads the residual stream, so that "
        "one path can be changed and the rest left alone. Use a head's `q`, `k` or `v`, such as "
        "`L9H6.q`, an MLP's `L9.mlp_in`, `L9.resid_post` for everything after a layer, or `logits`."
    ),
    "L4.mlp_in": "`L4.mlp_in` is in layer 4, but `llama` has layers 0 to 3.",
}


@pytest.mark.parametrize("receiver", PATH_ERRORS)
def test_receivers_that_do_not_exist(receiver):
    with pytest.raises(PlanError, match=f"^{re.escape(PATH_ERRORS[receiver])}$"):
        path_plan(SPEC, [receiver])


def test_receiver_sets_that_make_no_sense():
    with pytest.raises(PlanError, match=r"^`receivers` is empty, so no path has an end\. Give at"):
        path_plan(SPEC, [])
    with pytest.raises(
        PlanError,
        match=r"^`receivers` mixes `logits` with `L3H0\.q`\. Overwriting what `logits` receives "
        r"would undo the change that came through `L3H0\.q`\. Make two maps, or use "
        r'`form="direct"`, which adds changes and overwrites none\.$',
    ):
        path_plan(SPEC, ["logits", "L3H0.q"])
    with pytest.raises(PlanError, match=r"^`receivers` mixes `L2\.resid_post` with `L2\.mlp_in`"):
        path_plan(SPEC, ["L2.mlp_in", "L2.resid_post"])
    assert path_plan(SPEC, ["L1.resid_post", "L2.mlp_in"]).patches
    assert path_plan(SPEC, ["logits", "L3H0.q"], "direct").patches
    with pytest.raises(
        PlanError,
        match=r"^`receivers` mixes `L1\.resid_post` with `L2\.mlp_in`, which reads the residual "
        r"stream after it\. The change that `direct` adds at `L1\.resid_post` gets there by "
        r"itself, and would be added a second time\. Leave `L2\.mlp_in` out\.$",
    ):
        path_plan(SPEC, ["L1.resid_post", "L2.mlp_in"], "direct")
    with pytest.raises(
        UnknownNameError,
        match=r"^There is no form of path patching called 'pined'\. Did you mean `pinned`\? Known: "
        r"`pinned`, `direct`, `pinned_all`\.$",
    ):
        path_plan(SPEC, ["logits"], form="pined")


def test_positions_that_do_not_exist():
    heads = SWEEPS.get("heads")
    with pytest.raises(
        PlanError,
        match=r"^Position 7 is beyond the prompt: these prompts have 7 tokens, BOS included\. Use "
        r"0 to 6, or count from the end with -1\.$",
    ):
        heads(SPEC, ONE, positions=[7])
    with pytest.raises(
        PlanError,
        match=r"^The prompts have 2 different lengths \(7 to 9 tokens\), so position 9 would mean "
        r"different words\. Use `positions='roles'`, or prompts of one template\.$",
    ):
        heads(SPEC, TWO, positions="each")
    with pytest.raises(
        PlanError,
        match=r"^Some of the prompts have no role 'S3'\. A map by role needs it in every prompt\. "
        r"Roles that all of them have: `S2`, `END`\.$",
    ):
        heads(SPEC, TWO, positions=["S3"])
    with pytest.raises(PlanError, match=r"^`positions` is an empty list, so there is nothing to"):
        heads(SPEC, ONE, positions=[])


def test_a_site_the_family_lacks():
    with pytest.raises(
        PlanError,
        match=r"^`neox` \(NeoX\) has no `resid_mid`: its attention and MLP read the same residual "
        r"stream side by side, so there is nothing between them\. Use `resid_pre`, `attn_out` or "
        r"`mlp_out`\.$",
    ):
        SWEEPS.get("residual")(PARALLEL, ONE, site="resid_mid")
    with pytest.raises(UnknownNameError, match=r"^There is no site called 'mlp_outt'\. Did you"):
        SWEEPS.get("mlp")(SPEC, ONE, site="mlp_outt")


def test_nodes_are_hashable_and_ordered_by_their_text():
    assert {Node("z", 1, 2), Node("z", 1, 2)} == {parse_node("L1H2")}
