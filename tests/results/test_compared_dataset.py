"""A comparison as a dataset, a table and CSV, by numbers that can be worked out by hand."""

import csv
import json

import numpy as np
import pytest

from tests.results.test_comparison import NODES, compared  # noqa: F401


def test_a_comparison_is_a_dataset_by_method_and_node(compared):  # noqa: F811
    found = compared.to_xarray()
    assert found["effect"].dims == ("by", "node")
    assert list(found["by"].values) == [
        "replacement logit_diff",
        "replacement kl_div",
        "noise logit_diff",
        "noise kl_div",
    ]
    assert list(found["node"].values) == NODES
    assert list(found["unit"].values) == ["logit", "nat", "logit", "nat"]
    one = found.sel(node="L0H0")
    assert one["effect"].values == pytest.approx([0.9, 1.8, -0.9, 0.0])
    assert one["normalized"].values == pytest.approx([0.9, 0.9, -0.9, 0.0])
    assert list(one["detected"].values) == [1, 1, -1, 0]
    assert list(found.sel(node="L5H0")["detected"].values) == [0, 0, 0, 0]
    assert found.attrs["rule"] == "sd"
    assert len(json.loads(found.attrs["provenance"])) == 2


def test_what_was_not_measured_is_not_a_number(compared):  # noqa: F811
    first = next(iter(compared.results.values()))
    first._values[0, 3] = np.nan
    first._status[3] = 0
    one = compared.to_xarray().sel(node="L3H0", by="replacement logit_diff")
    assert [float(one[name]) != float(one[name]) for name in one.data_vars] == [True] * 3


def test_a_method_without_a_ratio_has_effects_and_no_shares(compared):  # noqa: F811
    first = next(iter(compared.results.values()))
    first.baseline.clean[0] = first.baseline.corrupted[0]
    one = compared.to_xarray().sel(by="replacement logit_diff")
    assert np.isnan(one["normalized"].values).all()
    assert np.isfinite(one["effect"].values).all()


def test_a_comparison_is_a_table_with_a_row_per_method_and_node(compared, tmp_path):  # noqa: F811
    table = compared.table()
    assert list(table.columns) == [
        *("corruption", "metric", "direction", "window", "unit", "node"),
        *("effect", "normalized", "detected"),
    ]
    assert len(table) == 4 * len(NODES)
    path = compared.to_csv(tmp_path / "methods.csv")
    lines = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert [line["node"] for line in lines] == list(table["node"])
    first = lines[0]
    assert (first["corruption"], first["metric"], first["detected"]) == (
        *("replacement", "logit_diff"),
        "1",
    )
    assert float(first["effect"]) == table["effect"][0]
