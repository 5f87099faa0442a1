"""Claims on heads: fed the paper's tables they hold, fed other numbers they do not."""

import numpy as np
import pytest

from patchwidgets.paper import CLAIMS
from patchwidgets.paper import _published as published
from patchwidgets.paper._check import NothingToMeasure
from patchwidgets.paper._sheet import Attention
from tests.paper.made import (
    ALIKE,
    HEADS,
    PAIRS,
    PAPER,
    Made,
    by_table,
    heads,
    sheet,
    values,
    verdicts,
)

ON_TABLES = {
    "circuit_heads": ([5 / 9], [0]),
    "probability_misses_negatives": ([1, 1, 2, 2, 2], [0] * 5),
    "other_site_other_heads": ([3 / 9, 2], [1, 0]),
    "logit_difference_agrees_most": ([7 / 8 - 4 / 9, 7 / 8 - 5 / 8], [0, 0]),
    "negative_under_noise_alone": ([1], [0]),
    "greater_than_noise": ([3 / 10, 3, 2 / 8, 4, 3 / 11, 4], [1, 0] * 3),
}
"""By claim its numbers on the paper's tables, and where all methods find the same heads."""


@pytest.mark.parametrize("name", ON_TABLES)
def test_on_the_papers_tables_a_claim_holds(name):
    tables = PAPER | {"ABC": PAPER["ABC"]}
    finding = CLAIMS.get(name).measure(by_table(tables))
    assert values(finding) == pytest.approx(ON_TABLES[name][0])
    assert set(verdicts(finding)) == {"holds"}


@pytest.mark.parametrize("name", ON_TABLES)
def test_where_all_methods_agree_it_does_not(name):
    finding = CLAIMS.get(name).measure(by_table(ALIKE))
    assert values(finding) == pytest.approx(ON_TABLES[name][1])
    assert finding.verdict == "does not hold"


ON_THE_PAPERS_MODEL = {
    "circuit_heads": [5 / 9, 1],
    "probability_misses_negatives": [1, 1, 2, 2, 2],
    "other_site_other_heads": [3 / 9, 2, 3, 0, 1],
    "negative_under_noise_alone": [1],
    "greater_than_noise": [3 / 10, 3, 2 / 8, 4, 3 / 11, 4, 1],
}
"""By claim its numbers on the paper's tables where the paper's own heads are asked for."""


@pytest.mark.parametrize("name", ON_THE_PAPERS_MODEL)
def test_on_the_papers_model_its_own_heads_are_asked_for(name):
    finding = CLAIMS.get(name).measure(by_table(PAPER, model="gpt2"))
    assert values(finding) == pytest.approx(ON_THE_PAPERS_MODEL[name])
    assert set(verdicts(finding)) == {"holds"}


def elsewhere(tables):
    """Return the tables with every head one further on: as many are found, and others."""

    def moved(listed):
        words = listed.split()
        return " ".join(
            one if one in "+-" else f"{one.split('.')[0]}.{_next(one)}" for one in words
        )

    def _next(head):
        return (int(head.split(".")[1]) + 3) % 12

    return {
        site: {method: moved(listed) for method, listed in table.items()}
        for site, table in tables.items()
    }


AS_MANY_OTHERS = {
    "circuit_heads": "does not hold",
    "probability_misses_negatives": "does not hold",
    "other_site_other_heads": "does not hold",
    "negative_under_noise_alone": "does not hold",
    "greater_than_noise": "does not hold",
}


@pytest.mark.parametrize("name", AS_MANY_OTHERS)
def test_on_the_papers_model_as_many_other_heads_are_not_its_own(name):
    claim = CLAIMS.get(name)
    assert claim.measure(by_table(elsewhere(PAPER))).verdict == "holds"
    assert claim.measure(by_table(elsewhere(PAPER), model="gpt2")).verdict == AS_MANY_OTHERS[name]


def test_without_any_detected_head_an_overlap_cannot_be_said():
    nothing = {site: dict.fromkeys(methods, "") for site, methods in ALIKE.items()}
    finding = CLAIMS.get("other_site_other_heads").measure(by_table(nothing))
    assert finding.checks[0].why == "there is no such number on this model"
    assert finding.checks[0].verdict == "cannot be said"


def test_on_the_papers_model_heads_are_compared():
    tables = CLAIMS.get("circuit_heads").measure(by_table(PAPER, model="gpt2")).tables
    assert tables[0].columns[-1] == "agreement"
    assert [row[-1] for row in tables[0].rows][:2] == [
        "7 of 7 found, 0 others",
        "6 of 6 found, 0 others",
    ]
    assert tables[0].rows[4][2] == "L3H0 L5H5 L7H9 L8H6 −L0H10 −L10H7 −L11H10"
    counts = {row[:2]: row[2:] for row in tables[1].rows}
    assert counts["replacement", "logit difference"] == ("1/3", "0/2", "3/4", "2/2", "1/2")
    assert counts["noise", "probability"] == ("0/3", "1/2", "2/4", "2/2", "1/2")


