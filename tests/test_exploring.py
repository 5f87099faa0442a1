"""A study that is explored: what can be asked, in which settings, and what waits for what."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from ipywidgets import Widget

import patchwidgets as pw
from patchwidgets.errors import PlanError
from patchwidgets.views._wire import ArrayRef, read_array
from tests.engine.test_buckets import FACTS
from tests.families import FAMILIES, PAIRS, bridge_of, study_of, tiny
from tests.models.tiny_ioi import ioi_study

COPIED = json.loads((Path(__file__).parent / "fixtures" / "copied_circuits.json").read_text())
"""What a reader pins and the call that a page copies: see `js/tests/exploring-circuit.test.ts`."""

ASKED = {"setting": "", "limit": 0}
DRILL = {"command": "drill", "receiver": "L1H0.q", "sender": "", "form": "", **ASKED}
CIRCUIT = {"command": "circuit", "nodes": ["L1H1", "L2H0"], "paths": [], **ASKED}


@pytest.fixture
def study():
    return study_of(tiny("llama"), PAIRS, store=False)


@pytest.fixture
def explored(study):
    shown = study.explore()
    shown.results["heads"].wait()
    yield shown
    Widget.close_all()


def sweep(tab, **changes):
    asked = {"direction": "denoising", "corruption": "as given", "metrics": ["logit_diff"]}
    return {"command": "sweep", "tab": tab, "now": False, **asked, **changes}


def ask(explored, command):
    """Carry out a command as if a reader had asked for it, and wait for what it measures."""
    explored._answer(command)
    for result in explored.results.values():
        result.wait()
    return list(explored.results)


def test_offers_every_map_that_the_model_has(explored):
    tabs = explored.widget.header["offers"]["tabs"]
    assert {tab["group"] for tab in tabs} == {"Heads", "Residual", "MLP", "Attention"}
    assert tabs[0]["key"] == "heads"
    assert "study.sweep('heads', site='k')" in [tab["code"] for tab in tabs]


def test_says_what_maps_take_once_the_first_is_measured(explored):
    deadline = time.monotonic() + 20
    costs = {}
    while time.monotonic() < deadline and not costs.get("residual"):
        costs = {tab["key"]: tab["cost"] for tab in explored.widget.header["offers"]["tabs"]}
        time.sleep(0.05)
    assert costs["residual"] == "less than a second"


def until(explored, found):
    """Wait until a function of the tabs, by key, returns something true."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        seen = found({one["key"]: one for one in explored.widget.header["offers"]["tabs"]})
        if seen:
            return seen
        time.sleep(0.05)
    raise AssertionError("not within 60 s")


def test_says_what_maps_of_queries_keys_and_values_take(explored):
    assert until(explored, lambda tabs: tabs["heads k"]["cost"]) == "less than a second"
    assert until(explored, lambda tabs: tabs["heads q"]["seconds"]) > 0


def test_says_what_maps_take_in_a_setting_once_it_is_open(explored):
    ask(explored, sweep("mlp", direction="noising"))
    (known,) = until(explored, lambda tabs: tabs["heads v"]["elsewhere"])
    assert known["setting"] == "noising: "
    assert known["cost"] == "less than a second"
    assert known["seconds"] > 0


def test_measures_another_first_map(explored):
    assert ask(explored, sweep("residual")) == ["heads", "residual"]
    header = explored.widget.header
    assert [one["key"] for one in header["maps"]] == ["heads", "residual"]
    assert header["maps"][1]["call"] == "study.sweep('residual')"
    assert header["maps"][1]["progress"]["state"] == "done"


def test_measures_in_another_direction_what_a_study_in_it_measures(explored, study):
    ask(explored, sweep("heads", direction="noising"))
    result = explored.results["noising: heads"]
    assert result.direction == "noising"
    alone = study._again(direction="noising").sweep("heads")
    assert result.effect().equals(alone.effect())
    settings = explored.widget.header["settings"]
    assert [one["key"] for one in settings] == ["", "noising: "]
    assert "direction='noising'" in settings[1]["code"]
    assert settings[1]["strip"] is None


def test_what_other_settings_measured_is_saved_with_the_study(explored, study, tmp_path):
    ask(explored, sweep("heads", direction="noising"))
    ask(explored, {**DRILL, "setting": "noising: "})
    assert list(study.results) == ["heads", "noising: heads", "noising: L1H0.q"]
    opened = pw.open_study(study.save(tmp_path / "both.study.json"))
    assert list(opened.results) == list(study.results)
    assert opened.results["noising: heads"].direction == "noising"
    again = opened.reopen(study.model)
    assert again.results["heads"].study is again
    assert again.results["noising: heads"].study is None


def test_reads_another_metric_in_a_setting_of_its_own(explored):
    ask(explored, sweep("heads", metrics=["logit_diff", "kl_div"]))
    shown = explored.widget.header["maps"][1]
    assert shown["key"] == "logit_diff + kl_div: heads"
    assert [metric["name"] for metric in shown["metrics"]] == ["logit_diff", "kl_div"]


