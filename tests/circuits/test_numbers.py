"""Shares, chance, curves and areas of synthetic circuits, and circuits on disk."""

import json
import re

import numpy as np
import pytest

from patchwidgets.circuits.circuit import curve_sizes
from patchwidgets.circuits.random_circuits import draw
from patchwidgets.circuits.result import CircuitResult
from patchwidgets.circuits.shares import areas_of, chance_of
from patchwidgets.circuits.universe import outside, universe_of
from patchwidgets.errors import FileError, MeasurementError
from patchwidgets.nodes import parse_node
from tests.circuits.made import SPEC
from tests.make_circuit_fixtures import METRICS, NODES, measured

UNIVERSE = universe_of(SPEC)


def nodes(*names):
    return tuple(map(parse_node, names))


def test_the_universe_is_every_head_and_if_asked_every_mlp():
    assert len(UNIVERSE) == 12
    counted = universe_of(SPEC, "counted")
    assert [str(node) for node in counted[:6]] == [
        *("L0H0", "L0H1", "L0H2", "L0H3", "L0.mlp_out"),
        "L1H0",
    ]


def test_outside_of_a_head_at_some_positions_are_its_others():
    rest = [str(node) for node in outside(UNIVERSE, nodes("L0H1", "L1H2@S2", "L1H2@END"))]
    assert "L0H1" not in rest
    assert "L1H2@!END!S2" in rest
    assert len(rest) == 11


def test_random_circuits_have_as_many_of_each_kind_and_are_all_different():
    universe = universe_of(SPEC, "counted")
    circuit = nodes("L0H1", "L2H3", "L1.mlp_out", "L1H0@END")
    drawn = draw(universe, circuit, 50, "any", seed=3)
    assert len(set(drawn)) == 50
    for one in drawn:
        kinds = sorted((node.site, str(node.position)) for node in one)
        assert kinds == [("mlp_out", "None"), ("z", "END"), ("z", "None"), ("z", "None")]
    assert draw(universe, circuit, 50, "any", seed=3) == drawn
    assert draw(universe, circuit, 50, "any", seed=4) != drawn


def test_random_circuits_may_keep_the_layers():
    circuit = nodes("L0H1", "L0H2", "L2H3")
    for one in draw(UNIVERSE, circuit, 20, "same", seed=0):
        assert [node.layer for node in one] == [0, 0, 2]
        assert set(one) != set(circuit)


def test_every_other_circuit_can_be_drawn():
    drawn = draw(UNIVERSE, nodes("L0H1"), 11, "any", seed=0)
    assert {str(node) for (node,) in drawn} == {str(node) for node in UNIVERSE} - {"L0H1"}


def test_a_curve_has_every_size_of_the_circuit_then_shares_of_the_universe():
    assert curve_sizes(3, 3, 270) == (0, 1, 2, 3)
    assert curve_sizes(3, 270, 270) == (0, 1, 2, 3, 5, 14, 27, 54, 135, 270)
    assert len(curve_sizes(100, 100, 270)) < 60


def test_areas_are_those_of_the_trapezoid_rule():
    areas = areas_of(np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.2, 1.0]))
    assert areas.cpr == pytest.approx(0.5 * 0.6 + 0.5 * 1.1)
    assert areas.cmd == pytest.approx(0.5 * 0.6 + 0.5 * 0.1)


def test_chance_counts_circuits_that_do_as_well():
    chance = chance_of(0.5, np.array([0.1, 0.5, 0.7, 0.2]))
    assert (chance.as_well, chance.p, chance.smallest_p) == (0.5, 3 / 5, 1 / 5)
    assert chance.mean == pytest.approx(0.375)


def test_a_synthetic_circuit_keeps_the_sum_of_its_heads():
    circuit = measured(spread=0.0)
    assert circuit.faithfulness().value == pytest.approx(0.7)
    assert circuit.left().value == pytest.approx(0.3)
    assert circuit.curve()["share"].tolist()[:5] == pytest.approx([0, 0.4, 0.65, 0.85, 0.7])
    assert circuit.curve()["added"].tolist()[:5] == ["", *NODES]
    assert circuit.curve()["part"].iloc[-1] == 1.0
    assert 0.5 < circuit.areas().cpr < 1
    table = circuit.table()
    assert list(table.index) == ["logit_diff", "prob"]
    assert table.loc["prob", "faithfulness"] == pytest.approx(0.7)


