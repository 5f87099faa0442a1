"""Rules about several results side by side."""

import pytest

from patchwidgets.advice import RULES
from patchwidgets.results.comparison import Comparison, Setting
from tests.advice.made import SHARES, result, shares


def compared(first, second, directions=("denoising", "noising")):
    one, other = directions
    name = "noise" if one == other else "replacement"
    return Comparison({Setting("replacement", one, 1): first, Setting(name, other, 1): second})


NOISING = result(-SHARES, direction="noising")
GOOD = compared(result(), result(direction="noising"))


def test_a_good_comparison_has_no_advice():
    assert GOOD.advice().names == []


TRIGGERED = {
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