@pytest.mark.parametrize("copied", COPIED, ids=lambda one: ", ".join(one["pins"]))
def test_what_is_copied_of_a_circuit_is_what_was_measured(explored, study, copied):
    paths = [pin for pin in copied["pins"] if "->" in pin]
    nodes = [pin for pin in copied["pins"] if pin not in paths]
    ask(explored, {**DRILL, "receiver": "L2H0.q"})
    explored._answer({**CIRCUIT, "nodes": nodes, "paths": paths})
    scope = {"study": study, "result": explored.results["heads"]}
    exec(f"circuit = {copied['call']}", scope)
    made, shown = scope["circuit"], explored.circuit.wait()
    assert made.runs().equals(shown.runs())
    assert made.curve().equals(shown.curve())
    assert [path.name for path in made.paths] == paths
    call = explored.widget.header["circuit"]["code"].rpartition("\ncircuit = ")[2]
    assert call.replace("order=study.sweep('heads')", "order=result") == copied["call"]
    table = explored.results["L2H0.q"].table().set_index("node")["logit_diff_effect"]
    assert [path.effect for path in shown.paths] == [table[one.split()[0]] for one in paths]


@pytest.mark.parametrize(
    ("ends", "key", "plan"),
    [
        ({"receiver": "L2H0.q"}, "L2H0.q", ("path", {"receivers": ["L2H0.q"]})),
        ({"receiver": "", "sender": "L0H1"}, "from L0H1", ("paths_from", {"sender": "L0H1"})),
    ],
)
def test_a_map_that_takes_longer_than_its_limit_is_not_begun(explored, study, ends, key, plan):
    name, options = plan
    seconds = study.cost(name, **options).seconds
    assert ask(explored, {**DRILL, **ends, "limit": seconds / 2}) == ["heads"]
    said = {"key": key, "cost": "less than a second", "seconds": seconds}
    assert explored.widget.header["doubts"] == [said]
    assert ask(explored, {**DRILL, **ends, "limit": 2 * seconds}) == ["heads", key]
    assert explored.widget.header["doubts"] == []


def test_without_a_limit_everything_is_begun(explored):
    assert ask(explored, {**DRILL, "limit": 1e-9}) == ["heads"]
    assert ask(explored, DRILL) == ["heads", "L1H0.q"]


def test_a_circuit_that_takes_longer_than_its_limit_is_not_begun(explored):
    explored._answer({**CIRCUIT, "limit": 1e-9})
    assert explored.circuit is None
    (doubt,) = explored.widget.header["doubts"]
    assert doubt["key"] == "circuit L1H1, L2H0"
    assert doubt["seconds"] > 1e-9
    explored._answer({**CIRCUIT, "limit": 2 * doubt["seconds"]})
    assert explored.circuit is not None
    assert explored.widget.header["doubts"] == []


def test_what_something_takes_is_said_while_another_thing_is_measured(explored, study):
    with study._session.model.measuring():
        for command in (DRILL, CIRCUIT):
            asking = threading.Thread(
                target=explored._answer, args=({**command, "limit": 1e-9},), daemon=True
            )
            asking.start()
            asking.join(60)
        keys = [one["key"] for one in explored.widget.header["doubts"]]
    assert keys == ["L1H0.q", "circuit L1H1, L2H0"]


def test_a_circuit_says_in_which_setting_it_was_measured(explored):
    assert explored.widget.header["circuit_setting"] is None
    explored._answer(CIRCUIT)
    assert explored.widget.header["circuit_setting"] == ""
    keys = ask(explored, sweep("heads", corruption="gaussian_noise"))
    setting = keys[-1].removesuffix("heads")
    explored._answer({**CIRCUIT, "setting": setting})
    explored.circuit.wait()
    assert explored.widget.header["circuit_setting"] == setting != ""


def test_copies_the_sweep_that_gave_the_order(explored, study):
    some = study.sweep("heads", estimate="attribution", top=3).wait()
    line = study.circuit(["L1H1"], random=0, order=some).code.splitlines()[-1]
    assert line == (
        "circuit = study.circuit(['L1H1'], random=0, "
        "order=study.sweep('heads', estimate='attribution', top=3))"
    )


def test_compares_a_map_in_all_settings_that_were_measured(explored):
    explored._answer({"command": "compare", "tab": "heads"})
    assert explored.widget.header["comparison"] is None
    ask(explored, sweep("heads", direction="noising"))
    header = explored.widget.header
    assert header["compared"] == "heads"
    compared = header["comparison"]
    assert [one["label"] for one in compared["methods"]] == ["denoising", "noising"]
    block = explored.widget.block
    shown = read_array(ArrayRef(**compared["maps"][1]["effect"]), block)
    alone = read_array(ArrayRef(**header["maps"][1]["effect"]), block)
    np.testing.assert_array_equal(shown, alone)
    assert compared["findings"]


def test_opens_paths_in_the_setting_and_form_that_were_asked_for(explored):
    ask(explored, sweep("heads", direction="noising"))
    keys = ask(explored, {**DRILL, "setting": "noising: ", "form": "direct"})
    assert keys[-1] == "noising: L1H0.q (direct)"
    result = explored.results[keys[-1]]
    assert (result.direction, result.plan.form) == ("noising", "direct")


