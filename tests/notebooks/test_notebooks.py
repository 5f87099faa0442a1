"""Every tutorial runs from start to end, and its claims hold: they are asserts in its cells."""

import re

import nbformat
import pytest

import patchwidgets as pw
from tests.notebooks.execute import FOLDER, execute, tutorials

OURS = "application/vnd.patchwidgets.v1+json"

pytestmark = pytest.mark.slow


def views(notebook):
    """Return the data of every output with a view of ours, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data for output in outputs if OURS in output.get("data", {})]


def maps(notebook):
    """Return every map in the stored views, in order."""
    return [one for view in views(notebook) for one in view[OURS]["header"].get("maps", [])]


def questions(notebook):
    """Return every question in the stored outputs, in order."""
    headers = [view[OURS]["header"] for view in views(notebook)]
    return [one for one in headers if one.get("view") == "question"]


def errors(notebook):
    """Return what every cell complained of; some may, where an optional package is missing."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.evalue for output in outputs if output.output_type == "error"]


def sources(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
@pytest.mark.timeout(900)
def test_the_notebook_runs_and_its_maps_are_finished(path):
    before = sorted(path.parent.iterdir())
    fresh = execute(path)
    assert errors(fresh) == []
    assert maps(fresh)
    assert {one["progress"]["state"] for one in maps(fresh)} == {"done"}
    assert [one["title"] for one in questions(fresh) if one["waiting"]] == []
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
def test_the_notebook_is_committed_with_finished_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    stored = maps(notebook)
    assert stored
    assert {one["progress"]["state"] for one in stored} == {"done"}
    assert "widgets" not in notebook.metadata
    assert errors(notebook) == []
    assert str(path.parents[1]) not in path.read_text("utf-8")
    for view in views(notebook):
        picture = set() if view[OURS]["header"].get("view") == "question" else {"image/png"}
        assert {"text/html", "text/plain"} | picture <= set(view)


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
def test_every_name_of_ours_that_is_mentioned_exists(path):
    mentioned = set(re.findall(r"\bpw\.(\w+)", sources(nbformat.read(path, as_version=4))))
    assert mentioned <= set(pw.__all__)


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
def test_a_tutorial_says_what_to_do_about_a_cell_that_was_not_run(path):
    opening = nbformat.read(path, as_version=4).cells[0].source
    assert (
        "Run the cells from the top: each uses what the ones before it made. A `NameError` says "
        "that one of them has not run; *Run → Run All Above Selected Cell* runs them."
    ) in opening


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
def test_no_node_that_is_called_wrong_is_as_strong_as_a_right_one(path):
    """On a few prompts such a tie is decided by chance."""
    nodes = [one for one in questions(nbformat.read(path, as_version=4)) if one["kind"] == "node"]
    for one in nodes:
        known = [answer for answer in one["answers"] if answer["share"] is not None]
        right = [answer["share"] for answer in known if answer["right"]]
        wrong = [answer["share"] for answer in known if not answer["right"]]
        assert min(abs(a - b) for a in right for b in wrong) > 0.05, one["title"]


ASKING = [path for path in tutorials() if "pw.ask" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.name)
def test_a_tutorial_asks_shows_checks_and_leaves_something_to_do(path):
    """A prediction before the first map, a picture that needs no script, asserts, exercises."""
    notebook = nbformat.read(path, as_version=4)
    asked = questions(notebook)
    assert len(asked) >= 3
    for one in asked:
        assert one["solution"], one["title"]
        assert one["waiting"] == ""
        assert one["hints"], one["title"]
        assert [step["state"] for step in one["steps"]] == ["open"] * len(asked)
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if set(output.get("data", {})) == {"image/png", "text/plain"}
    ]
    assert pictures
    for cell in notebook.cells:
        if "ask(" in cell.source and cell.cell_type == "code":
            assert cell.metadata["jupyter"]["source_hidden"], "the code holds the answer"
    text = sources(notebook)
    assert "**Question.**" in text
    assert "## Exercise" in text
    assert "assert " in text
    assert path.stat().st_size < 650_000


def titles():
    """Return the title of every tutorial by its number."""
    headings = [nbformat.read(path, as_version=4).cells[0].source for path in tutorials()]
    return {one.split(".")[0].removeprefix("# "): one.split("\n")[0][2:] for one in headings}


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
def test_a_tutorial_calls_others_by_their_titles(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for called in re.findall(r"(?<!\*)\*(\d+\. [^*\n]+)\*(?!\*)", text):
        assert called == titles()[called.split(".")[0]]


def keys(view):
    return [one["key"] for one in view[OURS]["header"].get("maps", [])]


def test_a_tutorial_stores_what_it_pins():
    notebook = nbformat.read(FOLDER / "06_path_patching.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if ".pin(" in cell.source]
    circuit = cell.outputs[0].data[OURS]["header"]["circuit"]
    assert circuit["progress"]["state"] == "done"
    assert [one["name"] for one in circuit["nodes"]] == re.findall(r'"(L\d+H\d+)"', cell.source)


def test_a_tutorial_stores_what_it_bakes():
    notebook = nbformat.read(FOLDER / "10_sharing.ipynb", as_version=4)
    at = next(at for at, cell in enumerate(notebook.cells) if "study.bake(" in cell.source)
    before = nbformat.v4.new_notebook(cells=notebook.cells[:at])
    (baked,) = [keys(view) for view in views(before) if keys(view)]
    assert " ".join(baked) in "".join(one.get("text", "") for one in notebook.cells[at].outputs)
    assert "L2H0.v" in baked


def test_the_circuits_of_an_exercise_are_measured():
    notebook = nbformat.read(FOLDER / "07_check_a_circuit.ipynb", as_version=4)
    share, beside = [one for one in questions(notebook) if one["title"].startswith("Exercise 2: ")]
    assert share["number"]["value"] > 1
    assert f"They carry {share['number']['value']:.3g} (95% interval " in share["because"]
    (four,) = [one for one in questions(notebook) if "will the four carry?" in one["title"]]
    assert beside["solution"] == "less than alone"
    assert beside["because"].startswith(f"{four['number']['value']:.2f} alone, ")


def test_a_chart_that_selects_in_a_map_stands_below_it():
    """A click in a chart of a result selects in the view of that result, and in no other."""
    for path in tutorials():
        cells = nbformat.read(path, as_version=4).cells
        for at, cell in enumerate(cells):
            chart = re.search(r"^(\w+)\.chart\(", cell.source, re.MULTILINE)
            if chart and "selected in the map" in cells[at - 1].source:
                assert chart[1] in [one.source for one in cells[:at]], path.name


@pytest.mark.parametrize("path", tutorials(), ids=lambda path: path.name)
def test_committed_outputs_say_nothing_of_what_the_author_had_stored(path):
    outputs = [
        out for cell in nbformat.read(path, as_version=4).cells for out in cell.get("outputs", [])
    ]
    text = "\n".join(out["text"] for out in outputs if "text" in out)
    assert re.findall(r"\d+ are stored", text) == []
    assert set(re.findall(r"(\d+) from the store", text)) <= {"0"}
