"""The report in a real browser, from a file, with no network."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from patchwidgets.reports.html import page
from patchwidgets.views._explorer import explorer
from tests import make_view_fixtures as fixtures
from tests.families import FAMILIES, PAIRS, bridge_of, study_of

ROOT = Path(__file__).parents[1]
SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Return a function that opens a fixture's report; checks afterwards that it kept quiet."""
    noise, contexts = [], []

    def opened(shown="synthetic_explorer", width=1240, height=960, wait_for=".pw-grid", **options):
        header, block = fixtures.read(shown) if isinstance(shown, str) else shown
        path = tmp_path / "report.html"
        path.write_text(page(header, block, "Synthetic numbers"), "utf-8")
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, offline=True, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: noise.append(message.text))
        tab.on("pageerror", lambda error: noise.append(str(error)))
        tab.on("request", lambda request: noise.append(request.url))
        tab.goto(path.as_uri())
        noise.remove(path.as_uri())
        tab.wait_for_selector(wait_for)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert noise == []


def point_at(tab, name):
    """Return where a cell of the first column lies: where the tooltip names it."""
    box = tab.locator(".pw-grid").first.bounding_box()
    tip = tab.locator(".pw-tooltip strong")
    for y in range(24, int(box["height"]), 12):
        point = box["x"] + 44, box["y"] + y
        tab.mouse.move(*point)
        if tip.is_visible() and tip.text_content() == name:
            return point
    raise AssertionError(f"{name} is nowhere on the map")


def outside(tab):
    """Return what reaches out of the part of the view it belongs to."""
    return tab.evaluate(
        """() => [".pw-main", ".pw-side", ".pw-head", ".pw-context"].flatMap((part) => {
          const box = document.querySelector(part)?.getBoundingClientRect();
          return [...document.querySelectorAll(`${part} *:not(.pw-unseen, .pw-unseen *)`)]
            .filter((child) => child.getBoundingClientRect().right > box.right + 0.5)
            .map((child) => `${part}: ${child.outerHTML.slice(0, 80)}`);
        })"""
    )


def violations_of(tab, part=".pw-explorer"):
    """Return what keeps readers out of a part of the page, by rule and element."""
    axe = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    assert axe.exists(), "npm ci"
    tab.add_script_tag(path=axe)
    run = "([part, tags]) => axe.run(part, {runOnly: tags}).then(found => found.violations)"
    violations = tab.evaluate(run, [part, AXE_TAGS])
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations]


def press_peak(tab, name):
    tab.locator(".pw-peak", has_text=name).first.click()


def test_a_click_on_a_head_opens_the_path_map_beside_it(open_page):
    tab = open_page()
    tab.mouse.click(*point_at(tab, "L20H0"))
    menu = tab.get_by_role("menu")
    assert menu.get_by_role("menuitem").all_text_contents() == [
        "q L20H0.q",
        "k L20H0.k (kv head 0, heads 0–2)",
        "v L20H0.v (kv head 0, heads 0–2)",
        "a L20H0 (q, k and v together)",
        "w where does L20H0 write to?",
    ]
    menu.get_by_role("menuitem", name="v L20H0.v").click()
    assert tab.get_by_role("grid").count() == 2
    assert tab.locator(".pw-trail").text_content() == "‹ Backheads › L20H0.v"


def test_the_keyboard_does_all_of_it(open_page):
    tab = open_page()
    tab.keyboard.press("Tab")
    while tab.evaluate("document.activeElement.getAttribute('role')") != "grid":
        tab.keyboard.press("Tab")
    for key in ("ArrowDown", "Enter", "v"):
        tab.keyboard.press(key)
    for key in ("ArrowDown", "Enter", "q"):
        tab.keyboard.press(key)
    assert tab.locator(".pw-steps").text_content() == "heads › L20H0.v › L17H4.q"
    tab.keyboard.press("Backspace")
    tab.keyboard.press("Backspace")
    assert tab.get_by_role("grid").count() == 1
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("q")
    said = tab.get_by_role("status").text_content()
    assert said == 'L21H0.q was not measured; run study.path(receivers=["L21H0.q"]) with a kernel'


def test_the_map_shows_positive_and_negative_cells_apart(open_page):
    tab = open_page()
    pixels = tab.evaluate(
        """() => {
          const canvas = document.querySelector(".pw-grid canvas");
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let red = 0, blue = 0;
          for (let i = 0; i < data.length; i += 4) {
            if (data[i] - data[i + 2] > 120) red++;
            if (data[i + 2] - data[i] > 70) blue++;
          }
          return {red, blue};
        }"""
    )
    assert pixels["red"] > 500
    assert pixels["blue"] > 200


