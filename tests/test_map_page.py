"""One map in a real browser: zoomed, filling the screen, saved, and without colours or motion."""

import csv
import struct
from xml.etree import ElementTree

import numpy as np
import pytest

from patchwidgets.views._array_map import array_map
from patchwidgets.views._scale import BEYOND, STOPS, between
from tests import make_view_fixtures as fixtures
from tests import test_html_page as pages
from tests.test_html_page import SCREENSHOTS, outside, pixels_of, violations_of

browser, open_page, pytestmark = pages.browser, pages.open_page, pages.pytestmark

RAMP = np.linspace(-1, 1, 21)[None, :]
TOKENS = [f"tok{at % 97}" for at in range(2000)]


def grid_of(tab):
    return tab.get_by_role("grid").first


def save(tab, kind):
    """Save the map by its menu, and return the file."""
    grid_of(tab).focus()
    tab.keyboard.press("m")
    with tab.expect_download() as waiting:
        tab.get_by_role("menuitem", name=kind, exact=True).click()
    return waiting.value


def read_canvas(tab, body, given=None):
    """Run JavaScript that reads pixels of the map: `pen` is a copy's, `width` and `height` its."""
    opening = """(given) => {
      const canvas = document.querySelector(".pw-grid canvas");
      const {width, height} = canvas;
      const copy = new OffscreenCanvas(width, height);
      const pen = copy.getContext("2d", {willReadFrequently: true});
      pen.drawImage(canvas, 0, 0);"""
    return tab.evaluate(f"{opening} {body} }}", given)


def colors_of_cells(tab, count):
    """Return the colour in the lower left part of each cell of a map of one row."""
    return read_canvas(
        tab,
        """
        const {data} = pen.getImageData(0, 40, width, 1);
        const found = [];
        for (let x = 1; x < width; x++) {
          const [r, g, b, a] = data.slice(4 * x, 4 * x + 4);
          if (a === 255 && !data[4 * x - 1]) found.push([r, g, b]);
        }
        return found.slice(-given);""",
        count,
    )


def test_the_canvas_has_the_colours_of_the_scale(open_page):
    tab = open_page(array_map(RAMP, title="ramp"))
    np.testing.assert_allclose(colors_of_cells(tab, 21), between(STOPS, 21), atol=2)
    tab = open_page(array_map([[-3.0, 0.5, 3.0]], title="clipped", limit=1))
    below, _, above = colors_of_cells(tab, 3)
    assert [below, above] == [list(bytes.fromhex(one)) for one in BEYOND]
    assert "beyond the scale" in tab.locator(".pw-legend").text_content()


def test_a_long_map_is_zoomed_and_pulled(open_page):
    values = np.random.default_rng(0).normal(size=(30, 2000))
    values[5, 700] = 30
    tab = open_page(array_map(values, "layer", {"token": TOKENS}, title="2,000 tokens"), height=500)
    grid, tip = grid_of(tab), tab.locator(".pw-tooltip strong")
    grid.focus()
    tab.keyboard.press("ArrowDown")
    assert tip.text_content() == "L5@700"
    for _ in range(9):
        tab.keyboard.press("+")
    tab.keyboard.press("ArrowRight")
    assert tip.text_content() == "L5@701"
    box = grid.bounding_box()
    place = tab.locator(".pw-tooltip").bounding_box()
    assert box["x"] < place["x"] < box["x"] + box["width"]
    tab.keyboard.press("End")
    assert tip.text_content() == "L5@1999"
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(*middle)
    before = tip.text_content()
    tab.mouse.down()
    tab.mouse.move(middle[0] + 300, middle[1], steps=4)
    tab.mouse.up()
    tab.mouse.move(middle[0] + 1, middle[1])
    column = int(tip.text_content().split("@")[1])
    assert column < int(before.split("@")[1])
    # A plain wheel scrolls the page, also over a zoomed map.
    tab.mouse.wheel(0, 120)
    tab.wait_for_function("scrollY > 0")
    tab.mouse.dblclick(*middle)
    assert not tab.evaluate("document.querySelector('.pw-zoomed')")


