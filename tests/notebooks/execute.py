"""Runs the tutorials from start to end; `python -m tests.notebooks.execute` writes the outputs.

With names, such as `01_first_patch 06`, those of them only: a name may be the beginning of one.
Each begins without a measured cell, as it does for who opens it the first time.
"""

import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from patchwidgets.models.cache import cache_folder

FOLDER = Path(__file__).parents[2] / "notebooks"


def tutorials() -> list[Path]:
    """Return every notebook, in order."""
    return sorted(FOLDER.glob("*.ipynb"))


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the notebook with fresh outputs.

    Raises:
        CellExecutionError: A cell failed; its asserts are the notebook's claims.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=900,
        store_widget_state=False,
        resources={"metadata": {"path": str(FOLDER)}},
    )
    with tempfile.TemporaryDirectory() as empty:
        # Unpacked models may be used again: they change how long it takes, and no output.
        (Path(empty) / "models").symlink_to(cache_folder("models"), target_is_directory=True)
        client.execute(env=os.environ | {"PATCHWIDGETS_CACHE": empty, "PATCHWIDGETS_STORE": "on"})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "text" in output:  # warnings say in which file of the kernel's they arose
                output.text = re.sub(r"\S*/ipykernel_\d+/\d+\.py:\d+: ", "", output.text)
    return notebook


def named(names: Sequence[str]) -> list[Path]:
    """Return the notebooks that begin so, in order; all without names.

    Raises:
        SystemExit: A name is the beginning of none.
    """
    for name in names:
        if not any(path.name.startswith(name) for path in tutorials()):
            known = ", ".join(path.stem for path in tutorials())
            raise SystemExit(f"There is no tutorial that begins with {name!r}. Known: {known}.")
    return [path for path in tutorials() if not names or path.name.startswith(tuple(names))]


def main() -> None:
    """Execute and write back, with a fixed kernel name and no machine's details."""
    for path in named(sys.argv[1:]):
        begun = time.monotonic()
        notebook = execute(path)
        notebook.metadata["language_info"] = {"name": "python"}
        notebook.metadata.pop("widgets", None)
        nbformat.write(notebook, path)
        took = time.monotonic() - begun
        print(f"wrote {path.name}, {path.stat().st_size / 1000:.0f} kB, {took:.0f} s")


if __name__ == "__main__":
    main()