def test_a_hundred_thousand_cells_follow_the_pointer(open_page):
    tab = open_page(fixtures.large_map())
    box = tab.locator(".pw-grid").bounding_box()
    tab.mouse.move(box["x"] + 400, box["y"] + 200)
    assert re.fullmatch(r"L\d+\.z@\d+", tab.locator(".pw-tooltip strong").text_content())


def pixels_of(tab, share, color):
    """Count the pixels of a colour, by an expression of r, g and b, in a part of the first map."""
    return tab.evaluate(
        f"""([from, to]) => {{
          const canvas = document.querySelector(".pw-grid canvas");
          const height = canvas.height - 60;
          const copy = new OffscreenCanvas(canvas.width, canvas.height);
          const pen = copy.getContext("2d", {{willReadFrequently: true}});
          pen.drawImage(canvas, 0, 0);
          const {{data}} = pen.getImageData(
            60, 20 + height * from, canvas.width - 60, height * (to - from));
          let count = 0;
          for (let i = 0; i < data.length; i += 4) {{
            const [r, g, b, a] = data.slice(i, i + 4);
            if (a && {color}) count++;
          }}
          return count;
        }}""",
        share,
    )


def test_estimates_are_dotted_also_where_cells_are_pixels(open_page):
    tab = open_page(fixtures.large_map(measured=50_000))
    ink = "Math.abs(r - b) < 30 && r + g + b < 480"
    assert pixels_of(tab, [0.05, 0.4], ink) == 0
    assert pixels_of(tab, [0.6, 0.9], ink) > 1000


