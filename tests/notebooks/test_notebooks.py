"""Every tutorial runs from start to end, and its claims hold: they are asserts in its cells."""

import nbformat
import pytest

from tests.notebooks.execute import execute, tutorials

OURS = "application/vnd.patchwidgets.v1+json"

pytestmark = pytest.mark.slow


def views(notebook):
    """Return the data of every output with a view of ours, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data for output in outputs if OURS in output.get("data", {})]


def maps(notebook):
    """Return every map in the stored views, in order."""
    return [one for view in views(notebook) for one in view[OURS]["header"]["maps"]]


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
@pytest.mark.timeout(900)
def test_the_notebook_runs_and_its_maps_are_finished(path):
    fresh = maps(execute(path))
    assert fresh
    assert {one["progress"]["state"] for one in fresh} == {"done"}


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
def test_the_notebook_is_committed_with_finished_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    stored = maps(notebook)
    assert stored
    assert {one["progress"]["state"] for one in stored} == {"done"}
    assert "widgets" not in notebook.metadata
    errors = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert not errors
    assert all({"image/png", "text/html", "text/plain"} <= set(view) for view in views(notebook))
