"""The pictures of the README, from a real JupyterLab: `python -m tests.e2e.screenshot`.

SmolLM2 is measured, a head is clicked and what feeds its value is asked, as a reader would.
"""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize, sync_playwright

from tests.e2e.explorer import Explorer
from tests.e2e.lab import Lab, write_notebook
from tests.e2e.server import jupyter_lab
from tests.test_html_page import CHROMIUM, FLAGS

PICTURES = Path(__file__).parents[2] / "notebooks" / "pictures"
SIZE: ViewportSize = {"width": 1400, "height": 1150}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
COLOURS = 200

CELLS = [
    """import patchwidgets as pw

study = pw.Study("smollm2-135m", "ioi", n=8, metric=["logit_diff", "prob"])
study.explore()"""
]


def taken(lab: Lab) -> Iterator[tuple[str, Image.Image]]:
    """Yield the name and the picture of every theme; the last one is light again."""
    lab.page.set_viewport_size(SIZE)
    write_notebook(lab.root / "ioi.ipynb", CELLS)
    notebook = lab.open("ioi.ipynb")
    notebook.run(0, seconds=300)
    view = Explorer(lab, notebook.cell(0))
    view.wait_until_done(300)
    view.drill("L20H0", "v L20H0.v")
    view.element.locator(".pw-peak", has_text="L17H4").last.click()
    view.element.locator(".pw-attention").first.wait_for(timeout=60_000)
    for name, theme in reversed(THEMES.items()):
        lab.use_theme(theme)
        notebook.ask("panel.content.outerNode.scrollTop = 0")
        lab.page.mouse.move(1, 1)
        lab.page.wait_for_timeout(800)  # a theme fades in
        yield name, _small(lab.page.screenshot())
    notebook.close()


def _small(png: bytes) -> Image.Image:
    """Return a picture with few colours, which is a third of the size."""
    return Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)


def path_of(name: str) -> Path:
    """Return where the picture of a theme is committed."""
    return PICTURES / f"explorer-{name}.png"


def main() -> None:
    """Take the pictures and write them."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with jupyter_lab(Path(home)) as server:
            lab = Lab(browser.new_page(viewport=SIZE), server)
            lab.load()
            for name, picture in taken(lab):
                picture.save(path_of(name), optimize=True)
                print(f"wrote {path_of(name).name}, {path_of(name).stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main()
