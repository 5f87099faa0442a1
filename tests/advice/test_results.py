"""Rules about a result."""

from dataclasses import replace

import numpy as np
import pytest

from patchwidgets.advice import RULES
from patchwidgets.nodes import Node, Path
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Plan
from patchwidgets.results.estimate import Estimate
from tests.advice.made import (
    GROUPS,
    NOISE,
    PAIRS,
    SHARES,
    SPEC,
    by_group,
    heads_plan,
    mixed,
    on_some,
    result,
    sets_plan,
    shares,
    uneven,
)


def test_a_good_result_has_no_advice():
    both = result([SHARES, SHARES], metrics=("logit_diff", "prob"), runs={"prob": (0.9, 0.4)})
    assert both.advice().names == []


def mlp_windows(together, *alone):
    """Return effects of windows of layers, on a map, and of each layer alone."""
    windows = [[Node("mlp_out", layer + step) for step in range(3)] for layer in range(2)]
    return np.array([*together, *alone]), sets_plan(windows, "window")


def windows(*effects, **other):
    shares_of, plan = mlp_windows(effects[:2], *effects[2:])
    return result(shares_of, plan=plan, **other)


def sets(together, *alone):
    nodes = [Node("z", 1, 0), Node("z", 3, 2)]
    return result(np.array([together, *alone]), plan=sets_plan([nodes], "sets"))


def residual(*effects, position=None, **other):
    patches = tuple(Patch((Node("resid_pre", i, None, position),)) for i in range(len(effects)))
    return result(np.array(effects), plan=heads_plan(patches), **other)


def estimated(values, made=None):
    made = result() if made is None else made
    kept = np.repeat(np.asarray(values, dtype=float)[None, :, None], PAIRS, 2)
    made.estimate = Estimate(kept, "attribution", {})
    return made


def kv(site, heads, kv_heads):
    plan = heads_plan(tuple(Patch((Node(site, 0, head),)) for head in range(3)))
    spec = SPEC | {"n_heads": heads, "n_kv_heads": kv_heads}
    return result(np.array([0.5, 0.3, 0.1]), plan=plan, about={"model": spec})


def path(form):
    patches = (Patch(path=Path(Node("z", 0, 0), (Node("v", 1, 0),))),)
    plan: Plan = replace(heads_plan(patches), form=form)
    return result(np.array([0.5]), plan=plan)


def noised(between_draws):
    """Return two draws of every pair; the strongest node differs between them."""
    effects = np.repeat(SHARES[:, None], 2 * PAIRS, 1)
    effects[20] += np.tile([-between_draws, between_draws], PAIRS)
    effects[20] += np.repeat(np.linspace(-0.5, 0.5, PAIRS), 2)
    return result(effects, draws=2, about={"noise": NOISE})


def left_out(cells):
    made = result()
    values, status, _ = made.numbers()
    values[:, :cells], status[:cells] = np.nan, 0
    return result_like(made, values, status)


def result_like(made, values, status):
    return type(made)(
        made.plan,
        metrics=made.metrics,
        direction=made.direction,
        baseline=made.baseline,
        groups=made.groups,
        provenance=made.provenance,
        values=values,
        status=status,
    )


def windows_alone(missing):
    """Return windows of which some layers were not measured alone."""
    made = windows(0.2, 0.2, 0.1, 0.1, 0.1, 0.1)
    values, status, _ = made.numbers()
    values[:, 2 : 2 + missing], status[2 : 2 + missing] = np.nan, 0
    return result_like(made, values, status)


WIDE = np.linspace(-0.1, 0.1, 40)
HIDDEN = shares(L5H0=3.0, L7H2=3.0, L8H3=0.05, L0H1=0.3)
BOTH = ("logit_diff", "prob")
LOW = {"prob": (0.6, 0.01)}

