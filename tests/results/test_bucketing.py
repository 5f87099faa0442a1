"""Maps by bucket: means over positions, prompts that lack a bucket, and what is saved and drawn."""

import copy
import json
import re

import numpy as np
import pytest

from patchwidgets.errors import FileError
from patchwidgets.nodes import Node
from patchwidgets.plans.buckets import Buckets
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline, MetricInfo, Result
from patchwidgets.results.stats import bootstrap_interval, filled, mean, standard_error
from patchwidgets.views._explorer import explorer
from patchwidgets.views._wire import read_array

BUCKETS = Buckets(("s_middle", "END"), (((1, 2), (), (1,)), ((3,), (2,), (2,))))
PATCHES = tuple(
    Patch((Node("mlp_out", layer, position=name),)) for layer in (0, 1) for name in BUCKETS.names
)
AXES = (Axis("layer", (0, 1)), Axis("bucket", BUCKETS.names))
PLAN = Plan("mlp", PATCHES, (PlanMap("mlp", AXES, (0, 1, 2, 3)),), buckets=BUCKETS)
SINGLES = [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (3, 1)]
"""Position and layer of every patch that is measured, in the order of `PLAN.measured`."""

VALUES = np.arange(18.0).reshape(6, 3)
"""Of each of these, on the three prompts; the base run has 0 everywhere."""

EFFECT = np.array(
    [
        [[(0 + 6) / 2, np.nan, 2], [12, 7, 8]],
        [[(3 + 9) / 2, np.nan, 5], [15, 10, 11]],
    ]
)
GAP = np.array([2.0, 4.0, 8.0])


def empty(draws=1):
    shape = (1, 3 * draws)
    gap = np.repeat(GAP, draws)[None]
    return Result(
        PLAN,
        metrics=[MetricInfo("logit_diff", "logit difference", "logit")],
        direction="denoising",
        baseline=Baseline(clean=gap, corrupted=np.zeros(shape)),
        groups=["a", "a", "b"],
        provenance={"behaviour": "facts", "seed": 0},
        draws=draws,
    )


@pytest.fixture
def result():
    made = empty()
    for single, values in enumerate(VALUES):
        made.record(single, values[None])
    return made


def test_the_measured_patches_are_in_the_order_that_these_tests_rely_on():
    written = [str(patch) for patch in PLAN.measured.patches]
    assert written == [f"L{layer}.mlp_out@{position}" for position, layer in SINGLES]


def test_a_bucket_is_the_mean_over_the_positions_of_each_prompt(result):
    np.testing.assert_array_equal(result.effect(), EFFECT)
    assert result.effect().attrs["prompts_with_bucket"] == {"s_middle": 2, "END": 3}
    assert result.progress.done == 4
    assert (result.snapshot().status == 1).all()


@pytest.mark.parametrize("order", [[5, 4, 3, 2, 1, 0], [2, 0, 4, 1, 3, 5]])
def test_the_order_of_measuring_changes_no_bit(result, order):
    made = empty()
    thirds = VALUES / 3
    whole = empty()
    for single in order:
        for rows in ([2], [0, 1]):
            made.record(single, thirds[single, rows][None], rows)
    for single in range(6):
        whole.record(single, thirds[single][None])
    np.testing.assert_array_equal(made.effect(), whole.effect())


def test_a_bucket_is_empty_until_all_its_positions_are_measured():
    made = empty()
    made.record(0, VALUES[0][None])
    assert made.snapshot().status.tolist() == [0, 0, 0, 0]
    assert np.isnan(made.snapshot().mean_effect(0)).all()
    assert made.numbers()[0][0, 0, 2] == VALUES[0, 2]  # prompt 2 has this position alone
    made.record(2, VALUES[2][None])
    assert made.snapshot().status.tolist() == [1, 0, 0, 0]
    made.forget()
    assert np.isnan(made.numbers()[0]).all()
    made.record(2, VALUES[2][None])
    assert made.snapshot().status.tolist() == [0, 0, 0, 0]


def test_what_changes_nothing_at_any_position_is_zero_by_identity():
    made = empty()
    for single in (0, 2):
        made.record(single, np.zeros((1, 3)), identity=True)
    assert made.snapshot().status.tolist() == [2, 0, 0, 0]
    made.record(4, VALUES[4][None])  # prompt 0 at END, of which the others are at position 2
    assert made.snapshot().status.tolist() == [2, 1, 0, 0]


def test_draws_are_averaged_within_a_prompt():
    made = empty(draws=2)
    for single, values in enumerate(VALUES):
        made.record(single, np.stack([values - 1, values + 1], axis=-1).reshape(1, -1))
    np.testing.assert_allclose(made.effect(), EFFECT)
    np.testing.assert_allclose(
        made.by_draw()[..., 1] - made.by_draw()[..., 0], np.full((2, 2), 2.0)
    )
    spread = made.draw_spread()
    np.testing.assert_allclose(spread["effect"], np.nanmean(EFFECT, axis=-1))
    np.testing.assert_allclose(spread["sd_draws"], np.full((2, 2), np.sqrt(2)))


