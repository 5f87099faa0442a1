"""A study as a file: everything measured is in it, it needs no model, and nothing bad opens."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patchwidgets as pw
from patchwidgets.errors import FileError, ModelError
from patchwidgets.models.bridge import LensModel
from patchwidgets.results.storage import SCHEMA_VERSION as RESULT_VERSION
from tests.families import PAIRS, study_of, tiny


@pytest.fixture(scope="module")
def study():
    made = study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"], store=False)
    made.sweep("mlp").wait()
    made.sweep("heads").wait()
    made.path(["L2H1.q"]).wait()
    made.path(["L2H0.v"]).wait()
    return made


@pytest.fixture(scope="module")
def saved(study, tmp_path_factory):
    return study.save(tmp_path_factory.mktemp("saved") / "tiny.study.json")


@pytest.fixture
def spoil(saved, tmp_path):
    """Return a function that changes the document and checks by what sentence it is refused."""

    def changed(change, sentence):
        document = json.loads(saved.read_text())
        change(document)
        path = tmp_path / "spoiled.study.json"
        path.write_text(json.dumps(document))
        refuse(path, sentence.replace("FILE", f"`{path}`"))

    return changed


def refuse(path, sentence, **options):
    with pytest.raises(FileError) as refused:
        pw.open_study(path, **options)
    assert str(refused.value) == sentence


DAMAGED = (
    " It was cut short or changed after it was saved, so its numbers cannot be trusted. Use "
    "another copy, or measure and save it again."
)


def test_a_study_remembers_what_it_started_in_order(study):
    assert list(study.results) == ["mlp", "heads", "L2H1.q", "L2H0.v"]
    again = study.sweep("mlp").wait()
    assert list(study.results) == ["mlp", "heads", "L2H1.q", "L2H0.v"]
    assert study.results["mlp"] is again
    assert study.keep([""]).results == {}


def test_several_results_of_one_name_are_counted(study):
    other = study.keep([""])
    first, second = other.path(["L2H1.q"]), other.path(["L2H1.q"], senders=["heads"])
    assert other.results == {"L2H1.q": first.wait(), "L2H1.q #2": second.wait()}


def test_every_number_comes_back(study, saved):
    opened = pw.open_study(saved)
    assert list(opened.results) == list(study.results)
    for key, result in study.results.items():
        back = opened.results[key]
        for one, other in zip(result.numbers()[:2], back.numbers()[:2], strict=True):
            np.testing.assert_array_equal(one, other)
        assert back.provenance == result.provenance
        assert back.plan == result.plan
        assert back.table().equals(result.table())
    assert opened.code == study.provenance["code"]
    assert opened.table()["measured"].tolist() == [3, 12, *opened.table()["of"][2:]]
    assert "tiny-llama: mlp, heads, L2H1.q, L2H0.v; 3 prompt pairs>" in repr(opened)


def test_the_explorer_begins_with_heads_and_holds_every_map(saved):
    stored = json.loads(saved.read_text())["view"]["header"]
    assert [one["key"] for one in stored["maps"]] == ["heads", "mlp", "L2H1.q", "L2H0.v"]
    shown, _ = pw.open_study(saved)._repr_mimebundle_()
    (ours,) = [kind for kind in shown if "patchwidgets" in kind]
    assert shown[ours]["live_id"] == ""
    assert shown[ours]["header"] == stored


def test_opening_needs_neither_torch_nor_a_widget_library(saved, tmp_path):
    code = (
        "import sys, patchwidgets as pw\n"
        f"opened = pw.open_study({str(saved)!r})\n"
        f"opened.table(); opened.size(); opened.to_html({str(tmp_path / 'page.html')!r})\n"
        "opened.results['heads'].detect(); opened._repr_mimebundle_()\n"
        "heavy = {'torch', 'transformer_lens', 'anywidget', 'ipywidgets'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_the_same_in_all_results_is_written_once(saved):
    document = json.loads(saved.read_text())
    assert set(document["provenance"]) > {"prompts", "model", "fingerprint", "versions"}
    for one in document["results"].values():
        assert "prompts" not in one["provenance"]
        assert one["schema_version"] == RESULT_VERSION
        assert one["arrays"]["values"]["dtype"] == "float32"


def test_rounding_needs_the_authors_word_and_is_said(study, tmp_path):
    path = study.save(tmp_path / "rounded.study.json", precision="float16")
    assert path.stat().st_size < study.save(tmp_path / "exact.study.json").stat().st_size
    opened = pw.open_study(path)
    before, after = study.results["heads"].numbers()[0], opened.results["heads"].numbers()[0]
    assert not np.array_equal(before, after)
    np.testing.assert_allclose(before, after, rtol=2**-11)
    assert repr(opened).endswith("rounded to 3 to 4 digits>")
    facts = json.loads(path.read_text())["view"]["header"]["facts"]
    assert {"label": "stored with", "value": "3 to 4 digits"} in facts
    again = opened.save(tmp_path / "again.study.json")
    assert json.loads(again.read_text()) == json.loads(path.read_text())


def test_saving_what_was_opened_changes_nothing(saved, tmp_path):
    again = pw.open_study(saved).save(tmp_path / "again.study.json")
    assert again.read_text() == saved.read_text()


def test_sizes_are_those_of_the_files(study, saved, tmp_path):
    size = study.size()
    assert size.file == saved.stat().st_size == pw.open_study(saved).size().file
    assert size.page == study.to_html(tmp_path / "page.html").stat().st_size
    assert re.fullmatch(
        r"4 maps: \d+ kB as a study file, \d+ kB as a page, \d+ kB in a notebook", str(size)
    )


def test_the_page_lets_nothing_load(study, tmp_path):
    html = study.to_html(tmp_path / "page.html").read_text()
    assert "default-src 'none'" in html
    assert not re.findall(r'(?:src|href)="(?!data:)', html)


def test_a_reopened_study_goes_on(saved):
    opened = pw.open_study(saved)
    live = opened.reopen(tiny("llama"))
    assert list(live.results) == list(opened.results)
    first = live.results["heads"]
    assert first.study is not None
    more = first.study.path(["L2H3.q"]).wait()
    assert live.results["L2H3.q"] is more
    same = live.sweep("heads").wait()
    np.testing.assert_array_equal(same.numbers()[0], opened.results["heads"].numbers()[0])


def test_another_model_is_refused(saved):
    opened = pw.open_study(saved)
    with pytest.raises(ModelError) as refused:
        opened.reopen(tiny("gpt2"))
    assert str(refused.value) == (
        f"`{opened.path}` was measured on a `tiny-llama` whose weights have the fingerprint "
        f"{LensModel(tiny('llama')).fingerprint()}; this model's have "
        f"{LensModel(tiny('gpt2')).fingerprint()}. Numbers of two models must not stand in one "
        "study. Pass the model that was measured: `saved.reopen(model)`, or measure again with "
        "`pw.Study`."
    )


def test_other_prompts_are_refused(saved):
    opened, first = pw.open_study(saved), slice(0, 2)
    kept: dict[str, Any] = {
        name: part[first] if isinstance(part, list) else part for name, part in PAIRS.items()
    }
    fewer = pw.PromptPairs(**kept)
    with pytest.raises(FileError) as refused:
        opened.reopen(tiny("llama"), behaviour=fewer)
    assert str(refused.value) == (
        f"`{opened.path}` was measured on other prompts than the study that its settings make "
        "here: 3 pairs then, 2 now, or other tokens. The task or the tokenizer has changed since. "
        "Open the file to look at what was measured, and measure anew with `pw.Study`."
    )


@pytest.mark.filterwarnings("ignore:.*prefers the answer on")
def test_what_was_the_authors_own_is_asked_for(tmp_path):
    def mine(logits, answers, reference):
        return logits[..., 0]

    study = study_of(tiny("llama"), PAIRS, metric=mine, store=False)
    study.sweep("mlp").wait()
    opened = pw.open_study(study.save(tmp_path / "own.study.json"))
    with pytest.raises(FileError) as refused:
        opened.reopen(tiny("llama"))
    assert str(refused.value) == (
        f"`{opened.path}` was measured with a metric of its author's own, `mine`, and a file holds "
        "nothing that runs, so that opening one is safe. Give it: `saved.reopen(metric=...)`."
    )
    live = opened.reopen(tiny("llama"), metric=mine)
    assert list(live.results) == ["mlp"]


def test_nothing_measured_is_nothing_to_save(study, tmp_path):
    with pytest.raises(FileError) as refused:
        study.keep([""]).save(tmp_path / "empty.study.json")
    assert str(refused.value) == (
        "Nothing was measured in this study yet, so there is nothing to save. Measure something "
        "first, such as `study.sweep('heads')`."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_newer_file(spoil):
    spoil(
        lambda document: document.update(schema_version=4, something="new"),
        "FILE has schema version 4, but this patchwidgets reads studies up to version 3, and a "
        "field of a newer version may mean something else. Upgrade with `pip install --upgrade "
        "patchwidgets`.",
    )


@pytest.mark.parametrize("part", [0.2, 0.9, 0.999])
def test_a_truncated_file(saved, tmp_path, part):
    text = saved.read_text()
    path = tmp_path / "cut.study.json"
    path.write_text(text[: int(part * len(text))])
    with pytest.raises(FileError) as refused:
        pw.open_study(path)
    said = str(refused.value)
    assert said.startswith(f"`{path}` is damaged: it is not complete JSON (")
    assert said.endswith(DAMAGED)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            lambda d: d["results"]["heads"]["arrays"]["values"].update(shape=[2, 11, 3]),
            "The result `heads` of FILE is damaged: array `values` has the shape [2, 11, 3], but "
            "the plan, the metrics and the prompts make it [2, 12, 3].",
        ),
        (
            lambda d: d["results"]["heads"]["arrays"]["values"].update(dtype="float64"),
            "The result `heads` of FILE is damaged: array `values` has 288 bytes instead of 576.",
        ),
        (
            lambda d: d["results"]["heads"]["arrays"]["values"].update(dtype="float16"),
            "The result `heads` of FILE is damaged: array `values` has 145 bytes instead of 144.",
        ),
        (
            lambda d: d["results"]["heads"]["arrays"]["status"].update(data="AAAA"),
            "The result `heads` of FILE is damaged: array `status` does not unpack.",
        ),
        (
            lambda d: d["results"]["L2H1.q"]["plan"]["patches"].update(senders=[]),
            "The result `L2H1.q` of FILE is damaged: field "
            "`plan.patches.list[union[NodesPart,PathPart]]`: input should be a valid list.",
        ),
        (
            lambda d: d.update(results={}),
            "FILE is damaged: field `results`: dictionary should have "
            "at least 1 item after validation, not 0.",
        ),
        (
            lambda d: d["results"]["heads"].pop("provenance"),
            "FILE is damaged: field `results.heads.provenance`: input should be an object.",
        ),
        (
            lambda d: d["opened"].update(direction="sideways"),
            "FILE is damaged: field `opened.direction`: input should be 'denoising' or 'noising'.",
        ),
        (lambda d: d.pop("view"), "FILE is damaged: field `view`: field required."),
    ],
)
def test_a_file_that_was_edited_by_hand(spoil, change, what):
    spoil(change, what + DAMAGED)


def test_nan_is_no_json(saved, tmp_path):
    path = tmp_path / "nan.study.json"
    path.write_text(saved.read_text().replace('"seed":0', '"seed":NaN', 1))
    refuse(
        path,
        f"`{path}` is damaged: it is not complete JSON (it has NaN, which JSON does not know)."
        + DAMAGED,
    )


def test_a_file_that_is_not_ours(tmp_path, study, saved):
    path = tmp_path / "other.json"
    end = " `pw.open_study` opens what `study.save(path)` wrote."
    path.write_text('{"format": "recipe"}')
    refuse(
        path,
        f"`{path}` is not a patchwidgets study but something else: its `format` is 'recipe', not "
        "'patchwidgets-study'." + end,
    )
    path.write_text('{"nbformat": 4, "cells": []}')
    refuse(
        path,
        f"`{path}` is not a patchwidgets study but a notebook, whose outputs hold what was "
        "measured: open it in JupyterLab." + end,
    )
    study.results["heads"].save(path)
    refuse(
        path,
        f"`{path}` is not a patchwidgets study but one result: `pw.Result.load` opens it." + end,
    )
    path.write_bytes(b"\x89PNG\r\n\xff\xfe")
    refuse(path, f"`{path}` is damaged: it is not text." + DAMAGED)
    with pytest.raises(FileError, match="a study is opened with `open_study`"):
        pw.Result.load(saved)


def test_a_folder_and_a_missing_file(tmp_path):
    refuse(
        tmp_path,
        f"`{tmp_path}` is a folder, and a study is one file. Name the file in it that `study.save` "
        f"wrote, such as `{tmp_path / 'ioi.study.json'}`.",
    )
    path = tmp_path / "gone.study.json"
    refuse(path, f"There is no file `{path}`. `study.save(path)` writes one.")


def test_a_file_of_100_megabytes(saved, tmp_path):
    path = tmp_path / "large.study.json"
    path.write_text(saved.read_text() + " " * 100_000_000)
    refuse(
        path,
        f"`{path}` has 100 MB, more than the 100 MB that are opened without asking, because it "
        "must fit into memory several times over. If it is a study, pass `limit=None`.",
    )
    assert list(pw.open_study(path, limit=None).results) == ["mlp", "heads", "L2H1.q", "L2H0.v"]


def test_places_that_cannot_be_written(study, tmp_path):
    with pytest.raises(FileError) as refused:
        study.save(tmp_path)
    assert str(refused.value) == (
        f"`{tmp_path}` is a folder, and a study is one file. Name a file in it, such as "
        f"`{tmp_path / 'ioi.study.json'}`."
    )
    with pytest.raises(FileError) as refused:
        study.to_html(tmp_path / "nowhere" / "page.html")
    assert str(refused.value) == (
        f"There is no folder `{tmp_path / 'nowhere'}`, so `page.html` cannot be written there. "
        "Make it first, or name another."
    )


def test_a_folder_that_may_not_be_written(study):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:  # nothing is forbidden to root
            os.seteuid(65534)
        try:
            with pytest.raises(FileError) as refused:
                study.save(folder / "ioi.study.json")
        finally:
            os.seteuid(user)
            folder.chmod(0o755)
        assert str(refused.value) == (
            f"`{folder / 'ioi.study.json'}` cannot be written: permission denied. Name a folder "
            "that you may write to; what was measured is still here."
        )
        assert list(folder.iterdir()) == []


def test_an_interrupted_save_leaves_the_file_that_was_there(study, tmp_path):
    path = study.save(tmp_path / "ioi.study.json")
    before = path.read_text()
    study.results["heads"].provenance["added"] = {1, 2}
    try:
        with pytest.raises(FileError, match=r"`provenance\['added'\]` is \{1, 2\}, which cannot"):
            study.save(path)
    finally:
        del study.results["heads"].provenance["added"]
    assert path.read_text() == before
    assert [one.name for one in tmp_path.iterdir()] == ["ioi.study.json"]
