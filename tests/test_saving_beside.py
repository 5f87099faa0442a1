"""Comparisons, circuits and forward questions of a study, in its file and on its page."""

import json
import threading

import pytest

import patchwidgets as pw
from patchwidgets.errors import ModelError, UnknownNameError
from tests.families import PAIRS, study_of, tiny
from tests.test_saving import DAMAGED, refuse


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A study with maps both ways, a comparison and circuits, and its file."""
    made = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"], store=False)
    compared = made.compare("heads", directions=["denoising", "noising"])
    made.paths_from("L0H1").wait()
    made.circuit(["L1H2", "L2H1"], random=3).wait()
    carried = made.circuit(["L1H2"], random=3, order=next(iter(compared.results.values())))
    return made, carried, made.save(tmp_path_factory.mktemp("whole") / "whole.study.json")


def test_comparisons_circuits_and_forward_questions_come_back(whole):
    study, carried, path = whole
    opened = pw.open_study(path)
    assert list(opened.results) == ["heads", "noising: heads", "from L0H1"]
    ((compared,), (before,)) = opened.comparisons, study.comparisons
    assert list(compared.results.values()) == list(opened.results.values())[:2]
    assert compared.code == before.code
    assert compared.detections().equals(before.detections())
    assert [one.code for one in opened.circuits] == [one.code for one in study.circuits]
    back = opened.circuits[1]
    assert (back.circuit, back.provenance, back.effects) == (
        carried.circuit,
        carried.provenance,
        carried.effects,
    )
    assert back.words() == carried.words()
    assert back.curve().equals(carried.curve())
    assert back.random_runs().equals(carried.random_runs())
    assert repr(opened).endswith("from L0H1, 1 comparison, 2 circuits; 3 prompt pairs>")
    for about in ("model", "prompts"):
        del opened.provenance[about]
    assert "tiny-llama" not in repr(opened)
    assert repr(opened).endswith("1 comparison, 2 circuits; 0 prompt pairs>")


def test_what_is_drawn_of_them_is_in_the_file_and_on_the_page(whole, tmp_path, monkeypatch):
    study, _, path = whole
    document = json.loads(path.read_text())
    assert document["schema_version"] == 3
    assert [one["header"]["view"] for one in document["below"]] == ["comparison"] + 2 * ["circuit"]
    page = study.to_html(tmp_path / "page.html").read_text()
    opened = pw.open_study(path)
    assert opened.to_html(tmp_path / "again.html").read_text() == page
    assert page.count('class="pw-static"') == 4
    assert page.count("__patchwidgetsLoading") == 1
    assert study.size().file == path.stat().st_size == opened.size().file
    assert study.size().page == len(page.encode())
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))
    opened._ipython_display_()
    assert [one["application/vnd.patchwidgets.v1+json"]["header"]["view"] for one in shown] == [
        "explorer",
        "comparison",
        "circuit",
        "circuit",
    ]


def test_saving_comparisons_and_circuits_again_changes_nothing(whole, tmp_path):
    _, _, path = whole
    opened = pw.open_study(path)
    assert opened.save(tmp_path / "again.study.json").read_text() == path.read_text()
    rounded = opened.save(tmp_path / "rounded.study.json", precision="float16")
    twice = pw.open_study(rounded).save(tmp_path / "twice.study.json")
    assert json.loads(twice.read_text()) == json.loads(rounded.read_text())
    assert rounded.stat().st_size < path.stat().st_size


def test_a_study_goes_on_with_its_circuits_and_comparisons(whole, tmp_path):
    _, _, path = whole
    live = pw.open_study(path).reopen(tiny("llama"))
    assert list(live.results) == ["heads", "noising: heads", "from L0H1"]
    assert live.results["heads"].study is live
    live.circuit(["L2H1"], random=3).wait()
    assert len(live.circuits) == 3
    again = pw.open_study(live.save(tmp_path / "again.study.json"))
    assert len(again.circuits) == 3
    assert len(again.comparisons) == 1


def test_a_model_that_does_not_load_by_name_is_asked_for(whole):
    path = whole[2]
    with pytest.raises(UnknownNameError) as unknown:
        pw.load_model("tiny-llama")
    with pytest.raises(ModelError) as refused:
        pw.open_study(path).reopen()
    assert str(refused.value) == (
        f"`{path}` was measured on `tiny-llama`, which does not load by its name here: "
        f"{unknown.value} Load it yourself and pass it: `saved.reopen(model)`."
    )


def test_a_circuit_that_was_stopped_is_not_saved(whole, tmp_path):
    _, _, path = whole
    live = pw.open_study(path).reopen(tiny("llama"))
    begin = threading.Event()
    live._session.model.worker.call(begin.wait)
    live.circuit(["L2H1"], random=3).cancel()
    begin.set()
    assert len(pw.open_study(live.save(tmp_path / "stopped.study.json")).circuits) == 2


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            lambda d: d["comparisons"][0]["settings"][0].update(result="mlp"),
            "FILE is damaged: a comparison is of a result `mlp` that is not there.",
        ),
        (
            lambda d: d["circuits"][1]["circuit"].update(nodes=["L9H9"]),
            "Circuit 2 of FILE is damaged: field `circuit`: `L9H9` is not in the universe.",
        ),
        (
            lambda d: d["circuits"][0].pop("provenance"),
            "FILE is damaged: field `circuits.0.provenance`: input should be an object.",
        ),
        (
            lambda d: d["circuits"][0].update(schema_version=9),
            "Circuit 1 of FILE has schema version 9, but this patchwidgets reads circuits up to "
            "version 1, and a field of a newer version may mean something else. Upgrade with `pip "
            "install --upgrade patchwidgets`.",
        ),
    ],
)
def test_edited_comparisons_and_circuits_are_refused(whole, tmp_path, change, what):
    document = json.loads(whole[2].read_text())
    change(document)
    path = tmp_path / "spoiled.study.json"
    path.write_text(json.dumps(document))
    refuse(path, what.replace("FILE", f"`{path}`") + ("" if "Upgrade" in what else DAMAGED))
