"""A Bokeh chart beside the maps: a node chosen in one is chosen in all."""

import json

import pytest

from tests.e2e.chart import ChartOnPage
from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import Explorer
from tests.e2e.lab import write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

MIME = "application/vnd.patchwidgets.figure.v1+json"
STUDY = """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=2)
compared = study.compare(metrics=["logit_diff", "prob"]).wait()
heads = next(iter(compared.results.values()))"""
CELLS = [
    STUDY,
    'scatter = compared.scatter("logit_diff", "prob")\nscatter.link(heads)',
    "heads",
    'turned = compared.scatter("prob", "logit_diff")\nturned',
    'scatter.save_html("scatter.html").stat().st_size',
    "compared",
]
CHART, MAP, TURNED, PAGE, COMPARED = range(1, 6)
FETCHED = "sum(__import__('patchwidgets.charts._bokehjs', fromlist=['']).bokehjs.cache_info()[:2])"


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "bokeh.ipynb", CELLS)
    opened = lab.open("bokeh.ipynb")
    opened.run(0, seconds=600)
    opened.run(MAP)
    opened.run(CHART)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def saved(notebook):
    return notebook.save()


@pytest.fixture
def chart(notebook):
    shown = chart_of(notebook)
    shown.wait_until_live()
    return shown


def chart_of(notebook, cell=CHART):
    return ChartOnPage(notebook.lab.page, notebook.cell(cell))


def map_of(notebook):
    return Explorer(notebook.lab, notebook.cell(MAP))


def test_a_dot_that_is_clicked_selects_the_cell_of_the_map(notebook, chart):
    chart.click("L20H0")
    chart.wait_for("L20H0")
    assert chart.dot("L20H0").marked == ["L20H0"]
    chosen = "[one.widget.selection for one in (scatter, heads, compared)]"
    assert notebook.value(chosen) == ["L20H0"] * 3
    map_of(notebook).element.locator(".pw-cell-name", has_text="L20H0").wait_for()


def test_a_cell_that_is_clicked_selects_the_dot(notebook):
    heads = map_of(notebook)
    heads.click("L24H4")
    heads.page.keyboard.press("Escape")
    chart = chart_of(notebook)
    chart.wait_for("L24H4")
    assert chart.dot("L24H4").marked == ["L24H4"]
    assert chart.picker.input_value() == "L24H4"


def test_python_and_the_keyboard_select_too(notebook, chart):
    notebook.value('scatter.widget.set_trait("selection", "L23H3")')
    chart.wait_for("L23H3")
    chart.picker.focus()
    chart.page.keyboard.type("L17H4")
    chart.wait_for("L17H4")
    notebook.comes_to("heads.widget.selection", "L17H4")
    assert notebook.ask("panel.content.widgets.length") == len(CELLS)


def test_the_comparison_that_a_chart_is_of_is_linked_by_itself(notebook, chart):
    notebook.run(COMPARED)
    view = Explorer(notebook.lab, notebook.cell(COMPARED))
    view.click("L20H0", place=1)
    chart = chart_of(notebook)
    chart.wait_for("L20H0")
    chart.click("L29H0")
    chart.wait_for("L29H0")
    view = Explorer(notebook.lab, notebook.cell(COMPARED))
    view.element.locator(".pw-side", has_text="L29H0").wait_for()


def test_panes_share_one_bokehjs(notebook, chart):
    notebook.run(TURNED)
    turned = chart_of(notebook, TURNED)
    turned.wait_until_live()
    turned.click("L29H0")
    turned.wait_for("L29H0")
    assert notebook.value(FETCHED) == 1
    chart_of(notebook).wait_for("L29H0")


def test_the_chart_has_the_colours_of_the_theme(notebook, chart):
    SCREENSHOTS.mkdir(exist_ok=True)
    inks = []
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.lab.use_theme(theme)
        notebook.lab.page.wait_for_timeout(600)  # the sheet of a theme fades in
        dot = chart.dot("L20H0")
        assert dot.ink == chart.color
        inks.append(dot.ink)
        chart.page.mouse.move(dot.x, dot.y)
        chart.page.wait_for_timeout(200)
        chart.page.screenshot(path=SCREENSHOTS / f"lab-bokeh-{name}.png")
    assert inks[0] != inks[1]


def test_no_notebook_stores_bokehjs(saved):
    (output,) = saved["cells"][CHART]["outputs"]
    assert list(output["data"]) == [MIME, "image/svg+xml", "text/html", "text/plain"]
    assert len(json.dumps(output)) < 40_000


def test_a_reader_without_a_kernel_sees_the_chart(lab, saved):
    received = lab.receive(saved)
    chart = chart_of(received)
    chart.still.wait_for()
    assert chart.pictured
    assert "A still picture" in (chart.element.text_content() or "")
    chart.element.screenshot(path=SCREENSHOTS / "lab-bokeh-still.png")
    received.close()


def test_a_page_that_reloads_has_the_live_chart_again(lab, notebook, saved):
    lab.load()
    chart = chart_of(lab.open("bokeh.ipynb"))
    chart.wait_until_live()
    chart.click("L23H3")
    chart.wait_for("L23H3")


def test_an_exported_page_stays_interactive_without_a_network(lab, notebook, saved):
    notebook.run(PAGE)
    context = lab.page.context.browser.new_context(offline=True)
    noise = []
    tab = context.new_page()
    tab.on("pageerror", lambda error: noise.append(str(error)))
    tab.on("request", lambda request: noise.append(request.url))
    path = (lab.root / "scatter.html").as_uri()
    tab.goto(path)
    chart = ChartOnPage(tab, tab.locator("body"))
    chart.wait_until_live()
    chart.click("L20H0")
    chart.wait_for("L20H0")
    tab.screenshot(path=SCREENSHOTS / "bokeh-page.png")
    context.close()
    assert noise == [path]
