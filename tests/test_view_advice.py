"""What the rules say reaches the view: once it can be known, and only where it is not silenced."""

import json
import threading

import pytest
from ipywidgets import Widget

from patchwidgets import advice
from patchwidgets.advice import RULES
from patchwidgets.jobs import Job
from patchwidgets.views._advice import _said, advice_on
from patchwidgets.views._explorer import explorer
from patchwidgets.views._text import summary
from patchwidgets.views._wire import bundle
from patchwidgets.views.advice import Advice
from patchwidgets.widgets.explorer import LiveExplorer
from tests import make_view_fixtures as fixtures
from tests.advice.made import SHARES, result
from tests.models.tiny_ioi import ioi_study
from tests.test_widget import send

ODD = {"dtype": "float16", "source": "zero", "prompts": []}


@pytest.fixture(autouse=True)
def restored():
    yield
    advice.restore()
    Widget.close_all()


def shown_of(*results):
    """Return the advice in the picture of results."""
    said = explorer(list(results))[0].advice
    return [one for one in said if isinstance(one, Advice)]


def sentences(said):
    return [
        (one.name, one.severity, one.sentence, one.reason, one.source, one.todo) for one in said
    ]


def test_a_finished_result_shows_all_that_it_advises():
    made = ioi_study(metric=["logit_diff", "prob"]).sweep("heads").wait()
    said = shown_of(made)
    assert len(said) > 3
    assert sorted(sentences(said)) == sorted(sentences(made.advice()))
    assert [one.severity for one in said] == [one.severity for one in made.advice()]
    assert {one.map for one in said if RULES.get(one.name).about == "study"} == {""}
    assert {one.map for one in said if RULES.get(one.name).about == "result"} == {"heads"}


def test_while_it_is_measured_only_the_study_is_looked_at_and_at_the_end_all():
    study = ioi_study(metric="logit_diff")
    pictures = []
    made = study.sweep("heads")
    made.listen(
        lambda job: pictures.append((job.ended, [one.name for one in advice_on({"": made})]))
    )
    assert [one.name for one in shown_of(made)] == study.advice().names
    made.wait()
    # The last picture is drawn by the thread that measured, before anybody hears of the end.
    assert pictures[-1] == (True, made.advice().names)
    assert {tuple(names) for ended, names in pictures if not ended} <= {tuple(study.advice().names)}


def test_a_map_that_failed_or_was_stopped_at_once_is_drawn_with_what_is_known():
    stopped = result(SHARES * float("nan"))
    assert "cells_left_out" in [one.name for one in advice_on({"heads": stopped})]
    failed = result(about={"source": "zero"})
    job = Job(_break, 40)
    failed.attach(job)
    job.run()
    with pytest.raises(RuntimeError, match=r"^broken$"):
        failed.wait()
    assert advice_on({"heads": failed}) == []


def _break(job):
    raise RuntimeError("broken")


def test_each_map_has_its_own_and_the_study_is_not_repeated():
    study = ioi_study(metric="logit_diff")
    heads, path = study.sweep("heads").wait(), study.path(receivers=["L1H0.v"]).wait()
    said = shown_of(heads, path)
    assert len({(one.name, one.map) for one in said}) == len(said)
    assert ("path_form", "L1H0.v") in {(one.name, one.map) for one in said}
    of_study = [one.name for one in said if not one.map]
    assert of_study == study.advice().names


def test_what_is_silent_is_not_shown_and_what_is_restored_is():
    made = result(about=ODD)
    assert [one.name for one in advice_on({"heads": made})] == ["half_precision", "zero_ablation"]
    advice.silence("half_precision")
    assert [one.name for one in advice_on({"heads": made})] == ["zero_ablation"]
    advice.restore()
    assert [one.name for one in advice_on({"heads": made})] == ["half_precision", "zero_ablation"]


def test_a_finished_result_is_asked_once():
    made = result(about={"source": "zero"})
    first = advice_on({"heads": made})
    said = _said[made]
    assert advice_on({"heads": made}) == first
    assert _said[made] is said


def test_the_text_names_the_rules_and_a_refused_command_is_a_sentence():
    made = result(about=ODD)
    header, block = explorer([made], ["L99H9.v is not in the model."])
    assert header.advice[0] == "L99H9.v is not in the model."
    assert summary(header, block).split("\n")[-1] == (
        "advice: half_precision (warning), zero_ablation (warning)"
    )
    assert "advice" not in summary(*explorer([result(about={"prompts": []})]))


def test_the_button_silences_the_rule_in_what_is_shown_and_stored():
    shown = LiveExplorer([result(about=ODD)])
    redrawn = threading.Event()
    shown.widget.observe(lambda _: redrawn.set(), "header")
    send(shown.widget, {"command": "silence", "rule": "half_precision"})
    assert redrawn.wait(20)
    names = [one["name"] for one in shown.widget.header["advice"]]
    assert names == ["zero_ablation"]
    assert "half_precision" not in json.dumps(shown.widget.bundle())
    assert "half_precision" not in result(about=ODD).advice().names


def test_a_payload_of_version_2_still_opens_with_its_sentences():
    header, block = fixtures.read("version_2")
    (sentence,) = header.advice
    assert isinstance(sentence, str)
    assert sentence.startswith("Two negative heads stand out (L29H0, L24H4).")
    assert "advice" not in summary(header, block)
    assert bundle(header, block)["header"]["advice"] == [sentence]


def test_advice_survives_the_wire():
    header, _ = fixtures.read("synthetic_explorer")
    assert all(isinstance(one, Advice) for one in header.advice)
