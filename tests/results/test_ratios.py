"""Ratios of peaks and of sums over layers, worked out by hand."""

import numpy as np
import pytest

from patchwidgets.errors import MeasurementError, UnknownNameError
from patchwidgets.nodes import Node
from patchwidgets.plans.buckets import Buckets
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline, MetricInfo, Result
from patchwidgets.results.stats import ONE_PROMPT
from patchwidgets.types import Direction

LAYERS = 8
ROLES = ("last", "END")
ALONE = np.array([9.0, 1, 2, 3, 2, 1, 0, 0])
"""Effect of each layer alone at `last`; at `END` half of it."""


def windowed(alone, wide, gap=1.0, direction: Direction = "denoising", roles=ROLES):
    """Return a result of windows of 3: effects alone and together, role by layer by prompt."""
    columns = len(roles)
    nodes = [[Node("mlp_out", layer, position=role) for role in roles] for layer in range(LAYERS)]
    single = [Patch((node,)) for row in nodes for node in row]
    wider = [
        Patch(tuple(nodes[at][c] for at in range(max(0, layer - 1), min(LAYERS, layer + 2))))
        for layer in range(LAYERS)
        for c in range(columns)
    ]
    axes = (Axis("layer", tuple(range(LAYERS))), Axis("role", roles))
    n = LAYERS * columns
    maps = (
        PlanMap("window", axes, tuple(range(n))),
        PlanMap("alone", axes, tuple(range(n, 2 * n))),
    )
    prompts = alone.shape[-1]
    made = Result(
        Plan("mlp", (*wider, *single), maps),
        metrics=[MetricInfo("logit_diff", "logit difference", "logit")],
        direction=direction,
        baseline=Baseline(clean=np.full((1, prompts), gap), corrupted=np.zeros((1, prompts))),
        groups=[""] * prompts,
        provenance={},
    )
    for start, effects in ((0, wide), (n, alone)):
        by_patch = np.moveaxis(effects, 0, 1).reshape(n, prompts)
        for patch, values in enumerate(by_patch):
            made.record(start + patch, values[None] + (gap if direction == "noising" else 0))
    return made


def shaped(per_layer, prompts=4, spread=0.0):
    """Return role by layer by prompt: `END` does half, and prompts differ by a share."""
    by_role = np.stack([per_layer, per_layer / 2])
    return by_role[..., None] * (1 + spread * np.linspace(-1, 1, prompts))


WIDE = np.array([11.0, 10, 8, 14, 7, 3, 1, 0])
SUMMED = np.array([10.0, 12, 6, 7, 6, 3, 1, 0])


def test_the_peak_of_windows_over_the_peak_of_sums_in_the_middle():
    result = windowed(shaped(ALONE), shaped(WIDE))
    np.testing.assert_allclose(result.summed().sel(role="last")[:, 0], SUMMED)
    ratio = result.ratio_of_peaks("last")
    assert (ratio.layers, ratio.peaks) == ((1, 6), (3, 1))
    assert (ratio.numerator, ratio.denominator, ratio.unit) == (14, 12, "logit")
    assert ratio.value == ratio.low == ratio.high == 14 / 12
    inner = result.ratio_of_peaks("last", layers=(2, 7))
    assert (inner.value, inner.peaks) == (2.0, (3, 3))
    assert result.ratio_of_peaks("END", layers=(2, 7)).numerator == 7


def test_the_interval_redraws_whole_prompts():
    alone, wide = shaped(ALONE, 6), shaped(WIDE, 6)
    wide[0, 3] = [10, 12, 14, 14, 16, 18]
    ratio = windowed(alone, wide).ratio_of_peaks("last", layers=(2, 7))
    assert ratio.value == 2.0
    redrawn = np.random.default_rng(1).choice([10, 12, 14, 14, 16, 18], (20_000, 6)).mean(axis=1)
    low, high = np.quantile(redrawn / 7, [0.025, 0.975])
    np.testing.assert_allclose([ratio.low, ratio.high], [low, high], atol=0.06)
    narrow = windowed(alone, wide).ratio_of_peaks("last", layers=(2, 7), confidence=0.5)
    assert ratio.low < narrow.low < 2.0 < narrow.high < ratio.high


def test_sums_over_layers_of_two_columns():
    result = windowed(shaped(ALONE, spread=0.1), shaped(WIDE))
    alone = result.ratio_of_sums("last", "END", map="alone")
    np.testing.assert_allclose([alone.value, alone.low, alone.high], 2.0)
    np.testing.assert_allclose([alone.numerator, alone.denominator], [18, 9])
    assert (alone.peaks, alone.layers) == (None, (0, 7))
    assert result.ratio_of_sums("last", "END").numerator == WIDE.sum()
    assert result.ratio_of_sums("END", "last", layers=(6, 6)).value == 0.5


def test_effects_count_towards_the_source_run():
    wanted = windowed(shaped(ALONE), shaped(WIDE)).ratio_of_peaks("last")
    settings: list[tuple[Direction, float]] = [("noising", 1.0), ("denoising", -1.0)]
    for direction, gap in settings:
        result = windowed(-shaped(ALONE), -shaped(WIDE), gap, direction)
        np.testing.assert_allclose(result.ratio_of_peaks("last").value, wanted.value)


