"""The curve of a circuit as a chart, in numbers that can be worked out by hand."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, UnknownNameError
from patchwidgets.views._words import signed
from tests.circuits.made import LAST
from tests.make_circuit_fixtures import NODES, measured


def test_every_size_is_a_dot_of_the_node_added_last():
    drawing = measured(spread=0.0).chart().drawing
    assert drawing.dots.node[:4] == tuple(NODES)
    assert drawing.dots.y[:4].tolist() == pytest.approx([0.4, 0.65, 0.85, 0.7])
    assert drawing.dots.x[:4].tolist() == [1, 2, 3, 4]
    assert drawing.x_names[:6] == ("0", "1", "2", "3", "4", "5")
    assert drawing.x_names[-1] == "270"
    assert drawing.x_label == "nodes kept, of 270 (not to scale)"
    assert drawing.y_label == "share of the behaviour kept (logit difference)"
    assert drawing.dots.says[1] == "2 nodes: +0.65 (+0.65 to +0.65)\n+3.64 logits"
    assert drawing.dots.says[0].startswith("1 node: +0.40 ")


def test_the_line_goes_from_nothing_to_the_model():
    model, curve, *random = measured(spread=0.0).chart().drawing.lines
    assert model.y.tolist() == [1, 1]
    assert model.dashed
    assert curve.y[[0, 1, -1]].tolist() == pytest.approx([0, 0.4, 1])
    assert len(random) == 20
    assert all(stroke.x.mean() == 4 for stroke in random)


def test_the_note_has_the_circuit_and_chance():
    circuit = measured(spread=0.0)
    mean = circuit.chance().mean
    assert circuit.chart().drawing.note == (
        "The circuit of 4 nodes keeps +0.70 (+0.70 to +0.70). Grey strokes: 20 random circuits of "
        f"its size, {signed(mean)} on average (p 0.048)."
    )


def test_another_metric_is_drawn_by_name():
    chart = measured().chart("prob")
    assert chart.drawing.y_label == "share of the behaviour kept (probability)"
    with pytest.raises(UnknownNameError, match=r"^There is no metric called 'rank'\. "):
        measured().chart("rank")


def test_a_dot_and_a_node_of_the_circuit_are_selected_together():
    circuit = measured()
    chart = circuit.chart()
    chart.widget.selection = "L20H0"
    assert circuit.widget.selection == "L20H0"


def test_what_was_not_measured_breaks_the_line():
    drawing = measured(done=26).chart().drawing
    assert len(drawing.dots.node) < len(drawing.x_names) - 1
    assert np.isnan(drawing.lines[1].y).any()


def test_nothing_measured_is_refused(sentence):
    message = (
        "No share of `logit_diff` was measured, so there is no curve to draw. Let the circuit be "
        "measured to its end: `study.circuit(nodes).wait()`."
    )
    with pytest.raises(MeasurementError, match=sentence(message)):
        measured(done=0).chart()


def test_no_share_says_why():
    with pytest.raises(MeasurementError, match=r"^Overwriting everything that the circuit chooses"):
        LAST.chart()
