"""Figures for papers and tables for spreadsheets, made without a browser."""

import csv
import json
import re
import struct
import sys
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from ipywidgets import Widget

import patchwidgets as pw
from patchwidgets.errors import PatchwidgetsError, UnknownNameError
from patchwidgets.reports.map_figure import figure_of
from patchwidgets.views._chart import read_chart
from patchwidgets.views._png import picture
from patchwidgets.views._scale import BEYOND, NOISE, STOPS, between, clipped_limit, paler
from tests import make_view_fixtures as fixtures
from tests.families import PAIRS, study_of, tiny

SCALE = Path(__file__).parent / "fixtures" / "scale.json"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = ["<script>alert(1)</script>", "\u202eabc", "x" * 100_000, "a\nb", "漢字", "\x00", "$a_b$"]


@pytest.fixture(autouse=True)
def _closed():
    yield
    Widget.close_all()


@pytest.fixture(scope="module")
def result():
    study = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"], store=False)
    return study.sweep("heads").wait()


def texts_of(path):
    tree = ElementTree.parse(path)
    return ["".join(one.itertext()).strip() for one in tree.iter(f"{SVG}text")]


def test_a_result_is_a_figure_with_everything_that_is_said_of_it(result, tmp_path):
    path = result.figure(tmp_path / "heads.svg")
    said = texts_of(path)
    assert "Which heads restore the answer?" in said
    assert {"layer", "head", "L0", "0"} <= set(said)
    caption = " ".join(said)
    for part in ("denoising", "as given", "3 pairs", "metric Logit difference"):
        assert part in caption
    assert "Logit difference, normalized effect" in said
    limit = read_chart(*map_of(result)).limit
    assert f"+{limit:.2f}" in said or f"+{limit:.3f}" in said
    assert "metric Probability" in " ".join(
        texts_of(result.figure(tmp_path / "prob.svg", metric="prob"))
    )


def map_of(result):
    from patchwidgets.views._explorer import explorer

    header, block = explorer([result])
    return header.maps[0], block