def test_on_another_model_they_stand_side_by_side():
    (table,) = CLAIMS.get("circuit_heads").measure(by_table(PAPER)).tables
    assert table.columns[-1] == "the paper, on its model"


FLOORS = {
    "as in the paper": ({"S2": 0.03, "noise": 0.129, "S1+IO": 0.01, "ABC": 0.0005}, True),
    "room everywhere": ({"S2": 0.3, "noise": 0.3, "S1+IO": 0.3, "ABC": 0.3}, False),
}


@pytest.mark.parametrize("what", FLOORS)
def test_the_floor_of_probability(what):
    floors, holds = FLOORS[what]

    def read(need, metric, map):
        assert metric == "prob"
        floor = floors["noise" if need.noise else need.at]
        effect = dict.fromkeys(HEADS, 0.0) | {"L5H5": 0.1, "L9H9": 0.1, "L10H7": -floor}
        return sheet(effect, clean=0.5, corrupted=floor)

    finding = CLAIMS.get("probability_floor").measure(Made(read))
    assert (finding.verdict == "holds") is holds
    assert finding.checks[0].number.value == pytest.approx(0)
    assert finding.checks[0].verdict == "holds"


def test_an_effect_below_the_floor_is_seen():
    effect = dict.fromkeys(HEADS, 0.0) | {"L10H7": -0.2}
    made = Made(lambda need, metric, map: sheet(effect, clean=0.5, corrupted=0.1))
    finding = CLAIMS.get("probability_floor").measure(made)
    assert finding.checks[0].verdict == "does not hold"


@pytest.mark.parametrize(("noise", "verdict"), [(0.129, "holds"), (0.02, "does not hold")])
def test_noise_keeps_the_answer(noise, verdict):
    def read(need, metric, map):
        return sheet({"L0H0": 0.0}, clean=0.481, corrupted=noise if need.noise else 0.03)

    finding = CLAIMS.get("noise_keeps_the_answer").measure(Made(read))
    assert finding.verdict == verdict
    assert values(finding) == pytest.approx([noise - 0.03])


def attention(clean, corrupted, chosen=("L9H6", "L9H9", "L10H0")):
    """Return attention to IO, S1 and S2 of some heads; no other head attends to any of them."""

    def spread(run):
        found = {role: np.zeros((len(HEADS), PAIRS)) for role in ("IO", "S1", "S2")}
        for role, share in run.items():
            found[role][[HEADS.index(head) for head in chosen]] = share
        return found

    return Attention(tuple(HEADS), spread(clean), spread(corrupted))


CLEAN = {"IO": 0.58, "S1": 0.11, "S2": 0.03}

LOOKS = {
    "as in the paper": ({"IO": 0.11, "S1": 0.60}, {"IO": 0.26, "S1": 0.21}, ["holds"] * 3),
    "noise turns them too": (
        {"IO": 0.11, "S1": 0.60},
        {"IO": 0.11, "S1": 0.65},
        ["holds", "does not hold", "holds"],
    ),
    "nothing changes": (CLEAN, CLEAN, ["does not hold"] * 3),
}


@pytest.mark.parametrize("what", LOOKS)
def test_where_name_movers_look(what):
    replaced, noised, expected = LOOKS[what]
    both = {False: attention(CLEAN, replaced), True: attention(CLEAN, noised)}
    made = Made(lambda need, metric, map: heads("+ 9.6 9.9 10.0 1.1 - 10.7"), both)
    finding = CLAIMS.get("name_mover_attention").measure(made)
    assert verdicts(finding) == expected
    assert finding.tables[0].title == "Attention of L9H6, L9H9, L10H0"
    assert finding.tables[0].rows[0][1:4] == ("0.58", "0.11", "0.03")


def test_on_gpt2_name_movers_are_the_papers():
    both = {False: attention(CLEAN, {"IO": 0.11, "S1": 0.6}), True: attention(CLEAN, {"IO": 0.26})}
    made = Made(lambda need, metric, map: pytest.fail("no map is asked for"), both, model="gpt2")
    finding = CLAIMS.get("name_mover_attention").measure(made)
    assert finding.tables[0].title == "Attention of L9H6, L9H9, L10H0"
    assert finding.verdict == "holds"