def test_the_wheel_with_ctrl_zooms_the_map_and_not_the_page(open_page):
    tab = open_page("synthetic_positions")
    box = grid_of(tab).bounding_box()
    tab.mouse.move(box["x"] + 150, box["y"] + 150)
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -200)
    tab.keyboard.up("Control")
    tab.wait_for_selector(".pw-zoomed")
    assert tab.evaluate("visualViewport.scale") == 1
    assert tab.evaluate("scrollY") == 0


def test_the_screen_is_filled_and_left(open_page):
    tab = open_page("synthetic_array")
    narrow = grid_of(tab).bounding_box()
    tab.get_by_role("button", name="Full screen (F)").click()
    tab.wait_for_function("document.fullscreenElement?.matches('.pw-array-map')")
    tab.wait_for_function(
        "width => document.querySelector('.pw-grid').clientWidth > width + 100",
        arg=narrow["width"],
    )
    grid_of(tab).focus()
    tab.keyboard.press("ArrowDown")
    assert tab.locator(".pw-tooltip").is_visible()
    tab.keyboard.press("Escape")
    tab.wait_for_function("!document.fullscreenElement")
    tab.wait_for_function(
        "width => document.querySelector('.pw-grid').clientWidth === width",
        arg=round(narrow["width"]),
    )