@pytest.mark.parametrize(
    ("ending", "begins"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")]
)
def test_the_same_figure_is_the_same_file(result, tmp_path, ending, begins):
    one, other = (result.figure(tmp_path / f"{name}.{ending}").read_bytes() for name in "ab")
    assert one == other
    assert one.startswith(begins)
    named = result.figure(tmp_path / "c", format=ending)
    assert named.read_bytes() == one


def test_without_a_path_it_is_matplotlibs_own(result):
    figure = result.figure()
    assert figure.axes[0].get_title(loc="left").startswith("Which heads")


def test_a_notebook_shows_it_as_a_picture(result):
    width, height = struct.unpack(">II", result.figure()._repr_png_()[16:24])
    assert width > 200
    assert height > 100


def test_a_figure_of_another_kind_is_refused(result, tmp_path):
    path = tmp_path / "heads.bmp"
    sentence = (
        f"`{path}` would be a figure of the format 'bmp', and a figure is `svg`, `pdf` or `png`. "
        "End its name with one of them, or say which, such as `format='svg'`."
    )
    with pytest.raises(PatchwidgetsError, match=f"^{re.escape(sentence)}$"):
        result.figure(path)
    assert not path.exists()
    with pytest.raises(UnknownNameError):
        result.figure(metric="loss")
    with pytest.raises(UnknownNameError):
        result.figure(map="mlps")


def test_without_matplotlib_it_says_what_to_install(result, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "patchwidgets.reports._map_drawing", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    sentence = (
        "Figures for papers are drawn by matplotlib, which is not installed. Run "
        "`pip install 'patchwidgets[figures]'`; in a notebook, a map can also be saved from its "
        "own menu."
    )
    with pytest.raises(PatchwidgetsError, match=f"^{re.escape(sentence)}$"):
        result.figure()


def test_a_comparison_is_a_figure_of_all_its_maps(tmp_path):
    study = study_of(tiny("llama"), PAIRS, store=False)
    compared = study.compare(
        "mlp", metrics=["logit_diff", "prob"], directions=["denoising", "noising"]
    )
    figure = compared.figure()
    assert len(figure.axes) == 8
    said = " ".join(texts_of(compared.figure(tmp_path / "all.svg")))
    assert "denoising" in said
    assert "noising" in said


def test_hostile_labels_are_text_in_every_file(tmp_path):
    array = np.arange(49.0).reshape(7, 7) - 20
    widget = pw.heatmap(array, "layer", {"token": HOSTILE}, title=HOSTILE[0], caption=HOSTILE[3])
    path = widget.figure(tmp_path / "map.svg")
    assert "<script>" not in path.read_text("utf-8")
    said = texts_of(path)
    assert HOSTILE[0] in said
    assert {"x" * 13 + "…", "a⏎b", "漢字", "�", "$a_b$"} <= set(said)
    for ending in ("pdf", "png"):
        assert widget.figure(tmp_path / f"map.{ending}").stat().st_size > 1000


@pytest.mark.parametrize(
    "array",
    [[[1.0]], [[np.nan] * 3] * 3, np.zeros((2, 2)), np.ones((300, 400)), np.ones((1, 2000))],
)
def test_every_map_is_a_figure(tmp_path, array):
    assert pw.heatmap(array).figure(tmp_path / "map.png").stat().st_size > 1000


def test_a_clipped_scale_is_not_set_by_one_huge_cell():
    values = np.full((10, 30), 0.1)
    values[3, 4], values[0, 0] = 50.0, np.nan
    assert clipped_limit(values) == pytest.approx(0.1)
    assert clipped_limit(np.array([[3.0]])) == 3.0
    assert clipped_limit(np.array([[0.0, 2.0]])) == 2.0
    assert clipped_limit(np.array([[0.0, np.nan]])) == 1.0
    figure = pw.heatmap(values).figure(clipped=True)
    bar = figure.axes[1]
    assert [label.get_text() for label in bar.get_yticklabels()] == ["−0.10", "0", "+0.10"]


@pytest.mark.parametrize("name", ["synthetic_explorer", "synthetic_estimated", "synthetic_running"])
def test_every_mark_of_a_map_is_said_beside_it(name):
    header, block = fixtures.read(name)
    chart = read_chart(header.maps[-1], block)
    figure = figure_of([[chart]], header.maps[-1].caption)
    said = figure.axes[1].get_ylabel()
    assert ("hatched" in said) == bool(((chart.status == 0) & np.isnan(chart.estimates)).any())
    assert ("dotted" in said) == bool(np.isfinite(chart.estimates).any())
    assert ("crossed" in said) == bool((chart.status == 3).any())
    assert ("grey" in said) == bool(chart.noise.any())


def test_the_page_has_the_same_scale():
    """What vitest reads to hold the canvas against; python -m tests.make_scale_fixture."""
    from tests.make_scale_fixture import scale

    assert json.loads(SCALE.read_text("utf-8")) == scale()


def test_a_figure_has_the_colours_of_the_scale():
    values = np.linspace(-1, 1, 41)[None, :]
    figure = pw.heatmap(values).figure()
    mesh = figure.axes[0].collections[0]
    mesh.update_scalarmappable()
    drawn = mesh.to_rgba(values[0].astype(np.float32))[:, :3] * 255
    np.testing.assert_allclose(drawn, between(STOPS, 41), atol=1)
    beyond = mesh.to_rgba([-1.1, 1.1])[:, :3] * 255
    np.testing.assert_allclose(beyond, [list(bytes.fromhex(one)) for one in BEYOND], atol=1)


def test_a_picture_has_the_colours_of_the_scale():
    widget = pw.heatmap(np.linspace(-1, 1, 21)[None, :])
    colors = colors_of(picture(widget._map.maps[0], widget.block))
    np.testing.assert_allclose(colors[0, 2::16][:21], between(STOPS, 21), atol=2)
    clipped = pw.heatmap([[-3.0, 0.5, 3.0]], limit=1.0)
    colors = colors_of(picture(clipped._map.maps[0], clipped.block))
    ends = [list(bytes.fromhex(one)) for one in BEYOND]
    np.testing.assert_array_equal(colors[0, [2, 34]], ends)


def colors_of(png):
    """Return the pixels of a PNG with a palette and no filters."""
    width, height = struct.unpack(">II", png[16:24])
    chunks, at = {}, 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        chunks[kind] = png[at + 8 : at + 8 + size]
        at += 12 + size
    palette = np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, width + 1)
    return palette[lines[:, 1:]]


def test_a_result_is_a_table_that_runs_nothing(result, tmp_path):
    path = result.to_csv(tmp_path / "heads.csv")
    lines = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    table = result.table()
    assert [line["node"] for line in lines] == list(table["node"])
    for line, effect in zip(lines, table["logit_diff_effect"], strict=True):
        assert float(line["logit_diff_effect"]) == effect


def test_formulas_of_a_spreadsheet_are_texts(tmp_path):
    labels = ["=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1", "a,b", 'say "x"']
    widget = pw.heatmap([[-1.5] * 6], columns={"=token": labels}, quantity="-value")
    path = widget.to_csv(tmp_path / "map.csv")
    lines = list(csv.reader(path.read_text("utf-8").splitlines()))
    assert lines[0][2:] == ["'=token", "'-value"]
    assert [line[2] for line in lines[1:]] == [
        "'=cmd|' /C calc'!A0",
        "'@SUM(A1)",
        "'+1",
        "'-1",
        "a,b",
        'say "x"',
    ]
    assert [float(line[3]) for line in lines[1:]] == [-1.5] * 6


def test_estimates_and_noise_have_colours_of_their_own():
    assert paler(between(STOPS, 3))[1].tolist() == [247, 247, 247]
    assert NOISE == "d9d9d9"
