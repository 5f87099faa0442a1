"""A page that is narrow, in a real browser: nothing is cut, and nothing leaves it."""

import pytest

from tests.test_html_page import (  # noqa: F401 - fixtures
    CHROMIUM,
    browser,
    open_page,
    outside,
    press_peak,
    violations_of,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]


def test_maps_and_pairs_are_chosen_by_keyboard_on_a_narrow_page(open_page):  # noqa: F811
    tab = open_page("synthetic_exploring", width=300, bypass_csp=True)
    tab.locator(".pw-pair-line").nth(1).focus()
    tab.keyboard.press("Enter")
    assert tab.locator(".pw-place").text_content() == "pair 2 of 3"
    tab.get_by_label("site").focus()
    tab.keyboard.press("ArrowDown")
    assert "Heads: values" in tab.locator(".pw-unmeasured").text_content()
    assert tab.get_by_label("site").locator("option").all_text_contents() == [
        "outputs (z) · ✓ here",
        "values (v)",
    ]
    assert outside(tab) == []
    assert violations_of(tab) == []


CUT = """select => {
  const alone = document.createElement("select");
  alone.append(new Option(select.selectedOptions[0].text));
  alone.style.maxWidth = "none";
  select.after(alone);
  const needs = alone.offsetWidth;
  alone.remove();
  return select.offsetWidth < needs ? select.selectedOptions[0].text : "";
}"""


@pytest.mark.parametrize("width", [300, 420, 700, 1240])
def test_what_is_chosen_is_never_cut(open_page, width):  # noqa: F811
    tab = open_page("synthetic_exploring", width=width)
    chosen = tab.locator(".pw-setting select:visible")
    assert chosen.count() == 5
    corruption = chosen.nth(1)
    longest = "token replacement at subject+neighbour"
    corruption.evaluate(f"one => {{ one.selectedOptions[0].text = {longest!r}; }}")
    assert [select.evaluate(CUT) for select in chosen.all()] == [""] * 5
    assert outside(tab) == []


def test_it_fits_a_narrow_window(open_page):  # noqa: F811
    tab = open_page(width=380, height=900)
    press_peak(tab, "L20H0")
    tab.get_by_role("button", name="v L20H0.v").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 380
    boxes = [tab.get_by_role("grid").nth(i).bounding_box() for i in (0, 1)]
    assert boxes[1]["y"] > boxes[0]["y"] + boxes[0]["height"]
