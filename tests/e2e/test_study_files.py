"""A study file opens by a double-click, without a kernel, and what cannot be drawn says why."""

import json

import pytest

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import Explorer
from tests.e2e.marks import REAL_LAB
from tests.families import PAIRS, study_of, tiny
from tests.test_html_page import violations_of

pytestmark = REAL_LAB


@pytest.fixture(scope="module")
def study():
    made = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"], store=False)
    made.sweep("heads").wait()
    made.bake(top=2).wait()
    made.compare("mlp", directions=["denoising", "noising"])
    made.circuit(made.results["heads"].detect().positive or ["L1H2"], random=3).wait()
    return made


@pytest.fixture(scope="module")
def saved(lab, study):
    yield study.save(lab.root / "tiny.study.json")
    lab.close_all()


@pytest.fixture
def double_click(lab):
    """Return a function that opens a file in the file browser as a person does."""

    def clicked(name):
        lab.ask("app => app.commands.execute('filebrowser:activate')")
        lab.ask("app => app.commands.execute('filebrowser:go-to-path', {path: '/'})")
        lab.ask("app => app.commands.execute('filebrowser:refresh')")
        item = lab.page.locator(".jp-DirListing-item", has_text=name)
        item.dblclick()
        return lab.page.locator(".pw-document:visible")

    yield clicked
    lab.close_all()


def first_head(study):
    return next(one for one in study.results["heads"].table("heads")["node"])


def test_a_double_click_opens_it_in_our_view_with_every_drill_down(lab, study, saved, double_click):
    document = double_click("tiny.study.json")
    view = Explorer(lab, document)
    head = first_head(study)
    view.drill(head, f"q {head}.q")
    assert view.trail == ["heads", f"{head}.q"]
    weakest = study.results["heads"].table("heads")["node"].iloc[-1]
    lab.page.keyboard.press("Backspace")
    view.click(weakest)
    view.choose(f"q {weakest}.q")
    assert view.says.startswith(f"{weakest}.q was not measured; run study.path(")
    sessions = lab.ask("app => app.serviceManager.sessions.running().next().done ?? true")
    assert sessions is True
    assert json.loads(saved.read_text()) == json.loads(study.save(saved).read_text())


def test_comparisons_and_circuits_are_drawn_below_the_maps(lab, saved, double_click):
    document = double_click("tiny.study.json")
    document.locator(".pw-comparison .pw-grid").first.wait_for()
    document.locator(".pw-circuit-page svg").first.wait_for()
    assert document.locator(".pw-study > *").count() == 3
    document.locator(".pw-circuit-page").scroll_into_view_if_needed()
    SCREENSHOTS.mkdir(exist_ok=True)
    lab.page.screenshot(path=SCREENSHOTS / "study-file-below.png")


def test_the_json_editor_is_still_offered(lab, saved):
    offered = lab.ask(
        "(app, path) => app.docRegistry.preferredWidgetFactories(path).map((one) => one.name)",
        "tiny.study.json",
    )
    assert offered[0] == "Patching study"
    assert {"Editor", "JSON"} <= set(offered)


def test_it_comes_back_after_a_reload(lab, study, saved, double_click):
    double_click("tiny.study.json").locator(".pw-grid").first.wait_for()
    lab.page.wait_for_timeout(2500)  # JupyterLab saves its layout a second after it changed
    lab.page.goto(lab.page.url.split("?")[0])
    lab.page.wait_for_function("window.jupyterapp?.restored", timeout=60_000)
    lab.page.locator(".pw-document:visible .pw-grid").first.wait_for()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda text: text[: len(text) // 2],
            "This study is damaged: it is not complete JSON. It was cut short or changed after it "
            "was saved. Use another copy, or measure and save it again.",
        ),
        (
            lambda text: text.replace('"schema_version":3,', '"schema_version":7,', 1),
            "This study was written by a newer patchwidgets (schema version 7; this one reads up "
            "to 3). Upgrade patchwidgets to see it.",
        ),
        (
            lambda text: '{"nbformat": 4}',
            "This is not a patchwidgets study but a notebook; open it with Notebook. Studies are "
            "what study.save(path) writes.",
        ),
        (
            lambda text: text.replace('"block":"', '"block":"AAAA', 1),
            "This output is damaged and cannot be drawn: its numbers do not unpack to what was "
            "packed.",
        ),
    ],
)
def test_a_bad_file_says_why_in_its_place(lab, saved, double_click, change, sentence):
    (lab.root / "bad.study.json").write_text(change(saved.read_text()))
    said = double_click("bad.study.json").get_by_role("alert")
    assert said.text_content() == sentence


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_it_keeps_no_reader_out(lab, study, saved, double_click, theme):
    lab.use_theme(theme)
    document = double_click("tiny.study.json")
    view = Explorer(lab, document)
    head = first_head(study)
    view.drill(head, f"q {head}.q")
    lab.page.mouse.move(1, 1)
    lab.page.wait_for_timeout(600)
    name = "dark" if "Dark" in theme else "light"
    SCREENSHOTS.mkdir(exist_ok=True)
    lab.page.screenshot(path=SCREENSHOTS / f"study-file-{name}.png")
    assert violations_of(lab.page, ".pw-document") == []
    lab.use_theme("JupyterLab Light")