def test_an_interval_holds_the_share_and_follows_its_confidence():
    circuit = measured()
    wide, narrow = circuit.faithfulness(), circuit.faithfulness(confidence=0.5)
    assert wide.low < narrow.low < wide.value < narrow.high < wide.high


def test_an_area_needs_a_whole_curve():
    circuit = measured(NODES[:2])
    short = CircuitResult.from_json(circuit.to_json())
    object.__setattr__(short.circuit, "sizes", (0, 1, 2))
    with pytest.raises(MeasurementError) as refused:
        short.now().areas()
    assert str(refused.value) == (
        "The curve goes from 0 to 2 of 270 nodes, and an area is that of a curve from nothing to "
        "the whole universe, of nodes at all positions. Give the order of all of them, such as "
        "`study.circuit(nodes, order=study.sweep('heads'))`."
    )
    with pytest.raises(MeasurementError) as refused:
        measured(done=9).areas()
    assert str(refused.value) == (
        "The curve was not measured to its end, so it has no area. Measure it again and let it "
        "finish."
    )


def test_the_six_choices_are_named():
    assert list(measured().choices) == [
        *("granularity", "component", "value", "positions", "direction"),
        "set",
    ]
    assert measured().choices["component"].endswith("MLPs left live")


def test_words_say_what_is_kept_and_left_and_how_chance_does():
    words = measured(spread=0.0).words()
    assert words.startswith("4 heads carry 70 % (95 % 70 to 70 %) of the behaviour. Without them ")
    assert "Without them 30 % (95 % 30 to 30 %) is left." in words
    assert "20 random circuits of 4 heads carry " in words
    assert "none of them do as well (p = 0.048; the smallest that 20 can show is 0.048)" in words
    assert words.endswith(
        "Measured are the nodes; paths that were pinned are drawn and not tested."
    )
    assert measured(["L23H3"], random=0, pairs=64).words().startswith("1 head carries 40 %")
    assert measured(done=0).words().startswith("Nothing is measured yet.")


def test_a_circuit_comes_back_from_a_file(tmp_path):
    circuit = measured()
    back = CircuitResult.load(circuit.save(tmp_path / "circuit.json"))
    assert back.circuit == circuit.circuit
    assert (back.effects, back.paths) == (circuit.effects, circuit.paths)
    assert back.words() == circuit.words()
    assert back.table().equals(circuit.table())
    assert back.choices == circuit.choices
    assert back.code == circuit.code
    assert back.metrics == METRICS


def test_a_circuit_that_was_not_measured_to_its_end_comes_back_so(tmp_path):
    back = CircuitResult.load(measured(done=9).save(tmp_path / "circuit.json"))
    assert np.isnan(back.curve()["share"]).any()
    assert back.progress.state == "cancelled"


def damaged(what):
    return (
        f"The document is damaged: {what}. It was cut short or changed after it was saved, so its "
        "numbers cannot be trusted. Use another copy, or measure and save it again."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda one: one.update(format="patchwidgets-result"),
            "The document is not a patchwidgets circuit: its `format` is 'patchwidgets-result', "
            "not 'patchwidgets-circuit'. `CircuitResult.load` opens what `CircuitResult.save` "
            "wrote; a map is opened with `Result.load`.",
        ),
        (
            lambda one: one.update(schema_version=2),
            "The document has schema version 2, but this patchwidgets reads circuits up to "
            "version 1, and a field of a newer version may mean something else. Upgrade with "
            "`pip install --upgrade patchwidgets`.",
        ),
        (
            lambda one: one["circuit"]["nodes"].append("L99H0"),
            damaged("field `circuit`: `L99H0` is not in the universe"),
        ),
        (
            lambda one: one["circuit"]["sizes"].append(999),
            damaged("field `circuit`: `sizes` does not fit `order`"),
        ),
        (
            lambda one: one["circuit"]["random"].pop(),
            damaged(
                "array `values` has the shape [2, 31, 64], but the plan, the metrics and the "
                "prompts make it [2, 30, 64]"
            ),
        ),
        (
            lambda one: one["circuit"].pop("mlps"),
            damaged("field `circuit.mlps`: field required"),
        ),
        (
            lambda one: one["circuit"]["universe"].append("no node"),
            damaged("field `circuit`: 'no node' is not the name of a node"),
        ),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused(change, said):
    document = json.loads(json.dumps(measured().to_json()))
    change(document)
    with pytest.raises(FileError, match=f"^{re.escape(said)}$"):
        CircuitResult.from_json(document)
