"""A JupyterLab or Notebook of its own: nothing of the user's settings, nothing left behind."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--IdentityProvider.token=",
    "--ServerApp.disable_check_xsrf=True",
    "--ServerApp.port_retries=0",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
]


@dataclass(frozen=True)
class Server:
    """A running JupyterLab and the folder it shows."""

    url: str
    root: Path


@contextmanager
def jupyter_lab(home: Path, app: str = "jupyterlab", *, extension: bool = True) -> Iterator[Server]:
    """Run JupyterLab with every folder it writes to below `home`.

    Args:
        home: An empty folder.
        app: `jupyterlab`, or `notebook` for Notebook 7.
        extension: Whether our extension is there.
    """
    _refuse_a_stale_extension()
    root = home / "notebooks"
    root.mkdir()
    if not extension:
        path = home / "config" / "labconfig" / "page_config.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"disabledExtensions": {"patchwidgets": True}}), "utf-8")
    for name, values in SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), "utf-8")
    port = _free_port()
    log = home / "lab.log"
    command = [
        *(sys.executable, "-m", app, *OPTIONS),
        *(f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}"),
    ]
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=_environment(home)) as process,
    ):
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/api/status", process, log)
            yield Server(f"http://127.0.0.1:{port}", root)
        finally:
            _stop(process)


def _refuse_a_stale_extension() -> None:
    """Check that JupyterLab has what `npm run build` made: an editable install copies it."""
    installed = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "patchwidgets"
    built = Path(__file__).parents[2] / "patchwidgets" / "labextension"
    names = [sorted(file.name for file in at.rglob("*.js")) for at in (built, installed)]
    assert names[0] == names[1] != [], (
        f"{installed} is not what was built; link it to {built}, or run `pip install --editable .`"
    )


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    folders = {name: str(home / folder) for name, folder in own.items()}
    return kept | folders | {"HF_HUB_OFFLINE": "1"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab does not answer at {url}:\n{log.read_text('utf-8')[-4000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
