"""`python -m tests.latency`: how fast maps answer, in a browser on this machine.

A head map of SmolLM2-135M in JupyterLab with its kernel, the same output in a page without any,
and maps of 100,000 cells in both:

* a click on a measured cell, and on a path map that is measured, until the answer is on the screen;
* the time from frame to frame, and the page's own share of it, while the pointer moves over a map,
  while it is zoomed, while the keyboard walks over it, and while a kernel sends new numbers;
* the time until a map is drawn that was not there before;
* the size of what is loaded for it.

Needs Chromium and what `npm run build` makes. Nothing of it is a test: times depend on the machine.
"""

import argparse
import gzip
import json
import os
import platform
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from playwright.sync_api import Page, ViewportSize, sync_playwright

from patchwidgets.reports.html import page as page_of
from tests import make_view_fixtures as fixtures
from tests.e2e.explorer import Explorer
from tests.e2e.lab import Lab, Notebook, write_notebook
from tests.e2e.server import jupyter_lab
from tests.test_html_page import CHROMIUM, FLAGS, ROOT

SIZE: ViewportSize = {"width": 1240, "height": 1400}
CLICKS, DRILLS, MOVES = 40, 8, 120
STUDY = """import numpy as np
import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=4)
heads = study.sweep("heads").wait()
heads._live().take(study.path(["L20H0.v"]).wait())
noise = np.random.default_rng(0).standard_t(3, (100, 1000))"""
LARGE = 'large = pw.heatmap(noise, rows="layer", columns="position")\nlarge'
SENDING = """import threading, time

def send():
    for turn in range(30):
        large.show(noise * (turn + 1))
        time.sleep(0.1)

threading.Thread(target=send, daemon=True).start()"""
OUTPUTS = [STUDY, "heads", "heads", LARGE, SENDING]
HEADS, AGAIN, BIG, SEND = 1, 2, 3, 4

LISTEN = """(grid) => {
  const after = new MessageChannel();
  let began = 0;
  window.pwTimes = [];
  after.port1.onmessage = () => window.pwTimes.push(performance.now() - began);
  const note = (event) => {
    if (!grid.contains(event.target) || (event.type === "keydown" && event.key !== "v")) return;
    began = event.timeStamp;
    // A message that is sent while a frame is made arrives when the frame is done.
    requestAnimationFrame(() => after.port2.postMessage(0));
  };
  for (const kind of ["click", "keydown"]) document.addEventListener(kind, note, true);
}"""
FRAMES = """async (grid, [kind, moves]) => {
  const {left, top, width, height} = grid.getBoundingClientRect();
  const act = {
    hover: (at) => grid.dispatchEvent(new PointerEvent("pointermove", at)),
    zoom: (at, turn) => grid.dispatchEvent(new WheelEvent("wheel",
      {...at, ctrlKey: true, deltaY: turn < moves / 2 ? -10 : 10})),
    walk: (_, turn) => grid.dispatchEvent(new KeyboardEvent("keydown",
      {key: turn % 2 ? "ArrowRight" : "ArrowDown", bubbles: true})),
    nothing: () => {},
  }[kind];
  const frames = [], own = [];
  let last = await new Promise(requestAnimationFrame);
  for (let turn = 0; turn < moves; turn++) {
    const clientX = left + 60 + (turn * 7) % (width - 80);
    const clientY = top + 40 + (turn * 3) % (height - 100);
    const at = {bubbles: true, cancelable: true, clientX, clientY};
    const began = performance.now();
    act(at, turn);
    own.push(performance.now() - began);
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return {frames, own};
}"""
DRAWN = """
const look = () => {
  if (document.querySelector(".pw-grid canvas")?.style.width) window.pwDrawn = performance.now();
  else requestAnimationFrame(look);
};
look();"""


class Report:
    """Prints measurements and keeps them."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {"machine": f"{os.cpu_count()} cores, {platform.machine()}"}
        print(f"{self.found['machine']}, Chromium without a graphics card")

    def times(self, name: str, numbers: Iterable[float]) -> None:
        """Print the middle, and what one in twenty passes, of times in milliseconds."""
        half, most = np.percentile(list(numbers), [50, 95])
        self.found[name] = {"p50_ms": round(half, 1), "p95_ms": round(most, 1)}
        print(f"{name:<76} p50 {half:7.1f} ms   p95 {most:7.1f} ms")

    def frames(self, name: str, kind: str, page: Page, at: int = 0) -> None:
        """Measure frames while something is done to a map."""
        grid = page.locator(".pw-grid").nth(at)
        grid.focus()
        found = grid.evaluate(FRAMES, [kind, MOVES])
        self.times(f"{name}: frame to frame", found["frames"])
        self.times(f"{name}: of it the page's own work", found["own"])

    def bytes(self, path: Path) -> None:
        """Print the size of a file, as it is and packed."""
        data = path.read_bytes()
        size = {"bytes": len(data), "gzipped": len(gzip.compress(data))}
        name = str(path.relative_to(ROOT))
        self.found[name] = size
        print(f"{name:<76} {len(data):9,} bytes {size['gzipped']:9,} gzipped")


def main() -> None:
    """Measure, print, and write what was found where `--out` says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="a file for the numbers, as JSON")
    out = parser.parse_args().out
    report = Report()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with jupyter_lab(Path(home)) as server:
            html = in_lab(report, Lab(browser.new_page(viewport=SIZE), server))
        without_kernel(report, browser.new_page(viewport=SIZE), Path(home), html)
        browser.close()
    for path in sorted((ROOT / "patchwidgets" / "static").glob("*.js")):
        report.bytes(path)
    for path in sorted((ROOT / "patchwidgets" / "labextension" / "static").glob("*.js")):
        report.bytes(path)
    if out:
        out.write_text(json.dumps(report.found, indent=1) + "\n", "utf-8")