def test_numbers_over_prompts_are_of_those_that_have_the_bucket(result):
    have = [0, 2]
    of_some = EFFECT[:, 0][:, have]
    normalized, stderr, interval = result.normalized(), result.stderr(), result.interval()
    np.testing.assert_allclose(normalized[:, 0], of_some.mean(axis=1) / GAP[have].mean())
    np.testing.assert_allclose(normalized[:, 1], EFFECT[:, 1].mean(axis=1) / GAP.mean())
    np.testing.assert_allclose(stderr[:, 0], of_some.std(axis=1, ddof=1) / np.sqrt(2))
    np.testing.assert_allclose(interval[:, 0], bootstrap_interval(of_some, GAP[have]))
    np.testing.assert_allclose(interval[:, 1], bootstrap_interval(EFFECT[:, 1], GAP))
    ratios = result.normalized(how="mean_of_ratios")
    np.testing.assert_allclose(ratios[:, 0], (of_some / GAP[have]).mean(axis=1))
    groups = result.by_group(of="effect")
    np.testing.assert_allclose(groups.sel(group="a")[:, 0], EFFECT[:, 0, 0])
    np.testing.assert_allclose(groups.sel(group="b"), EFFECT[..., 2])


def test_rules_compare_the_means_of_those_that_have_the_bucket(result):
    cells = result.cells()
    np.testing.assert_allclose(cells.effect.mean(axis=1), np.nanmean(EFFECT, axis=-1).ravel())
    assert np.isfinite(cells.effect).all()
    assert result.detect("sd", sd=1).positive == ("L1.mlp_out@END",)


def test_a_table_counts_the_prompts_of_a_bucket(result):
    table = result.table().set_index("node")
    assert table["prompts"].to_dict() == {
        "L0.mlp_out@s_middle": 2,
        "L0.mlp_out@END": 3,
        "L1.mlp_out@s_middle": 2,
        "L1.mlp_out@END": 3,
    }
    assert table.loc["L1.mlp_out@s_middle", "bucket"] == "s_middle"
    assert table.loc["L1.mlp_out@s_middle", "logit_diff_effect"] == 5.5
    assert table.loc["L1.mlp_out@s_middle", "logit_diff_normalized"] == 5.5 / 5


def test_a_saved_map_by_bucket_is_the_same_map(result, tmp_path):
    saved = result.save(tmp_path / "buckets.json")
    assert json.loads(saved.read_text())["schema_version"] == 3
    loaded = Result.load(saved)
    assert loaded.plan == result.plan
    np.testing.assert_array_equal(loaded.effect(), result.effect())
    assert loaded.table().equals(result.table())
    assert (loaded.progress.state, loaded.progress.done) == ("done", 4)


def test_buckets_that_do_not_fit_the_prompts_are_damaged(result):
    for spoil in (
        lambda plan: plan["buckets"]["places"][0].pop(),
        lambda plan: plan["buckets"]["names"].pop(),
        lambda plan: plan["patches"].__setitem__(0, {"nodes": ["L0.mlp_out@S2"]}),
    ):
        document = copy.deepcopy(result.to_json())
        spoil(document["plan"])
        said = (
            "The document is damaged: field `plan.buckets` does not fit the patches and the "
            "prompts. It was cut short or changed after it was saved, so its numbers cannot be "
            "trusted. Use another copy, or measure and save it again."
        )
        with pytest.raises(FileError, match=f"^{re.escape(said)}$"):
            Result.from_json(document)


def test_a_map_by_bucket_is_drawn_with_its_buckets(result):
    header, block = explorer([result])
    heatmap = header.maps[0]
    assert heatmap.columns.name == "bucket"
    assert heatmap.columns.labels == ["s_middle", "END"]
    assert "3 pairs · s_middle on 2 of 3 · seed 0" in heatmap.caption
    drawn = read_array(heatmap.value, block)[0]
    np.testing.assert_allclose(drawn, result.normalized(), rtol=1e-6)
    assert heatmap.low is not None
    low = read_array(heatmap.low, block)[0]
    np.testing.assert_allclose(low, result.interval().sel(bound="low"), rtol=1e-6)


def test_means_leave_out_what_is_not_there():
    numbers = np.array([[1.0, np.nan, 3.0], [np.nan] * 3, [1.0, 2.0, 6.0]])
    np.testing.assert_array_equal(mean(numbers), [2.0, np.nan, 3.0])
    np.testing.assert_allclose(standard_error(numbers), [1.0, np.nan, np.sqrt(7 / 3)])
    np.testing.assert_array_equal(filled(numbers[::2]), [[1.5, 0.0, 4.5], [1.0, 2.0, 6.0]])
