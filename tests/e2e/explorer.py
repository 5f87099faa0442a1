"""An explorer on the page, used as a reader uses it: with the pointer and the keyboard."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from playwright.sync_api import Locator

from tests.e2e.lab import PATIENCE, Lab, Notebook, write_notebook

PIXELS = """({canvas, box}) => {
  const scale = canvas.width / canvas.clientWidth;
  const [x, y, width, height] = box.map((number) => Math.round(number * scale));
  const {data} = canvas.getContext("2d").getImageData(x, y, width, height);
  const shades = new Map();
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (Math.abs(data[i] - data[i + 2]) > 60) coloured += 1;
    const shade = data.slice(i, i + 3).join();
    shades.set(shade, (shades.get(shade) ?? 0) + 1);
  }
  const [[most]] = [...shades].sort((one, other) => other[1] - one[1]);
  return {coloured, shades: shades.size, most: most.split(",").map(Number)};
}"""


FIND = """(grid, name) => {
  const {left, top, right, bottom} = grid.getBoundingClientRect();
  const tip = grid.closest(".pw-explorer").querySelector(".pw-tooltip");
  const named = (x, y) => {
    grid.dispatchEvent(new PointerEvent("pointermove", {clientX: x, clientY: y}));
    return tip.hidden ? "" : tip.querySelector("strong").textContent;
  };
  const middle = (from, to, test) => {
    const places = [];
    for (let at = Math.ceil(from); at < to; at += 3) if (test(at)) places.push(at);
    return places[places.length >> 1];
  };
  const row = /^\\w[^H.@]*/.exec(name)[0];
  const inRow = (text) => text === row || /^[H.@]/.test(text.slice(row.length));
  for (let x = Math.ceil(left) + 40; x < right; x += 9) {
    const y = middle(top, bottom, (y) => {
      const text = named(x, y);
      return text.startsWith(row) && inRow(text);
    });
    const found = y && middle(left, right, (x) => named(x, y) === name);
    if (found) return [found, y];
  }
  return null;
}"""

DRAWN = '.pw-metric[data-metric][aria-pressed="true"]'


class Filling(NamedTuple):
    """A map while it is measured: pixels with colour, and what the progress bar says."""

    coloured: int
    done: int
    total: int


EXPLORER = 1
"""The cell of an explorer: one that makes a study is before it."""


@contextmanager
def exploring(lab: Lab, name: str, cells: list[str]) -> Iterator[Notebook]:
    """Open a new notebook, make its study and its explorer, and close it in the end."""
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    write_notebook(lab.root / name, cells)
    notebook = lab.open(name)
    notebook.run(0, seconds=200)
    notebook.run(EXPLORER)
    yield notebook
    notebook.close()


def explorer_of(notebook: Notebook) -> "Explorer":
    """Return a notebook's explorer as soon as it is not measuring."""
    found = Explorer(notebook.lab, notebook.cell(EXPLORER))
    found.wait_until_done()
    return found


