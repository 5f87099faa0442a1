"""A result as a table and as a dataset."""

import json

import numpy as np
import pandas as pd
import pytest

from patchwidgets.plans.plan import Axis, Plan, PlanMap


def test_table_has_a_row_per_patch_strongest_first(small):
    table = small.table()
    assert list(table.node) == ["L0H0", "L0H1", "L1H0"]
    assert list(table.status) == ["measured", "zero by identity", "not measured"]
    assert list(table.columns) == [
        *["node", "map", "layer", "head", "status"],
        *[f"logit_diff_{kind}" for kind in ("patched", "effect", "stderr", "normalized")],
        *[f"prob_{kind}" for kind in ("patched", "effect", "stderr", "normalized")],
    ]
    first = table.iloc[0]
    assert first.logit_diff_patched == pytest.approx(1 / 3)
    assert first.logit_diff_effect == pytest.approx(7 / 3)
    assert first.logit_diff_stderr == pytest.approx(1 / 3)
    assert first.logit_diff_normalized == pytest.approx(7 / 12)
    assert first.prob_normalized == pytest.approx(0.25)
    assert np.isnan(table.iloc[2].logit_diff_stderr)
    assert table.attrs["units"] == {"logit_diff": "logit", "prob": "probability"}


def test_table_sorts_by_size_whatever_the_sign(line_result):
    assert list(line_result([0.1, -0.4, 0.2]).table().node) == [
        "L1.mlp_out",
        "L2.mlp_out",
        "L0.mlp_out",
    ]


def test_table_holds_all_maps_or_one(path_plan, make_result):
    result = make_result(plan=path_plan)
    table = result.table()
    assert set(table.node) == {"L0H0", "L0H1", "L0.mlp_out", "embed"}
    assert set(table["map"]) == {"heads", "mlp", "embed"}
    assert table.set_index("node").loc["embed", "layer"] is pd.NA
    assert table.set_index("node").loc["L0.mlp_out", "layer"] == 0
    assert list(result.table(map="mlp").node) == ["L0.mlp_out"]


def test_dataset_holds_every_map_and_both_baselines(small, path_plan, make_result):
    dataset = small.to_xarray()
    assert dataset.heads.dims == ("metric", "layer", "head", "prompt")
    np.testing.assert_array_equal(
        dataset.heads.sel(metric="logit_diff", layer=0, head=0), [1, 0, 0]
    )
    np.testing.assert_array_equal(dataset.base.sel(metric="logit_diff"), [-2, -2, -2])
    np.testing.assert_array_equal(dataset.source.sel(metric="prob"), [0.6, 0.5, 0.4])
    np.testing.assert_array_equal(dataset.heads_status, [[1, 2], [0, 3]])
    assert json.loads(dataset.attrs["provenance"]) == small.provenance
    assert dataset.attrs["base"] == "corrupted"
    assert make_result(plan=path_plan).to_xarray()["embed"].dims == ("metric", "prompt")


def test_dataset_keeps_axes_with_other_labels_apart(heads_plan, make_result):
    late = PlanMap("late", (Axis("layer", (1,)),), (2,))
    plan = Plan("heads", heads_plan.patches, (*heads_plan.maps, late))
    dataset = make_result(plan=plan).to_xarray()
    assert dataset.late.dims == ("metric", "late_layer", "prompt")
    assert list(dataset.layer.values) == [0, 1]
    assert dataset.late_status.dtype == np.uint8
