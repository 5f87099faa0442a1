"""A comparison in JupyterLab: maps fill in, are linked, stay alive when saved, and as a page."""

import json

import pytest

from tests.e2e.comparison import Compared
from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.lab import MIME, write_notebook
from tests.e2e.marks import REAL_LAB
from tests.test_html_page import violations_of

pytestmark = REAL_LAB

STUDY = """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=2)"""
CELLS = [
    STUDY,
    """grid = study.compare(
    "heads",
    corruptions=["token_replacement", ("token_replacement", "ABC")],
    metrics=["logit_diff", "prob", "kl_div"],
)
grid""",
]
GRID = 1
STORED = f"""panel.content.widgets[given[0]].model.toJSON().outputs[0].data["{MIME}"].header
  .missing === ''"""


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "comparing.ipynb", CELLS)
    opened = lab.open("comparing.ipynb")
    opened.run(0, seconds=400)
    opened.run(GRID, seconds=400)
    yield opened
    opened.close()


SELECTION = "grid.widget.selection"


def compared_in(notebook):
    return Compared(notebook.lab.page, notebook.cell(GRID))


@pytest.fixture
def view(notebook):
    """The comparison, once everything is measured."""
    found = compared_in(notebook)
    found.wait_until_compared()
    return found


@pytest.fixture(scope="module")
def saved(notebook):
    compared_in(notebook).wait_until_compared()
    notebook.cell(GRID)
    notebook.wait(STORED, GRID)
    return notebook.save()


def test_the_maps_fill_in_and_are_compared_at_the_end(notebook):
    view = compared_in(notebook)
    view.maps.first.wait_for()
    assert view.maps.count() == 6
    assert "of 2 maps are measured" in (view.missing.text_content() or "")
    early = view.coloured()
    assert max(early[3:]) < 40
    assert notebook.value("grid.done") is False
    view.wait_until_compared()
    late = view.coloured()
    # On the scale of its metric the probability on ABC has hardly any effect.
    assert all(after > 40 for place, after in enumerate(late) if place != 4)
    table = notebook.value("grid.detections().to_json(orient='split')")
    wanted = json.loads(table)
    assert view.nodes() == wanted["columns"]
    marks = {1: "+", -1: "−", 0: "", None: "n/a"}
    assert view.signs() == [[marks[sign] for sign in row] for row in wanted["data"]]
    assert view.missing.is_hidden()


def test_the_pointer_outlines_one_node_in_all_maps(notebook, view):
    view.page.mouse.move(1, 1)
    before = view.outlined()
    view.point_at("L20H0", 4)
    assert all(now > then + 20 for now, then in zip(view.outlined(), before, strict=True))
    numbers = view.element.locator(".pw-node-tip td").all_text_contents()[1:]
    shares = "[grid.result(one).normalized(one.metric).sel(layer=20, head=0).item() " + (
        "for one in grid.methods]"
    )
    written = [text.replace("−", "-") for text in numbers if text]
    for text, share in zip(written, notebook.value(shares), strict=True):
        assert float(text.split()[0]) == pytest.approx(share, abs=0.0051)


def test_a_click_selects_in_all_maps_and_reaches_python_and_back(notebook, view):
    view.click("L20H0", 1)
    assert view.selected == "L20H0"
    assert [text.split(",")[0] for text in view.spoken] == ["L20H0"] * 6
    notebook.comes_to(SELECTION, "L20H0")
    marks = view.header("L20H0").get_attribute("class") or ""
    assert set(marks.split()) == {"pw-chosen", "pw-pointed"}
    notebook.value("setattr(grid.widget, 'selection', 'L29H0')")
    view.wait_for("L29H0")
    cell = view.element.locator('.pw-detections [data-key="0 L20H0"]')
    cell.click()
    view.wait_for("L20H0")
    notebook.comes_to(SELECTION, "L20H0")


def test_the_keyboard_moves_in_a_map_and_orders_the_table(notebook, view):
    keyboard = view.page.keyboard
    view.maps.nth(2).focus()
    keyboard.press("Control+Home")
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        keyboard.press(key)
    assert view.selected == "L1H1"
    notebook.comes_to(SELECTION, "L1H1")
    assert view.element.locator(":scope > [role=status]").text_content().startswith("L1H1: ")
    keyboard.press("Escape")

    nodes = view.nodes()
    at = next(index for index in range(len(nodes)) if len({row[index] for row in view.signs()}) > 1)
    header = view.header(nodes[at])
    view.header("").focus()
    for _ in range(at + 1):
        keyboard.press("ArrowRight")
    keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    order = [["+", "", "−"].index(row[at]) for row in view.signs()]
    assert order == sorted(order)
    keyboard.press(" ")
    assert header.get_attribute("aria-sort") == "ascending"
    order = [["+", "", "−"].index(row[at]) for row in view.signs()]
    assert order == sorted(order, reverse=True)
    keyboard.press("Enter")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    notebook.comes_to(SELECTION, nodes[at])


def test_the_switches_change_scale_and_rule(notebook, view):
    view.element.get_by_role("button", name="all maps").click()
    words = view.element.locator(".pw-scale-words").all_text_contents()
    assert {text.split(" · ")[1] for text in words} == {"one scale for all maps"}
    view.element.get_by_role("button", name="robust").click()
    assert view.nodes() == notebook.value("list(grid.detections('mad').columns)")
    assert notebook.value("[grid.widget.rule, grid.widget.scale]") == ["mad", "all"]
    view.element.get_by_role("button", name="2 SD").click()
    view.element.get_by_role("button", name="per metric").click()


def test_pictures_to_look_at(notebook, view):
    SCREENSHOTS.mkdir(exist_ok=True)
    for theme, name in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        notebook.lab.use_theme(theme)
        view.click("L20H0")
        view.page.wait_for_timeout(500)  # a theme fades in
        view.page.screenshot(path=SCREENSHOTS / f"lab-compared-{name}.png")
        view.element.locator(".pw-agreements").scroll_into_view_if_needed()
        view.page.screenshot(path=SCREENSHOTS / f"lab-compared-table-{name}.png")
    view.page.mouse.move(1, 1)


def test_a_reader_without_a_kernel_has_all_of_it(lab, saved):
    (output,) = saved["cells"][GRID]["outputs"]
    assert list(output["data"]) == [MIME, "image/png", "text/html", "text/plain"]
    assert "detected (2 SD from the mean)" in "".join(output["data"]["text/plain"])
    received = lab.receive(saved)
    before = received.outputs()
    view = compared_in(received)
    view.wait_until_compared()
    view.click("L20H0", 3)
    assert [text.split(",")[0] for text in view.spoken] == ["L20H0"] * 6
    view.header("L20H0").click()
    assert view.header("L20H0").get_attribute("aria-sort") == "descending"
    assert received.outputs() == before
    received.close()


def test_the_page_works_without_a_network(lab, notebook, view, tmp_path):
    path = tmp_path / "compared.html"
    notebook.value(f"str(grid.save_html({str(path)!r}))")
    context = lab.page.context.browser.new_context(
        offline=True, bypass_csp=True, viewport={"width": 1240, "height": 900}
    )
    tab = context.new_page()
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    page = Compared(tab, tab)
    page.click("L20H0", 5)
    assert page.selected == "L20H0"
    assert page.nodes() == view.nodes()
    assert violations_of(tab) == []
    assert asked == [path.as_uri()]
    context.close()
