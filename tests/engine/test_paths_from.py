"""One sender into every receiver: each cell against the path map of that receiver, and an oracle.

The oracle is `path_oracle.py`, which shares nothing with the engine.
"""

import threading

import numpy as np
import pytest
import torch

from patchwidgets.engine import session
from patchwidgets.engine.group_work import GroupWork
from patchwidgets.errors import PlanError, UnknownNameError
from patchwidgets.results import Result
from patchwidgets.views._explorer import explorer
from tests.engine.path_oracle import Oracle, logit_diff
from tests.families import PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4
FAMILIES = ["gpt2", "llama", "pythia", "gemma2"]
FORMS = ["pinned", "direct", "pinned_all"]


def cells(result):
    """Return by receiver the metric under its path, prompt by prompt."""
    return dict(zip(result.plan.names, result.wait().snapshot().values[0], strict=True))


def one_by_one(study, sender, receivers, form):
    """Return the same from one path map per receiver, of which one cell is read."""
    found = {}
    for receiver in receivers:
        kinds = {"z": "heads", "mlp_out": "mlp", "embed": "embed", "attn_out": "attn"}
        into = study.path([receiver], form=form, senders=list(kinds.values())).wait()
        place = into.plan.names.index(sender)
        found[receiver] = into.snapshot().values[0][place]
    return found


