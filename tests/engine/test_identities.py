"""What must hold on any model: facts that need no second implementation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchwidgets.engine import execute
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from tests.families import EVERY_FAMILY, FAMILIES, PAIRS, RAGGED, study_of, tiny

TOLERANCE = 1e-5
DIRECTIONS = ["denoising", "noising"]
few = settings(max_examples=2, deadline=None, derandomize=True)
every_family = pytest.mark.parametrize("family", sorted(FAMILIES))


def plan_of(*patches):
    """Return a plan whose patches are the given lists of nodes."""
    made = tuple(Patch(nodes=tuple(nodes)) for nodes in patches)
    cells = tuple(range(len(made)))
    return Plan("own", made, (PlanMap("own", (Axis("patch", cells),), cells),))


def measured(study, *patches):
    """Return patch by prompt: the first metric under each patch."""
    return study.sweep(lambda spec, shape: plan_of(*patches)).patched().to_numpy()


def chosen(pairs, order):
    """Return some prompt pairs, in the given order."""
    return {
        name: value if name == "roles" and isinstance(value["S2"], int) else picked(value, order)
        for name, value in pairs.items()
    }


def picked(value, order):
    if isinstance(value, dict):
        return {role: picked(places, order) for role, places in value.items()}
    return [value[index] for index in order]


@every_family
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_patching_nothing_is_the_base_run_and_everything_the_source_run(family, direction):
    study = study_of(tiny(family), PAIRS, direction=direction)
    baseline = study._baseline
    blocks = [Node(site, layer) for layer in range(3) for site in ("attn_out", "mlp_out")]
    nothing, embed, first, last, parts = measured(
        study,
        [Node("resid_pre", 0, None, 3)],
        [Node("embed")],
        [Node("resid_pre", 0)],
        [Node("resid_post", 2)],
        [Node("embed"), *blocks],
    )
    np.testing.assert_array_equal(nothing, baseline.base(direction)[0])
    for everything in (embed, first, last, parts):
        np.testing.assert_allclose(everything, baseline.source(direction)[0], atol=TOLERANCE)


@every_family
def test_patching_twice_is_patching_once(family):
    study = study_of(tiny(family), PAIRS)
    for node in (
        Node("z", 1, 2),
        Node("q", 1, 1),
        Node("mlp_out", 1),
        Node("resid_pre", 1, None, 10),
    ):
        once, twice = measured(study, [node], [node, node])
        np.testing.assert_allclose(once, twice, atol=TOLERANCE)


@every_family
def test_all_heads_together_are_the_attention_output(family):
    study = study_of(tiny(family), PAIRS)
    heads, whole = measured(study, [Node("z", 1, head) for head in range(4)], [Node("attn_out", 1)])
    np.testing.assert_allclose(heads, whole, atol=TOLERANCE)


@every_family
def test_all_positions_one_by_one_are_all_positions(family):
    study = study_of(tiny(family), PAIRS)
    for site, head in (("z", 2), ("mlp_out", None), ("resid_pre", None)):
        apart, together = measured(
            study, [Node(site, 1, head, at) for at in range(15)], [Node(site, 1, head)]
        )
        np.testing.assert_allclose(apart, together, atol=TOLERANCE)


@every_family
@pytest.mark.parametrize("site", ["z", "k"])
def test_noising_is_denoising_with_the_runs_exchanged(family, site):
    exchanged = PAIRS | {"clean": PAIRS["corrupted"], "corrupted": PAIRS["clean"]}
    there = study_of(tiny(family), PAIRS, direction="denoising")
    back = study_of(tiny(family), exchanged, direction="noising")
    for result in ("sweep", "path"):
        one, other = (
            study.sweep("heads", site=site) if result == "sweep" else study.path(["L2H1.v"])
            for study in (there, back)
        )
        np.testing.assert_allclose(one.patched(), other.patched(), atol=TOLERANCE)
        np.testing.assert_allclose(one.normalized(), other.normalized(), atol=1e-3)


@few
@given(order=st.permutations(range(4)))
def test_prompts_in_another_order_have_the_same_numbers(order):
    plain = study_of(tiny("llama"), RAGGED)
    permuted = study_of(tiny("llama"), chosen(RAGGED, order))
    for make in (lambda s: s.sweep("heads", positions="roles"), lambda s: s.path(["L2H0.k"])):
        np.testing.assert_allclose(
            make(permuted).patched(),
            make(plain).patched().isel(prompt=list(order)),
            atol=TOLERANCE,
        )


@few
@given(members=st.sets(st.integers(0, 3), min_size=1, max_size=3))
def test_other_prompts_change_no_prompts_numbers(members):
    kept = sorted(members)
    every = study_of(tiny("llama"), RAGGED)
    some = study_of(tiny("llama"), chosen(RAGGED, kept))
    for make in (lambda s: s.sweep("heads"), lambda s: s.path(["L2H1.v"])):
        np.testing.assert_allclose(
            make(some).patched(), make(every).patched().isel(prompt=kept), atol=TOLERANCE
        )


@pytest.mark.parametrize("tokens", [30, 10_000])
@pytest.mark.parametrize("pairs", [PAIRS, RAGGED], ids=["one length", "two lengths"])
def test_the_size_of_the_chunks_changes_nothing(monkeypatch, pairs, tokens):
    study = study_of(tiny("llama"), pairs)
    sweeps = (
        lambda: study.sweep("heads", positions="roles"),
        lambda: study.sweep("mlp"),
        lambda: study.path(["logits"]),
        lambda: study.path(["L1H0.q", "L2H1.k"]),
    )
    wanted = [sweep().patched() for sweep in sweeps]
    monkeypatch.setattr(execute, "CHUNK_TOKENS", tokens)
    monkeypatch.setattr(execute, "SMALL_CHUNK_TOKENS", tokens)
    for sweep, values in zip(sweeps, wanted, strict=True):
        np.testing.assert_allclose(sweep().patched(), values, atol=TOLERANCE)


@few
@given(data=st.data())
def test_the_order_of_a_plan_and_its_company_change_no_cell(data):
    study = study_of(tiny("gpt2"), PAIRS)
    cells = [
        [Node("z", layer, head, at)]
        for layer in range(3)
        for head in (0, 3)
        for at in (None, 10, 14)
    ] + [[Node("resid_mid", 1), Node("mlp_out", 2)], [Node("resid_post", 2, None, 14)]]
    wanted = measured(study, *cells)
    some = data.draw(
        st.lists(st.sampled_from(range(len(cells))), min_size=1, max_size=8, unique=True)
    )
    np.testing.assert_allclose(
        measured(study, *(cells[one] for one in some)), wanted[some], atol=TOLERANCE
    )


def test_several_metrics_of_one_run_are_those_of_a_run_each():
    names = ["prob", "logit_diff", "kl_div", "logprob"]
    together = study_of(tiny("llama"), RAGGED, metric=names)
    heads, paths = together.sweep("heads"), together.path(["L2H1.v"])
    for name in names:
        alone = study_of(tiny("llama"), RAGGED, metric=name)
        for one, all_of_them in ((alone.sweep("heads"), heads), (alone.path(["L2H1.v"]), paths)):
            np.testing.assert_allclose(one.patched(), all_of_them.patched(name), atol=TOLERANCE)
            clean = all_of_them.baseline.clean[names.index(name)]
            np.testing.assert_allclose(one.baseline.clean[0], clean, atol=TOLERANCE)


@every_family
def test_the_last_sender_into_the_logits_equals_a_plain_patch(family):
    study = study_of(tiny(family), PAIRS)
    path = study.path(["logits"])
    plain_heads, plain_mlps = study.sweep("heads").patched(), study.sweep("mlp").patched()
    np.testing.assert_allclose(path.patched(map="mlp")[-1], plain_mlps[-1], atol=TOLERANCE)
    np.testing.assert_allclose(path.patched()[-1], plain_heads[-1], atol=TOLERANCE)


def test_a_path_map_into_the_logits_has_every_sender():
    result = study_of(tiny("llama"), PAIRS).path(["logits"])
    assert [plan_map.name for plan_map in result.plan.maps] == ["heads", "mlp", "embed"]
    assert result.effect().shape == (3, 4, 3)
    assert result.effect(map="mlp").shape == (3, 3)
    embed = result.effect(map="embed")
    assert embed.dims == ("prompt",)
    # The answer is read at a position where the two prompts have the same word, and every head
    # that could carry the difference there is frozen.
    np.testing.assert_allclose(embed, 0, atol=TOLERANCE)
    assert np.isfinite(result.patched()).all()


@every_family
@pytest.mark.parametrize("site", ["k", "v"])
def test_the_embedding_into_the_first_block_is_a_plain_patch_of_what_it_feeds(family, site):
    study = study_of(tiny(family), PAIRS)
    path = study.path([f"L0H1.{site}"]).patched(map="embed")
    plain = study.sweep("heads", site=site).patched()[0, 1]
    np.testing.assert_allclose(path, plain, atol=TOLERANCE)


@every_family
def test_a_role_before_the_first_difference_of_other_prompts_is_left_alone(family):
    """Each prompt is patched at its own position, also where another prompt differs earlier."""
    ragged_role = PAIRS | {"roles": {"place": [7, 13, 11]}}
    together = study_of(tiny(family), ragged_role)
    for site in ("z", "v"):
        both = together.sweep("heads", site=site, positions=["place"]).patched()
        for index in range(3):
            alone = chosen(PAIRS, [index]) | {
                "roles": {"place": ragged_role["roles"]["place"][index]}
            }
            one = study_of(tiny(family), alone).sweep("heads", site=site, positions=["place"])
            np.testing.assert_allclose(
                both.isel(prompt=[index]), one.patched(), atol=TOLERANCE, err_msg=f"prompt {index}"
            )


@pytest.mark.parametrize("site", ["q", "v"])
@pytest.mark.parametrize("place", ["@4", "@8", "@early"])
def test_a_receiver_before_the_first_difference_receives_nothing(site, place):
    early = PAIRS | {"roles": {"early": [7, 4, 8]}}
    study = study_of(tiny("llama"), early)
    effect = study.path([f"L2H1.{site}{place}"]).effect()
    np.testing.assert_allclose(effect[:2], 0, atol=TOLERANCE)


def test_prompts_that_differ_from_the_first_token_on():
    pairs = {
        "clean": ["Mary gave a bag to", "John gave a ring to"],
        "corrupted": ["John gave a bag to", "Mary gave a ring to"],
        "answers": [" Mary", " John"],
        "wrong_answers": [" John", " Mary"],
    }
    study = study_of(tiny("llama"), pairs, prepend_bos=False)
    assert study.prompts.groups[0].first_difference == 0
    values = study.sweep("residual").wait()
    assert values.provenance["executor"] == "wavefront"
    np.testing.assert_allclose(
        values.patched()[0, 0], study._baseline.source("denoising")[0], atol=TOLERANCE
    )


@pytest.mark.parametrize("family", EVERY_FAMILY)
def test_all_direct_edges_of_a_sender_are_the_plain_patch(family):
    """Everything that reads the stream after it, and the logits, are let know."""
    study = study_of(tiny(family), PAIRS, store=False)
    spec = study._session.model.spec
    layers = range(1, spec.n_layers)
    readers = [f"L{at}H{head}.q" for at in layers for head in range(spec.n_heads)]
    readers += [
        f"L{at}H{head}.{s}" for at in layers for head in range(spec.n_kv_heads) for s in "kv"
    ]
    kinds = ["heads", "mlp"] if spec.d_mlp else ["heads"]
    readers += [f"L{at}.mlp_in" for at in (0, *layers) if spec.d_mlp]
    edges = study.path([*readers, "logits"], form="direct", senders=kinds)
    for name in kinds:
        plain = study.sweep(name).patched()
        np.testing.assert_allclose(edges.patched(map=name), plain, atol=1e-4)
        assert np.abs(plain - study._baseline.base("denoising")[0]).max() > 0.1
