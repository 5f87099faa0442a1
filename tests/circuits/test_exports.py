"""A circuit as a figure for papers, as a table for spreadsheets and as a dataset."""

import csv
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from patchwidgets.circuits.pinned import Drawn
from patchwidgets.errors import PatchwidgetsError, UnknownNameError
from patchwidgets.reports._circuit_places import HIGH, PITCH, places_of
from patchwidgets.views._circuit import circuit, pinned
from tests.make_circuit_fixtures import measured

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def shown():
    return measured()


def texts_of(path):
    tree = ElementTree.parse(path)
    return ["".join(one.itertext()).strip() for one in tree.iter(f"{SVG}text")]


def test_a_circuit_is_a_figure_with_everything_that_is_said_of_it(shown, tmp_path):
    said = texts_of(shown.figure(tmp_path / "circuit.svg"))
    assert {"How much does this circuit carry?", "L29", "L23", "L20", "L17", "q", "k", "v"} <= {
        *said
    }
    assert {"logits", "L23H3", "+0.40", "−0.15"} <= {one for text in said for one in text.split()}
    assert {"normalized effect", "nodes kept, of 270", "Faithfulness as nodes are added"} <= {*said}
    whole = " ".join(said)
    for part in (
        "4 heads carry 70 % (95 % 69 to 72 %) of the behaviour.",
        "dashed: negative · grey: not measured · dotted: a node's whole effect, by whatever route",
        "band: 95 % interval over prompt pairs · rings: 20 random circuits",
        "areas under the curve: CPR 0.90, CMD 0.10",
        "noising · token replacement · at S2 · 64 pairs · paths: form direct, pinned",
        "20 random circuits, seed 0 · metric logit difference",
        "MLPs are left live: they go on computing from what they are given.",
    ):
        assert part in whole
    other = texts_of(shown.figure(tmp_path / "prob.svg", metric="prob"))
    assert "metric probability" in " ".join(other)


def test_the_figure_draws_every_node_every_line_and_the_curve(shown):
    graph, bar, curve = shown.figure().axes
    boxes = [one for one in graph.patches if hasattr(one, "get_boxstyle")]
    assert len(boxes) == 5
    assert len(graph.patches) - len(boxes) == 5
    assert [label.get_text() for label in bar.get_yticklabels()] == ["−0.40", "0", "+0.40"]
    (line,) = [one for one in curve.lines if len(one.get_xdata()) > 2]
    table = shown.curve()
    np.testing.assert_allclose(line.get_ydata(), table["share"])
    rings = curve.collections[-1].get_offsets()
    np.testing.assert_allclose(rings[:, 1], shown.random_runs()["share"])


@pytest.mark.parametrize(
    ("ending", "begins"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")]
)
def test_the_same_figure_is_the_same_file(shown, tmp_path, ending, begins):
    one, other = (shown.figure(tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    assert one == other
    assert one.startswith(begins)
    assert shown.figure(tmp_path / "c", format=ending).read_bytes() == one


def test_what_cannot_be_a_figure_is_refused(shown, tmp_path):
    path = tmp_path / "circuit.bmp"
    sentence = (
        f"`{path}` would be a figure of the format 'bmp', and a figure is `svg`, `pdf` or `png`. "
        "End its name with one of them, or say which, such as `format='svg'`."
    )
    with pytest.raises(PatchwidgetsError, match=f"^{re.escape(sentence)}$"):
        shown.figure(path)
    assert not path.exists()
    sentence = "There is no metric called 'loss'. Known: `logit_diff`, `prob`."
    with pytest.raises(UnknownNameError, match=f"^{re.escape(sentence)}$"):
        shown.figure(metric="loss")


def test_a_circuit_that_was_stopped_says_how_far_it_came(tmp_path):
    assert len(measured(done=0).figure().axes) == 2
    assert "9 of 31 runs measured" in " ".join(
        texts_of(measured(done=9).figure(tmp_path / "some.svg"))
    )


def test_no_two_nodes_of_a_figure_overlap_and_no_line_passes_through_one():
    nodes = [Drawn(f"L{layer}H{head}", 0.1) for layer in (3, 5, 9, 12) for head in range(9)]
    paths = [Drawn(f"L3H{head} -> L12H{8 - head}.q", 0.1) for head in range(9)]
    places = places_of(pinned([*nodes, Drawn("L5.mlp_out", 0.2)], paths))
    assert len(places.boxes) == 38
    for place, one in enumerate(places.boxes):
        assert one.x >= 0
        assert one.x + one.width <= places.width + 1e-9
        assert one.y + HIGH <= places.height + 1e-9
        for other in places.boxes[place + 1 :]:
            beside = one.x + one.width <= other.x or other.x + other.width <= one.x
            assert beside or abs(one.y - other.y) >= PITCH - 1e-9
    assert len(places.lines) == 9
    for line in places.lines:
        for x, y in line.points[1:-1]:
            assert not any(
                box.x < x < box.x + box.width and box.y <= y <= box.y + HIGH for box in places.boxes
            )


def test_inputs_are_low_and_logits_high_and_mlps_above_the_heads_of_their_layer():
    nodes = [Drawn("L9H0", 0.1), Drawn("L3.mlp_out", 0.1), Drawn("L3H1", 0.1)]
    places = places_of(pinned(nodes, [Drawn("embed -> L3H1.q")]))
    order = sorted(places.boxes, key=lambda box: box.y)
    assert [box.node.name for box in order] == ["embed", "L3H1", "L3.mlp_out", "L9H0", "logits"]
    header, _ = circuit(measured())
    assert [line.whole for line in places_of(header).lines] == [False] * 4 + [True]


def test_a_circuit_is_a_table_that_runs_nothing(shown, tmp_path):
    path = shown.to_csv(tmp_path / "circuit.csv")
    lines = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    table = shown.table()
    assert [line["metric"] for line in lines] == list(table.index)
    assert [float(line["faithfulness"]) for line in lines] == list(table["faithfulness"])


def test_a_circuit_is_a_dataset_of_every_run(shown):
    found = shown.to_xarray()
    runs, table = found["runs"].sel(metric="prob"), shown.runs("prob")
    for name in ("model", "nothing", "circuit", "without"):
        np.testing.assert_array_equal(runs.sel(run=name), table[name])
    curve = shown.curve()
    np.testing.assert_array_equal(found["curve_share"].sel(metric="logit_diff"), curve["share"])
    np.testing.assert_array_equal(found["curve_share_low"].sel(metric="logit_diff"), curve["low"])
    assert list(found["added"].values) == list(curve["added"])
    whole = found["curve"].sel(metric="logit_diff", size=270)
    np.testing.assert_array_equal(whole, shown.runs()["model"])
    random = shown.random_runs()
    np.testing.assert_array_equal(found["random_share"].sel(metric="logit_diff"), random["share"])
    np.testing.assert_allclose(
        found["random"].sel(metric="logit_diff").mean("prompt"), random["mean"]
    )
    kept = shown.faithfulness("prob")
    assert [float(found[name].sel(metric="prob")) for name in ("faithfulness", "left_high")] == [
        kept.value,
        shown.left("prob").high,
    ]
    assert found.attrs["nodes"] == ["L23H3", "L20H0", "L17H4", "L29H0"]
    assert json.loads(found.attrs["choices"]) == shown.choices


def test_what_was_not_measured_is_not_a_number_and_no_random_circuits_are_none():
    found = measured(done=9, random=0).to_xarray()
    assert np.isnan(found["curve"].sel(size=270, metric="prob")).sum() == 0
    assert np.isnan(found["curve"].isel(size=-2)).all()
    assert found["random_share"].shape == (2, 0)
