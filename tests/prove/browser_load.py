"""A page of JupyterLab under load answers, says what Python says, and holds no more than before.

Five studies with twenty outputs in one notebook are clicked, on cells that are measured, while a
map of 50,000 cells fills in: 200 times a second, or as often as the page takes clicks. Needs
Chromium.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.e2e.conftest import listen
from tests.e2e.lab import Lab, Notebook, write_notebook
from tests.e2e.server import jupyter_lab
from tests.prove._proof import Proof
from tests.test_html_page import CHROMIUM, FLAGS, ROOT

PROMISE = "a page under load answers, says what Python says, and holds no more than before"

FULL = 10
"""Seconds of clicks at full length."""

CLICKS_PER_SECOND = 200
CELLS = 50_000
STUDIES, VIEWS = 5, 20

ANSWERS = 2000
"""Milliseconds within which a page draws its next frame, and so hears the reader."""

FLAT = 60.0
"""Megabytes by which the page's memory may rise over as many clicks again."""

SETTINGS = "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
DRAWS_ALL = '{"windowingMode": "none"}'
"""JupyterLab takes outputs out of the page that are out of sight; here all are to be there."""

STUDY = """import sys

sys.path.insert(0, {root!r})
import patchwidgets as pw
from tests.prove.load import long_study

tasks = ["ioi", "agreement", "induction", "agreement", "ioi"]
studies = [pw.Study("mini", task, n=4, seed=seed, store=False) for seed, task in enumerate(tasks)]
shown = []
for study in studies:
    shown += [study.explore(), study.sweep("residual"), study.sweep("mlp", positions="roles")]
    shown.append(study.sweep("heads", positions="roles"))
for one in shown:
    (one.results["heads"] if hasattr(one, "results") else one).wait()
large = long_study({length}, layers=16, heads=32, n=2)
widgets = [one.widget for one in shown]"""
SWEEP = 'filling = large.sweep("heads", positions="each")\nfilling'

CLICK = """async ([seconds, rate]) => {
  const grids = [...document.querySelectorAll(".pw-grid")].slice(0, 20);
  const frames = [];
  let going = true, last = performance.now(), sent = 0, turn = 1;
  const frame = (now) => {
    frames.push(now - last);
    last = now;
    if (going) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const {port1, port2} = new MessageChannel();
  const next = () => new Promise((done) => {
    port1.onmessage = done;
    port2.postMessage(0);
  });
  const chance = () => (turn = (turn * 48271) % 2147483647) / 2147483647;
  const began = performance.now();
  while (performance.now() - began < seconds * 1000) {
    // Clicks that are late wait in a queue, as a reader's do: each is a task of its own.
    if (sent < (performance.now() - began) * rate / 1000) {
      sent++;
      const grid = grids[Math.floor(chance() * grids.length)];
      const {left, top, width, height} = grid.getBoundingClientRect();
      const at = {bubbles: true, cancelable: true,
        clientX: left + 50 + chance() * (width - 60), clientY: top + 30 + chance() * (height - 60)};
      grid.dispatchEvent(new PointerEvent("pointermove", at));
      grid.dispatchEvent(new MouseEvent("click", at));
    }
    await next();
  }
  await new Promise(requestAnimationFrame);
  going = false;
  frames.push(performance.now() - last);
  frames.sort((one, other) => other - one);
  return {sent, longest: frames[0], usual: frames[frames.length >> 1], grids: grids.length};
}"""
SELECTED = """() => [...document.querySelectorAll(".pw-explorer")].slice(0, 20).map(
  (view) => (view.querySelector(".pw-cell-name")?.textContent ?? "").split(" ")[0])"""


def prove(times: int, seed: int = 0) -> Proof:
    """Click for so many seconds, twice."""
    proof, noise = Proof(PROMISE), []
    cells = round(CELLS * min(1.0, times / FULL))
    if CHROMIUM is None:
        proof.notes.append("no Chromium, so nothing was tried")
        return proof
    with TemporaryDirectory() as home, sync_playwright() as playwright:
        place = Path(home) / SETTINGS
        place.parent.mkdir(parents=True)
        place.write_text(DRAWS_ALL, "utf-8")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with jupyter_lab(Path(home)) as server:
            page = browser.new_page(viewport={"width": 1240, "height": 1400})
            listen(page, noise)
            clicked(proof, Lab(page, server), times, cells)
            browser.close()
    proof.fell += [f"the page complained: {one}" for one in dict.fromkeys(noise)]
    return proof


def clicked(proof: Proof, lab: Lab, seconds: int, cells: int) -> None:
    """Open the notebook, click, and compare the page with Python."""
    lab.load()
    study = STUDY.format(root=str(ROOT), length=max(4, cells // 512))
    write_notebook(lab.root / "load.ipynb", [study, *map("shown[{}]".format, range(VIEWS)), SWEEP])
    notebook = lab.open("load.ipynb")
    notebook.run(0, seconds=600)
    for cell in range(1, VIEWS + 2):
        notebook.run(cell, seconds=120)
    lab.page.wait_for_function(f"document.querySelectorAll('.pw-grid').length > {VIEWS}")
    proof.count("outputs", VIEWS + 1)
    heaps = []
    for _ in range(2):
        found = lab.page.evaluate(CLICK, [seconds, CLICKS_PER_SECOND])
        proof.count("clicks", found["sent"])
        proof.notes.append(
            f"{found['sent']} clicks on {found['grids']} maps in {seconds} s: longest frame "
            f"{found['longest']:.0f} ms, usual {found['usual']:.0f} ms"
        )
        if found["longest"] > ANSWERS:
            proof.fell.append(f"the page did not answer for {found['longest']:.0f} ms")
        proof.fell += _agree(lab.page, notebook, 60)
        heaps.append(_heap(lab.page))
    filled = notebook.value("[filling.progress.done, filling.progress.total]")
    proof.count("cells of a map that filled in meanwhile", filled[0])
    proof.notes.append(f"memory of the page: {heaps[0]:.0f} MB, then {heaps[1]:.0f} MB")
    if heaps[1] - heaps[0] > FLAT:
        proof.fell.append(f"the page's memory rose from {heaps[0]:.0f} to {heaps[1]:.0f} MB")
    notebook.value("str(filling.cancel().progress.state)")
    notebook.close()


def _agree(page: Page, notebook: Notebook, seconds: float) -> list[str]:
    """Wait until page and Python say the same of what is selected; return where they do not."""
    deadline = time.monotonic() + seconds
    while True:
        in_page: list[str] = page.evaluate(SELECTED)
        in_python: list[str] = notebook.value("[one.selection for one in widgets]")
        pairs = enumerate(zip(in_page, in_python, strict=True))
        wrong = [(at, one, other) for at, (one, other) in pairs if one != other]
        if not wrong:
            return [] if any(in_page) else ["no click selected anything"]
        if time.monotonic() > deadline:
            return [
                f"output {at}: {one!r} in the page, {other!r} in Python" for at, one, other in wrong
            ]
        page.wait_for_timeout(200)


def _heap(page: Page) -> float:
    """Return megabytes of what the page's code holds, after what it let go was collected."""
    session: Any = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found["JSHeapUsedSize"] / 1e6
