"""Rules about several results side by side."""

from dataclasses import replace

import pytest

from patchwidgets.advice import RULES
from patchwidgets.results.comparison import Comparison, Setting
from tests.advice.made import PAIR, PAIRS, SHARES, described, result, shares


def compared(first, second, directions=("denoising", "noising")):
    one, other = directions
    name = "noise" if one == other else "replacement"
    return Comparison({Setting("replacement", one, 1): first, Setting(name, other, 1): second})


def at(site, *others, **about):
    return result(about={"at": site, "sites": ["S2", *others], **about}, direction="noising")


NOISING = result(-SHARES, direction="noising")
GOOD = compared(result(), result(direction="noising"))


def test_a_good_comparison_has_no_advice():
    assert GOOD.advice().names == []


OTHER = described([PAIR] * (PAIRS - 1) + [replace(PAIR, clean=(1, 8, 6, 7, 5))])

TRIGGERED = {
    "different_prompts": (
        compared(result(), result(about={"prompts": OTHER}, direction="noising")),
        0.5,
        "Of the 2 different clean prompts of these methods, 1 (50 %) is in all of them.",
    ),
    "one_site_compared": (
        compared(at("S2", "S1+IO", "ABC"), at("S2", "S1+IO", "ABC")),
        2,
        "All methods corrupt the prompts at `S2`; the task also has `S1+IO`, `ABC`.",
    ),
    "one_direction": (
        compared(result(), result(), ("denoising", "denoising")),
        1,
        "All 2 methods are denoising.",
    ),
    "methods_disagree": (
        compared(result(), NOISING),
        0.0,
        "The two methods that differ most agree on 0 % of the nodes that either detects; 3 nodes "
        "had opposite signs.",
    ),
    "different_gaps": (
        compared(
            result(),
            result(runs={"logit_diff": (4.0, 1.0)}, direction="noising"),
        ),
        7 / 3,
        "The gaps in `logit_diff` reach from 3 to 7 logit, and normalized effects divide by them.",
    ),
}

NEARLY = {
    "different_prompts": compared(
        result(about={"prompts": OTHER}), result(about={"prompts": OTHER}, direction="noising")
    ),
    "one_site_compared": compared(at("S2", "ABC"), at("ABC", "ABC")),
    "one_direction": GOOD,
    "methods_disagree": compared(result(), result(shares(L0H1=0.1), direction="noising")),
    "different_gaps": compared(
        result(), result(runs={"logit_diff": (4.0, 0.5)}, direction="noising")
    ),
}


def test_every_rule_about_a_comparison_is_tested():
    wanted = {name for name in RULES.names() if RULES.get(name).about == "comparison"}
    assert set(TRIGGERED) == set(NEARLY) == wanted


@pytest.mark.parametrize("name", TRIGGERED)
def test_it_is_said_with_its_number(name):
    made, number, sentence = TRIGGERED[name]
    (said,) = [one for one in made.advice() if one.name == name]
    assert said.sentence == sentence
    assert said.number == pytest.approx(number)


@pytest.mark.parametrize("name", NEARLY)
def test_it_is_not_said_where_it_is_nearly_so(name):
    assert name not in NEARLY[name].advice().names
