"""Circuits on the wavefront, against whole forward passes of TransformerLens with many hooks."""

import numpy as np
import pytest
import torch

from patchwidgets.circuits.circuit import Circuit
from patchwidgets.circuits.result import CircuitResult
from tests.engine.test_hygiene import traces
from tests.families import PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-4
HEADS, LAYERS = 4, 3
NODES = ["L0H1", "L1H2", "L2H0"]


@pytest.fixture(scope="module", params=["gpt2", "pythia", "llama"])
def model(request):
    return tiny(request.param)


@pytest.fixture(scope="module")
def study(model):
    return study_of(model, PAIRS, metric=["logit_diff", "prob"])


def by_hooks(study, overwritten, mlps=(), spared=()):
    """Return the logit difference on the clean prompts with heads and MLPs from the other run.

    Args:
        overwritten: Layer and head.
        mlps: Layers.
        spared: Layer, head and position that stay as they are.
    """
    (group,) = study.prompts.groups
    _, cache = study.model.run_with_cache(group.corrupted)

    def heads_of(layer):
        def write(z, hook):
            kept = z.clone()
            for at, head in overwritten:
                if at == layer:
                    z[:, :, head] = cache[hook.name][:, :, head]
            for at, head, position in spared:
                if at == layer:
                    z[:, position, head] = kept[:, position, head]
            return z

        return write

    hooks = [(f"blocks.{layer}.attn.hook_z", heads_of(layer)) for layer in range(LAYERS)]
    hooks += [
        (f"blocks.{layer}.hook_mlp_out", lambda _, hook: cache[hook.name].clone()) for layer in mlps
    ]
    with torch.inference_mode():
        logits = study.model.run_with_hooks(group.clean, fwd_hooks=hooks)[:, -1]
    right, wrong = (
        torch.tensor(ids)[:, 0]
        for ids in (study.prompts.answers.right, study.prompts.answers.wrong)
    )
    rows = torch.arange(len(right))
    return (logits[rows, right] - logits[rows, wrong]).numpy()


def every_head():
    return [(layer, head) for layer in range(LAYERS) for head in range(HEADS)]


