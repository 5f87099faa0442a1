"""Attention patterns, per-prompt effects and prompt pairs in a real browser, with no network."""

import pytest

from patchwidgets.reports.html import page
from patchwidgets.views._prompt_effects import prompt_effects
from patchwidgets.views._wire import ArrayBlock
from tests import make_detail_fixtures
from tests import make_view_fixtures as fixtures
from tests import test_html_page as pages
from tests.test_html_page import SCREENSHOTS, violations_of

browser, open_page, pytestmark = pages.browser, pages.open_page, pages.pytestmark


@pytest.fixture
def opened(open_page):
    """Return a function that opens a fixture's page; checks afterwards that it kept quiet."""

    def opens(shown, width=760, **options):
        return open_page(shown, width, 700, ".pw-frame", bypass_csp=True, **options)

    return opens


def overlapping(tab, selector):
    """Return pairs of elements that lie on one another."""
    return tab.evaluate(
        """(selector) => {
          const boxes = [...document.querySelectorAll(selector)].map((one) => {
            const {left, right, top, bottom} = one.getBoundingClientRect();
            return {text: one.textContent, left, right, top, bottom};
          });
          return boxes.flatMap((a, i) => boxes.slice(i + 1)
            .filter((b) => a.left < b.right - 1 && b.left < a.right - 1
              && a.top < b.bottom - 1 && b.top < a.bottom - 1)
            .map((b) => [a.text, b.text]));
        }""",
        selector,
    )


def effects_of(count):
    block = ArrayBlock()
    header = prompt_effects(make_detail_fixtures.effects_of(count), "L20H0", block)
    return header, block.to_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [300, 760])
@pytest.mark.parametrize("shown", ["synthetic_attention", "synthetic_effects", "synthetic_prompts"])
def test_every_view_fits_and_keeps_no_reader_out(opened, shown, width, scheme):
    tab = opened(shown, width, color_scheme=scheme)
    assert violations_of(tab, ".pw-frame") == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    SCREENSHOTS.mkdir(exist_ok=True)
    name = f"{shown.removeprefix('synthetic_')}-{width}-{scheme}.png"
    tab.screenshot(path=SCREENSHOTS / name, full_page=True)


def test_destinations_are_chosen_by_click_and_by_keyboard(opened):
    tab = opened("synthetic_attention")
    tab.locator('.pw-attended [data-at="10"]').click()
    tokens = tab.locator(".pw-attended tbody th")
    assert tab.locator("select").input_value() == "10"
    tab.locator("select").focus()
    tab.keyboard.press("ArrowUp")
    assert tab.locator("select").input_value() == "9"
    assert "then" in tokens.last.text_content()
    tab.get_by_role("button", name="all tokens").click()
    grid = tab.get_by_role("grid").first
    grid.focus()
    tab.keyboard.press("ArrowDown")
    assert tab.locator("select").input_value() == "10"
    assert violations_of(tab, ".pw-frame") == []
    tab.screenshot(path=SCREENSHOTS / "attention-maps.png", full_page=True)


@pytest.mark.parametrize("width", [300, 760])
def test_labels_of_bars_never_overlap(opened, width):
    tab = opened("synthetic_attention", width)
    tab.locator(".pw-attended .pw-link").click()
    assert overlapping(tab, ".pw-attended .pw-token, .pw-attended .pw-role") == []
    assert overlapping(tab, ".pw-attended td > span:last-child") == []
    cut = tab.locator(".pw-attended thead th").evaluate_all(
        "heads => heads.filter(one => one.scrollWidth > one.clientWidth).length"
    )
    assert cut == 0
    bars = tab.locator(".pw-share-track").evaluate_all("bars => bars.map(one => one.clientWidth)")
    assert min(bars) > 40


@pytest.mark.parametrize("count", [1, 2, 64, 1000])
def test_dots_are_found_by_pointer_and_keyboard(opened, count):
    tab = opened(effects_of(count))
    assert tab.locator(".pw-dot").count() == count
    assert overlapping(tab, ".pw-effects-name") == []
    strip = tab.get_by_role("listbox")
    strip.focus()
    tab.keyboard.press("End")
    tab.keyboard.press("Enter")
    last = tab.locator(".pw-place, .pw-effects-said").all_text_contents()
    box = tab.locator(".pw-dot.pw-chosen").bounding_box()
    tab.keyboard.press("Home")
    tab.keyboard.press("Enter")
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert tab.locator(".pw-place, .pw-effects-said").all_text_contents() == last
    tab.screenshot(path=SCREENSHOTS / f"effects-of-{count}.png", full_page=True)


def test_the_sign_is_seen_in_forced_colours(opened):
    tab = opened("synthetic_effects", forced_colors="active")
    kinds = tab.locator(".pw-dot").evaluate_all(
        "dots => dots.map(one => [one.classList.contains('pw-dot-negative'), "
        "getComputedStyle(one).fill === 'none'])"
    )
    assert [True, True] in kinds
    assert [False, False] in kinds
    assert [True, False] not in kinds
    tab.screenshot(path=SCREENSHOTS / "effects-forced.png", full_page=True)


def test_without_scripts_there_is_a_picture(browser, tmp_path):
    for name in ("synthetic_attention", "synthetic_effects", "synthetic_prompts"):
        path = tmp_path / f"{name}.html"
        path.write_text(page(*fixtures.read(name), "still"), "utf-8")
        context = browser.new_context(java_script_enabled=False, offline=True)
        tab = context.new_page()
        tab.goto(path.as_uri())
        assert tab.locator("img.pw-still").bounding_box()["width"] > 100
        context.close()
