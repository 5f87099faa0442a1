"""A chart as a Bokeh figure, as a still picture, in a notebook, and as a page."""

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import traitlets
from ipywidgets import Widget

from patchwidgets.charts._bokehjs import bokehjs
from patchwidgets.charts._drawing import Dots, Drawing, Group, Line
from patchwidgets.charts._figure import figure_of
from patchwidgets.charts._still import HEIGHT, WIDTH, still, ticks, written
from patchwidgets.errors import PatchwidgetsError
from patchwidgets.views.figure import FIGURE_MIME_TYPE
from patchwidgets.widgets.bokeh_pane import BokehPane

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _no_widget_stays():
    yield
    Widget.close_all()


@pytest.fixture
def drawing():
    """Three dots in two groups of three, x and y from 0 to 10, and a line with a gap."""
    return Drawing(
        title="Title <1>",
        note="A note.",
        x_label="across",
        y_label="upwards",
        groups=(
            Group("one", "circle", "#0072b2"),
            Group("none", "square", "#d55e00"),
            Group("two", "triangle", "#009e73", filled=False),
        ),
        dots=Dots(
            node=("L0H0", "L1H1", "L2H2"),
            x=np.array([0.0, 5.0, 10.0]),
            y=np.array([10.0, 5.0, 0.0]),
            group=np.array([0, 0, 2]),
            says=("a", "b", "c"),
        ),
        lines=(Line(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, np.nan, 2.0, 3.0]), "#0072b2"),),
        diagonal=True,
    )


def source_of(figure):
    (source,) = {
        renderer.data_source for renderer in figure.renderers if "node" in renderer.data_source.data
    }
    return source


def test_the_figure_holds_the_numbers_of_the_drawing(drawing):
    figure = figure_of(drawing)
    data = source_of(figure).data
    assert data["node"] == ["L0H0", "L1H1", "L2H2"]
    assert data["x"].tolist() == [0, 5, 10]
    assert data["marker"] == ["circle", "circle", "triangle"]
    assert data["fill"].tolist() == [0.9, 0.9, 0]
    items = figure.legend[0].items
    assert [(item.label.value, item.index) for item in items] == [("one (2)", 0), ("two (1)", 2)]
    assert (figure.x_range.start, figure.x_range.end) == pytest.approx((-0.6, 10.6))
    assert (figure.y_range.start, figure.y_range.end) == pytest.approx((-0.6, 10.6))


def test_the_label_of_a_dot_turns_away_from_the_nearer_edge(drawing):
    data = source_of(figure_of(drawing)).data
    assert data["align"] == ["left", "left", "right"]


def test_the_still_picture_has_every_dot_at_its_place(drawing):
    root = ElementTree.fromstring(still(drawing))
    paths = [path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("marker-mid")]
    places = [re.findall(r"[\d.]+ [\d.]+", path) for path in paths]
    left, right, top, low = 70, WIDTH - 16, 52, HEIGHT - 84
    x = [left + (right - left) * (0.6 + at) / 11.2 for at in (0, 5, 10)]
    y = [low - (low - top) * (0.6 + at) / 11.2 for at in (10, 5, 0)]
    wanted = [f"{one:.1f} {other:.1f}" for one, other in zip(x, y, strict=True)]
    assert places[:2] == [wanted[:2], wanted[2:]]


def test_the_still_picture_breaks_a_line_where_it_has_no_number(drawing):
    root = ElementTree.fromstring(still(drawing))
    (path,) = [path for path in root.iter(f"{SVG}path") if path.get("stroke") == "#0072b2"]
    assert re.sub(r"[\d. ]+", "", path.get("d", "")) == "MML"


def test_the_still_picture_is_text_without_scripts(drawing):
    root = ElementTree.fromstring(still(drawing))
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert {"Title <1>", "across", "upwards", "one (2)", "two (1)"} <= set(texts)
    assert "none (0)" not in texts
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.0, 1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-0.31, 0.33, ["−0.2", "0", "0.2"]),
        (-3.0, 60.0, ["0", "20", "40", "60"]),
        (0.0, 0.003, ["0", "0.0005", "0.001", "0.0015", "0.002", "0.0025", "0.003"]),
    ],
)
def test_ticks_are_round(low, high, wanted):
    assert [written(tick) for tick in ticks(low, high)] == wanted


