"""nbconvert's page of a notebook with our outputs, in a real browser with no network."""

import nbformat
import pytest
from nbconvert import HTMLExporter

import patchwidgets as pw
from patchwidgets.saving._picture import picture
from patchwidgets.widgets._bundle import mime_bundle
from tests.families import PAIRS, study_of, tiny
from tests.make_question_fixtures import asked, shown
from tests.test_html_page import CHROMIUM, FLAGS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]

NBCONVERTS_OWN = ("require.min.js", "/mathjax/", "mermaid")
"""What nbconvert's template asks a network for; nothing of ours needs it."""


@pytest.fixture(scope="module")
def study():
    made = study_of(tiny("llama"), PAIRS, store=False)
    made.sweep("heads").wait()
    made.bake(top=3).wait()
    return made


@pytest.fixture(scope="module")
def converted(study, tmp_path_factory):
    """The page of a notebook that shows a study with drill-downs, twice, and a question."""
    folder = tmp_path_factory.mktemp("nbconvert")
    saved = pw.open_study(study.save(folder / "tiny.study.json"))
    stored, _ = saved._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data=stored)
    question = mime_bundle(shown(asked("node")), b"", "")
    outputs = [output, output, nbformat.v4.new_output("display_data", data=question)]
    cells = [nbformat.v4.new_code_cell("study", outputs=[one]) for one in outputs]
    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=cells))
    path = folder / "converted.html"
    path.write_text(page, "utf-8")
    return path


@pytest.fixture
def tab(converted):
    api = pytest.importorskip("playwright.sync_api")
    errors, requests = [], []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 1400})
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(converted.as_uri())
        page.wait_for_selector(".pw-grid")
        yield page
        browser.close()
    assert [one for one in errors if "require" not in one] == []
    ours = [one for one in requests[1:] if not any(name in one for name in NBCONVERTS_OWN)]
    assert ours == []


def test_every_output_is_drawn_and_its_drill_downs_open(tab, study):
    shown = tab.locator(".pw-explorer:has(.pw-grid)")
    assert shown.count() == 2
    for at in range(2):
        view = shown.nth(at)
        head = study.results["heads"].table("heads")["node"].iloc[0]
        view.locator(".pw-peak", has_text=head).first.click()
        view.get_by_role("button", name=f"q {head}.q").click()
        assert view.get_by_role("grid").count() == 2
        assert view.locator(".pw-steps").text_content() == f"heads › {head}.q"


def test_what_was_not_measured_says_what_to_run(tab, study):
    view = tab.locator(".pw-explorer:has(.pw-grid)").first
    opened = {name.split(".")[0] for name in study.results}
    nodes = study.results["heads"].table("heads")["node"]
    head = next(node for node in nodes[::-1] if node not in opened)
    grid = view.get_by_role("grid").first
    grid.focus()
    tab.keyboard.press("Control+Home")
    tab.keyboard.press("Control+Home")
    for key in ["ArrowDown"] * int(head[1]) + ["ArrowRight"] * int(head[3]):
        tab.keyboard.press(key)
    tab.keyboard.press("q")
    said = view.get_by_role("status").text_content()
    assert said.startswith(f"{head}.q was not measured; run study.path(")


def test_a_question_checks_its_answer(tab):
    question = tab.locator(".pw-question")
    question.get_by_role("combobox").fill("l0h1")
    question.get_by_role("button", name="Check").click()
    verdict = question.get_by_role("status").first
    assert (verdict.text_content() or "").startswith("✕Not yet. L0H1: normalized effect +0.40")


def test_the_code_is_small_beside_what_the_template_brings(converted, study):
    """Code and data of an output are 100 kB or less; the template brings more than 250 kB."""
    header, block = picture(list(study.results.values()))
    stored = mime_bundle(header, block, "")["text/html"]
    assert len(stored) < 110_000
    assert converted.read_text("utf-8").count("DecompressionStream") == 3
