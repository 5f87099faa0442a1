"""A Bokeh chart on the page, used as a reader uses it."""

import re
from typing import NamedTuple

from playwright.sync_api import Locator, Page

FIND = """(element, node) => {
  const root = [...Bokeh.index].find((view) => element.contains(view.el));
  const source = [...root.model.document.all_models].find(
    (model) => model.type === "ColumnDataSource" && model.get_column("node"));
  const at = source.get_column("node").indexOf(node);
  const {x_scale, y_scale} = root.frame;
  const {left, top} = root.canvas_view.el.getBoundingClientRect();
  return {
    x: left + x_scale.compute(source.get_column("x")[at]),
    y: top + y_scale.compute(source.get_column("y")[at]),
    marked: source.selected.indices.map((index) => source.get_column("node")[index]),
    ink: root.model.title.text_color,
  };
}"""


class Dot(NamedTuple):
    """Where a dot is on the page, which dots are marked, and the colour of the title."""

    x: float
    y: float
    marked: list[str]
    ink: str


class ChartOnPage:
    """One chart.

    Args:
        page: Where it is.
        output: The notebook cell that holds it.
    """

    def __init__(self, page: Page, output: Locator) -> None:
        self.page = page
        self.element = output.locator(".pw-figure")

    @property
    def still(self) -> Locator:
        """The picture that stands for the figure."""
        return self.element.locator("img.pw-figure-still")

    @property
    def picker(self) -> Locator:
        """The list of nodes."""
        return self.element.get_by_role("combobox")

    @property
    def pictured(self) -> bool:
        """Whether the still picture is in sight, and more than an empty frame."""
        return self.still.is_visible() and self.still.evaluate("(image) => image.naturalWidth > 0")

    @property
    def color(self) -> str:
        """The colour of text here."""
        return self.element.evaluate("(element) => getComputedStyle(element).color")

    @property
    def says(self) -> str:
        """What is said of the selected node."""
        return self.element.get_by_role("status").text_content() or ""

    def wait_until_live(self) -> None:
        """Wait until BokehJS has drawn the figure."""
        self.picker.wait_for(timeout=30_000)

    def wait_for(self, node: str) -> None:
        """Wait until a node is selected here."""
        said = re.compile(rf"^{re.escape(node)}: ") if node else re.compile("across")
        self.element.get_by_role("status").filter(has_text=said).wait_for()

    def dot(self, node: str) -> Dot:
        """Return where a node's dot is now."""
        self.element.scroll_into_view_if_needed()
        return Dot(**self.element.evaluate(FIND, node))

    def click(self, node: str) -> None:
        """Click a node's dot."""
        dot = self.dot(node)
        self.page.mouse.click(dot.x, dot.y)
