"""One question from the first map to a checked circuit, in one cell, and handed on to others."""

import re

import pytest
from nbconvert import HTMLExporter

from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import EXPLORER, Explorer, explorer_of, exploring
from tests.e2e.marks import REAL_LAB
from tests.test_nbconvert import NBCONVERTS_OWN

pytestmark = REAL_LAB

CELLS = [
    """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = asked = pw.Study(model, "ioi", n=2)  # the code that is pasted makes another `study`""",
    "explored = study.explore()\nexplored",
    "pass",
]
PASTED = 2
HOPS = ["heads", "L20H0.v", "L17H1.k"]


@pytest.fixture(scope="module")
def notebook(lab):
    with exploring(lab, "explore.ipynb", CELLS) as opened:
        yield opened


@pytest.fixture
def view(notebook):
    return explorer_of(notebook)


def faithfulness(notebook):
    return notebook.value("100 * float(explored.circuit.wait().faithfulness().value)")


def test_by_mouse_from_the_first_map_to_a_checked_circuit(notebook, view):
    view.drill("L20H0", "v L20H0.v")
    strongest, _ = view.peaks()[0]
    assert strongest == "L17H4"
    view.drill(strongest, "k L17H1.k", place=1)
    assert view.trail == HOPS
    for left in (HOPS[:2], HOPS[:1]):
        view.element.get_by_role("button", name="back to the map before").click()
        notebook.comes_to("explored.widget.trail", left)
    for node in ("L20H0", "L23H3", "L17H4"):
        view.click(node)
        view.element.locator("button.pw-pin").click()
    notebook.comes_to("explored.widget.pins", ["L20H0", "L23H3", "L17H4"])
    view.element.get_by_role("button", name="Measure how much these 3 nodes carry").click()
    assert view.wait_for_share() == pytest.approx(faithfulness(notebook), abs=0.51)
    view.element.screenshot(path=SCREENSHOTS / "explore.png")


def test_the_selected_cell_is_shown_pair_by_pair_with_what_its_head_attends_to(notebook, view):
    view.element.locator(".pw-peak", has_text="L23H3").first.click()
    pattern = view.element.locator(".pw-attention")
    pattern.first.wait_for(timeout=60_000)
    assert "L23H3" in (pattern.first.text_content() or "")
    effects = view.element.get_by_role("listbox", name="effect on every prompt pair")
    effects.focus()
    view.page.keyboard.press("End")
    view.page.keyboard.press("Enter")
    notebook.comes_to("explored.widget.prompt", 1)


def test_what_is_copied_measures_the_same(notebook, view):
    view.element.get_by_role("button", name="Copy as Python").click()
    code = notebook.lab.page.evaluate("navigator.clipboard.readText()")
    assert "study.circuit(" in code
    notebook.ask(
        "panel.content.widgets[given[0]].model.sharedModel.setSource(given[1])", PASTED, code
    )
    notebook.run(PASTED, seconds=120)
    same = "bool(result.effect().equals(explored.results['heads'].effect()))"
    assert notebook.value(same, seconds=120)
    again = notebook.value("100 * float(circuit.wait().faithfulness().value)", seconds=120)
    assert again == pytest.approx(faithfulness(notebook))


def test_another_direction_is_measured_when_it_is_asked_for(notebook, view):
    view.element.get_by_label("direction").select_option("noising")
    view.element.get_by_role("button", name=re.compile("Measure it")).click()
    view.wait_for_map("Which heads does the answer need?")
    view.wait_until_done()
    assert notebook.value("explored.results['noising: heads'].direction") == "noising"
    view.element.get_by_label("direction").select_option("denoising")
    view.wait_for_map("Which heads restore the answer?")


def test_both_directions_are_seen_side_by_side(notebook, view):
    compare = view.element.get_by_role("button", name="Compare methods")
    compare.click()
    compared = view.element.locator(".pw-beside")
    compared.get_by_role("table").first.wait_for(timeout=60_000)
    labels = "[one['label'] for one in explored.widget.header['comparison']['methods']]"
    notebook.comes_to(labels, ["denoising", "noising"])
    assert notebook.value("list(explored.results)")[-1] == "noising: heads"
    compare.click()
    view.wait_for_map("Which heads restore the answer?")


def click_through(view):
    """Click from the map of all heads to what feeds one, and to what feeds its strongest sender."""
    view.drill("L20H0", "v L20H0.v")
    view.drill("L17H4", "k L17H1.k", place=1)
    assert view.trail == HOPS


def test_a_reader_without_a_kernel_sees_it_all_and_loses_nothing(notebook, view):
    saved = notebook.save()
    received = notebook.lab.receive(saved)
    seen = Explorer(notebook.lab, received.cell(EXPLORER))
    click_through(seen)
    seen.element.get_by_role("button", name="back to the map before").click()
    seen.element.get_by_label("direction").select_option("noising")
    seen.wait_for_map("Which heads does the answer need?")
    seen.element.get_by_role("tab", name="Residual").click()
    assert "study.sweep('residual'" in (
        seen.element.locator(".pw-unmeasured code").text_content() or ""
    )
    again = received.save()
    received.close()
    assert outputs(again) == outputs(saved)

    reopened = notebook.lab.open(received.path, kernel=False)
    click_through(Explorer(notebook.lab, reopened.cell(EXPLORER)))
    assert outputs(reopened.save()) == outputs(saved)
    reopened.close()


def outputs(document):
    return [cell["outputs"] for cell in document["cells"]]


@pytest.fixture
def offline(page):
    """Return a function that opens a file in a browser without a network."""
    errors, asked = [], []
    context = page.context.browser.new_context(
        offline=True, viewport={"width": 1280, "height": 1400}
    )

    def opened(path):
        tab = context.new_page()
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        return Explorer(None, tab.locator("body"))

    yield opened
    context.close()
    assert [error for error in errors if "require" not in error] == []
    others = [url for url in asked if not url.startswith("file:")]
    assert [url for url in others if not any(name in url for name in NBCONVERTS_OWN)] == []


def test_pages_without_a_network_take_the_same_clicks(notebook, view, offline, capsys):
    notebook.save()
    page = notebook.on_disk.with_name("explore.html")
    notebook.value(f"str(asked.to_html({page.name!r}))")
    written, _ = HTMLExporter().from_filename(str(notebook.on_disk))
    converted = notebook.on_disk.with_name("converted.html")
    converted.write_text(written, "utf-8")
    for path in (page, converted):
        click_through(offline(path))
    maps = notebook.value("len(explored.results)")
    with capsys.disabled():
        for path in (notebook.on_disk, page, converted):
            print(f"\n{path.name}, {maps} maps: {path.stat().st_size:,} bytes", end="")
