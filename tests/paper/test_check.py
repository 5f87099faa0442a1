"""What follows from a number, its interval and a bar."""

import numpy as np
import pytest

from patchwidgets.paper import _sheet
from patchwidgets.paper._check import FEWEST, Check, Number, Side, together
from patchwidgets.paper._sheet import Draw, number
from tests.paper.made import heads, sheet

NAN = float("nan")

DECIDED: dict[str, tuple[tuple[float, float, float], Side, str, str]] = {
    "all above": ((3.0, 2.5, 3.5), "above", "holds", ""),
    "all short": ((1.0, 0.5, 1.5), "above", "does not hold", ""),
    "at the bar is not beyond it": ((2.0, 2.0, 2.0), "above", "does not hold", ""),
    "around the bar": ((2.2, 1.9, 2.5), "above", "cannot be said", "the interval has 2 in it"),
    "from the bar on": ((2.5, 2.0, 3.0), "above", "cannot be said", "the interval has 2 in it"),
    "all below": ((1.0, 0.5, 1.5), "below", "holds", ""),
    "not below": ((3.0, 2.0, 3.5), "below", "does not hold", ""),
    "around, below": ((1.9, 1.5, 2.5), "below", "cannot be said", "the interval has 2 in it"),
    "no number": (
        (NAN, NAN, NAN),
        "above",
        "cannot be said",
        "there is no such number on this model",
    ),
    "no number in some draws": (
        (3.0, NAN, NAN),
        "above",
        "cannot be said",
        "other draws of the pairs have no such number",
    ),
}


@pytest.mark.parametrize("what", DECIDED)
def test_a_bar_decides(what):
    numbers, side, verdict, why = DECIDED[what]
    check = Check("a number", "2", Number(*numbers, pairs=FEWEST), 2, side)
    assert (check.verdict, check.why) == (verdict, why)


def test_few_pairs_decide_nothing():
    check = Check("a number", "2", Number(3.0, 2.5, 3.5, pairs=FEWEST - 1), 2)
    assert check.verdict == "cannot be said"
    assert check.why == "19 pairs, and 20 are needed"


def test_a_claim_holds_if_all_of_its_checks_do():
    yes = Check("", "", Number(3.0, 2.5, 3.5, 40), 2)
    no = Check("", "", Number(1.0, 0.5, 1.5, 40), 2)
    perhaps = Check("", "", Number(2.0, 1.5, 2.5, 40), 2)
    assert together((yes, yes)) == "holds"
    assert together((yes, perhaps)) == "cannot be said"
    assert together((yes, perhaps, no)) == "does not hold"
    assert together(()) == "cannot be said"


def test_an_interval_is_that_of_the_mean_over_redrawn_pairs(monkeypatch):
    monkeypatch.setattr(_sheet, "RESAMPLES", 1000)
    made = sheet({"L0H0": 1.0}, pairs=100, spread=1.0)
    found = number(lambda draw: float(draw.means(made).effect[0]))
    assert found.value == pytest.approx(1)
    assert (found.low, found.high) == pytest.approx((1 - 0.196, 1 + 0.196), abs=0.02)
    assert found.pairs == 100


def test_pairs_of_two_sheets_are_drawn_alike():
    one, other = (sheet({"L0H0": 1.0}, spread=spread) for spread in (1.0, 3.0))

    def left(draw):
        return float(draw.means(other).effect[0] - 3 * draw.means(one).effect[0])

    found = number(left)
    assert (found.low, found.high) == pytest.approx((-2, -2))


def test_the_fewest_pairs_count():
    one, other = sheet({"L0H0": 1.0}, pairs=30), sheet({"L0H0": 1.0}, pairs=22)
    found = number(lambda draw: float(draw.means(one).effect[0] + draw.means(other).effect[0]))
    assert found.pairs == 22


def test_detected_are_heads_two_sd_from_the_mean():
    found = Draw().means(heads("+ 5.5 9.9 - 10.7"))
    assert found.signs == {"L5H5": 1, "L9H9": 1, "L10H7": -1}
    assert (found.having(1), found.having(-1)) == ({"L5H5", "L9H9"}, {"L10H7"})
    assert found.low_bar == pytest.approx(1 / 144 - 2 * np.std([1, 1, -1] + [0] * 141))
