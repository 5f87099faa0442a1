"""Runs the tutorials from start to end; `python -m tests.notebooks.execute` writes the outputs."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

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
    NotebookClient(
        notebook,
        timeout=900,
        store_widget_state=False,
        resources={"metadata": {"path": str(FOLDER)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    return notebook


def main() -> None:
    """Execute all and write them back, with a fixed kernel name and no machine's details."""
    for path in tutorials():
        notebook = execute(path)
        notebook.metadata["language_info"] = {"name": "python"}
        notebook.metadata.pop("widgets", None)
        nbformat.write(notebook, path)
        print(f"wrote {path.name}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