def test_every_run_equals_transformer_lens(study):
    runs = study.circuit(NODES, random=0).runs()
    inside = [(0, 1), (1, 2), (2, 0)]
    rest = [head for head in every_head() if head not in inside]
    wanted = {
        "model": by_hooks(study, []),
        "nothing": by_hooks(study, every_head()),
        "circuit": by_hooks(study, rest),
        "without": by_hooks(study, inside),
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(runs[name], values, atol=TOLERANCE)
    assert len({round(float(one.mean()), 3) for one in wanted.values()}) == 4


def test_counted_mlps_are_overwritten_too(study):
    circuit = study.circuit(["L0H1", "L1.mlp_out"], mlps="counted", random=0).wait()
    rest = [head for head in every_head() if head != (0, 1)]
    runs = circuit.runs()
    np.testing.assert_allclose(runs["circuit"], by_hooks(study, rest, [0, 2]), atol=TOLERANCE)
    np.testing.assert_allclose(runs["without"], by_hooks(study, [(0, 1)], [1]), atol=TOLERANCE)
    np.testing.assert_allclose(
        runs["nothing"], by_hooks(study, every_head(), range(LAYERS)), atol=TOLERANCE
    )


@pytest.mark.parametrize(("place", "position"), [("S2", 10), ("END", 14), (12, 12)])
def test_a_head_kept_at_one_position_is_overwritten_at_the_others(study, place, position):
    circuit = study.circuit([f"L1H2@{place}", "L0H3"], random=0).wait()
    rest = [head for head in every_head() if head != (0, 3)]
    wanted = by_hooks(study, rest, spared=[(1, 2, position)])
    np.testing.assert_allclose(circuit.runs()["circuit"], wanted, atol=TOLERANCE)


def test_a_head_at_two_places_keeps_both(study):
    kept = study.circuit(["L1H2@S2", "L1H2@END"], random=0).runs()["circuit"]
    wanted = by_hooks(study, every_head(), spared=[(1, 2, 10), (1, 2, 14)])
    np.testing.assert_allclose(kept, wanted, atol=TOLERANCE)


def test_the_reference_executor_gives_the_same_numbers(model):
    for nodes in (NODES, ["L1H2@END", "L0H1@S2"]):
        fast = study_of(model, RAGGED).circuit(nodes, random=3)
        slow = study_of(model, RAGGED, executor="reference").circuit(nodes, random=3)
        assert fast.wait().provenance["executor"] == "wavefront"
        assert slow.wait().provenance["executor"].startswith("reference")
        np.testing.assert_allclose(fast.measured.patched(), slow.measured.patched(), atol=TOLERANCE)


def test_the_whole_universe_is_the_model(study):
    names = [f"L{layer}H{head}" for layer, head in every_head()]
    whole = study.circuit(names, random=0)
    kept = whole.faithfulness()
    assert (kept.value, kept.low, kept.high) == pytest.approx((1, 1, 1), abs=1e-12)
    np.testing.assert_array_equal(whole.runs()["circuit"], whole.runs()["model"])
    np.testing.assert_array_equal(whole.runs()["without"], whole.runs()["nothing"])
    assert whole.left().value == 0.0


def test_no_nodes_at_all_carry_nothing(study):
    curve = study.circuit(NODES, random=0).curve()
    assert curve["share"][0] == 0.0
    (alone,) = [study.circuit([NODES[0]], random=0).faithfulness().value]
    assert curve["share"][1] == pytest.approx(alone, abs=1e-9)


def test_what_is_left_without_an_empty_circuit_is_the_model(study):
    """Of a circuit of no nodes, which `study.circuit` refuses: its curve starts there."""
    measured = study.circuit(NODES, random=0).wait()
    whole = measured.circuit.universe
    empty = Circuit((), whole, "live", (), "any", 0, (), (0,))
    assert empty.plan.maps[0].cells[0] == empty.plan.maps[0].cells[1]  # keeps what nothing keeps
    assert empty.plan.maps[0].cells[2] is None  # without it: nothing is overwritten


def test_the_order_of_nodes_changes_nothing(study):
    one = study.circuit(NODES, random=5)
    other = study.circuit(NODES[::-1], random=5)
    assert one.runs().equals(other.runs())
    assert one.random_runs().equals(other.random_runs())
    assert one.faithfulness() == other.faithfulness()


def test_shares_are_ratios_of_means(study):
    circuit = study.circuit(NODES, random=4)
    for metric in ("logit_diff", "prob"):
        runs = circuit.runs(metric).drop(columns="group").mean()
        gap = runs["model"] - runs["nothing"]
        kept, left = circuit.faithfulness(metric), circuit.left(metric)
        if kept.why_not:
            continue
        assert kept.value == pytest.approx((runs["circuit"] - runs["nothing"]) / gap)
        assert left.value == pytest.approx((runs["without"] - runs["nothing"]) / gap)
        assert kept.effect == pytest.approx(runs["circuit"] - runs["nothing"])


def test_both_directions_of_a_study_measure_the_same(model):
    one = study_of(model, PAIRS, direction="denoising").circuit(NODES, random=2)
    other = study_of(model, PAIRS, direction="noising").circuit(NODES, random=2)
    np.testing.assert_allclose(one.measured.patched(), other.measured.patched(), atol=TOLERANCE)


def test_a_circuit_leaves_no_trace():
    model = tiny("llama")
    study = study_of(model, PAIRS)
    study.sweep("heads").wait()
    before = traces(model)
    study.circuit(["L0H1@END", "L1.mlp_out"], mlps="counted").wait()
    assert traces(model) == before


def test_reading_waits_and_a_cancelled_circuit_has_no_number(study, monkeypatch):
    from patchwidgets.engine import execute

    monkeypatch.setattr(execute, "CHUNK_TOKENS", 20)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", 20)
    circuit = study.circuit(NODES, random=20, seed=7)
    circuit.listen(lambda job: job.cancel())
    circuit.wait()
    assert circuit.progress.state == "cancelled"
    assert circuit.progress.done < circuit.progress.total
    assert np.isnan(circuit.chance().p)
    assert np.isnan(circuit.random_runs()["share"]).any()
    assert isinstance(circuit, CircuitResult)


@pytest.mark.parametrize("source", ["zero", "resample"])
def test_other_sources(study, source):
    circuit = study.circuit(NODES, source=source, random=2)
    slow = study_of(study.model, PAIRS, metric=["logit_diff", "prob"], executor="reference")
    wanted = slow.circuit(NODES, source=source, random=2)
    np.testing.assert_allclose(circuit.runs()["circuit"], wanted.runs()["circuit"], atol=TOLERANCE)
    assert circuit.provenance["source"].startswith(source)
    assert circuit.choices["value"] != study.circuit(NODES, random=0).choices["value"]


def test_draws_of_noise_are_averaged_over(model):
    from patchwidgets.prompts.corruptions.gaussian_noise import GaussianNoise

    noise = GaussianNoise(draws=3)
    pairs = {name: PAIRS[name] for name in ("clean", "answers", "wrong_answers", "roles")}
    study = study_of(model, pairs, corruption=noise, at="S2")
    circuit = study.circuit(NODES, random=3)
    assert len(circuit.runs()) == len(PAIRS["clean"])
    assert circuit.measured.draws == 3
    assert np.isfinite(circuit.runs()["circuit"]).all()
    assert circuit.choices["value"].startswith("noise")
