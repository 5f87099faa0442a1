"""A result as the heatmap that is drawn."""

import numpy as np
import pytest

from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.results import Baseline
from patchwidgets.views._grid import lay_out
from patchwidgets.views._picture import heatmap, strongest
from patchwidgets.views._wire import SCHEMA_VERSION, ArrayBlock, bundle, read_array

NAN = np.nan
VALUES = np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.1]])


def draw(result, **options):
    """Return the header and a function from array name to array."""
    block = ArrayBlock()
    view = heatmap(result, key="k", title="Which?", caption="Redo.", block=block, **options)
    raw = block.to_bytes()
    assert bundle(view, raw)["schema_version"] == SCHEMA_VERSION
    return view, lambda name: read_array(getattr(view, name), raw)


def written(view):
    """Return the written name of each cell as a reader puts it together."""
    width = len(view.columns.parts)
    return [
        [view.names.get(i * width + j, row + column) for j, column in enumerate(view.columns.parts)]
        for i, row in enumerate(view.rows.parts)
    ]


def test_numbers_of_a_head_map(small):
    view, array = draw(small)
    np.testing.assert_allclose(array("value")[0], [[7 / 12, 0], [NAN, NAN]], rtol=1e-6)
    np.testing.assert_allclose(array("value")[1], [[0.25, 0], [NAN, NAN]], rtol=1e-6)
    np.testing.assert_allclose(array("effect")[0], [[7 / 3, 0], [NAN, NAN]], rtol=1e-6)
    np.testing.assert_allclose(array("patched")[0], [[1 / 3, -2], [NAN, NAN]], rtol=1e-6)
    np.testing.assert_array_equal(array("status"), [[1, 2], [0, 3]])
    for m, metric in enumerate(("logit_diff", "prob")):
        interval = small.interval(metric)
        np.testing.assert_allclose(array("low")[m], interval.sel(bound="low"), rtol=1e-6)
        np.testing.assert_allclose(array("high")[m], interval.sel(bound="high"), rtol=1e-6)
    assert [(m.base, m.source, m.normalized, m.note) for m in view.metrics] == [
        (-2, 2, True, ""),
        (pytest.approx(0.1), pytest.approx(0.5), True, ""),
    ]
    assert (view.key, view.title, view.caption) == ("k", "Which?", "Redo.")
    assert (view.progress.state, view.progress.done, view.progress.total) == ("cancelled", 2, 3)


def test_labels_and_written_names_of_a_head_map(small):
    view, _ = draw(small)
    assert (view.rows.name, view.columns.name) == ("layer", "head")
    assert view.rows.labels == ["L0", "L1"]
    assert view.columns.labels == ["0", "1"]
    assert written(view) == [["L0H0", "L0H1"], ["L1H0", "L1H1"]]
    assert view.names == {}


def test_the_maps_of_a_path_plan_share_one_grid(path_plan, make_result):
    result = make_result(plan=path_plan)
    for patch in range(4):
        result.record(patch, VALUES * (patch + 1))
    view, array = draw(result)
    assert (view.rows.name, view.columns.name) == ("layer", "sender")
    assert view.rows.labels == ["embed", "L0", "L1", "L2"]
    assert view.columns.labels == ["0", "1", "MLP"]
    np.testing.assert_array_equal(array("status"), [[1, 4, 4], [1, 1, 1], [3, 3, 3], [3, 3, 3]])
    expected = np.full((4, 3), NAN)
    expected[0, 0], expected[1] = 4 / 3, [1 / 3, 2 / 3, 3 / 3]
    np.testing.assert_allclose(array("patched")[0], expected, rtol=1e-6)
    names = written(view)
    assert names[0][0] == "embed"
    assert names[1:] == [
        ["L0H0", "L0H1", "L0.mlp_out"],
        ["L1H0", "L1H1", "L1.mlp_out"],
        ["L2H0", "L2H1", "L2.mlp_out"],
    ]


def test_one_map_of_a_path_plan(path_plan, make_result):
    view, _ = draw(make_result(plan=path_plan), map="mlp")
    assert written(view) == [["L0.mlp_out"], ["L1.mlp_out"], ["L2.mlp_out"]]
    assert (view.rows.name, view.columns.name, view.columns.labels) == ("layer", "mlp", ["MLP"])
    view, array = draw(make_result(plan=path_plan), map="embed")
    assert written(view) == [["embed"]]
    assert array("value").shape == (2, 1, 1)


def test_a_receiver_that_only_embed_reaches(make_result):
    from patchwidgets.nodes import Path

    layers, heads = Axis("layer", (0, 1)), Axis("head", (0, 1))
    plan = Plan(
        "path",
        (Patch(path=Path(Node("embed"), (Node("q", 0, 0),))),),
        (
            PlanMap("heads", (layers, heads), (None,) * 4),
            PlanMap("mlp", (layers,), (None, None)),
            PlanMap("embed", (), (0,)),
        ),
        form="pinned",
    )
    view, _ = draw(make_result(plan=plan))
    names = written(view)
    assert names[0][0] == "embed"
    assert names[1:] == [["L0H0", "L0H1", "L0.mlp_out"], ["L1H0", "L1H1", "L1.mlp_out"]]