def test_no_name_mover_is_no_answer():
    both = {side: attention(CLEAN, CLEAN) for side in (False, True)}
    made = Made(lambda need, metric, map: heads("- 10.7"), both)
    sentence = "^no head helps when S1 and IO are replaced, so none moves names$"
    with pytest.raises(NothingToMeasure, match=sentence):
        CLAIMS.get("name_mover_attention").measure(made)


@pytest.mark.parametrize(
    ("noise", "verdict"), [(0.49, "holds"), (1.04, "does not hold"), (1.3, "does not hold")]
)
def test_restoring_the_inhibition_heads(noise, verdict):
    asked = []

    def read(need, metric, map):
        if need.sweep == "heads":
            return heads("+ 7.9 8.6 9.9 - 10.7")
        asked.append(need.sets)
        back = noise if need.noise else 1.04
        return sheet({"values": 4 * back}, clean=3, corrupted=-1)

    seen = attention({"IO": 0.1, "S1": 0.1, "S2": 0.5}, {}, ("L7H9", "L8H6", "L1H1"))
    finding = CLAIMS.get("restoring_inhibition").measure(Made(read, {False: seen}))
    assert finding.verdict == verdict
    assert values(finding) == pytest.approx([1.04 - noise])
    assert asked == [(("values", ("L7H9.v", "L8H6.v")),)] * 2


def test_on_gpt2_the_inhibition_heads_are_the_papers():
    asked = []

    def read(need, metric, map):
        assert (need.sweep, metric) == ("joint", "logit_diff")
        asked.append(need.sets)
        return sheet({"values": 2.0 if need.noise else 4.0}, clean=3, corrupted=-1)

    finding = CLAIMS.get("restoring_inhibition").measure(Made(read, model="gpt2"))
    assert values(finding) == pytest.approx([0.5])
    assert asked == [(("values", ("L7H3.v", "L7H9.v", "L8H6.v", "L8H10.v")),)] * 2


def test_no_inhibition_head_is_no_answer():
    seen = {False: attention(CLEAN, CLEAN)}
    made = Made(lambda need, metric, map: heads("+ 9.9"), seen)
    sentence = "^no head that helps at S2 attends to S2 more than to IO and S1$"
    with pytest.raises(NothingToMeasure, match=sentence):
        CLAIMS.get("restoring_inhibition").measure(made)


CELLS = {
    "as in the paper": ("+ 0.0 0.1 3.0", "+ 3.0 3.6", ["holds", "holds"]),
    "nothing at the end": ("+ 0.0", "", ["does not hold", "holds"]),
    "alike": ("+ 0.0 3.0", "+ 0.0 3.0", ["holds", "does not hold"]),
}


@pytest.mark.parametrize("what", CELLS)
def test_docstring_heads(what):
    logit, prob, expected = CELLS[what]

    def read(need, metric, map):
        listed = prob if metric == "prob" else logit
        chosen = {f"{word}@{'C_def' if word[0] == '0' else 'END'}" for word in listed.split()[1:]}
        cells = [f"{layer}.{head}@{at}" for layer in range(4) for head in range(8) for at in ENDS]
        return sheet({cell: float(cell in chosen) for cell in cells})

    finding = CLAIMS.get("docstring_heads").measure(Made(read))
    assert verdicts(finding) == expected


ENDS = ("C_def", "END")


def docstrings(tables, model="made"):
    """Return numbers on which the nodes of a table are detected, in every cell of the map."""
    cells = [f"L{layer}H{head}@{at}" for layer in range(4) for head in range(8) for at in ENDS]

    def read(need, metric, map):
        signs = published.signed(tables["noise" if need.noise else "replacement", metric])
        return sheet({cell: float(signs.get(cell, 0)) for cell in cells})

    return Made(read, model=model)


def test_on_the_papers_docstrings_its_own_heads_are_asked_for():
    claim = CLAIMS.get("docstring_heads")
    finding = claim.measure(docstrings(published.DOCSTRING, "attn-only-4l"))
    assert values(finding) == [2, 3, 1]
    assert set(verdicts(finding)) == {"holds"}
    assert [row[-1] for row in finding.tables[0].rows] == [
        f"{n} of {n} found, 0 others" for n in (7, 2, 7, 8, 2, 5)
    ]
    moved = {
        method: listed.replace("3.0@", "1.0@") for method, listed in published.DOCSTRING.items()
    }
    assert claim.measure(docstrings(moved)).verdict == "holds"
    finding = claim.measure(docstrings(moved, "attn-only-4l"))
    assert finding.checks[0].label == "3.0 and 3.6 found by all"
    assert verdicts(finding)[0] == "does not hold"
