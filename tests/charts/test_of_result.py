"""Charts of one result, in numbers that can be worked out by hand."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, PlanError, UnknownNameError


@pytest.fixture
def make_windows():
    """Build a sweep over 3 layers with windows of 3, from effects per patch; the gap is 2."""
    from patchwidgets.nodes import Node
    from patchwidgets.plans.patch import Patch
    from patchwidgets.plans.plan import Axis, Plan, PlanMap
    from patchwidgets.results import Baseline, MetricInfo, Result

    layers = [(0, 1), (0, 1, 2), (1, 2), (0,), (1,), (2,)]
    info = [MetricInfo("logit_diff", "logit difference", "logit")]

    def build(effects, positions=()):
        at = list(positions) or [None]
        patches = tuple(
            Patch(tuple(Node("mlp_out", layer, position=position) for layer in window))
            for window in layers
            for position in at
        )
        axes = [Axis("layer", (0, 1, 2)), *([Axis("position", tuple(at))] if positions else [])]
        cells = np.arange(len(patches)).reshape(2, -1)
        maps = [
            PlanMap(name, tuple(axes), tuple(row.tolist()))
            for name, row in zip(("window", "alone"), cells, strict=True)
        ]
        return Result(
            Plan("mlp", patches, tuple(maps)),
            metrics=info,
            direction="denoising",
            baseline=Baseline(clean=np.full((1, 2), 1.0), corrupted=np.full((1, 2), -1.0)),
            groups=["", ""],
            provenance={},
            values=-1.0 + np.repeat(effects, len(at))[None, :, None] + np.zeros(2),
        )

    return build


def test_windows_lie_beside_the_sum_of_their_layers(make_windows):
    chart = make_windows([0.6, 1.8, 0.8, 0.2, 0.4, 0.6]).chart("windows")
    table = chart.table().set_index(["group", "node"])
    together = table.loc["patched together"]
    alone = table.loc["sum of the layers alone"]
    assert list(together.index) == ["L0-L1.mlp_out", "L0-L2.mlp_out", "L1-L2.mlp_out"]
    assert together.x.tolist() == alone.x.tolist() == [0, 1, 2]
    assert together.y.tolist() == pytest.approx([0.3, 0.9, 0.4])
    assert alone.y.tolist() == pytest.approx([0.3, 0.6, 0.5])
    assert chart.drawing.title == "Windows of 3 layers against the sum of the layers alone"
    assert chart.drawing.note == (
        "The largest difference is at L0-L2.mlp_out: +0.90 together, +0.60 summed."
    )
    assert together.said["L0-L2.mlp_out"] == (
        "together: +0.90 (+0.90 to +0.90)\nsum of the layers alone: +0.60"
    )


def test_windows_can_be_in_the_unit_of_the_metric(make_windows):
    drawing = (
        make_windows([0.6, 1.8, 0.8, 0.2, 0.4, 0.6]).chart("windows", normalized=False).drawing
    )
    assert drawing.y_label == "logit difference (effect, logits)"
    assert drawing.dots.y.tolist() == pytest.approx([0.6, 1.2, 1.0, 0.6, 1.8, 0.8])


def test_a_window_that_was_not_measured_breaks_the_line_and_is_counted(make_windows):
    drawing = make_windows([0.6, np.nan, 0.8, 0.2, 0.4, 0.6]).chart("windows").drawing
    assert drawing.dots.x.tolist() == [0, 2, 0, 2]
    assert [np.isnan(line.y).tolist() for line in drawing.lines] == [[False, True, False]] * 2
    assert drawing.note.endswith(" 1 of 3 windows were not measured.")


def test_one_position_at_a_time(make_windows, sentence):
    result = make_windows([0.6, 1.8, 0.8, 0.2, 0.4, 0.6], positions=(4, 7))
    assert result.chart("windows", at=7).table().node[0] == "L0-L1.mlp_out@7"
    message = (
        "The windows of this mlp sweep lie by layer and position, and a chart shows one position. "
        "Name it, as in `result.chart('windows', at=4)`; there are: 4, 7."
    )
    with pytest.raises(PlanError, match=sentence(message)):
        result.chart("windows")
    with pytest.raises(UnknownNameError, match=r"^There is no position called 5\. "):
        result.chart("windows", at=5)


def test_a_sweep_without_windows_is_refused(make_result, sentence):
    message = (
        "This heads sweep has no windows, so there is nothing to compare with single layers. "
        "Measure some with `study.sweep('mlp', window=5)`."
    )
    with pytest.raises(PlanError, match=sentence(message)):
        make_result().chart("windows")


def test_nothing_measured_is_refused(make_windows, sentence):
    message = (
        "No window was measured on every prompt together with all of its layers, so there is "
        "nothing to draw. Let the sweep finish."
    )
    with pytest.raises(MeasurementError, match=sentence(message)):
        make_windows([np.nan] * 6).chart("windows")


@pytest.fixture
def screened(make_result):
    """L0H0 estimated at 1 and measured at 1.8; L1H0 at -1 and -0.4; the others not measured."""
    from patchwidgets.results.estimate import Estimate

    def build(signed=True):
        values = np.full((2, 20, 2), 0.1)
        values[0, 0], values[0, 1] = 1.0, -1.0
        missing = dict.fromkeys(range(2, 20), np.nan)
        estimate = Estimate(values if signed else np.abs(values), "attribution", {}, signed)
        return make_result({0: 0.9, 1: -0.2} | missing, missing, estimate=estimate)

    return build


def test_estimates_lie_against_what_was_measured(screened):
    chart = screened().chart("estimates")
    table = chart.table()
    assert table.node.tolist() == ["L0H0", "L1H0"]
    assert table.x.tolist() == [1.0, -1.0]
    assert table.y.tolist() == pytest.approx([1.8, -0.4])
    assert table.said[0] == "estimated: +1.00 logits\nmeasured: +1.80 logits"
    assert chart.drawing.diagonal
    assert chart.drawing.title == "No rank correlation over 2 measured cells"
    assert chart.drawing.note.startswith("20 cells in all. Worst miss at L0H0. ")


def test_estimates_without_a_sign_are_compared_by_size(screened):
    chart = screened(signed=False).chart("estimates")
    assert chart.table().y.tolist() == pytest.approx([1.8, 0.4])
    assert chart.table().said[1] == "estimated: 1.00 logits\nmeasured: 0.40 logits"
    assert chart.drawing.x_label == "estimated size of the effect (logits)"


def test_without_estimates_there_is_nothing_to_compare(make_result):
    with pytest.raises(MeasurementError, match=r"^Nothing was estimated before this heads map "):
        make_result().chart("estimates")


def test_no_measured_cell_is_refused(screened, sentence):
    result = screened()
    unmeasured = type(result)(
        result.plan,
        metrics=result.metrics,
        direction="denoising",
        baseline=result.baseline,
        groups=result.groups,
        provenance={},
        estimate=result.estimate,
    )
    message = (
        "No cell with an estimate of `logit_diff` was measured, so there is nothing to compare. "
        "Let the sweep finish, or measure more with `top=30`."
    )
    with pytest.raises(MeasurementError, match=sentence(message)):
        unmeasured.chart("estimates")


def test_an_unknown_chart_is_refused_with_the_known_ones(make_result, sentence):
    message = (
        "There is no chart of a result called 'window'. Did you mean `windows`? Known: "
        "`estimates`, `prompts`, `windows`."
    )
    with pytest.raises(UnknownNameError, match=sentence(message)):
        make_result().chart("window")
