"""Drives JupyterLab through its page, with a limit on how long each step may take."""

import ast
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.e2e.server import Server

MIME = "application/vnd.patchwidgets.v1+json"

PATIENCE = 3
"""Times as long as a quiet machine of two cores may take for a step: others are slower."""


class Lab:
    """One browser tab with JupyterLab in it.

    Args:
        page: The tab.
        server: What it shows.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.root = server.root
        self._url = server.url

    def load(self) -> None:
        """Open JupyterLab with no document, or open it again."""
        self._go_to("lab?reset")
        self.ask("app => { app.shell.collapseLeft(); app.shell.collapseRight(); }")

    def reload(self) -> None:
        """Open JupyterLab again as it was left."""
        self._go_to("lab")

    def _go_to(self, address: str) -> None:
        self.page.goto(f"{self._url}/{address}")
        self.page.wait_for_function("window.jupyterapp?.restored", timeout=60_000 * PATIENCE)
        self.ask("async (app) => { await app.restored; }", seconds=60)

    def ask(self, function: str, *given: Any, seconds: float = 20) -> Any:
        """Call a JavaScript function with the application and `given`; return what it returns."""
        return self.page.evaluate(
            f"""(given) => {{
              const late = (_, fail) => setTimeout(
                () => fail(new Error("no answer within {seconds * PATIENCE} s")),
                {seconds * PATIENCE * 1000});
              return Promise.race([({function})(window.jupyterapp, ...given), new Promise(late)]);
            }}""",
            list(given),
        )

    def wait(self, function: str, *given: Any, seconds: float = 20, until: str = "") -> Any:
        """Wait until a JavaScript function of the application returns something true."""
        call = f"given => ({function})(window.jupyterapp, ...given)"
        try:
            seen = self.page.wait_for_function(
                call, arg=list(given), timeout=seconds * PATIENCE * 1000, polling=25
            )
        except Exception as error:
            late = f"not within {seconds * PATIENCE} s: {until or function}"
            raise AssertionError(late) from error
        return seen.json_value()

    def use_theme(self, name: str) -> None:
        """Change the theme and wait until its style sheet is there."""
        self.ask("(app, theme) => app.commands.execute('apputils:change-theme', {theme})", name)
        dark = "false" if "Dark" in name else "true"
        self.page.wait_for_selector(f'body[data-jp-theme-light="{dark}"]', state="attached")

    def open(self, path: str, *, kernel: bool = True) -> "Notebook":
        """Open a notebook; without `kernel`, answer the question for one with No Kernel."""
        return self._open(path, {"name": "python3"} if kernel else None)

    def open_beside(self, notebook: "Notebook", path: str) -> "Notebook":
        """Open a notebook on the kernel of another one."""
        return self._open(path, {"id": notebook.ask("panel.sessionContext.session.kernel.id")})

    def _open(self, path: str, kernel: dict[str, str] | None) -> "Notebook":
        options = {"path": path, "factory": "Notebook"}
        self.ask(
            "(app, options) => { void app.commands.execute('docmanager:open', options); }",
            options | ({"kernel": kernel} if kernel else {}),
        )
        if not kernel:
            self._refuse_a_kernel()
        notebook = Notebook(self, path)
        self.wait(_of_panel("panel?.context?.isReady && panel.content.widgets.length"), path)
        if kernel:
            notebook.wait_until_idle()
        return notebook

    def receive(self, document: dict[str, Any]) -> "Notebook":
        """Open a copy of a notebook that nobody here has trusted, with No Kernel."""
        stranger = {**document, "metadata": {"kernelspec": kernelspec("no-such-kernel")}}
        (self.root / "received.ipynb").write_text(json.dumps(stranger), "utf-8")
        received = self.open("received.ipynb", kernel=False)
        assert received.ask("panel.sessionContext.session") is None
        return received

    def close_all(self) -> None:
        """Close every document without saving it, and end every kernel."""
        self.ask(
            """async (app) => {
              for (const panel of [...app.shell.widgets("main")]) {
                if (panel.context) panel.context.model.dirty = false;
                panel.close();
              }
              await app.serviceManager.sessions.shutdownAll();
            }"""
        )

    def _refuse_a_kernel(self) -> None:
        self.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()


def _of_panel(expression: str) -> str:
    """Return a JavaScript function in which `panel` is the notebook at `path`."""
    return f"""(app, path, ...given) => {{
      const panel = [...app.shell.widgets("main")].find(
        (one) => one.context?.path === path && one.content?.widgets);
      return {expression};
    }}"""


@dataclass(frozen=True)
class Notebook:
    """An open notebook."""

    lab: Lab
    path: str

    def ask(self, expression: str, *given: Any, seconds: float = 20) -> Any:
        """Return a JavaScript expression of `panel` and the list `given`."""
        return self.lab.ask(_of_panel(expression), self.path, *given, seconds=seconds)

    def wait(self, expression: str, *given: Any, seconds: float = 20) -> Any:
        """Wait until a JavaScript expression of `panel` and the list `given` is true."""
        function = _of_panel(expression)
        return self.lab.wait(function, self.path, *given, seconds=seconds, until=expression)

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing to do: before that, running a cell never ends."""
        self.wait("panel?.sessionContext?.kernelDisplayStatus === 'idle'", seconds=90)

    def wait_until_live(self) -> None:
        """Wait until a kernel answers what outputs ask: after a reload that takes a while."""
        self.lab.wait("() => window.__patchwidgetsLive2?.models.size > 0", seconds=60)

    def run(self, cell: int, seconds: float = 20) -> float:
        """Run a cell, wait until it has ended, and return how many seconds that took."""
        took = self.ask(
            """(async () => {
              panel.content.activeCellIndex = given[0];
              panel.content.mode = "command";
              const begun = performance.now();
              await app.commands.execute("notebook:run-cell");
              return (performance.now() - begun) / 1000;
            })()""",
            cell,
            seconds=seconds,
        )
        failed = self.ask(
            "panel.content.widgets[given[0]].model.sharedModel.outputs"
            ".find((one) => one.output_type === 'error')?.traceback.join('\\n')",
            cell,
        )
        assert not failed, failed
        return took

    def value(self, expression: str, seconds: float = 60) -> Any:
        """Evaluate Python in the kernel, beside the cells; return it by way of JSON."""
        reply = self.ask(
            """(async () => {
              const {kernel} = panel.sessionContext.session;
              const expressions = {answer: `__import__("json").dumps(${given[0]})`};
              const asked = kernel.requestExecute(
                {code: "", store_history: false, user_expressions: expressions});
              return (await asked.done).content.user_expressions.answer;
            })()""",
            expression,
            seconds=seconds,
        )
        assert reply["status"] == "ok", reply
        return json.loads(ast.literal_eval(reply["data"]["text/plain"]))

    def comes_to(self, expression: str, expected: Any, seconds: float = 20) -> None:
        """Wait until Python has heard of it: what a widget says may come after what a cell asks."""
        deadline = time.monotonic() + seconds * PATIENCE
        found = self.value(expression)
        while found != expected and time.monotonic() < deadline:
            found = self.value(expression)
        assert found == expected, expression

    def cell(self, index: int) -> Locator:
        """Scroll to a cell, because JupyterLab draws only those in sight, and return it."""
        self.ask("panel.content.scrollToItem(given[0], 'smart')", index)
        panel = self.lab.page.locator(f'[id="{self.ask("panel.id")}"]')
        return panel.locator(f'[data-windowed-list-index="{index}"]')

    def outputs(self) -> list[Any]:
        """Return the outputs of all cells as they would be saved now."""
        return self.ask("panel.content.widgets.map((cell) => cell.model.toJSON().outputs ?? [])")

    def save(self) -> dict[str, Any]:
        """Save, and return what is on disk."""
        self.ask("panel.context.save()")
        return json.loads(self.on_disk.read_text("utf-8"))

    @property
    def on_disk(self) -> Path:
        """The file."""
        return self.lab.root / self.path

    def leave(self) -> None:
        """Close the notebook; its kernel goes on."""
        self.ask("(panel.context.model.dirty = false, panel.close(), true)")

    def close(self) -> None:
        """End the kernel, which may change an output yet, and close the notebook unsaved."""
        self.ask(
            """(async () => {
              if (panel.sessionContext.session) await panel.sessionContext.shutdown();
              panel.context.model.dirty = false;
              panel.close();
            })()"""
        )


def write_notebook(path: Path, cells: list[str], kernel: str = "python3") -> None:
    """Write a notebook of code cells that were never run."""
    path.write_text(
        json.dumps(
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "execution_count": None,
                        "id": f"cell-{index}",
                        "metadata": {},
                        "outputs": [],
                        "source": source,
                    }
                    for index, source in enumerate(cells)
                ],
                "metadata": {"kernelspec": kernelspec(kernel)},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ),
        "utf-8",
    )


def kernelspec(name: str) -> dict[str, str]:
    """Return how a notebook names its kernel."""
    return {"name": name, "display_name": name, "language": "python"}