TRIGGERED = {
    "groups_disagree": (
        result(by_group(20, 1.2, -0.2)),
        1,
        "1 detected node had the other sign in some group of 5 prompt pairs or more: L5H0.",
    ),
    "prompts_disagree": (
        result(on_some(40)),
        0.4,
        "1 detected node had the other sign on more than 25 % of the prompts, L5H0 on 40 %: L5H0.",
    ),
    "probability_floor": (
        result(metrics=("prob",), runs=LOW),
        0.01,
        "By probability no effect can be below -0.01, and the bar for negative nodes is -0.138: "
        "none can be detected.",
    ),
    "early_negative_under_noise": (
        result(shares(L0H1=-0.5), about={"noise": NOISE}),
        1,
        "Under noise 1 head of layers 0 and 1 had a negative effect: L0H1.",
    ),
    "draws_differ": (
        noised(0.2),
        0.6355,
        "64 % of the variance of L5H0, the strongest, is due to the draw.",
    ),
    "zero_ablation": (
        result(about={"source": "zero"}),
        40,
        "40 patches wrote zeros, which no prompt gives.",
    ),
    "small_reference": (
        result(about={"source": "mean over 20 prompts 0123456789ab"}),
        20,
        "Patches write means over 20 reference prompts.",
    ),
    "mean_mixes_words": (
        mixed(3),
        0.6,
        "Patches write means by position, no prompt pair says which template it is of, and at 60 % "
        "of the positions prompts of one length hold different tokens.",
    ),
    "window_without_layers": (
        windows_alone(1),
        1,
        "1 of 2 windows had a layer that was not measured alone, such as L0-L2.mlp_out.",
    ),
    "window_beats_sum": (
        windows(0.6, 0.2, 0.1, 0.2, 0.1, 0.1),
        1.5,
        "The strongest window, L0-L2.mlp_out, does 1.50 times what the strongest sum of single "
        "layers does.",
    ),
    "even_window": (
        result(
            np.array([0.3, 0.2, 0.1]),
            plan=sets_plan([[Node("mlp_out", 0), Node("mlp_out", 1)]], "window"),
        ),
        2,
        "The window has 2 layers, such as L0-L1.mlp_out, and so no middle layer.",
    ),
    "coarse_site": (
        residual(1.0, 0.95, 0.2, position=3),
        2,
        "2 of 3 cells of the residual stream moved the metric by 90 % of the gap or more.",
    ),
    "effect_before_difference": (
        residual(0.1, 0.2, position=3),
        0.7,
        "L0.resid_pre@3 had an effect of 0.7, and the prompts are the same up to position 3.",
    ),
    "full_patch_not_one": (
        residual(0.9, 0.8),
        0.9,
        "Patching all of L0.resid_pre gave a normalized effect of 0.9, and it must be 1.",
    ),
    "estimate_ranks_poorly": (
        estimated(-SHARES),
        -1.0,
        "The estimates have a rank correlation of -1.00 with the 40 cells that were measured.",
    ),
    "estimate_of_residual": (
        estimated([7.0, 3.5], residual(1.0, 0.5)),
        2,
        "2 patches of `resid_pre` were estimated by gradients.",
    ),
    "cells_left_out": (left_out(12), 12, "12 of 40 cells were not measured."),
    "shared_key_value_heads": (
        kv("v", 9, 3),
        3,
        "Each of the 3 key/value heads of a layer is read by 3 query heads.",
    ),
    "path_form": (
        path("pinned"),
        1,
        "1 path of form `pinned`: every other head is frozen, MLPs and norms are recomputed.",
    ),
    "all_effects_zero": (
        result(SHARES * 1e-9),
        3.5e-9,
        "The largest effect of 40 measured cells is 3.5e-09: rounding.",
    ),
    "below_noise_floor": (
        result(about={"noise_floor": {"logit_diff": 3.0}}),
        1,
        "1 detected node had an effect within rounding (3 logit): L8H3.",
    ),
    "flagged_by_chance": (
        result(shares(L7H2=0.0, L8H3=0.0)),
        1,
        "2 SD flags 1 of 40 cells, and would flag 1.8 of pure noise.",
    ),
    "large_effects_hide": (
        result(HIDDEN),
        1,
        "Without the 2 detected nodes the SD is 0.349 instead of 4.58 logit, and 1 more would "
        "stand out.",
    ),
    "borderline_nodes": (
        result(shares(L0H1=-0.26)),
        1,
        "1 node is within 0.1 SD of the bar of 2 SD: L0H1.",
    ),
    "unstable_detection": (
        result(uneven(1.5)),
        0.46,
        "On 100 redraws of the prompts the detected nodes have a mean Jaccard index of 0.46; 0.8 "
        "is called stable.",
    ),
    "not_beyond_chance": (
        result(uneven(2.0)),
        3,
        "3 of 3 detected nodes could be chance in a map of 40 cells (max-T, p above 0.05): L5H0, "
        "L7H2, L8H3.",
    ),
    "metrics_disagree": (
        result([SHARES, shares(L8H3=0.0)], metrics=BOTH, runs={"prob": (0.9, 0.4)}),
        2 / 3,
        "`logit_diff` and `prob` agree on 67 % of the nodes that either detects; they differ on "
        "L8H3.",
    ),
    "beyond_the_source": (
        result(shares(L5H0=1.3)),
        1.3,
        "1 cell moved the metric beyond the source run, the most L5H0 with 130 % of the gap.",
    ),
    "one_cell_at_a_time": (
        result(about={"executor": "reference: `blocks.0` has no attention"}),
        40,
        "40 cells were measured one at a time (`blocks.0` has no attention).",
    ),
    "no_node_alone": (
        result(SHARES / 10),
        0.05,
        "No cell moved the metric by more than 5 % of the gap; the strongest is L5H0.",
    ),
    "sets_interact": (
        sets(0.5, 0.1, 0.1),
        2.1,
        "L1H0 + L3H2 had an effect of 3.5 together, and 1.4 as the sum of its nodes alone.",
    ),
}


