"""Questions in a real browser, from a file, with no network: by keyboard alone."""

import pytest

from tests.make_question_fixtures import asked, shown
from tests.test_html_page import (  # noqa: F401 - fixtures
    CHROMIUM,
    SCREENSHOTS,
    browser,
    open_page,
    violations_of,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]


@pytest.fixture
def open_question(open_page):  # noqa: F811
    def opened(kind, **options):
        page = (shown(asked(kind)), b"")
        return open_page(page, wait_for=".pw-question", bypass_csp=True, **options)

    return opened


def test_a_node_is_typed_checked_and_hinted_at_by_keyboard(open_question):
    tab = open_question("node")
    keyboard, verdict = tab.keyboard, tab.get_by_role("status").first
    field = tab.get_by_role("combobox", name="Node: Which head brings most of the answer back?")
    keyboard.press("Tab")
    assert field.evaluate("(one) => one === document.activeElement")
    keyboard.type("l0h1")
    keyboard.press("Enter")
    assert (verdict.text_content() or "").startswith("✕Not yet. L0H1: normalized effect +0.40")
    field.fill("")
    field.focus()
    keyboard.type("1.1")
    keyboard.press("Tab")
    keyboard.press("Space")
    assert (verdict.text_content() or "").startswith("✓Right. L1H1: normalized effect +0.80")
    assert tab.locator(".pw-score").text_content() == "2 of 2 right"
    assert violations_of(tab) == []


def test_an_explanation_is_chosen_by_arrows(open_question):
    tab = open_question("choice")
    keyboard, verdict = tab.keyboard, tab.get_by_role("status").first
    assert tab.get_by_role("radiogroup", name="Why is L1H0 blue?").is_visible()
    keyboard.press("Tab")
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    assert (verdict.text_content() or "").startswith("✕Not yet. 6 heads were.")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    assert (verdict.text_content() or "").startswith("✓Right. Its effect is negative.")
    assert tab.locator("img[src=x]").count() == 0
    assert violations_of(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 300])
def test_it_is_seen_in_both_themes_and_in_a_narrow_place(open_question, scheme, width):
    for kind, given in [("node", "L0H1"), ("number", "0.8")]:
        tab = open_question(kind, color_scheme=scheme, width=width, height=620)
        tab.locator(".pw-answer").fill(given)
        tab.get_by_role("button", name="Check").click()
        assert violations_of(tab) == []
        wide = tab.evaluate("document.querySelector('.pw-question').scrollWidth")
        assert wide <= width
        SCREENSHOTS.mkdir(exist_ok=True)
        tab.screenshot(path=SCREENSHOTS / f"question-{kind}-{scheme}-{width}.png")
