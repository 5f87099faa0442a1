"""One JupyterLab and one browser for all tests here, with no network beyond this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"

KNOWN_NOISE = (
    # ipywidgets in a notebook without a kernel (jupyter-widgets/ipywidgets#3773)
    "Cannot read properties of null (reading 'kernel')",
    # JupyterLab's debugger asks a kernel that ends meanwhile
    "Could not restore the debugger state",
    # Notebook 7 says so of a page of its own, without any extension
    "Cannot read properties of undefined (reading 'schema')",
    # a page that is left while its kernel is asked something
    "Canceled future for",
    # JupyterLab reads what a kernel was saying as it was restarted
    "Kernel message validation error",
)


@pytest.fixture(scope="package")
def server(tmp_path_factory):
    from tests.e2e.server import jupyter_lab

    with jupyter_lab(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="package")
def noise():
    """What the page complained of, and what it asked other machines for."""
    return []


@pytest.fixture(scope="package")
def page(noise):
    api = pytest.importorskip("playwright.sync_api")
    from tests.e2e.lab import PATIENCE
    from tests.test_html_page import CHROMIUM, FLAGS

    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page(viewport={"width": 1120, "height": 1080})
        tab.set_default_timeout(20_000 * PATIENCE)
        listen(tab, noise)
        yield tab
        browser.close()


@pytest.fixture(scope="package")
def lab(page, server):
    from tests.e2e.lab import Lab

    opened = Lab(page, server)
    opened.load()
    return opened


@pytest.fixture(autouse=True)
def quiet(page, noise):
    """Fail a test during which the page complained, or that leaves a question unanswered."""
    noise.clear()
    assert dismissed(page) == [], "asked before the test"
    yield
    assert dismissed(page) == []
    assert noise == []


def dismissed(page: Page) -> list[str]:
    """Return what JupyterLab asks, and close it: it would take the keys of every later test."""
    asked = page.locator("dialog.jp-Dialog").all_text_contents()
    for _ in asked:
        page.keyboard.press("Escape")
    return asked


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Leave a picture of every failure."""
    outcome = yield
    report = outcome.get_result()
    tab = item.funcargs.get("page")
    if report.failed and report.when != "teardown" and tab is not None:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"failed-{item.name}.png"
        tab.screenshot(path=path)
        report.sections.append(("screenshot", str(path)))


def listen(tab: Page, noise: list[str]) -> None:
    """Write down errors, and stop and write down requests that leave this machine."""

    def note(text: str, kind: str = "error") -> None:
        if kind == "error" and not any(known in text for known in KNOWN_NOISE):
            noise.append(text)

    def allow(route: Route) -> None:
        if urlparse(route.request.url).hostname == "127.0.0.1":
            route.continue_()
            return
        noise.append(f"request to {route.request.url}")
        route.abort()

    tab.on("console", lambda message: note(message.text, message.type))
    tab.on("pageerror", lambda error: note(str(error)))
    tab.route("**/*", allow)
