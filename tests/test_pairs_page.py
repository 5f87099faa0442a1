"""One prompt pair alone in an exported page: by keyboard, in little room, and where it is not."""

import pytest

from tests.test_html_page import (  # noqa: F401 - fixtures
    CHROMIUM,
    browser,
    open_page,
    outside,
    violations_of,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]

EXPLORING = "synthetic_exploring"
"""Holds the map of heads on pair 2 of 3."""


def choose(tab, pair):
    """Choose a pair by the keyboard, from the strip that lists all."""
    tab.get_by_role("button", name="All 3 pairs (mean)").focus()
    tab.keyboard.press("Enter")
    for _ in range(pair + 1):  # the button for one pair, then the lines
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")


def test_a_pair_that_is_here_is_drawn_and_another_says_what_to_run(open_page):  # noqa: F811
    tab = open_page(EXPLORING)
    mean = tab.locator(".pw-map-title").first.text_content()
    choose(tab, 2)
    assert tab.locator(".pw-map-title").first.text_content() == f"{mean} · pair 2 alone"
    assert tab.locator(".pw-peak b").all_text_contents() == ["+0.50", "+0.10"]
    choose(tab, 3)
    assert tab.locator(".pw-missing-pair").first.text_content() == (
        "The map of pair 3 is not in this file. With a kernel, this gives it:"
        "study.sweep('heads').on_pair(2)"
    )
    assert tab.locator(".pw-grid").count() == 1
    assert not tab.locator(".pw-grid").is_visible()
    choose(tab, 2)
    assert tab.locator(".pw-grid").is_visible()


@pytest.mark.parametrize("pair", [2, 3])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_one_pair_is_for_all_readers(open_page, pair, color_scheme):  # noqa: F811
    tab = open_page(EXPLORING, width=300, color_scheme=color_scheme, bypass_csp=True)
    choose(tab, pair)
    assert outside(tab) == []
    assert violations_of(tab) == []
