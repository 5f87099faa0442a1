"""A comparison on the page, used as a reader uses it."""

from typing import Any

from playwright.sync_api import Locator, Page

FIND = """(grid, name) => {
  const {left, top, right, bottom} = grid.getBoundingClientRect();
  const tip = grid.closest(".pw-explorer").querySelector(".pw-tooltip");
  for (let y = Math.ceil(top) + 12; y < bottom; y += 3) {
    for (let x = Math.ceil(left) + 24; x < right; x += 5) {
      grid.dispatchEvent(new PointerEvent("pointermove", {clientX: x, clientY: y}));
      if (!tip.hidden && tip.querySelector("strong").textContent === name) return [x + 1, y + 1];
    }
  }
  return null;
}"""

MARKED = """(grids) => grids.map((grid) => {
  const marks = grid.querySelectorAll("canvas")[1];
  const {data} = marks.getContext("2d").getImageData(0, 0, marks.width, marks.height);
  let painted = 0;
  for (let i = 3; i < data.length; i += 4) painted += data[i] > 0;
  return painted;
})"""
"""How many pixels the outlines of every map have."""

COLOURED = """(grids) => grids.map((grid) => {
  const canvas = grid.querySelector("canvas");
  if (!canvas.width) return 0;
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) coloured += Math.abs(data[i] - data[i + 2]) > 60;
  return coloured;
})"""


class Compared:
    """One comparison.

    Args:
        page: The tab it is in.
        around: What holds it.
    """

    def __init__(self, page: Page, around: Locator | Page) -> None:
        self.page = page
        self.element = around.locator(".pw-comparison")

    @property
    def maps(self) -> Locator:
        """All maps, by setting and metric."""
        return self.element.locator(".pw-grid")

    @property
    def selected(self) -> str:
        """The node in the panel beside the maps."""
        name = self.element.locator(".pw-node-panel .pw-cell-name")
        return next(iter(name.all_text_contents()), "").partition(" ")[0]

    @property
    def tip(self) -> str:
        """What is said where the pointer is."""
        tip = self.element.locator(".pw-tooltip:not([hidden])")
        return next(iter(tip.all_text_contents()), "")

    @property
    def spoken(self) -> list[str]:
        """What a screen reader says of the selected cell of every map."""
        return self.maps.locator('[role="gridcell"]').all_text_contents()

    @property
    def missing(self) -> Locator:
        """Why there are no statistics."""
        return self.element.locator(".pw-compared > p")

    def header(self, name: str) -> Locator:
        """A header of the table of detections: a node's."""
        return self.element.locator(f'.pw-detections [data-key="rows {name}"]')

    def nodes(self) -> list[str]:
        """The nodes of the table of detections, from left to right."""
        heads = self.element.locator(".pw-detections thead th").all()
        return [head.get_attribute("data-value") or "" for head in heads[1:]]

    def signs(self) -> list[list[str]]:
        """The signs of the table of detections, row by row."""
        rows = self.element.locator(".pw-detections tbody tr").all()
        return [row.locator("td").all_text_contents() for row in rows]

    def outlined(self) -> list[int]:
        """How many pixels the outlines of every map have."""
        self.page.wait_for_timeout(60)  # outlines are painted in the next frame
        return self.maps.evaluate_all(MARKED)

    def coloured(self) -> list[int]:
        """How many pixels of every map are red or blue."""
        return self.maps.evaluate_all(COLOURED)

    def wait_until_compared(self, seconds: float = 300) -> None:
        """Wait until everything is measured and the table is there."""
        self.element.locator(".pw-detections tbody tr").first.wait_for(timeout=seconds * 1000)

    def wait_for(self, node: str) -> None:
        """Wait until a node is selected."""
        self.element.locator(".pw-node-panel .pw-cell-name", has_text=node).wait_for()

    def point_at(self, name: str, place: int = 0) -> tuple[Any, Any]:
        """Put the pointer on a node of a map and return where that is."""
        grid = self.maps.nth(place)
        for _ in range(5):  # the notebook may scroll meanwhile
            grid.scroll_into_view_if_needed()
            found = grid.evaluate(FIND, name)
            assert found, f"{name} is nowhere on {grid.get_attribute('aria-label')!r}"
            self.page.mouse.move(1, 1)
            self.page.mouse.move(*found)
            if self.tip.startswith(name):
                return found
        raise AssertionError(f"the tooltip says {self.tip!r} where {name} should be")

    def click(self, name: str, place: int = 0) -> None:
        """Click a node of a map."""
        self.page.mouse.click(*self.point_at(name, place))
