"""A saved notebook stays clickable for a reader, and comes alive again for its author."""

import json
from pathlib import Path

import pytest

from tests.e2e.explorer import Explorer
from tests.e2e.lab import MIME, write_notebook
from tests.e2e.marks import REAL_LAB

pytestmark = REAL_LAB

STUDY = """import patchwidgets as pw

model = pw.load_model("smollm2-135m")
study = pw.Study(model, "ioi", n=2)"""
CELLS = [STUDY, 'heads = study.sweep("heads")\nheads', 'mlps = study.sweep("mlp")\nmlps', "heads"]
HEADS, MLPS, AGAIN = range(1, 4)
STORED = f"""panel.content.widgets[given[0]].model.toJSON().outputs[0].data["{MIME}"].header.maps
  .map(({{key, progress}}) => `${{key}} ${{progress.state}}`)"""


@pytest.fixture(scope="module")
def notebook(lab):
    """A notebook with two results, one of them shown twice, with one drill-down."""
    write_notebook(lab.root / "sharing.ipynb", CELLS)
    opened = lab.open("sharing.ipynb")
    opened.run(0, seconds=200)
    for cell in (HEADS, MLPS, AGAIN):
        opened.run(cell)
    view = explorer_of(opened, HEADS)
    view.wait_until_done()
    view.drill("L20H0", "v L20H0.v")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def saved(notebook):
    wait_until_stored(notebook, "L20H0.v")
    return notebook.save()


def wait_until_stored(notebook, key):
    """Wait until both outputs of the result would be saved with this map."""
    for cell in (HEADS, AGAIN):
        notebook.cell(cell)
        notebook.wait(f"{STORED}.includes('{key} done')", cell)


def outputs(document):
    return [cell.get("outputs", []) for cell in document["cells"]]


def explorer_of(notebook, cell):
    return Explorer(notebook.lab, notebook.cell(cell))


def maps(saved, cell):
    """Return key and progress of every map that a cell's output stores."""
    (output,) = saved["cells"][cell]["outputs"]
    assert list(output["data"]) == [MIME, "image/png", "text/html", "text/plain"]
    stored = output["data"][MIME]["header"]["maps"]
    return {one["key"]: (one["progress"]["state"], one["progress"]["done"]) for one in stored}


def test_the_file_holds_what_was_measured_after_the_cell_had_ended(saved):
    assert maps(saved, HEADS) == {"heads": ("done", 270), "L20H0.v": ("done", 201)}
    assert maps(saved, AGAIN) == maps(saved, HEADS)
    assert maps(saved, MLPS) == {"mlp": ("done", 30)}
    assert "widgets" not in saved["metadata"]


def test_a_reader_without_a_kernel_clicks_through_both_maps(lab, saved):
    received = lab.receive(saved)
    before = received.outputs()
    view = explorer_of(received, HEADS)
    view.drill("L20H0", "v L20H0.v")
    view.click("L17H4", place=1)
    assert view.selected.startswith("L17H4 → L20H0.v")
    view.choose("q L17H4.q")
    assert view.says.startswith("L17H4.q was not measured")
    again = received.save()
    assert received.outputs() == before
    assert outputs(again) == outputs(saved)
    received.close()


def test_the_tutorial_is_clickable_without_a_kernel(lab):
    path = Path(__file__).parents[2] / "notebooks" / "01_first_patch.ipynb"
    tutorial = json.loads(path.read_text("utf-8"))
    shown = [index for index, cell in enumerate(tutorial["cells"]) if cell["source"] == ["heads"]]
    assert shown, "python -m tests.notebooks.execute"
    received = lab.receive(tutorial)
    view = explorer_of(received, shown[0])
    view.click("L2H0")
    assert view.selected.startswith("L2H0 ")
    asking = next(at for at, cell in enumerate(outputs(tutorial)) if "question" in json.dumps(cell))
    question = received.cell(asking).locator(".pw-question")
    question.locator(".pw-answer").fill("L0H7")
    question.get_by_role("button", name="Check").click()
    assert "Hint 1 of 2" in (question.get_by_role("status").first.text_content() or "")
    received.close()


def test_a_page_that_reloads_is_live_again_and_saves_what_it_measures(lab, notebook, saved):
    lab.load()
    reopened = lab.open("sharing.ipynb")
    explorer_of(reopened, HEADS).drill("L20H0", "q L20H0.q")
    wait_until_stored(reopened, "L20H0.q")
    assert set(maps(reopened.save(), HEADS)) == {"heads", "L20H0.v", "L20H0.q"}


def circuit_in(output):
    """Return which nodes a stored circuit has, and how far it is measured."""
    circuit = output["data"][MIME]["header"]["circuit"] or {"nodes": [], "progress": None}
    return {node["name"] for node in circuit["nodes"]} - {"logits"}, circuit["progress"]


def measure_circuit(notebook, *nodes):
    """Pin nodes, measure the circuit, and return it as it is stored once it is done."""
    notebook.wait_until_live()
    view = explorer_of(notebook, HEADS)
    for node in nodes:
        view.click(node)
        view.element.locator("button.pw-pin").click()
    view.element.get_by_role("button", name="Measure how much this node carries").click()
    (wanted,) = nodes[-1:]
    notebook.wait(
        f"""(() => {{
          const {{circuit}} = panel.content.widgets[given[0]].model.toJSON()
            .outputs[0].data["{MIME}"].header;
          return circuit?.progress.state === "done"
            && circuit.nodes.some((node) => node.name.startsWith("{wanted}"));
        }})()""",
        HEADS,
        seconds=200,
    )
    (output,) = notebook.save()["cells"][HEADS]["outputs"]
    return circuit_in(output)


def test_a_page_that_reloads_saves_another_circuit_of_as_many_runs(lab, notebook, saved):
    lab.load()
    reopened = lab.open("sharing.ipynb")
    first, took = measure_circuit(reopened, "L23H3")
    lab.load()
    reopened = lab.open("sharing.ipynb")
    second, again = measure_circuit(reopened, "L23H3", "L20H0")  # the first is taken out
    assert took == again
    assert first != second


def test_a_restarted_kernel_leaves_what_is_stored(notebook, saved):
    view = explorer_of(notebook, HEADS)
    notebook.ask("panel.sessionContext.restartKernel()", seconds=60)
    notebook.wait_until_idle()
    view.drill("L20H0", "v L20H0.v")
    view.click("L23H3")
    view.choose("q L23H3.q")
    assert view.says.startswith("L23H3.q was not measured")


def test_a_cell_that_is_run_again_is_live_again(notebook, saved):
    notebook.run(0, seconds=200)
    notebook.run(HEADS)
    view = explorer_of(notebook, HEADS)
    view.wait_until_done()
    view.click("L23H3")
    assert notebook.value("heads._shown.widget.selection") == "L23H3"