class Explorer:
    """One explorer.

    Args:
        lab: Where it is; `None` for a page without a kernel.
        output: The notebook cell that holds it, or that page.
    """

    def __init__(self, lab: Lab | None, output: Locator) -> None:
        self._lab = lab
        self.page = output.page
        self.element = output.locator(".pw-explorer").first  # a study file has more below

    @property
    def grids(self) -> Locator:
        """The maps that are shown."""
        return self.element.get_by_role("grid")

    @property
    def trail(self) -> list[str]:
        """Keys of the open maps, as the breadcrumb says."""
        written = self.element.locator(".pw-steps").text_content() or ""
        return written.split(" › ")

    @property
    def selected(self) -> str:
        """The heading of the panel beside the maps."""
        name = self.element.locator(".pw-cell-name")
        return next(iter(name.all_text_contents()), "")

    @property
    def says(self) -> str:
        """The last sentence of the status line."""
        return self.element.get_by_role("status").text_content() or ""

    @property
    def progress(self) -> str:
        """What is said of the measuring."""
        return self.element.locator(".pw-progress-text").text_content() or ""

    @property
    def agreement(self) -> str:
        """What is said under the first map of its estimates."""
        return self.element.locator(".pw-agreement").first.text_content() or ""

    @property
    def spoken(self) -> str:
        """What a screen reader says of the selected cell of the first map."""
        return self.grids.first.get_by_role("gridcell").text_content() or ""

    def peaks(self) -> list[tuple[str, float]]:
        """The strongest cells beside the map, largest first."""
        found = []
        for peak in self.element.locator(".pw-peak").all():
            number = (peak.locator("b").text_content() or "").replace("−", "-")
            found.append((peak.locator("span").text_content() or "", float(number)))
        return sorted(found, key=lambda peak: -abs(peak[1]))

    def wait_for_map(self, title: str) -> None:
        """Wait until a map with this title is shown."""
        name = re.compile(re.escape(title))
        self.element.get_by_role("grid", name=name).wait_for(timeout=60_000 * PATIENCE)

    def wait_for_agreement(self, text: str, seconds: float = 90) -> None:
        """Wait until this is said of the estimates of the first map."""
        try:
            self.element.locator(".pw-agreement", has_text=text).wait_for(
                timeout=seconds * PATIENCE * 1000
            )
        except Exception as error:
            raise AssertionError(f"not {text!r} in {seconds} s but {self.agreement!r}") from error

    def wait_for_progress(self, text: str, seconds: float = 90) -> None:
        """Wait until this is said of the measuring; nothing is said once it is done."""
        try:
            self.element.locator(".pw-progress-text", has_text=re.compile(f"^{text}")).wait_for(
                state="attached", timeout=seconds * PATIENCE * 1000
            )
        except Exception as error:
            raise AssertionError(f"not {text!r} in {seconds} s but {self.progress!r}") from error

    def wait_until_done(self, seconds: float = 120) -> None:
        """Wait until everything that is shown is measured."""
        self.wait_for_progress("$", seconds)

    def wait_for_colour(self) -> Filling:
        """Wait until the first map has its first coloured cells; return how far it is then."""
        assert self._lab is not None, "nothing is measured without a kernel"
        seen = self._lab.wait(
            f"""(app, label) => {{
              const canvas = [...document.querySelectorAll(".pw-grid canvas")].find(
                (one) => one.parentElement.dataset.seen === label);
              const view = canvas.closest(".pw-explorer");
              const box = [0, 0, canvas.clientWidth, canvas.clientHeight];
              if (!canvas.width) return null;
              const {{coloured}} = ({PIXELS})({{canvas, box}});
              const bar = view.querySelector(".pw-track");
              const [done, total] = ["now", "max"].map((name) =>
                Number(bar.getAttribute(`aria-value${{name}}`)));
              return coloured > 40 && [coloured, done, total];
            }}""",
            self._mark(),
            seconds=90,
            until="a coloured cell",
        )
        return Filling(*seen)

    def click(self, name: str, place: int = 0) -> None:
        """Click a cell of a map."""
        self.page.mouse.click(*self.point_at(name, place))

    def choose(self, item: str) -> None:
        """Take a way on from the menu beside a head."""
        self.element.get_by_role("menuitem", name=item).click()

    def drill(self, name: str, item: str, place: int = 0) -> None:
        """Click a head and one of its inputs, and wait until what feeds it is measured."""
        self.click(name, place)
        self.choose(item)
        self.wait_for_map(f"What feeds {item.split()[1]}?")
        self.wait_until_done()

    def wait_for_share(self) -> float:
        """Wait until it is measured how much the circuit carries, and return that percentage."""
        lead = self.element.locator(".pw-circuit-lead")
        lead.wait_for(timeout=120_000 * PATIENCE)
        written = re.findall(r"(−?\d+)\s%", lead.text_content() or "")[0]
        return float(written.replace("−", "-"))

    def point_at(self, name: str, place: int = 0) -> tuple[int, int]:
        """Return the middle of the cell that the tooltip calls `name`, with the pointer on it."""
        grid = self.grids.nth(place)
        for _ in range(5):  # the notebook may scroll meanwhile
            grid.scroll_into_view_if_needed()
            found = grid.evaluate(FIND, name)
            assert found, f"{name} is nowhere on {grid.get_attribute('aria-label')!r}"
            self.page.mouse.move(1, 1)
            self.page.mouse.move(*found)
            if self.tooltip().startswith(name):
                return found
        raise AssertionError(f"the tooltip says {self.tooltip()!r} where {name} should be")

    @property
    def metric(self) -> str:
        """The metric that is drawn, where there are several."""
        return self.element.locator(DRAWN).text_content() or ""

    def pixels(self, name: str, place: int = 0) -> dict[str, Any]:
        """Return how many pixels of a cell have colour, its shades, and what most of it is in."""
        x, y = self.point_at(name, place)
        grid = self.grids.nth(place)
        box = grid.bounding_box()
        assert box is not None
        around = [x - box["x"] - 5, y - box["y"] - 5, 10, 10]
        canvas = grid.locator("canvas").first.element_handle()
        return self.page.evaluate(PIXELS, {"canvas": canvas, "box": around})

    def tooltip(self) -> str:
        """What the tooltip says; nothing where there is none."""
        tip = self.element.locator(".pw-tooltip:not([hidden])")
        return next(iter(tip.all_text_contents()), "")

    def _mark(self) -> str:
        """Return a mark by which scripts find the first map."""
        grid = self.grids.first
        grid.wait_for()
        return grid.evaluate("(grid) => grid.dataset.seen ??= String(Math.random())")