def in_lab(report: Report, lab: Lab) -> str:
    """Measure in JupyterLab, and return the HTML of the output."""
    lab.load()
    write_notebook(lab.root / "latency.ipynb", OUTPUTS)
    notebook = lab.open("latency.ipynb")
    notebook.run(0, seconds=300)
    notebook.run(HEADS)
    view = Explorer(lab, notebook.cell(HEADS))
    view.wait_until_done()
    clicks(report, "JupyterLab, kernel", lab.page, view)
    report.times("JupyterLab, kernel: a result is drawn, from running its cell", shown(notebook))
    notebook.run(BIG)
    notebook.cell(BIG).locator(".pw-grid").wait_for()
    place = lab.page.locator(".pw-grid").count() - 1
    for kind in ("hover", "walk", "zoom"):
        report.frames(f"JupyterLab, kernel, 100,000 cells, {kind}", kind, lab.page, place)
    notebook.run(SEND)
    notebook.cell(BIG)
    report.frames(
        "JupyterLab, kernel, 100,000 cells sent 10 times a second", "nothing", lab.page, place
    )
    (output,) = notebook.outputs()[HEADS]
    return "".join(output["data"]["text/html"])


def shown(notebook: Notebook) -> list[float]:
    """Return milliseconds from running the cell that shows a result until it is drawn."""
    took = []
    for _ in range(5):
        took.append(
            notebook.ask(
                """(async () => {
                  const cell = panel.content.widgets[given[0]];
                  panel.content.activeCellIndex = given[0];
                  const begun = performance.now();
                  void app.commands.execute("notebook:run-cell");
                  while (cell.model.outputs.length) await new Promise(requestAnimationFrame);
                  while (!cell.node.querySelector(".pw-grid canvas")?.style.width)
                    await new Promise(requestAnimationFrame);
                  return performance.now() - begun;
                })()""",
                AGAIN,
            )
        )
        notebook.wait_until_idle()
    return took


def clicks(report: Report, where: str, page: Page, view: Explorer) -> None:
    """Measure clicks on cells, and on an input whose path map is measured."""
    grid = view.grids.first
    grid.evaluate(LISTEN)
    for turn in range(CLICKS):
        grid.scroll_into_view_if_needed()
        box = grid.bounding_box()
        assert box is not None
        x = box["x"] + 50 + (turn * 37) % (box["width"] - 60)
        page.mouse.click(x, box["y"] + 40 + (turn * 53) % (box["height"] - 100))
        page.wait_for_function("count => window.pwTimes.length === count", arg=turn + 1)
        page.keyboard.press("Escape")  # the menu that the click opened would be in the way
    report.times(f"{where}: click on a measured cell", page.evaluate("window.pwTimes"))
    view.click("L20H0")
    page.wait_for_function("count => window.pwTimes.length === count", arg=CLICKS + 1)
    page.keyboard.press("Escape")
    page.evaluate("window.pwTimes = []")
    for turn in range(DRILLS):
        grid.press("v")
        view.wait_for_map("What feeds L20H0.v?")
        view.wait_until_done()
        page.wait_for_function("count => window.pwTimes.length === count", arg=turn + 1)
        view.grids.last.press("Backspace")
        page.wait_for_function("document.querySelectorAll('.pw-grid').length === 1")
    # The first may have been measured only now.
    report.times(f"{where}: a path map that is measured", page.evaluate("window.pwTimes")[1:])


def without_kernel(report: Report, page: Page, home: Path, html: str) -> None:
    """Measure in pages that have no kernel and no network."""
    page.context.set_offline(True)
    page.add_init_script(DRAWN)
    path = home / "latency.html"
    path.write_text(f"<!doctype html><meta charset=utf-8><body>{html}", "utf-8")
    drawn = []
    for _ in range(5):
        page.goto(path.as_uri())
        page.wait_for_function("window.pwDrawn")
        drawn.append(page.evaluate("window.pwDrawn"))
    report.times("page, no kernel: the map is drawn, from opening the page", drawn)
    around: Any = SimpleNamespace(page=page)  # of JupyterLab no more than this is asked
    view = Explorer(around, page.locator("body"))
    clicks(report, "page, no kernel", page, view)
    size = path.stat().st_size
    print(f"{'page, no kernel: its size':<76} {size:9,} bytes")
    path.write_text(page_of(*fixtures.large_map(), "100,000 cells"), "utf-8")
    page.goto(path.as_uri())
    page.wait_for_selector(".pw-grid")
    for kind in ("hover", "walk", "zoom"):
        report.frames(f"page, no kernel, 100,000 cells, {kind}", kind, page)


if __name__ == "__main__":
    main()