def test_a_map_is_saved_as_it_is_seen(open_page, tmp_path):
    tab = open_page("synthetic_array")
    done = save(tab, "SVG")
    assert done.suggested_filename == "script-alert-1-script-no.svg"
    done.save_as(tmp_path / "map.svg")
    text = (tmp_path / "map.svg").read_text("utf-8")
    assert "<script>" not in text
    tree = ElementTree.fromstring(text)
    said = ["".join(one.itertext()) for one in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert {"layer", "token", "<b>Mary</b>", "a⏎b", "+9.00", "0", "−9.00"} <= set(said)
    assert "colour: attention · hatched: not measured" in said
    assert "8 prompts · seed 0" in said
    whole = tab.evaluate(
        "svg => new DOMParser().parseFromString(svg, 'image/svg+xml')"
        ".querySelectorAll('rect').length",
        text,
    )
    done = save(tab, "PNG")
    done.save_as(tmp_path / "map.png")
    data = (tmp_path / "map.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == tuple(2 * int(tree.attrib[side]) for side in ("width", "height"))
    done = save(tab, "CSV")
    done.save_as(tmp_path / "map.csv")
    lines = list(csv.reader((tmp_path / "map.csv").read_text("utf-8").splitlines()))
    assert len(lines) == 1 + 6 * 9
    assert lines[1 + 2 * 9 + 3] == ["L2@3", "L2", "\u202eevil", "measured", "attention", "9"]
    grid_of(tab).focus()
    for _ in range(8):
        tab.keyboard.press("+")
    save(tab, "SVG").save_as(tmp_path / "part.svg")
    part = ElementTree.parse(tmp_path / "part.svg")
    assert len(list(part.iter("{http://www.w3.org/2000/svg}rect"))) < whole
    save(tab, "PNG").save_as(SCREENSHOTS / "saved-part.png")
    (tmp_path / "map.png").replace(SCREENSHOTS / "saved.png")


def test_a_saved_picture_of_a_large_map_holds_its_pixels(open_page, tmp_path):
    tab = open_page(fixtures.large_map())
    save(tab, "SVG").save_as(tmp_path / "map.svg")
    (image,) = ElementTree.parse(tmp_path / "map.svg").iter("{http://www.w3.org/2000/svg}image")
    assert image.get("href", "").startswith("data:image/png;base64,")
    assert (tmp_path / "map.svg").stat().st_size < 2_000_000


def test_a_clipped_scale_shows_what_one_huge_cell_hid(open_page):
    tab = open_page("synthetic_array")
    red = "r - b > 60"
    assert pixels_of(tab, [0, 1], red) < 1500
    grid_of(tab).focus()
    tab.keyboard.press("m")
    tab.get_by_role("menuitemradio", name="clipped").click()
    tab.wait_for_function("document.querySelector('.pw-legend').textContent.includes('beyond')")
    tab.wait_for_timeout(50)
    assert pixels_of(tab, [0, 1], red) > 1500


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_map_and_its_menu_keep_no_reader_out(open_page, scheme):
    tab = open_page("synthetic_array", color_scheme=scheme, bypass_csp=True)
    grid_of(tab).focus()
    tab.keyboard.press("ArrowDown")
    assert violations_of(tab) == []
    tab.keyboard.press("m")
    assert tab.locator(".pw-map-menu").is_visible()
    assert violations_of(tab) == []
    tab.screenshot(path=SCREENSHOTS / f"map-menu-{scheme}.png")
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.getAttribute('role')") == "grid"


def test_a_map_is_one_stop_of_the_tab_key(open_page):
    tab = open_page("synthetic_array")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('role')") == "grid"
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement === document.body")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_keep_the_map(open_page, scheme):
    options = {"color_scheme": scheme, "forced_colors": "active", "reduced_motion": "reduce"}
    tab = open_page("synthetic_explorer", **options)
    assert moving(tab) == {}
    grid_of(tab).focus()
    tab.keyboard.press("ArrowDown")
    assert pixels_of(tab, [0, 1], "r - b > 90") > 300
    assert pixels_of(tab, [0, 1], "b - r > 60") > 100
    tab.keyboard.press("m")
    first = tab.get_by_role("menuitem", name="Zoom in")
    assert first.evaluate("item => getComputedStyle(item).outlineStyle") != "none"
    tab.screenshot(path=SCREENSHOTS / f"forced-{scheme}.png")


def moving(tab):
    """Return how long everything moves that is not still, by its class."""
    return tab.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".pw-explorer, .pw-explorer *")]
          .map((one) => [one.className, getComputedStyle(one)])
          .map(([name, style]) => [name, [style.transitionDuration, style.animationDuration]])
          .filter(([, times]) => times.some((time) => parseFloat(time) > 0)))"""
    )


@pytest.mark.parametrize("shown", ["synthetic_running", "synthetic_exploring"])
def test_nothing_moves_for_a_reader_who_wants_it_still(open_page, shown):
    assert moving(open_page(shown)) == {"pw-bar": ["0.15s", "0s"]}
    assert moving(open_page(shown, reduced_motion="reduce")) == {}


@pytest.mark.parametrize("width", [300, 700, 1800])
def test_a_map_fits_every_width(open_page, width):
    values = np.random.default_rng(0).normal(size=(30, 200))
    tab = open_page(array_map(values, "layer", "position", title="Where?"), width=width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert grid_of(tab).bounding_box()["width"] > 0.6 * min(width, 1240)
    tab.screenshot(path=SCREENSHOTS / f"map-{width}.png")


def test_signs_are_read_without_colours(open_page):
    values = np.zeros((100, 300))
    values[:, 150:] = 1
    values[50:, :150] = -1
    tab = open_page(array_map(values, title="halves"))
    assert "negative" in tab.locator(".pw-legend").text_content()
    counts = read_canvas(
        tab,
        """
        const shades = (x, y) => {
          const {data} = pen.getImageData(x, y, 1, 12);
          const grey = [];
          for (let i = 0; i < data.length; i += 4)
            grey.push(Math.round(0.3 * data[i] + 0.59 * data[i + 1] + 0.11 * data[i + 2]));
          return Math.max(...grey) - Math.min(...grey);
        };
        return [shades(width * 0.3, height * 0.75), shades(width * 0.8, height * 0.75)];""",
    )
    assert counts[0] > 20
    assert counts[1] == 0


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
def test_what_is_chosen_is_never_cut(open_page, width):
    tab = open_page("synthetic_exploring", width=width)
    chosen = tab.locator(".pw-setting select:visible")
    assert chosen.count() == 5
    corruption = chosen.nth(1)
    longest = "token replacement at subject+neighbour"
    corruption.evaluate(f"one => {{ one.selectedOptions[0].text = {longest!r}; }}")
    assert [select.evaluate(CUT) for select in chosen.all()] == [""] * 5
    assert outside(tab) == []


def test_nothing_reaches_out_of_a_narrow_view(open_page):
    tab = open_page("synthetic_positions", width=300)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 300
    assert outside(tab) == []