def test_opens_all_inputs_of_a_head_together(explored):
    together = ask(explored, {**DRILL, "receiver": "L1H0.q, L1H0.k, L1H0.v"})[-1]
    assert together == "L1H0.q, L1H0.k, L1H0.v"


def test_what_is_here_is_not_measured_again(explored):
    first = explored.results["heads"]
    assert ask(explored, sweep("heads")) == ["heads"]
    assert explored.results["heads"] is first


def test_a_stopped_map_is_measured_with_its_pairs_when_it_is_asked_for_again(study):
    begin = threading.Event()
    study._session.model.worker.call(begin.wait)
    explored = study.explore()
    explored._answer({"command": "pair", "map": "heads", "prompt": 1})
    explored._answer({"command": "cancel", "key": "heads"})
    assert explored.widget.header["maps"][0]["progress"]["state"] == "cancelled"
    begin.set()
    assert ask(explored, sweep("heads")) == ["heads"]
    assert explored.widget.header["maps"][0]["progress"]["state"] == "done"
    assert [one["prompt"] for one in explored.widget.header["pair_maps"]] == [1]
    Widget.close_all()


def test_what_is_asked_for_now_stops_the_others(study):
    begin = threading.Event()
    study._session.model.worker.call(begin.wait)
    explored = study.explore()
    explored._answer(sweep("mlp"))
    explored._answer(sweep("residual", now=True))
    begin.set()
    explored.results["residual"].wait()
    states = {key: one.progress.state for key, one in explored.results.items()}
    assert states == {"heads": "cancelled", "mlp": "cancelled", "residual": "done"}
    Widget.close_all()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (sweep("hedas"), "There is no map called 'hedas'. Did you mean `heads`?"),
        (sweep("heads", direction="up"), "There is no direction called 'up'."),
        (
            sweep("heads", corruption="none"),
            "There is no corruption called 'none'. Known: `as given`, `gaussian_noise`, "
            "`matched_noise`, `uniform_noise`.",
        ),
        (sweep("heads", metrics=["logit"]), "There is no metric called 'logit'."),
        ({**DRILL, "receiver": "L9H9.q"}, "L9H9.q"),
        ({**DRILL, "form": "loose"}, "There is no form of path patching called 'loose'."),
    ],
)
def test_what_cannot_be_measured_is_said_in_the_view(explored, command, sentence):
    assert ask(explored, command) == ["heads"]
    assert explored.widget.header["advice"][0].startswith(sentence) or (
        sentence in explored.widget.header["advice"][0]
    )


def test_a_result_by_itself_offers_no_other_first_maps(study):
    result = study.sweep("heads").wait()
    assert result.widget.header["offers"] is None
    assert result.widget.header["settings"] == []
    Widget.close_all()


def test_offers_maps_by_the_parts_of_a_span_where_prompts_have_one(explored):
    assert not any("bucket" in tab["key"] for tab in explored.widget.header["offers"]["tabs"])
    model = bridge_of(FAMILIES["gpt2"](), "own")  # costs are found out after this test, too
    facts = study_of(model, FACTS, store=False).explore()
    offered = {tab["key"]: tab["label"] for tab in facts.widget.header["offers"]["tabs"]}
    assert offered["mlp by bucket"] == "by bucket"
    keys = ask(facts, sweep("mlp by bucket"))
    result = facts.results[keys[-1]]
    assert result.plan.buckets is not None
    assert np.isfinite(result.snapshot().values).any()


def test_nodes_that_were_pinned_are_saved_with_what_they_carry(explored):
    assert explored.pin("L1H0", "L0H1") is explored
    explored.circuit.wait()
    assert explored.widget.pins == ["L1H0", "L0H1"]
    saved = explored.widget.bundle()["application/vnd.patchwidgets.v1+json"]["header"]["circuit"]
    assert {one["name"] for one in saved["nodes"]} == {"L1H0", "L0H1"}
    assert saved["progress"]["state"] == "done"
    assert saved["metrics"][0]["kept"]["value"] == explored.circuit.faithfulness().value


def test_a_node_that_does_not_exist_is_not_pinned(explored):
    with pytest.raises(PlanError) as refused:
        explored.pin("L9H0")
    assert str(refused.value) == "`L9H0` is in layer 9, but `tiny-llama` has layers 0 to 2."
    assert explored.widget.pins == []
    assert explored.circuit is None


def test_other_corruptions_are_measured_on_the_prompts_of_the_first_map():
    shown = ioi_study(n=6, known=True, store=False).explore("mlp")
    (first,) = shown.results.values()
    ask(shown, sweep("mlp", corruption="gaussian_noise at S2"))
    ask(shown, sweep("mlp", corruption="token_replacement at ABC"))
    _, *others = shown.results.values()
    assert len(others) == 2
    for other in others:
        texts = [[p["clean"] for p in one.provenance["prompts"]] for one in (first.wait(), other)]
        assert texts[0] == texts[1]
    Widget.close_all()
