"""The paper's detection rule."""

import numpy as np
import pytest

from patchwidgets.results.detection import detect_nodes


def test_by_hand(line_result):
    found = line_result([10.0, *[0.0] * 9]).detect()
    assert (found.mean, found.sd) == (1, 3)
    assert (found.threshold_low, found.threshold_high) == (-5, 7)
    assert found.positive == ("L0.mlp_out",)
    assert found.negative == ()
    assert (found.n_cells, found.unit) == (10, "logit")


def test_the_papers_worked_numbers():
    """STR and probability on IOI: mean 0.003, SD 0.015, bars -0.027 and +0.033; L11H10 missed."""
    around = np.sqrt((144 * 0.015**2 - 2 * 0.025**2 - 2 * 0.031**2) / 140)
    effects = 0.003 + np.array([-0.025, 0.025, -0.031, 0.031, *[around] * 70, *[-around] * 70])
    names = ["L11H10", "other", "L10H7", "L5H5", *["rest"] * 140]
    found = detect_nodes(names, effects, 2, "probability")
    assert found.mean == pytest.approx(0.003)
    assert found.sd == pytest.approx(0.015)
    assert found.threshold_low == pytest.approx(-0.027)
    assert found.threshold_high == pytest.approx(0.033)
    assert found.positive == ("L5H5",)
    assert found.negative == ("L10H7",)


def test_names_come_strongest_first():
    effects = np.array([5.0, 9.0, -7.0, -8.0, *[0.0] * 40])
    found = detect_nodes(list("abcd") + ["rest"] * 40, effects, 2, "logit")
    assert found.positive == ("b", "a")
    assert found.negative == ("d", "c")


def test_cells_not_measured_are_left_out_and_identity_counts_as_zero(small):
    found = small.detect(sd=1)
    assert found.n_cells == 2
    assert found.mean == pytest.approx(7 / 6)
    assert found.positive == ("L0H0",)
    assert found.negative == ("L0H1",)


def test_nothing_stands_out_of_a_flat_map(line_result):
    found = line_result([0.0, 0.0, 0.0]).detect()
    assert found.positive == found.negative == ()


def test_nothing_measured_finds_nothing(make_result):
    found = make_result().detect()
    assert found.n_cells == 0
    assert np.isnan(found.mean)
    assert found.positive == found.negative == ()


@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_positive_means_towards_the_source_run(line_result, direction):
    towards = -10.0 if direction == "noising" else 10.0
    found = line_result([towards, *[0.0] * 9], direction=direction).detect()
    assert found.positive == ("L0.mlp_out",)
    assert found.mean == 1


def test_a_falling_divergence_is_positive(line_result):
    found = line_result([-10.0, *[0.0] * 9], clean=0.0, corrupted=12.0).detect()
    assert found.positive == ("L0.mlp_out",)


def test_without_a_gap_an_effect_keeps_its_sign(line_result):
    found = line_result([10.0, *[0.0] * 9], clean=-0.01, corrupted=0.0).detect()
    assert found.positive == ("L0.mlp_out",)


def test_the_bar_is_the_callers(line_result):
    result = line_result([10.0, *[0.0] * 9])
    assert result.detect(sd=3.0).positive == ("L0.mlp_out",)
    assert result.detect(sd=3.1).positive == ()
