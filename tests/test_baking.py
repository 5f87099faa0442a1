"""Drill-downs that are measured before anybody clicks."""

import json

import pytest

import patchwidgets as pw
from patchwidgets.errors import PlanError
from tests.families import PAIRS, study_of, tiny


@pytest.fixture
def study():
    return study_of(tiny("llama"), PAIRS, store=False)


def strongest(result, n):
    table = result.table("heads")
    return table["node"].head(n).tolist()


def test_the_strongest_heads_are_opened_and_in_the_file(study, tmp_path):
    baking = study.bake(top=2, inputs=("q", "v")).wait()
    heads = strongest(study.results["heads"], 2)
    assert all(f"{head}.q" in study.results for head in heads)
    kv = [f"L{head[1]}H{int(head[3]) // 2}.v" for head in heads]
    assert all(name in study.results for name in kv)
    assert list(study.results) == ["heads", *baking.results]
    assert (baking.state, baking.share, baking.seconds_left) == ("done", 1.0, None)
    assert list(baking.results) == list(baking.cost.receivers)
    stored = json.loads(study.save(tmp_path / "baked.study.json").read_text())
    assert [one["key"] for one in stored["view"]["header"]["maps"]] == list(study.results)


def test_a_view_that_is_shown_gets_them_too(study):
    heads = study.sweep("heads").wait()
    widget = heads.widget
    baking = study.bake(top=2).wait()
    assert [one["key"] for one in widget.header["maps"]] == ["heads", *baking.results]
    states = {one["progress"]["state"] for one in widget.header["maps"]}
    assert states == {"done"}


def test_the_second_level_opens_the_strongest_senders_of_each_map(study):
    baking = study.bake(depth=2, top=1, inputs=["q"]).wait()
    (first,) = strongest(study.results["heads"], 1)
    (second,) = strongest(study.results[f"{first}.q"], 1)
    assert list(baking.results) == [f"{first}.q", f"{second}.q"]


def test_what_is_measured_is_not_measured_again(study):
    before = dict(study.bake(top=2).wait().results)
    again = study.bake(top=2)
    assert again.cost.maps == 0
    assert str(again.cost) == "nothing to measure: every path map asked for is there"
    assert again.wait().results == before
    assert all(study.results[name] is result for name, result in before.items())


def test_the_cost_is_said_first_and_is_that_of_every_map(study):
    study.sweep("heads").wait()
    said = study.bake_cost(depth=2, top=2, inputs=["q"])
    each = [study.cost("path", receivers=[name]) for name in said.receivers]
    assert said.cells == sum(cost.cells for cost in each)
    assert (said.maps, said.more) == (2, 4)
    begins = f"2 path maps, {said.cells} patches, less than a second; then up to 4 more, "
    assert str(said).startswith(begins)
    assert list(study.results) == ["heads"]


def test_it_stops_and_keeps_what_was_measured(study):
    study.sweep("heads").wait()
    baking = study.bake(top=4)
    baking._job.listen(lambda job: baking.cancel() if job.done == 1 else None)
    baking.wait()
    states = [one.progress.state for one in baking.results.values()]
    assert baking.state == "cancelled"
    assert states[0] == "done"
    assert len(states) < len(baking.cost.receivers)
    assert repr(baking).startswith(f"<Baking: {len(states)} path maps measured (cancelled); ")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"inputs": ["z"]},
            "`inputs=['z']` are no inputs of a head. A path map goes into its query, key or value. "
            "Give some of `'q'`, `'k'` and `'v'`.",
        ),
        (
            {"depth": 0},
            "`depth=0, top=5` measures nothing that can be shown: `depth` counts path maps one "
            "behind another, 1 to 4, and `top` heads, at least 1. Try "
            "`study.bake(depth=1, top=5)`.",
        ),
        (
            {"depth": 3, "top": 20},
            "`depth=3, top=20` and 3 inputs are up to 219,660 path maps, more than the 500 that "
            "are measured in one go. Each takes about as long as a sweep. Ask for fewer, such as "
            "`study.bake(depth=2, top=5)`.",
        ),
    ],
)
def test_silly_requests_are_refused_before_anything_is_measured(study, asked, sentence):
    with pytest.raises(PlanError) as refused:
        study.bake(**asked)
    assert str(refused.value) == sentence
    assert study.results == {}


def test_a_saved_study_says_what_was_baked(study, tmp_path):
    study.bake(top=1, inputs=["q"]).wait()
    opened = pw.open_study(study.save(tmp_path / "baked.study.json"))
    assert list(opened.results) == list(study.results)