def without(*names):
    made = result()
    for name in names:
        del made.provenance[name]
    return made


TRIGGERED["provenance_incomplete"] = (
    without("fingerprint", "code"),
    2,
    "The provenance lacks 2 entries: `fingerprint`, `code`.",
)

NEARLY = {
    "groups_disagree": result(by_group(20, 1.2, -0.2), groups=("ABBA",) * 96 + ("BABA",) * 4),
    "prompts_disagree": result(on_some(25)),
    "probability_floor": result(metrics=("prob",), runs={"prob": (0.6, 0.2)}),
    "early_negative_under_noise": result(shares(L0H1=-0.5)),
    "draws_differ": noised(0.02),
    "zero_ablation": result(about={"source": "resample, seed 0"}),
    "small_reference": result(about={"source": "mean over 100 prompts 0123456789ab"}),
    "mean_mixes_words": mixed(2),
    "window_without_layers": windows_alone(0),
    "window_beats_sum": windows(0.47, 0.2, 0.1, 0.2, 0.1, 0.1),
    "even_window": windows(0.3, 0.2, 0.1, 0.2, 0.1, 0.1),
    "coarse_site": residual(0.89, 0.85, 0.2, position=3),
    "effect_before_difference": residual(0.1, 0.2, position=4),
    "full_patch_not_one": residual(1.001, 0.8),
    "estimate_ranks_poorly": estimated(SHARES * 3),
    "estimate_of_residual": residual(1.0, 0.5),
    "cells_left_out": left_out(0),
    "shared_key_value_heads": kv("q", 9, 3),
    "path_form": result(),
    "all_effects_zero": result(SHARES * 1e-4),
    "below_noise_floor": result(about={"noise_floor": {"logit_diff": 2.0}}),
    "flagged_by_chance": result(shares(L8H3=0.0)),
    "large_effects_hide": result(shares(L5H0=3.0, L7H2=3.0, L8H3=0.02)),
    "borderline_nodes": result(shares(L0H1=-0.2)),
    "unstable_detection": result(uneven(0.1)),
    "not_beyond_chance": result(uneven(0.1)),
    "metrics_disagree": result([SHARES, SHARES], metrics=BOTH, runs={"prob": (0.9, 0.4)}),
    "beyond_the_source": result(shares(L5H0=1.01)),
    "one_cell_at_a_time": result(about={"executor": "wavefront"}),
    "no_node_alone": result(SHARES / 4),
    "sets_interact": sets(0.5, 0.25, 0.2),
    "provenance_incomplete": without("noise_floor"),
}


def test_every_rule_about_a_result_is_tested():
    wanted = {name for name in RULES.names() if RULES.get(name).about == "result"}
    assert set(TRIGGERED) == set(NEARLY) == wanted


@pytest.mark.parametrize("name", TRIGGERED)
def test_it_is_said_with_its_number(name):
    made, number, sentence = TRIGGERED[name]
    (said,) = [one for one in made.advice() if one.name == name]
    assert said.sentence == sentence
    assert said.number == pytest.approx(number, rel=0.02)


@pytest.mark.parametrize("name", NEARLY)
def test_it_is_not_said_where_it_is_nearly_so(name):
    assert name not in NEARLY[name].advice().names


def test_templates_that_are_named_are_averaged_apart():
    assert "mean_mixes_words" not in mixed(3, groups=GROUPS).advice().names


def test_receivers_may_be_shared_key_value_heads_too():
    shared = path("pinned")
    shared.provenance["model"] = SPEC | {"n_heads": 9, "n_kv_heads": 3}
    assert "shared_key_value_heads" in shared.advice().names


def test_of_a_result_that_was_stopped_at_once_only_that_is_said():
    made = result(SHARES * np.nan, runs={"logit_diff": (np.nan, np.nan)})
    assert made.advice().names == ["cells_left_out"]


def test_early_heads_are_negative_by_whichever_metric_finds_them():
    effects = [SHARES, shares(L0H1=-0.5)]
    made = result(effects, metrics=BOTH, runs={"prob": (0.9, 0.4)}, about={"noise": NOISE})
    (said,) = [one for one in made.advice() if one.name == "early_negative_under_noise"]
    assert said.sentence == (
        "Under noise 1 head of layers 0 and 1 had a negative effect: L0H1 (`prob`)."
    )


@pytest.mark.parametrize(("clean", "floored"), [(0.9, True), (0.8, False)])
def test_when_noising_a_probability_ends_at_one(clean, floored):
    made = result(metrics=("prob",), runs={"prob": (clean, clean - 0.5)}, direction="noising")
    bar = made.detect().threshold_low
    assert bar == pytest.approx(0.5 * (SHARES.mean() - 2 * SHARES.std()))
    assert ("probability_floor" in made.advice().names) is floored
    assert floored is bool(-(1 - clean) > bar)
