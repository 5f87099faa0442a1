"""What counts as rounding, and what is said of two measurements that are further apart."""

import numpy as np
import pytest
import torch

from patchwidgets.engine.checks import require_equal, require_same
from patchwidgets.engine.cluster_worker import _short
from patchwidgets.engine.rounding import tolerance
from patchwidgets.errors import MeasurementError
from patchwidgets.models.bridge import LensModel
from tests.families import tiny

WIDTHS = {torch.float64: 1e-3, torch.float32: 1e-3, torch.bfloat16: 0.1, torch.float16: 0.1}


@pytest.mark.parametrize("dtype", WIDTHS)
def test_a_thousandth_is_rounding_and_a_tenth_in_half_precision(dtype, monkeypatch):
    monkeypatch.setattr(LensModel, "dtype", dtype)
    assert tolerance(LensModel(tiny("llama"))) == WIDTHS[dtype]


CHECKS = {require_equal: "patch 3", require_same: "L0H0"}
SENTENCES = {
    require_equal: "The fast engine and the reference executor disagree on patch 3 of "
    "`tiny-llama`: 0.002 where 0.001 is rounding. No number is returned. Measure with "
    "`executor='reference'`, and please report the model.",
    require_same: "The stored cell `L0H0` of `tiny-llama` has another number when it is measured "
    "again: 0.002 apart, where 0.001 is rounding. No number is returned, and the stored cells of "
    "this sweep are dropped. Sweep again to measure all of them.",
}


@pytest.mark.parametrize("check", CHECKS)
def test_numbers_may_be_apart_by_rounding_relative_to_values_above_one(check):
    """The reference of `require_equal` comes second, the stored number of `require_same` first."""

    def compare(known, again):
        pair = (np.array([[again]]), np.array([[known]]))
        pair = pair if check is require_equal else pair[::-1]
        check(*pair, LensModel(tiny("llama")), CHECKS[check])

    for known, again in ((0.25, 0.2509), (-0.25, -0.2509), (100.0, 100.09), (-100.0, -99.91)):
        compare(known, again)
    for known, again in ((0.25, 0.252), (-0.25, -0.248), (100.0, 100.2), (-100.0, -100.2)):
        with pytest.raises(MeasurementError) as refused:
            compare(known, again)
        assert str(refused.value) == SENTENCES[check]
    with pytest.raises(MeasurementError):
        compare(1.0, np.nan)


def test_settings_of_workers_are_quoted_up_to_120_letters():
    assert _short("x" * 120) == "x" * 120
    assert _short("x" * 121) == "x" * 117 + "..."
