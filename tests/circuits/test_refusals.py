"""What a circuit cannot be, each in a whole sentence; no model is needed to say so."""

import re
from typing import Any

import pytest

from patchwidgets.circuits.pinned import order_of, parse_path, paths_of
from patchwidgets.circuits.random_circuits import draw
from patchwidgets.circuits.universe import nodes_of, universe_of
from patchwidgets.errors import PlanError, UnknownNameError
from patchwidgets.nodes import parse_node
from patchwidgets.plans.shape import PromptShape
from tests.circuits.made import LAST, SPEC
from tests.families import PAIRS, study_of, tiny

SHAPE = PromptShape(lengths=(15,), roles=("S2", "END"), labels=("a",) * 15)


def refused(said):
    return pytest.raises(PlanError, match=f"^{re.escape(said)}$")


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (
            [],
            "The circuit has no nodes, so that there is nothing to keep. Give at least one, such "
            "as `study.circuit(['L9H6', 'L10H0@END'])`.",
        ),
        (
            "L1H2",
            "`nodes='L1H2'` is one text, and a circuit is a list of nodes. Write "
            "`study.circuit(['L1H2'])`.",
        ),
        (["L3H0"], "`L3H0` is in layer 3, but `tiny` has layers 0 to 2."),
        (["L1H4"], "`L1H4` is head 4, but `tiny` has heads 0 to 3 at the site `z`."),
        (
            ["L1H2", "L1H2"],
            "`L1H2` is twice in the circuit, and a circuit is a set: it would count as two nodes "
            "and be one. Name each node once.",
        ),
        (
            ["L1H2@END", "L1H2"],
            "The circuit has `L1H2` at all positions and `L1H2@END` besides, which is part of it. "
            "Keep one of the two.",
        ),
        (
            ["L1H2.q"],
            "`L1H2.q` is one input of a head, and a circuit keeps whole heads: what is measured is "
            "a set of nodes, and not the paths between them. Write `L1H2`, and what feeds the "
            "input as `paths=['L0H0 -> L1H2.q']`, which is drawn.",
        ),
        (
            ["L1H1.v"],
            "`L1H1.v` is one input of 2 heads, and a circuit keeps whole heads: what is measured "
            "is a set of nodes, and not the paths between them. Write `L1H2`, `L1H3`, and what "
            "feeds the input as `paths=['L0H0 -> L1H1.v']`, which is drawn.",
        ),
        (
            ["L1.resid_pre"],
            "`L1.resid_pre` is outside of what a circuit chooses from. A circuit is a set of "
            "heads, such as `L9H6` or `L9H6@END`, and with `mlps='counted'` of MLPs, such as "
            "`L9.mlp_out`: one of the two writes all that is added to the residual stream.",
        ),
        (
            ["L1.mlp_out"],
            "`L1.mlp_out` is outside of what this circuit chooses from: with `mlps='live'` every "
            "MLP goes on computing from what it is given, in the circuit or not. Leave it out, or "
            "count MLPs as nodes with `mlps='counted'`.",
        ),
    ],
)
def test_nodes_that_make_no_circuit(nodes, said):
    with refused(said):
        nodes_of(SPEC, SHAPE, "live", nodes)


@pytest.mark.parametrize("node", ["logits", "embed", "L1.attn_out", "L1H2.pattern"])
def test_other_sites_are_outside_of_the_universe(node):
    with pytest.raises(PlanError, match=f"^`{node}` is outside of what a circuit chooses from"):
        nodes_of(SPEC, SHAPE, "counted", [node])


@pytest.mark.parametrize("node", ["L1H2@S1", "L1H2@15", "L1H2@!END"])
def test_places_that_the_prompts_lack(node):
    with pytest.raises(PlanError):
        nodes_of(SPEC, SHAPE, "live", [node])


def drawn(nodes, count, layers: Any = "any"):
    universe = universe_of(SPEC, "counted")
    return draw(universe, list(map(parse_node, nodes)), count, layers, 0)


