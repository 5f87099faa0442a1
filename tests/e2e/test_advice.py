"""Advice is seen beside the map, read by keyboard, silenced, and there without a kernel."""

import pytest

from patchwidgets.reports.html import page as html_page
from patchwidgets.views._wire import block_of, header_of
from patchwidgets.views.explorer import Explorer as Header
from tests.e2e.conftest import SCREENSHOTS
from tests.e2e.explorer import Explorer
from tests.e2e.lab import MIME, write_notebook
from tests.e2e.marks import REAL_LAB
from tests.test_html_page import violations_of

pytestmark = REAL_LAB

STUDY = """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=4, metric=["logit_diff", "prob"])"""
CELLS = [STUDY, 'heads = study.sweep("heads")\nheads']
FLOOR = "probability_near_floor"
STORED = f"""panel.content.widgets[1].model.toJSON().outputs[0]?.data["{MIME}"].header.advice
  .map(({{name}}) => name)"""


@pytest.fixture(scope="module")
def notebook(lab):
    write_notebook(lab.root / "advice.ipynb", CELLS)
    opened = lab.open("advice.ipynb")
    opened.run(0, seconds=200)
    opened.run(1)
    Explorer(lab, opened.cell(1)).wait_until_done()
    yield opened
    opened.close()


@pytest.fixture
def view(notebook):
    return Explorer(notebook.lab, notebook.cell(1))


@pytest.fixture(scope="module")
def saved(notebook):
    notebook.wait(f"{STORED}.includes('{FLOOR}')")
    return notebook.save()


def rules(element):
    """Return the rules that speak, in the order in which they are shown."""
    return [one.get_attribute("data-rule") for one in element.locator(".pw-advice").all()]


def item(element, rule):
    return element.locator(f'.pw-advice[data-rule="{rule}"]')


def focus(element, rule):
    """Put the focus on the sentence of a rule."""
    item(element, rule).locator("summary").focus()


def test_what_the_result_advises_is_shown_once_it_is_done(notebook, view):
    names = notebook.value("heads.advice().names")
    assert FLOOR in names
    assert rules(view.element) == names
    sentence = notebook.value(
        f"next(one.sentence for one in heads.advice() if one.name == '{FLOOR}')"
    )
    shown = item(view.element, FLOOR).locator("summary").text_content()
    assert shown == f"!warning {sentence}"
    top = view.element.locator(".pw-advices > ul > .pw-advice")
    assert top.count() == 3
    assert view.element.locator(".pw-advice-more > summary").text_content() == (
        f"{len(names) - 3} more"
    )


def test_the_keyboard_opens_it_and_leaves_the_notebook_alone(notebook, view, saved):
    focus(view.element, FLOOR)
    keyboard, more = view.page.keyboard, item(view.element, FLOOR).locator("p").first
    assert not more.is_visible()
    keyboard.press("Enter")
    assert (more.text_content() or "").startswith("A probability cannot fall below 0")
    assert more.is_visible()
    keyboard.press("Space")
    assert not more.is_visible()
    assert notebook.ask("panel.content.mode") == "command"
    keyboard.press("Enter")
    photograph(notebook, view)


def photograph(notebook, view):
    SCREENSHOTS.mkdir(exist_ok=True)
    view.page.mouse.move(1, 1)
    for theme in ("Dark", "Light"):
        notebook.lab.use_theme(f"JupyterLab {theme}")
        view.page.wait_for_timeout(600)
        assert violations_of(view.page, ".pw-advices") == []
        view.element.screenshot(path=SCREENSHOTS / f"lab-advice-{theme.lower()}.png")


def test_a_reader_without_a_kernel_reads_it_and_hides_it_here_only(lab, saved):
    received = lab.receive(saved)
    view = Explorer(lab, received.cell(1))
    before = rules(view.element)
    focus(view.element, FLOOR)
    keyboard = view.page.keyboard
    keyboard.press("Enter")
    assert "Read negative effects off" in (item(view.element, FLOOR).text_content() or "")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert rules(view.element) == [name for name in before if name != FLOOR]
    assert view.says.startswith(f"{FLOOR} is hidden here")
    view.element.get_by_role("button", name="Show 1 hidden").click()
    assert rules(view.element) == before
    received.close()


def test_a_report_has_it_too(page, saved, tmp_path):
    (output,) = saved["cells"][1]["outputs"]
    stored = output["data"][MIME]
    header = Header.model_validate(header_of(stored))
    path = tmp_path / "report.html"
    path.write_text(html_page(header, block_of(stored), "Report"), "utf-8")
    context = page.context.browser.new_context(offline=True, bypass_csp=True)
    try:
        tab = context.new_page()
        tab.goto(path.as_uri())
        element = tab.locator(".pw-explorer")
        element.locator(".pw-advices").wait_for()
        assert rules(element) == [one.name for one in header.advice if not isinstance(one, str)]
        focus(element, FLOOR)
        tab.keyboard.press("Enter")
        assert item(element, FLOOR).locator("p").first.is_visible()
        assert violations_of(tab) == []
    finally:
        context.close()


def test_the_button_silences_the_rule_in_the_kernel_and_in_what_is_stored(notebook, view, saved):
    focus(view.element, FLOOR)
    details = item(view.element, FLOOR).locator("details")
    if details.get_attribute("open") is None:
        view.page.keyboard.press("Enter")
    view.page.keyboard.press("Tab")
    view.page.keyboard.press("Enter")
    item(view.element, FLOOR).wait_for(state="detached")
    assert view.says == f'{FLOOR} is silent in this session until advice.restore("{FLOOR}")'
    assert FLOOR not in notebook.value("heads.advice().names")
    notebook.wait(f"!{STORED}.includes('{FLOOR}')")