@pytest.mark.parametrize("direction", ["denoising", "noising"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_cell_is_that_of_the_path_map_of_its_receiver(family, form, direction):
    study = study_of(tiny(family), PAIRS, direction=direction)
    forward = study.paths_from("L0H1", form=form).wait()
    assert forward.provenance["executor"] == "wavefront"
    found = cells(forward)
    assert {"L1H0.q", "L2H1.k", "L2H0.v", "L2.mlp_in", "logits"} <= set(found)
    some = ["L1H0.q", "L2H1.k", "L1H1.v", "L2.mlp_in", "logits"]
    for receiver, wanted in one_by_one(study, "L0H1", some, form).items():
        np.testing.assert_allclose(found[receiver], wanted, atol=TOLERANCE, err_msg=receiver)


@pytest.mark.parametrize("sender", ["embed", "L0.mlp_out", "L0.attn_out", "L1H2"])
@pytest.mark.parametrize("family", ["gpt2", "pythia"])
def test_all_kinds_of_senders(family, sender):
    study = study_of(tiny(family), PAIRS)
    found = cells(study.paths_from(sender))
    some = [name for name in found if "L2" in name or name == "logits"][::4]
    for receiver, wanted in one_by_one(study, sender, some, "pinned").items():
        np.testing.assert_allclose(found[receiver], wanted, atol=TOLERANCE, err_msg=receiver)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("sender", ["L0H1@S2", "L0.mlp_out"])
def test_pinned_cells_equal_the_oracle(family, sender):
    study = study_of(tiny(family), PAIRS)
    (group,) = study.prompts.groups
    result = study.paths_from(sender, positions=["S2", "END"]).wait()
    values = result.snapshot().values[0]
    with torch.inference_mode():
        oracle = Oracle(study.model, group.corrupted, group.clean, group.roles)
        for index, patch in enumerate(result.plan.patches):
            wanted = logit_diff(study, oracle.logits(patch.path))
            np.testing.assert_allclose(values[index], wanted, atol=TOLERANCE, err_msg=str(patch))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_cell_equals_the_reference_executor(family, form, monkeypatch):
    fast = study_of(tiny(family), PAIRS).paths_from("L0H3", form=form).wait()
    monkeypatch.setattr(session, "replay_problem", lambda *_: "this test asks for it")
    slow = study_of(tiny(family), PAIRS).paths_from("L0H3", form=form).wait()
    assert slow.provenance["executor"] == "reference: this test asks for it"
    np.testing.assert_allclose(fast.snapshot().values, slow.snapshot().values, atol=TOLERANCE)


@pytest.mark.parametrize("form", FORMS)
def test_on_by_way_of_another_head(form):
    study = study_of(tiny("llama"), PAIRS)
    result = study.paths_from("L0H1 -> L1H2.q", form=form).wait()
    assert result.plan.origin == "L0H1 -> L1H2.q"
    found = cells(result)
    for receiver in ("L2H0.q", "L2H1.v", "L1.mlp_in", "logits"):
        into = study.path([receiver], through=["L1H2.q"], form=form).wait()
        wanted = into.snapshot().values[0][into.plan.names.index("L0H1")]
        np.testing.assert_allclose(found[receiver], wanted, atol=TOLERANCE, err_msg=receiver)


def test_prompts_of_two_lengths_equal_each_length_alone():
    both = study_of(tiny("llama"), RAGGED).paths_from("L0H1").patched(map="v")
    alone = study_of(tiny("llama"), PAIRS).paths_from("L0H1").patched(map="v")
    np.testing.assert_allclose(both.isel(prompt=slice(0, 3)), alone, atol=TOLERANCE)


def test_a_plan_may_mix_senders_and_sets_of_receivers():
    """Nothing in the engine asks for one sender or one set of receivers per plan."""
    study = study_of(tiny("gpt2"), PAIRS)
    for form in FORMS:
        plans = [
            study.plan("path", receivers=["L1H0.v", "L2H1.q"], form=form),
            study.plan("path", receivers=["L2H3.k"], through=["L1H2.v"], form=form),
            study.plan("path", receivers=["logits"], form=form),
        ]
        whole = type(plans[0])(
            "path", tuple(patch for plan in plans for patch in plan.patches), (), form
        )
        mixed = study._start(whole, "").wait().snapshot().values[0]
        parts = [study._start(plan, "").wait().snapshot().values[0] for plan in plans]
        np.testing.assert_allclose(mixed, np.concatenate(parts), atol=TOLERANCE)


def test_what_comes_before_the_sender_is_nan_and_named():
    study = study_of(tiny("llama"), PAIRS)
    result = study.paths_from("L1H0")
    q, k, mlp = result.effect(map="q"), result.effect(map="k"), result.effect(map="mlp_in")
    assert q.dims == ("layer", "head", "prompt")
    assert k.dims == ("layer", "kv_head", "prompt")
    assert k.sizes["kv_head"] == 2
    assert np.isnan(q[:2]).all()
    assert np.isfinite(q[2]).all()
    assert np.isnan(mlp[0]).all()
    assert np.isfinite(mlp[1:]).all()
    assert result.effect(map="logits").dims == ("prompt",)
    assert str(q.node[2, 3].item()) == "L2H3.q"
    assert str(q.node[0, 0].item()) == ""


def test_a_parallel_block_reads_its_attention_nowhere():
    result = study_of(tiny("pythia"), PAIRS).paths_from("L1H0")
    assert np.isnan(result.effect(map="mlp_in")[:2]).all()


def test_it_is_saved_and_comes_back(tmp_path):
    study = study_of(tiny("llama"), PAIRS)
    result = study.paths_from("L0H1@S2", receivers=["v", "logits"]).wait()
    again = Result.load(result.save(tmp_path / "forward.json"))
    assert again.plan == result.plan
    assert again.plan.names == result.plan.names
    assert set(again.table()["node"]) == set(result.plan.names)
    assert (
        "study.paths_from('L0H1@S2', receivers=['v', 'logits'], form='pinned')"
        in (again.provenance["code"])
    )


def test_it_shows_itself_as_one_map():
    header, _ = explorer([study_of(tiny("llama"), PAIRS).paths_from("L0H1").wait()])
    (one,) = header.maps
    assert (one.key, one.title) == ("from L0H1", "Where does L0H1 write to?")
    assert one.columns.labels == ["q0", "q1", "q2", "q3", "k0", "k1", "v0", "v1", "MLP"]
    assert one.rows.labels == ["L0", "L1", "L2", "logits"]
    assert one.rows.parts[1] + one.columns.parts[5] == "L1H1.k"
    assert one.names == {27: "logits"}


def test_cells_are_kept_and_shared_with_path_maps(tmp_path, monkeypatch):
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    study = study_of(tiny("llama"), PAIRS, store=True)
    first = study.paths_from("L0H1").wait()
    again = study.paths_from("L0H1").wait()
    assert again.provenance["cells_from_store"] == len(first.plan.patches)
    np.testing.assert_array_equal(first.snapshot().values, again.snapshot().values)


def test_its_cost_counts_the_way_of_the_sender_once():
    study = study_of(tiny("llama"), PAIRS)
    plan = study.plan("paths_from", sender="L0H1")
    assert study.cost(plan).cells == len(plan.patches)
    (runs,) = study._session._runs
    work = GroupWork(study._session.model, plan, runs, fast=True)
    assert {route.shared_by for route in work.routes} == {len(plan.patches)}
    assert len({id(route.sender) for route in work.routes}) == 1


def test_it_is_cancelled_like_any_other():
    study = study_of(tiny("llama"), PAIRS)
    begin = threading.Event()
    study._session.model.worker.call(begin.wait)
    result = study.paths_from("L0H1")
    result.cancel()
    begin.set()
    assert np.isnan(result.effect(map="q")).all()
    assert result.progress.state == "cancelled"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"sender": "L0H1.q"},
            "^`L0H1.q` cannot send. A sender is what writes to the residual stream: a head such "
            "as `L20H0`, `L20.mlp_out` or its neurons `L20.mlp_post.7.`, `L20.attn_out` or "
            "`embed`. Use `L0H1`; for where a head writes because of one of its inputs, name the "
            "way there, such as `L17H4 -> L20H0.k`.$",
        ),
        (
            {"sender": ""},
            "^`sender` is missing, so no path has a beginning. Name what sends, such as "
            '`study.plan."paths_from", sender="L20H0".`.$',
        ),
        ({"sender": "L7H0"}, "^`L7H0` is in layer 7, but `tiny-llama` has layers 0 to 2.$"),
        ({"sender": "L0H9"}, "^`L0H9` is head 9, but `tiny-llama` has heads 0 to 3 at the site"),
        ({"sender": "L0H1, L0H2 -> L1H0.q"}, "^`L0H1, L0H2 -> L1H0.q` begins at several senders"),
        ({"sender": "L2H1 -> L1H0.q"}, "^`L2H1` cannot reach `L1H0.q`, which reads the residual"),
        (
            {"sender": "L0.mlp_post[60:65]"},
            "^`L0.mlp_post.60:65.` names neurons that do not exist: the MLPs of `tiny-llama` have "
            "64, so the first is 0 and the last 63.$",
        ),
        ({"sender": "L0H1@S9"}, "S9"),
        ({"sender": "L0H1", "receivers": []}, "^`receivers` is empty, so no path has an end."),
        (
            {"sender": "L2H1", "receivers": ["q", "k"]},
            "^`L2H1` reaches no receiver of the kinds `q`, `k`: nothing of them comes after it. "
            'Add `"logits"`, which everything reaches, or ask for an earlier sender.$',
        ),
    ],
)
def test_what_makes_no_forward_map_is_refused(asked, message):
    study = study_of(tiny("llama"), PAIRS)
    with pytest.raises(PlanError, match=message):
        study.paths_from(asked.pop("sender"), **asked)


def test_unknown_names_are_refused():
    study = study_of(tiny("llama"), PAIRS)
    with pytest.raises(UnknownNameError, match="kind of receiver"):
        study.paths_from("L0H1", receivers=["z"])
    with pytest.raises(UnknownNameError, match="form of path patching"):
        study.paths_from("L0H1", form="edge")


def test_gradients_do_not_estimate_it():
    study = study_of(tiny("llama"), PAIRS)
    with pytest.raises(PlanError, match="every sender of one set of receivers, and this map has"):
        study.estimate("paths_from", sender="L0H1")