@pytest.mark.parametrize(
    ("nodes", "count", "layers", "said"),
    [
        (
            [str(node) for node in universe_of(SPEC)],
            20,
            "any",
            "`random=20` asks for more random circuits than there are: there are 0 other circuits "
            "of 12 heads. A comparison with chance needs circuits that are not this one. Ask for "
            "`random=0`.",
        ),
        (
            ["L1H2", "L0.mlp_out"],
            12,
            "same",
            "`random=12` asks for more random circuits than there are: there are 3 other circuits "
            "of 1 head and 1 MLP with as many in each layer. A comparison with chance needs "
            "circuits that are not this one. Ask for `random=3`, or none with `random=0`, or for "
            "any layer with `layers='any'`.",
        ),
        (
            ["L1H2"],
            -1,
            "any",
            "`random=-1` is not a number of random circuits. Write how many to draw, such as "
            "`random=20`, or `random=0` for none.",
        ),
    ],
)
def test_more_random_circuits_than_there_are(nodes, count, layers, said):
    with refused(said):
        drawn(nodes, count, layers)


def test_paths_need_both_ends():
    nodes = list(map(parse_node, ["L0H1", "L1H2"]))
    with refused(
        "`L0H1 -> L2H0.q` has an end, `L2H0.q`, that is not in the circuit, so there is nothing to "
        "draw it between. Pin the node too, or leave the path out."
    ):
        paths_of(SPEC, nodes, ["L0H1 -> L2H0.q"])
    with refused(
        "'L0H1' is no path. Write the sender, an arrow and what it is let know, such as "
        "`L5H1 -> L9H6.q`."
    ):
        parse_path("L0H1")
    (kept,) = paths_of(SPEC, nodes, ["L0H1 -> L1H1.v"])
    assert (kept.name, kept.effect) == ("L0H1 -> L1H1.v", None)


def test_an_order_has_every_node_once():
    universe, nodes = universe_of(SPEC), [parse_node("L0H1")]
    rest = (
        "`order`, in which every node that could be in the circuit stands once. Give a head map, "
        "such as `order=study.sweep('heads')`, or the names of nodes without it."
    )
    with refused(f"`L0H1` is twice in {rest}"):
        order_of(universe, nodes, ["L0H1", "L0H1"])
    with refused(f"`L0.mlp_out` is outside of the universe, but in {rest}"):
        order_of(universe, nodes, ["L0.mlp_out"])


def test_ways_that_do_not_exist():
    study = study_of(tiny("gpt2"), PAIRS)
    with pytest.raises(UnknownNameError, match="`live`, `counted`"):
        study.circuit(["L0H1"], mlps="dead")
    with pytest.raises(UnknownNameError, match="`any`, `same`"):
        study.circuit(["L0H1"], layers="all")
    with pytest.raises(UnknownNameError, match="`zero`"):
        study.circuit(["L0H1"], source="nought")
    with pytest.raises(PlanError, match="no prompts to average"):
        study.circuit(["L0H1"], source="mean")


def test_a_map_without_nodes_of_the_universe_gives_no_order():
    study = study_of(tiny("gpt2"), PAIRS)
    with refused(
        "`order` is a residual map, in which no node that could be in the circuit was measured by "
        "itself at all positions. Give a head map, such as `order=study.sweep('heads')`, or the "
        "names of nodes in their order."
    ):
        study.circuit(["L0H1"], order=study.sweep("residual"))


def test_a_corruption_that_does_not_corrupt_gives_effects_and_no_share():
    """The answer and the wrong answer change places at the last word, which is read nowhere."""
    circuit = LAST
    kept = circuit.faithfulness()
    assert kept.why_not == (
        "Overwriting everything that the circuit chooses from leaves the mean `logit_diff` nearly "
        "as it is (2.79 instead of 2.8), so that a share would divide by less than the noise floor "
        "of 0.05 (logit). The corruption does not take away the behaviour, or MLPs that are left "
        "live carry it: try another corruption, or `mlps='counted'`."
    )
    assert kept.value != kept.value
    assert kept.effect == pytest.approx(0.01, abs=0.02)
    assert "no share, but an effect of" in str(kept)
    assert circuit.chance().p != circuit.chance().p
    assert "There is no share, but effects:" in circuit.words()