def test_dots_need_a_place_each():
    one = np.array([0.0])
    with pytest.raises(AssertionError, match="a dot without a place"):
        Dots(("L0H0",), one, np.array([np.nan]), np.array([0]), ("",))
    with pytest.raises(AssertionError, match="lengths"):
        Dots(("L0H0", "L0H1"), one, one, np.array([0]), ("",))


def test_a_chart_in_a_notebook_stores_a_picture_and_no_bokehjs(compared):
    chart = compared.scatter("logit_diff", "prob")
    data, metadata = chart._repr_mimebundle_()
    assert list(data) == [FIGURE_MIME_TYPE, "text/html", "text/plain", "image/svg+xml"]
    assert metadata == {}
    assert data[FIGURE_MIME_TYPE]["live_id"] == chart.widget.model_id
    assert data[FIGURE_MIME_TYPE]["header"]["picture"] == chart.picture == data["image/svg+xml"]
    assert data["text/html"].startswith('<img alt="Rank correlation 0.00 over 20 nodes')
    assert len(json.dumps(data)) < 20_000


def test_a_closed_pane_says_that_nobody_answers(compared):
    chart = compared.scatter("logit_diff", "prob")
    chart.widget.close()
    assert chart.widget.bundle()[FIGURE_MIME_TYPE]["live_id"] == ""


def test_other_front_ends_get_the_classic_view(compared):
    widget = compared.scatter("logit_diff", "prob").widget
    bundle = widget.widget_bundle()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == widget.model_id
    assert FIGURE_MIME_TYPE not in bundle
    assert "image/svg+xml" in bundle


def test_a_selection_goes_both_ways_between_a_chart_and_what_it_is_of(compared):
    chart = compared.scatter("logit_diff", "prob")
    chart.widget.selection = "L1H0"
    assert compared.widget.selection == "L1H0"
    compared.widget.selection = "L2H0"
    assert chart.widget.selection == "L2H0"


def test_a_chart_is_linked_with_other_maps_and_charts(compared):
    (result,) = compared.results.values()
    chart, other = compared.scatter("logit_diff", "prob"), compared.scatter("prob", "logit_diff")
    result.widget.selection = "L3H0"
    assert chart.link(result) is chart
    other.link(chart)
    result.widget.selection = "L0H0"
    assert chart.widget.selection == other.widget.selection == "L0H0"


def test_traitlets_own_link_works(compared):
    (result,) = compared.results.values()
    pane = BokehPane(compared.scatter("logit_diff", "prob").figure)
    traitlets.link((pane, "selection"), (result.widget, "selection"))
    result.widget.selection = "L3H0"
    assert pane.selection == "L3H0"


def test_what_has_no_selection_is_refused(compared, sentence):
    message = (
        "An object of type `int` has no selection to link with. Give a result, a comparison, a "
        "chart or a widget, such as `scatter.link(heads)` after `heads = study.sweep('heads')`."
    )
    with pytest.raises(PatchwidgetsError, match=sentence(message)):
        compared.scatter("logit_diff", "prob").link(3)


def test_a_pane_sends_bokehjs_to_a_page_that_has_none(compared, monkeypatch):
    widget = compared.scatter("logit_diff", "prob").widget
    sent = []
    monkeypatch.setattr(widget, "send", lambda content, buffers: sent.append((content, buffers)))
    for content in ({"command": "drill"}, "x", {"command": "bokehjs"}):
        message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
        widget._handle_msg(message)
    ((content, (code,)),) = sent
    assert content == {"kind": "bokehjs"}
    assert b"Bokeh" in code
    assert 500_000 < len(code) < 3_000_000


def test_a_figure_of_ones_own_needs_no_picture(compared):
    pane = BokehPane(compared.scatter("logit_diff", "prob").figure, title="Mine & yours")
    bundle = pane.bundle()
    assert bundle["text/html"] == "<pre>Mine &amp; yours\n</pre>"
    assert "image/svg+xml" not in bundle
    assert pane.figure["doc"]["roots"][0]["name"] == "Figure"


def test_a_page_holds_bokehjs_once_and_may_use_no_network(compared, tmp_path):
    path = compared.scatter("logit_diff", "prob").save_html(tmp_path / "chart.html")
    page = path.read_text("utf-8")
    assert page.count(bokehjs().strip()) == 1
    assert "default-src 'none'; script-src 'sha256-" in page
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', page)
    assert json.loads(data)["figure"]["doc"]["roots"][0]["name"] == "Figure"
