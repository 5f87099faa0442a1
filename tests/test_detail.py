"""Everything that is shown of one cell, and the views of it that stand alone."""

import threading
import time

import numpy as np
import pytest
from ipywidgets import Widget, jslink

from patchwidgets.detailing import detail
from patchwidgets.errors import MeasurementError, PlanError
from patchwidgets.views._prompt_effects import prompt_effects
from patchwidgets.views._wire import ArrayBlock, read_array
from patchwidgets.views.attention import Attention
from patchwidgets.views.prompt_effects import PromptEffects
from patchwidgets.views.prompts import Prompts
from tests.families import PAIRS, study_of, tiny

MIME = "application/vnd.patchwidgets.v1+json"


@pytest.fixture(scope="module")
def study():
    return study_of(tiny("llama"), PAIRS, metric=["logit_diff", "prob"])


@pytest.fixture(autouse=True)
def closed():
    yield
    Widget.close_all()


def told(study, result, node, prompt=0):
    block = ArrayBlock()
    return detail(result, study._session, node, prompt, block), block.to_bytes


def effects(result, node):
    block = ArrayBlock()
    return prompt_effects(result, node, block), block.to_bytes()


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.02)


def test_effects_are_those_of_the_result(study):
    result = study.sweep("heads").wait()
    header, block = effects(result, "L1H2")
    wanted = result.effect(metric="prob").sel(layer=1, head=2)
    np.testing.assert_allclose(read_array(header.effect, block)[1], wanted, atol=1e-6)
    summary = header.summaries[0]
    low_high = result.interval(of="effect").sel(layer=1, head=2).to_numpy()
    assert summary.mean == pytest.approx(float(result.effect().sel(layer=1, head=2).mean()))
    assert (summary.low, summary.high) == pytest.approx(tuple(low_high))
    assert summary.positive + summary.negative == 3
    assert header.runs == ["corrupted", "clean"]
    assert [metric.name for metric in header.metrics] == ["logit_diff", "prob"]
    assert len(header.strip.pairs) == 3
    assert header.note == ""


def test_the_code_of_effects_gives_the_same_numbers(study):
    result = study.sweep("heads").wait()
    header, block = effects(result, "L1H2")
    line = header.code.splitlines()[-1]
    names = {"result": result}
    exec(line, names)
    np.testing.assert_allclose(names["effects"], read_array(header.effect, block)[0], atol=1e-6)


def test_cells_without_numbers_say_why(study):
    path = study.path(["L1H0.v"]).wait()
    header, block = effects(path, "L2H0")
    assert header.note == "cannot reach the receiver, so there is nothing to measure"
    assert np.isnan(read_array(header.effect, block)).all()
    assert header.summaries[0].mean is None
    stopped = study.sweep("residual").cancel()
    stopped.wait()
    header, _ = effects(stopped, stopped.plan.names[-1])
    assert header.note in ("not measured", "")
    same = study.sweep("residual", positions=[0]).wait()
    header, block = effects(same, "L1.resid_pre@0")
    assert header.note.startswith("zero by identity on every pair")
    assert header.summaries[0].mean == 0
    with pytest.raises(MeasurementError, match=r"^This heads map has no patch called 'L9H9'; it"):
        effects(study.sweep("heads"), "L9H9")


def test_a_head_is_shown_on_both_runs_with_a_word_on_the_patch(study):
    result = study.sweep("heads").wait()
    header, _ = told(study, result, "L1H2")
    (pattern,) = header.patterns
    assert (header.map, header.node, header.prompt, header.note) == ("heads", "L1H2", 0, "")
    assert [run.name for run in pattern.runs] == ["clean", "corrupted"]
    assert pattern.note.startswith("`L1H2` is patched at its output")
    assert header.effects.strip.pairs == []
    assert pattern.caption == "pair 1 of 3"


def test_a_path_shows_its_receivers_under_it_and_then_its_sender(study):
    result = study.path(["L2H1.k"]).wait()
    header, block = told(study, result, "L0H3", 2)
    receiving, other, sending = header.patterns
    assert [one.node for one in header.patterns] == ["L2H2", "L2H3", "L0H3"]
    assert [run.name for run in receiving.runs] == ["clean", "corrupted", "patched"]
    assert receiving.runs[2].label == "under L0H3 -> L2H1.k"
    assert receiving.caption == (
        "pair 3 of 3 · patched: L0H3 -> L2H1.k · form pinned · into the corrupted run"
    )
    assert other.note == ""
    assert sending.note.startswith("`L0H3 -> L2H1.k` changes nothing before the pattern of `L0H3`")
    wanted = study.patterns("L2H2", 2, under="L0H3 -> L2H1.k")
    np.testing.assert_allclose(read_array(receiving.weights, block()), wanted, atol=1e-6)