def plan_over(axes, node):
    """Return a plan with one map over `axes`; `node` makes a node from the labels."""
    from itertools import product

    patches = tuple(Patch((node(*at),)) for at in product(*(axis.labels for axis in axes)))
    return Plan("s", patches, (PlanMap("s", axes, tuple(range(len(patches)))),))


def test_positions_and_roles_are_columns():
    layers = Axis("layer", (0, 1))
    by_position = plan_over(
        (layers, Axis("position", (0, 14))), lambda la, p: Node("resid_pre", la, position=p)
    )
    grid = lay_out(by_position)
    assert [column.label for column in grid.columns] == ["0", "14"]
    assert [column.part for column in grid.columns] == [".resid_pre@0", ".resid_pre@14"]
    assert grid.names == {}
    by_role = plan_over(
        (layers, Axis("role", ("S2", "END"))), lambda la, p: Node("resid_pre", la, position=p)
    )
    assert [column.part for column in lay_out(by_role).columns] == [
        ".resid_pre@S2",
        ".resid_pre@END",
    ]
    assert lay_out(by_role).column_axis == "role"


def test_heads_by_position_have_a_row_per_head():
    axes = (Axis("layer", (0, 1)), Axis("head", (0, 1)), Axis("position", (3, 4)))
    grid = lay_out(plan_over(axes, lambda la, h, p: Node("z", la, h, p)))
    assert [row.label for row in grid.rows] == ["L0H0", "L0H1", "L1H0", "L1H1"]
    assert [column.part for column in grid.columns] == ["@3", "@4"]
    assert (grid.row_axis, grid.column_axis, grid.names) == ("head", "position", {})
    np.testing.assert_array_equal(grid.cells, np.arange(8).reshape(4, 2))


def test_key_value_heads_are_named_like_heads():
    axes = (Axis("layer", (0, 1)), Axis("kv_head", (0, 1, 2)))
    grid = lay_out(plan_over(axes, lambda la, h: Node("v", la, h)))
    assert [column.label for column in grid.columns] == ["0", "1", "2"]
    assert [column.part for column in grid.columns] == ["H0.v", "H1.v", "H2.v"]
    assert grid.column_axis == "kv_head"


def test_windows_are_named_by_all_their_nodes():
    windows = [(0, 1), (0, 1, 2), (1, 2)]
    patches = tuple(Patch(tuple(Node("mlp_out", layer) for layer in w)) for w in windows)
    plan = Plan("mlp", patches, (PlanMap("mlp", (Axis("layer", (0, 1, 2)),), (0, 1, 2)),))
    grid = lay_out(plan)
    names = [grid.names.get(i, row.part + grid.columns[0].part) for i, row in enumerate(grid.rows)]
    assert names == [str(patch) for patch in patches]
    assert len(set(names)) == 3


def test_a_map_that_fits_nowhere_is_drawn_by_name_only(make_result, heads_plan):
    other = PlanMap("other", (Axis("role", ("S2",)),), (2,))
    plan = Plan("heads", heads_plan.patches, (*heads_plan.maps, other))
    assert lay_out(plan).cells.shape == (2, 2)
    grid = lay_out(plan, "other")
    assert (grid.rows[0].label, grid.columns[0].label) == ("S2", "other")
    assert grid.names == {}
    assert grid.columns[0].part == "L1H0"


def test_effects_are_drawn_where_nothing_can_be_normalized(line_result):
    result = line_result([0.01, 0.02], clean=2.83, corrupted=2.8)
    view, array = draw(result)
    (metric,) = view.metrics
    assert not metric.normalized
    assert metric.note == result.normalizable()
    np.testing.assert_array_equal(array("value"), array("effect"))
    np.testing.assert_allclose(array("low")[0, :, 0], [0.01, 0.02], rtol=1e-5)


def test_before_the_baseline_is_measured(make_result):
    result = make_result(baseline=Baseline.unmeasured(2, 3))
    view, array = draw(result)
    assert [(metric.base, metric.source) for metric in view.metrics] == [(None, None)] * 2
    assert np.isnan(array("value")).all()
    np.testing.assert_array_equal(array("status"), [[0, 0], [0, 3]])


def test_a_cells_interval_is_computed_once(small, monkeypatch):
    from patchwidgets.results import stats

    low = draw(small)[1]("low")
    monkeypatch.setattr(stats, "bootstrap_interval", pytest.fail)
    np.testing.assert_array_equal(draw(small)[1]("low"), low)
    monkeypatch.undo()
    small.record(2, VALUES)
    again = draw(small)[1]("low")
    np.testing.assert_array_equal(again[:, 0], low[:, 0])
    assert np.isfinite(again[:, 1, 0]).all()


def test_strongest_so_far(small, line_result, make_result):
    assert strongest(small) == ["L0H0"]
    assert strongest(line_result([0.1, -0.4, 0.2]), n=2) == ["L1.mlp_out", "L2.mlp_out"]
    assert strongest(make_result()) == []