def test_a_divisor_that_may_be_zero_gives_no_ratio():
    around = np.array([-1.0, 1.0, -2.0, 3.0])
    alone = np.zeros((2, LAYERS, 4))
    alone[0, 3] = around
    ratio = windowed(alone, shaped(WIDE)).ratio_of_peaks("last")
    assert np.isnan([ratio.value, ratio.low, ratio.high]).all()
    low, high = ratio.denominator_interval
    assert low < 0 < high
    assert ratio.why_not == (
        f"The 95% interval of the sum of layers alone at its peak is {low:.3g} to {high:.3g}, "
        "which includes 0. More prompt pairs may narrow it."
    )
    assert str(ratio) == f"no ratio, among L1 to L6 of 8 layers: {ratio.why_not}"
    sums = windowed(alone, shaped(WIDE)).ratio_of_sums("END", "last", map="alone")
    assert sums.why_not.startswith("The 95% interval of the sum over layers that it is divided by")
    below = windowed(-shaped(1 + ALONE), shaped(WIDE))
    assert below.ratio_of_peaks("last").why_not.endswith(
        "to -4, which is not above 0. More prompt pairs may narrow it."
    )
    assert below.ratio_of_sums("last", "END", map="alone").value == 2.0


def test_one_prompt_has_no_interval_and_so_no_ratio():
    ratio = windowed(shaped(ALONE, 1), shaped(WIDE, 1)).ratio_of_peaks("last")
    assert np.isnan(ratio.value)
    assert ratio.why_not == ONE_PROMPT


def test_a_ratio_is_written_with_its_interval_and_its_parts():
    ratio = windowed(shaped(ALONE), shaped(WIDE)).ratio_of_peaks("last", layers=(0, 7))
    assert str(ratio) == "1.17 (95% interval 1.17 to 1.17): 14 at L3 over 12 at L1 (logit)"


def test_a_ratio_says_which_layers_were_looked_at_where_some_were_left_out():
    wide = WIDE + np.array([9.0, 0, 0, 0, 0, 0, 0, 0])
    result = windowed(shaped(ALONE), shaped(wide))
    assert result.ratio_of_peaks("last", layers=(0, 7)).numerator == 20
    assert str(result.ratio_of_peaks("last")) == (
        "1.17 (95% interval 1.17 to 1.17): 14 at L3 over 12 at L1 (logit), "
        "among L1 to L6 of 8 layers"
    )
    assert str(result.ratio_of_sums("last", "END", layers=(2, 6))) == (
        "2 (95% interval 2 to 2): 33 over 16.5 (logit), among L2 to L6 of 8 layers"
    )


def test_prompts_that_lack_a_bucket_do_not_count_in_its_sum():
    buckets = Buckets(("middle", "last"), (((1,), (), (1,)), ((2,), (2,), (2,))))
    patches = tuple(
        Patch((Node("mlp_out", layer, position=name),))
        for layer in (0, 1)
        for name in buckets.names
    )
    axes = (Axis("layer", (0, 1)), Axis("bucket", buckets.names))
    plan = Plan("mlp", patches, (PlanMap("mlp", axes, (0, 1, 2, 3)),), buckets=buckets)
    result = Result(
        plan,
        metrics=[MetricInfo("prob", "probability", "probability")],
        direction="denoising",
        baseline=Baseline(clean=np.ones((1, 3)), corrupted=np.zeros((1, 3))),
        groups=[""] * 3,
        provenance={},
    )
    for single, values in enumerate([[1, 9, 3], [3, 9, 5], [6, 6, 6], [6, 12, 6]]):
        result.record(single, np.array([values], dtype=float) / 100)
    ratio = result.ratio_of_sums("last", "middle")
    np.testing.assert_allclose([ratio.numerator, ratio.denominator], [0.14, 0.06])
    np.testing.assert_allclose(ratio.value, 14 / 6)
    assert ratio.n_prompts == (3, 2)
    assert np.isfinite([ratio.low, ratio.high]).all()


def test_what_has_no_ratio_is_refused(line_result, sentence):
    result = windowed(shaped(ALONE), shaped(WIDE))
    for ask, kind, said in [
        (
            lambda: line_result([1.0, 2.0]).ratio_of_peaks(),
            MeasurementError,
            "This mlp map has no windows of layers to compare with the sum of their layers. Sweep "
            "with a window, such as `study.sweep('mlp', window=5)`.",
        ),
        (
            lambda: result.ratio_of_peaks("list"),
            UnknownNameError,
            "There is no role called 'list'. Did you mean `last`? Known: `last`, `END`.",
        ),
        (
            lambda: result.ratio_of_peaks("last", layers=(3, 8)),
            MeasurementError,
            "`layers=(3, 8)` is not a range of layers of this map, which has 0 to 7. Write the "
            "first and the last one, such as `layers=(0, 7)`.",
        ),
        (
            lambda: line_result([1.0, 2.0]).ratio_of_sums("last", "END"),
            MeasurementError,
            "The map `mlp` has one number per layer and so no column 'last'. Sweep by position, "
            "such as `positions='roles'` or `positions='buckets'`.",
        ),
    ]:
        with pytest.raises(kind, match=sentence(said)):
            ask()


def test_maps_that_are_not_whole_or_not_by_layer_are_refused(small, sentence):
    said = (
        "Some layers were not measured, so that a peak or a sum over layers would leave them out. "
        "Sweep again; what was measured is kept."
    )
    with pytest.raises(MeasurementError, match=sentence(said)):
        small.ratio_of_sums(0, 1)
    result = windowed(shaped(ALONE), shaped(WIDE))
    result.plan = Plan("heads", result.plan.patches, (PlanMap("heads", (), (0,)),))
    said = (
        "The map `heads` has the axes [], and ratios over layers need one number per layer, or "
        "layer and column. Use a sweep of whole layers, such as `mlp`."
    )
    with pytest.raises(MeasurementError, match=sentence(said)):
        result.ratio_of_sums("last", "END")