def test_a_forward_map_shows_who_receives(study):
    result = study.paths_from("L0H3").wait()
    header, _ = told(study, result, "L2H1.q")
    assert header.map == "from L0H3"
    assert [one.node for one in header.patterns] == ["L2H1", "L0H3"]
    assert header.patterns[0].runs[-1].name == "patched"


def test_what_is_no_head_has_no_pattern(study):
    header, _ = told(study, study.sweep("mlp").wait(), "L1.mlp_out")
    assert header.patterns == []
    assert header.note == "`L1.mlp_out` is no attention head, so it has no attention pattern."
    header, _ = told(study, study.path(["L1H0.v"]).wait(), "L2H2")
    assert header.note == "`L2H2` cannot reach the receiver, so nothing is patched."
    zeroed, _ = told(study, study.sweep("heads", source="zero").wait(), "L1H2")
    assert zeroed.patterns[0].note == ""
    missing, _ = told(study, study.sweep("heads").wait(), "L1H2", 9)
    assert missing.note == "There is no prompt pair 9: this study has pairs 0 to 2."


def test_effects_do_not_wait_while_the_model_is_measuring(study):
    result = study.sweep("heads").wait()
    begin, held = threading.Event(), threading.Event()

    def hold():
        with study._session.model.measuring():
            held.set()
            begin.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        header = detail(result, study._session, "L1H2", 0, ArrayBlock(), wait=False)
    finally:
        begin.set()
        thread.join()
    assert header.note == (
        "The model is measuring something else; attention patterns come when it has ended."
    )
    assert header.patterns == []
    assert header.effects.summaries[0].mean is not None


def test_views_are_outputs_of_our_type(study):
    result = study.sweep("heads").wait()
    views = [
        (study.attention_view("L1H2", under="L0H1").widget, Attention, "What L1H2 attends to"),
        (result.effects_view("L1H2").widget, PromptEffects, "Effect of L1H2 on every pair"),
        (study.prompts_view(), Prompts, "Prompt pairs"),
    ]
    for widget, kind, title in views:
        bundle = widget.bundle()
        assert list(bundle) == [MIME, "text/html", "image/png", "text/plain"]
        header = kind.model_validate(bundle[MIME]["header"])
        assert header.title == title
        assert bundle["text/plain"].startswith(title)
        assert bundle[MIME]["live_id"] == widget.pw_id


def test_texts_say_what_stands_out(study):
    result = study.sweep("heads").wait()
    said = result.effects_view("L1H2").widget.bundle()["text/plain"]
    assert "logit difference: mean " in said.lower()
    assert " of 3 pairs, from " in said
    said = study.attention_view("L1H2", under="L0H1").widget.bundle()["text/plain"]
    assert "\n  clean run: " in said
    assert "\n  under L0H1: " in said
    assert said.count("%") == 9


def test_a_pattern_follows_the_head_and_the_pair_that_are_chosen(study):
    view = study.attention_view("L1H2", under="L0H1")
    view.widget.set_state({"selection": "L2H0", "prompt": 1})
    until(lambda: view.widget.header["node"] == "L2H0" and view.widget.header["prompt"] == 1)
    assert "under='L0H1'" in view.widget.header["code"]
    view.widget.selection = "L2.mlp_out"
    until(lambda: view.widget.header["note"])
    assert view.widget.header["note"].startswith("`L2.mlp_out` is no attention head")
    assert view.widget.header["node"] == "L2H0"
    view.widget.selection = "L2H1.q"
    until(lambda: view.widget.header["node"] == "L2H1")


def test_effects_follow_the_cell_that_is_selected(study):
    result = study.sweep("heads").wait()
    view = result.effects_view("L1H2")
    view.widget.selection = "L0H1"
    until(lambda: view.widget.header["node"] == "L0H1")
    view.widget.selection = "L0.mlp_out"
    time.sleep(0.1)
    assert view.widget.header["node"] == "L0H1"


def test_they_link_in_the_page(study):
    result = study.sweep("heads").wait()
    view, effects_view = study.attention_view("L1H2"), result.effects_view("L1H2")
    prompts = study.prompts_view()
    for one, name, other in [
        (result.widget, "selection", view.widget),
        (result.widget, "selection", effects_view.widget),
        (effects_view.widget, "prompt", prompts),
        (view.widget, "prompt", prompts),
        (effects_view.widget, "metric", result.widget),
    ]:
        jslink((one, name), (other, name))


def test_a_head_that_is_none_is_refused(study):
    with pytest.raises(PlanError, match=r"^`L1\.mlp_out` is no attention head"):
        study.attention_view("L1.mlp_out")
