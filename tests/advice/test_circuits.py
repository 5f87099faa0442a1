"""Rules about circuits."""

import pytest

from patchwidgets.advice import RULES
from tests.advice.made import GOOD as ABOUT
from tests.advice.made import PAIR, described
from tests.make_circuit_fixtures import WEIGHTS, measured

PAIRS = 100


def circuit(*names, weights=WEIGHTS, **other):
    """Return a circuit with whose prompts nothing is wrong."""
    about = {**ABOUT, "prompts": described([PAIR] * PAIRS), "bos_by_default": True}
    return measured(list(names), weights, pairs=PAIRS, about=about, **other)


GOOD = circuit("L23H3", "L20H0", "L17H4", "L29H1")
SPREAD = dict.fromkeys(WEIGHTS, 0.001)
"""No head is worth more than another."""
STRONG = WEIGHTS | {"L29H0": -0.4}
BACKUPS = WEIGHTS | {"L29H1": 0.3}


def rules_on(shown):
    return [one for one in shown.advice() if RULES.get(one.name).about == "circuit"]


def test_a_good_circuit_has_no_advice():
    assert rules_on(GOOD) == []


TRIGGERED = {
    "circuit_like_chance": (
        circuit("L23H3", "L20H0", weights=SPREAD, spread=0.0),
        1.0,
        "100 % of 20 random circuits of the same size do as well as this one (p = 1).",
    ),
    "few_random_circuits": (
        circuit("L23H3", "L20H0", random=18),
        18,
        "There were 18 random circuits, with which the smallest p is 0.053.",
    ),
    "circuit_has_backups": (
        circuit("L23H3", "L20H0", spread=0.0),
        0.35,
        "The circuit carries 65 % of the behaviour, and without it 35 % is left.",
    ),
    "circuit_beats_model": (
        circuit(*("L23H3", "L20H0", "L17H4", "L29H1", "L19H2"), weights=STRONG | {"L23H3": 0.5}),
        1.1,
        None,
    ),
}

NEARLY = {
    "circuit_like_chance": circuit("L19H2", spread=0.0),
    "few_random_circuits": circuit("L23H3", "L20H0", random=19),
    "circuit_has_backups": circuit("L23H3", "L20H0", "L17H4", spread=0.0),
    "circuit_beats_model": circuit("L23H3", "L20H0", "L17H4", "L29H1", "L19H2"),
}


def test_every_rule_about_circuits_is_tested():
    wanted = {name for name in RULES.names() if RULES.get(name).about == "circuit"}
    assert set(TRIGGERED) == set(NEARLY) == wanted


@pytest.mark.parametrize("name", TRIGGERED)
def test_a_rule_speaks(name):
    shown, number, sentence = TRIGGERED[name]
    (advice,) = [one for one in shown.advice() if one.name == name]
    assert advice.number == pytest.approx(number, abs=0.02)
    if sentence is not None:
        assert advice.sentence == sentence


@pytest.mark.parametrize("name", NEARLY)
def test_a_rule_is_silent_short_of_its_bar(name):
    assert name not in NEARLY[name].advice().names


def test_no_random_circuits_at_all_are_few():
    (advice,) = [
        one
        for one in circuit("L23H3", "L20H0", random=0).advice()
        if one.name == "few_random_circuits"
    ]
    assert advice.sentence == "No random circuit was measured to compare this one with."


def test_a_circuit_without_shares_is_not_judged():
    flat = circuit("L23H3", "L20H0", runs=((2.8, 2.79),))
    assert rules_on(flat) == []


def test_advice_on_a_circuit_can_be_silenced():
    shown = TRIGGERED["circuit_has_backups"][0]
    assert "circuit_has_backups" not in shown.advice(silence="circuit_has_backups").names
