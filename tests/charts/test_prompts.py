"""Effects of the strongest nodes on every prompt pair, in numbers worked out by hand."""

import numpy as np
import pytest

from patchwidgets.charts._still import still
from patchwidgets.errors import MeasurementError, PlanError
from patchwidgets.results.measured import MEASURED
from tests.engine.test_buckets import FACTS
from tests.families import study_of, tiny


def test_the_strongest_nodes_come_first_whatever_their_sign(make_result):
    chart = make_result({0: 0.1, 1: [-0.9, -0.7], 2: [0.6, -0.2]}).chart("prompts", top=3)
    drawing = chart.drawing
    assert drawing.x_names == ("L1H0", "L2H0", "L0H0")
    assert drawing.dots.node == ("L1H0", "L1H0", "L2H0", "L2H0", "L0H0", "L0H0")
    assert drawing.dots.y.tolist() == pytest.approx([-1.8, -1.4, 1.2, -0.4, 0.2, 0.2])
    assert drawing.dots.x.tolist() == pytest.approx([-0.3, 0.3, 0.7, 1.3, 1.7, 2.3])
    assert [line.y[0] for line in drawing.lines] == pytest.approx([-1.6, 0.4, 0.2])
    assert drawing.dots.says[3] == "prompt pair 2: −0.40 logits"
    assert drawing.title == "3 of 20 nodes on 2 prompt pairs"
    assert drawing.note == (
        "L1H0: −1.60 logits (−1.80 to −1.40) on average. L2H0 has the opposite sign on 1 prompt "
        "pair of 2."
    )
    assert drawing.y_label == "logit difference (effect, logits)"


def test_one_sign_everywhere_is_said(make_result):
    drawing = make_result({0: 0.5}).chart("prompts", top=1).drawing
    assert drawing.note.endswith("Every node shown has one sign on all prompt pairs.")
    assert [group.label for group in drawing.groups] == ["one prompt pair each"]


def test_the_names_stand_under_the_picture(make_result):
    picture = make_result({0: 0.5, 1: 0.4}).chart("prompts", top=2).picture
    assert ">L0H0</text>" in picture
    assert ">L1H0</text>" in picture


def test_a_long_name_is_cut_in_the_picture_only(make_result):
    from dataclasses import replace

    drawing = make_result({0: 0.5}).chart("prompts", top=1).drawing
    assert ">L0-L2.mlp_out…</text>" not in still(drawing)
    named = replace(drawing, x_names=("L10-L12.mlp_out@S2",))
    assert ">L10-L12.mlp_o…</text>" in still(named)


def test_templates_differ_by_shape(make_result):
    result = make_result({0: 0.5})
    result.groups = ("ABBA", "BABA")
    drawing = result.chart("prompts", top=1).drawing
    assert [group.label for group in drawing.groups] == ["ABBA", "BABA"]
    assert drawing.dots.group.tolist() == [0, 1]
    assert len({group.marker for group in drawing.groups}) == 2


def test_cells_that_were_not_measured_are_left_out(make_result):
    effects = dict.fromkeys(range(20), np.nan) | {3: 0.5}
    drawing = make_result(effects, effects).chart("prompts").drawing
    assert drawing.x_names == ("L3H0",)
    assert drawing.title == "1 node on 2 prompt pairs"


def test_nothing_measured_is_refused(make_result, sentence):
    nothing = dict.fromkeys(range(20), np.nan)
    message = (
        "No cell of this heads sweep was measured on every prompt, so there is nothing to draw. "
        "Let the sweep finish."
    )
    with pytest.raises(MeasurementError, match=sentence(message)):
        make_result(nothing, nothing).chart("prompts")


@pytest.mark.parametrize("top", [0, -1, 2.5, True, "12"])
def test_top_is_a_number_of_nodes(make_result, sentence, top):
    message = (
        f"`top` is {top!r}, but it is how many nodes the chart shows, the strongest first: a whole "
        "number from 1 on, such as `result.chart('prompts', top=12)`."
    )
    with pytest.raises(PlanError, match=sentence(message)):
        make_result({0: 0.5}).chart("prompts", top=top)


def test_a_prompt_that_lacks_a_bucket_has_no_dot_there():
    study = study_of(tiny("gpt2"), FACTS, store=False)
    result = study.sweep("mlp", positions="buckets").wait()
    dots = result.chart("prompts", top=100).drawing.dots
    measured = result.snapshot().effect(0)
    assert np.isnan(measured).any()
    names = result.plan.names
    drawn = sorted(zip(dots.node, np.abs(dots.y).tolist(), strict=True))
    run = np.flatnonzero(result.snapshot().status == MEASURED)
    wanted = sorted(
        (names[cell], abs(effect))
        for cell in run
        for effect in measured[cell].tolist()
        if not np.isnan(effect)
    )
    assert [name for name, _ in drawn] == [name for name, _ in wanted]
    np.testing.assert_allclose([one for _, one in drawn], [one for _, one in wanted])
