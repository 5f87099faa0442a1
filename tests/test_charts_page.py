"""The charts of a study on its page: which they are, and that they need no network."""

import json
import re

import pytest

import patchwidgets as pw
from patchwidgets.charts._bokehjs import bokehjs
from patchwidgets.saving._charts import charts_of
from patchwidgets.saving._kept import Kept
from tests.families import PAIRS, study_of, tiny
from tests.make_circuit_fixtures import measured
from tests.test_html_page import CHROMIUM, browser  # noqa: F401 - fixture


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with a head map, windows, a path map, a comparison and a circuit, and its file."""
    made = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"], store=False)
    made.sweep("heads").wait()
    made.sweep("mlp", window=2).wait()
    made.path(["L2H0.v"]).wait()
    made.compare("attn", metrics=["logit_diff", "prob"]).wait()
    made.circuit(["L1H2"], random=3).wait()
    return made


def charts_in(page):
    found = re.findall(r'<script type="application/json">(\{"schema_version.*?)</script>', page)
    return [json.loads(one) for one in found]


def test_a_page_has_a_chart_of_everything_that_has_one(study, tmp_path):
    page = study.to_html(tmp_path / "charts.html", charts=True).read_text("utf-8")
    titles = [one["header"]["title"] for one in charts_in(page)]
    (scatter,) = [title for title in titles if " over 3 nodes" in title]
    assert titles == [
        "12 nodes on 3 prompt pairs",
        "3 nodes on 3 prompt pairs",
        "Windows of 2 layers against the sum of the layers alone",
        "3 nodes on 3 prompt pairs",
        scatter,
        "Faithfulness by the number of nodes kept",
    ]
    assert all(one["figure"]["doc"]["roots"][0]["name"] == "Figure" for one in charts_in(page))
    assert page.count(bokehjs().strip()) == 1
    assert page.count('class="pw-static"') == 3
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.count("'sha256-") == 4
    plain = study.to_html(tmp_path / "plain.html").read_text("utf-8")
    assert "Bokeh" not in plain
    assert len(plain) < 1_000_000 < len(page)


def test_a_page_has_the_charts_it_is_given(study, tmp_path):
    heads = study.results["heads"]
    chart = heads.chart("prompts", top=2)
    page = study.to_html(tmp_path / "one.html", charts=[chart]).read_text("utf-8")
    assert [one["header"]["title"] for one in charts_in(page)] == [chart.drawing.title]
    assert study.to_html(tmp_path / "none.html", charts=[]).read_text("utf-8").count("Bokeh") == 0


def test_a_study_from_a_file_has_the_same_charts(study, tmp_path):
    opened = pw.open_study(study.save(tmp_path / "one.study.json"))
    pages = [
        one.to_html(tmp_path / "page.html", charts=True).read_text("utf-8")
        for one in (study, opened)
    ]
    titles = [[one["header"] for one in charts_in(page)] for page in pages]
    assert titles[0] == titles[1]


def test_what_was_stopped_too_early_for_a_chart_has_none():
    stopped, whole = measured(done=0), measured()
    assert charts_of(Kept({}, [stopped])) == []
    (chart,) = charts_of(Kept({}, [stopped, whole]))
    assert chart.drawing.title == "Faithfulness by the number of nodes kept"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed")
def test_maps_and_charts_are_drawn_without_a_network(study, tmp_path, browser):  # noqa: F811
    path = study.to_html(tmp_path / "charts.html", charts=True).as_uri()
    context, noise = browser.new_context(offline=True), []
    tab = context.new_page()
    # BokehJS says on the console how long it took; what a policy forbids is an error there.
    tab.on("console", lambda one: one.type in ("error", "warning") and noise.append(one.text))
    tab.on("pageerror", lambda error: noise.append(str(error)))
    tab.on("request", lambda request: noise.append(request.url))
    tab.goto(path)
    tab.wait_for_selector(".pw-grid")
    for place in range(6):
        tab.locator(".pw-figure").nth(place).get_by_role("combobox").wait_for()
    assert tab.locator(".pw-figure-data").count() == 6
    assert tab.locator(".pw-static").count() == 3
    context.close()
    assert noise == [path]
