"""A map is painted with estimates at once, and exact cells replace them one by one."""

import re

import numpy as np
import pytest

from patchwidgets.views._chart import MEASURED, UNMEASURED, read_chart
from patchwidgets.views._wire import block_of, header_of
from patchwidgets.views.explorer import Explorer as Header
from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import Explorer
from tests.e2e.lab import MIME, write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

STUDY = """import threading

import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=4, store=False)"""
# The gate holds the thread that measures once the estimate is drawn.
SWEEP = """gate = threading.Event()
result = study.sweep("heads", estimate="attribution", top=20)
display(result)
result.listen(lambda job: gate.wait(120))"""
NAMES = "[str(result.plan.patches[patch]) for patch in result.estimate.order()]"
STORED = f"""panel.content.widgets[1].model.toJSON().outputs[0]?.data["{MIME}"].header.maps
  .every(({{progress}}) => progress.state === "done")"""
ESTIMATED = re.compile(r"L0H0, estimated [+−]?[\d.e−]+ \(attribution patching\), not measured")


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "estimates.ipynb", [STUDY, SWEEP])
    opened = lab.open("estimates.ipynb")
    opened.run(0, seconds=200)
    opened.run(1)
    yield opened
    opened.close()


@pytest.fixture
def view(notebook):
    return Explorer(notebook.lab, notebook.cell(1))


@pytest.fixture(scope="module")
def estimated(notebook):
    """What is seen while everything is estimated and nothing measured yet."""
    view = Explorer(notebook.lab, notebook.cell(1))
    view.wait_for_agreement("0 of 270 cells measured, the rest estimated")
    names = notebook.value(NAMES)
    seen = {"names": names, "progress": view.progress, "peaks": view.peaks()}
    for name in (names[0], names[19], names[-1]):
        seen[name] = (view.pixels(name), view.tooltip())
    photograph(notebook, view, "estimated")
    notebook.value("gate.set()")
    view.wait_until_done()
    return seen


def select(view, name):
    """Click a cell and close the menu of what feeds it."""
    view.click(name)
    view.page.keyboard.press("Escape")


def photograph(notebook, view, name):
    SCREENSHOTS.mkdir(exist_ok=True)
    view.page.mouse.move(1, 1)
    for theme in ("Dark", "Light"):
        notebook.lab.use_theme(f"JupyterLab {theme}")
        view.page.wait_for_timeout(600)
        view.element.screenshot(path=SCREENSHOTS / f"lab-{name}-{theme.lower()}.png")


def test_the_whole_map_is_estimated_before_anything_is_measured(estimated):
    names = estimated["names"]
    assert estimated["progress"].startswith("measuring 0 of 20")
    assert estimated["peaks"] == []
    for name in (names[0], names[19], names[-1]):
        pixels, tooltip = estimated[name]
        assert pixels["shades"] > 1
        assert re.search(r"estimated \S+ \(attribution patching\)not measured", tooltip)
    assert estimated[names[0]][0]["coloured"] > 0


def test_measured_cells_replace_the_largest_estimates(notebook, view, estimated):
    names = estimated["names"]
    photograph(notebook, view, "replaced")
    pixels = view.pixels(names[19])
    assert pixels["shades"] == 1
    assert re.search(r"normalized .*effect .*estimated ", view.tooltip())
    assert "not measured" not in view.tooltip()
    assert view.pixels(names[-1])["shades"] > 1
    assert "not measured" in view.tooltip()
    assert {name for name, _ in view.peaks()} <= set(names[:20])


def test_the_line_under_the_map_says_what_agreement_says(notebook, view, estimated):
    facts = "result.agreement().rank_correlation, result.agreement().worst_node"
    rank, node = notebook.value(f"[{facts}]")
    assert view.agreement.startswith(
        "20 of 270 cells measured, the rest estimated; rank correlation with exact "
        f"{rank:.2f} over the measured ones; worst miss {node} (estimated "
    )


def test_the_keyboard_reads_estimates_and_leaves_them_out(notebook, view, estimated):
    keyboard = view.page.keyboard
    view.grids.first.focus()
    keyboard.press("Control+Home")
    keyboard.press("Control+Home")
    assert ESTIMATED.fullmatch(view.spoken)
    view.element.get_by_role("button", name="Measured only").focus()
    keyboard.press("Space")
    assert view.spoken == "L0H0, not measured"
    notebook.comes_to("result._shown.widget.estimates", False)
    assert view.pixels("L0H0")["coloured"] == 0
    assert "estimated" not in view.tooltip()
    keyboard.press("Shift+Tab")
    keyboard.press("Enter")
    assert ESTIMATED.fullmatch(view.spoken)
    notebook.comes_to("result._shown.widget.estimates", True)


def test_a_reader_without_a_kernel_still_tells_them_apart(lab, notebook, estimated):
    notebook.cell(1)
    notebook.wait(STORED)
    saved = notebook.save()
    (output,) = saved["cells"][1]["outputs"]
    stored = output["data"][MIME]
    header = Header.model_validate(header_of(stored))
    chart = read_chart(header.maps[0], block_of(stored))
    assert (chart.status == MEASURED).sum() == 20
    left = chart.status == UNMEASURED
    assert np.isnan(chart.values[left]).all()
    assert np.isfinite(chart.estimates[left]).all()
    assert np.isnan(chart.estimates[~left]).all()

    received = lab.receive(saved)
    view = Explorer(lab, received.cell(1))
    select(view, estimated["names"][-1])
    assert view.spoken.endswith("(attribution patching), not measured")
    select(view, estimated["names"][0])
    assert ", normalized " in view.spoken
    assert "estimated" in (view.element.locator(".pw-cell").text_content() or "")
    view.element.get_by_role("button", name="Measured only").click()
    select(view, estimated["names"][-1])
    assert view.spoken.endswith(", not measured")
    received.close()