def cells_of_a_tiny_model(dtype):
    """Measure every head of a tiny model; return its page and what lies below its noise floor."""
    torch.manual_seed(0)
    model = bridge_of(FAMILIES["llama"]().to(dtype), f"tiny-{dtype}")
    study = study_of(model, PAIRS, metric=["prob", "logit_diff"], store=False)
    result = study.sweep("heads").wait()
    effect = np.abs(result.snapshot().mean_effect(0))
    floor = result.provenance["noise_floor"]["prob"]
    nodes = [str(patch) for patch in result.plan.patches]
    below = {node for node, size in zip(nodes, effect, strict=True) if size < floor}
    return explorer([result]), below, len(nodes)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_what_rounding_alone_does_is_grey_in_half_precision_only(open_page, dtype):
    shown, below, cells = cells_of_a_tiny_model(dtype)
    tab = open_page(shown)
    band, grid = tab.locator(".pw-ramp-noise"), tab.get_by_role("grid").first
    grid.focus()
    tab.keyboard.press("Control+Home")
    tab.keyboard.press("Control+Home")
    said = {}
    for _ in range(cells):
        words = grid.get_by_role("gridcell").text_content()
        said[words.split(",")[0]] = "below the noise floor of" in words
        before = words
        tab.keyboard.press("ArrowRight")
        if grid.get_by_role("gridcell").text_content() == before:
            tab.keyboard.press("ArrowDown")
            tab.keyboard.press("Home")
    assert len(said) == cells
    assert {node for node, noise in said.items() if noise} == below
    half = dtype == torch.bfloat16
    assert bool(below) == half
    assert band.is_visible() == half
    tab.keyboard.press("Escape")
    tab.mouse.move(1, 1)
    assert (pixels_of(tab, [0, 1], "r === 217 && g === 217 && b === 217") > 500) == half
    assert ("noise floor" in tab.locator(".pw-legend").text_content()) == half
    if half:
        tab.screenshot(path=SCREENSHOTS / "noise.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_a_reader_out(open_page, scheme):
    tab = open_page(color_scheme=scheme, bypass_csp=True)
    press_peak(tab, "L20H0")
    tab.get_by_role("button", name="v L20H0.v").click()
    press_peak(tab, "L17H4")
    assert violations_of(tab) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_explored_study_keeps_no_reader_out(open_page, scheme):
    tab = open_page("synthetic_exploring", color_scheme=scheme, bypass_csp=True)
    press_peak(tab, "L20H0")
    assert tab.locator(".pw-attention").is_visible()
    assert tab.locator(".pw-circuit-lead").is_visible()
    assert violations_of(tab) == []
    tab.get_by_role("button", name="Compare methods").click()
    assert tab.locator(".pw-beside table").first.is_visible()
    assert violations_of(tab) == []
    SCREENSHOTS.mkdir(exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"beside-{scheme}.png", full_page=True)
    tab.get_by_role("button", name="Compare methods").click()
    tab.get_by_role("tab", name="Residual").click()
    assert violations_of(tab) == []


def test_maps_and_pairs_are_chosen_by_keyboard_on_a_narrow_page(open_page):
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_estimates_keep_no_reader_out(open_page, scheme):
    tab = open_page("synthetic_estimated", color_scheme=scheme, bypass_csp=True)
    press_peak(tab, "L20H0")
    assert violations_of(tab) == []


def test_estimates_stay_apart_in_forced_colours(open_page):
    tab = open_page("synthetic_estimated", color_scheme="dark", forced_colors="active")
    marks = tab.locator(".pw-mark").evaluate_all(
        "marks => marks.map(one => getComputedStyle(one).backgroundImage.slice(0, 15))"
    )
    assert marks == ["radial-gradient", "none", "repeating-linea"]
    dots = pixels_of(tab, [0.2, 0.3], "r + g + b > 250")
    assert dots > 100


def test_it_fits_a_narrow_window(open_page):
    tab = open_page(width=380, height=900)
    press_peak(tab, "L20H0")
    tab.get_by_role("button", name="v L20H0.v").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 380
    boxes = [tab.get_by_role("grid").nth(i).bounding_box() for i in (0, 1)]
    assert boxes[1]["y"] > boxes[0]["y"] + boxes[0]["height"]


@pytest.mark.parametrize(
    ("name", "fixture", "width", "scheme"),
    [
        ("light", "synthetic_explorer", 1240, "light"),
        ("dark", "synthetic_explorer", 1240, "dark"),
        ("medium", "synthetic_explorer", 800, "light"),
        ("narrow", "synthetic_explorer", 380, "light"),
        ("running", "synthetic_running", 1000, "light"),
        ("positions", "synthetic_positions", 1000, "dark"),
        ("estimated-light", "synthetic_estimated", 1240, "light"),
        ("estimated-dark", "synthetic_estimated", 1240, "dark"),
        ("estimated-narrow", "synthetic_estimated", 380, "dark"),
        ("explored-light", "synthetic_exploring", 1240, "light"),
        ("explored-dark", "synthetic_exploring", 1240, "dark"),
        ("explored-narrow", "synthetic_exploring", 300, "light"),
    ],
)
def test_pictures_to_look_at(open_page, name, fixture, width, scheme):
    tab = open_page(fixture, width=width, color_scheme=scheme)
    tab.locator(".pw-peak").first.click()
    here = tab.locator(".pw-ways .pw-choice-here")
    if here.count():
        here.first.click()
        tab.locator(".pw-peak").first.click()
    tab.mouse.move(1, 1)
    tab.wait_for_timeout(100)
    assert outside(tab) == []
    SCREENSHOTS.mkdir(exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert (SCREENSHOTS / f"{name}.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("name", "fixture", "width", "scheme"),
    [
        ("compared-light", "synthetic_comparison", 1240, "light"),
        ("compared-dark", "synthetic_comparison", 1240, "dark"),
        ("compared-narrow", "synthetic_comparison", 300, "light"),
        ("comparing", "synthetic_comparing", 800, "dark"),
    ],
)
def test_a_comparison_fits_and_keeps_no_reader_out(open_page, name, fixture, width, scheme):
    tab = open_page(fixture, width=width, color_scheme=scheme, bypass_csp=True)
    maps = tab.locator(".pw-grid")
    maps.first.focus()
    tab.keyboard.press("ArrowDown")
    assert tab.locator(".pw-node-tip").is_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.screenshot(path=SCREENSHOTS / f"{name}-tip.png")
    tab.keyboard.press("Escape")
    tab.mouse.move(1, 1)
    assert outside(tab) == []
    lefts = [maps.nth(place).bounding_box()["x"] for place in range(3)]
    assert (len(set(lefts)) == 1) == (width == 300)
    assert violations_of(tab) == []
    tab.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def test_detection_is_told_without_colour(open_page):
    tab = open_page("synthetic_comparison", forced_colors="active")
    signs = tab.locator(".pw-detections tbody tr").first.locator("td").all_text_contents()
    assert signs == ["+", "+", "+", "+", "+", "−", "−", ""]
    tab.locator(".pw-detections td").first.click()
    chosen = tab.locator(".pw-detections .pw-chosen").first
    assert chosen.evaluate("cell => getComputedStyle(cell).outlineStyle") == "solid"


def test_without_scripts_there_is_a_picture(browser, tmp_path):
    path = tmp_path / "still.html"
    header, block = fixtures.read("synthetic_explorer")
    path.write_text(page(header, block, "still"), "utf-8")
    context = browser.new_context(java_script_enabled=False, offline=True)
    tab = context.new_page()
    tab.goto(path.as_uri())
    assert tab.locator("img.pw-still").bounding_box()["height"] == 31 * 12
    context.close()
