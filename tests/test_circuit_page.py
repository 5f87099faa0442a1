"""A circuit in a real browser, from a file, with no network."""

import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from patchwidgets.views._circuit import pinned
from tests import make_circuit_fixtures as synthetic
from tests.test_html_page import (  # noqa: F401 - fixtures
    CHROMIUM,
    SCREENSHOTS,
    browser,
    open_page,
    outside,
    violations_of,
)

SVG = "{http://www.w3.org/2000/svg}"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="un-skip when Chromium is installed"),
]


def many(count):
    """Return pins in many layers, with paths between neighbours."""
    nodes = [f"L{(11 * i) % 29}H{i % 9}" for i in range(count)]
    effects = [((13 * i) % 21 - 10) / 20 for i in range(count)]
    drawn = [
        synthetic.Drawn(name, value, value, "logit_diff")
        for name, value in zip(nodes, effects, strict=True)
    ]
    layered = sorted(nodes, key=lambda name: int(name[1:].split("H")[0]))
    paths = [
        synthetic.Drawn(f"{one} -> {other}.q", value, value, "logit_diff")
        for one, other, value in zip(layered, layered[3:], effects, strict=False)
        if one.split("H")[0] != other.split("H")[0]
    ]
    return pinned(drawn, paths), b""


def overlaps(tab):
    """Return the labels that lie on one another."""
    return tab.evaluate(
        """() => {
          const boxes = [...document.querySelectorAll(".pw-graph-node")].map((node) =>
            [node.dataset.node, node.querySelector("rect").getBoundingClientRect()]);
          return boxes.flatMap(([one, a], i) => boxes.slice(i + 1).flatMap(([other, b]) =>
            a.right > b.left && b.right > a.left && a.bottom > b.top && b.bottom > a.top
              ? [`${one} and ${other}`] : []));
        }"""
    )


def wider_than_their_boxes(tab):
    return tab.evaluate(
        """() => [...document.querySelectorAll(".pw-graph-node")].filter((node) => {
          const box = node.querySelector("rect").getBoundingClientRect();
          return [...node.querySelectorAll("text")].some((text) =>
            text.getBoundingClientRect().width > box.width);
        }).map((node) => node.dataset.node)"""
    )


@pytest.mark.parametrize(
    ("name", "fixture", "width", "scheme"),
    [
        ("circuit-light", "synthetic_circuit", 900, "light"),
        ("circuit-dark", "synthetic_circuit", 640, "dark"),
        ("circuit-narrow", "synthetic_circuit", 300, "light"),
        ("circuit-running", "synthetic_circuit_running", 640, "light"),
        ("circuit-2", 2, 640, "dark"),
        ("circuit-40", 40, 760, "light"),
        ("circuit-40-narrow", 40, 300, "dark"),
    ],
)
def test_a_circuit_fits_and_keeps_no_reader_out(open_page, name, fixture, width, scheme):  # noqa: F811
    shown = many(fixture) if isinstance(fixture, int) else fixture
    tab = open_page(
        shown, width=width, color_scheme=scheme, bypass_csp=True, wait_for=".pw-graph-node"
    )
    node = tab.locator(".pw-graph-node").nth(1)
    node.focus()
    tab.keyboard.press("Enter")
    assert node.get_attribute("aria-pressed") == "true"
    assert overlaps(tab) == []
    assert wider_than_their_boxes(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert [one for one in outside(tab) if ".pw-graph" not in one] == []
    assert violations_of(tab) == []
    SCREENSHOTS.mkdir(exist_ok=True)
    tab.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert (SCREENSHOTS / f"{name}.png").stat().st_size > 10_000


def test_arrows_walk_over_a_circuit(open_page):  # noqa: F811
    tab = open_page("synthetic_circuit", wait_for=".pw-graph-node")
    tab.keyboard.press("Tab")
    while not tab.evaluate("document.activeElement.dataset.node ?? ''"):
        tab.keyboard.press("Tab")
    tab.keyboard.press("End")
    walked = []
    for _ in range(4):
        walked.append(tab.evaluate("document.activeElement.dataset.node"))
        tab.keyboard.press("ArrowUp")
    assert walked == ["L17H4", "L20H0", "L23H3", "L29H0"]
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.dataset.node ?? ''") == ""


def test_signs_are_told_apart_in_forced_colours(open_page):  # noqa: F811
    tab = open_page("synthetic_circuit", forced_colors="active", wait_for=".pw-graph-node")
    lines = tab.locator('.pw-graph-line[data-sign="negative"]').evaluate_all(
        "lines => lines.map(one => getComputedStyle(one).strokeDasharray)"
    )
    assert lines
    assert all(dashes != "none" for dashes in lines)
    fills = tab.locator(".pw-graph-node rect").evaluate_all(
        "boxes => [...new Set(boxes.map(one => getComputedStyle(one).fill))]"
    )
    assert len(fills) == 1


def test_a_circuit_is_saved_as_a_picture_that_looks_the_same(open_page):  # noqa: F811
    tab = open_page("synthetic_circuit", wait_for=".pw-graph-node")
    files = {}
    for kind in ("PNG", "SVG"):
        with tab.expect_download() as waiting:
            tab.get_by_role("button", name=f"Save as {kind}").click()
        assert waiting.value.suggested_filename == f"circuit.{kind.lower()}"
        files[kind] = Path(waiting.value.path()).read_bytes()
    width, height = struct.unpack(">II", files["PNG"][16:24])
    tree = ElementTree.fromstring(files["SVG"])
    assert (width, height) == tuple(2 * float(tree.attrib[side]) for side in ("width", "height"))
    boxes = [one for one in tree.iter(f"{SVG}rect") if one.get("rx")]
    drawn = tab.locator(".pw-graph-node rect").evaluate_all(
        "boxes => boxes.map(one => getComputedStyle(one).fill)"
    )
    assert [one.get("fill") for one in boxes] == drawn
    dashed = [
        one for one in tree.iter(f"{SVG}path") if one.get("stroke-dasharray", "none") != "none"
    ]
    assert len(dashed) == 2
    assert {one.get("fill") for one in tree.iter(f"{SVG}path")} >= {"none"}
    SCREENSHOTS.mkdir(exist_ok=True)
    (SCREENSHOTS / "circuit-saved.png").write_bytes(files["PNG"])
