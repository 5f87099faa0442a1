"""Probability does not see the heads that hurt."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._found import papers_heads
from patchwidgets.paper._need import IOI, NAMED
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["probability_misses_negatives"]

_ASKED = {
    ("S2", "logit_diff"): "2 heads against 1",
    ("S2", "kl_div"): "2 heads against 1",
    ("S1+IO", "logit_diff"): "2 heads against 0",
    ("S1+IO", "kl_div"): "2 heads against 0",
    ("ABC", "logit_diff"): "2 heads against 0",
}


@claim(
    "4.2; tables 1, 4 and 5",
    "GPT-2 small",
    says="Under token replacement, probability misses negative heads that logit difference and KL "
    "divergence find, wherever the prompt is corrupted.",
    how="Negative heads, 2 SD below the mean over all heads, under replacement at S2, at S1 and "
    "IO, and of all three names (p_ABC).",
    criterion="At every site the other metric finds more negative heads than probability does; on "
    "the paper's own model of its negative name movers, 10.7 and 11.10.",
    needs=tuple(IOI.values()),
)
def probability_misses_negatives(numbers: Numbers) -> Finding:
    """Probability does not see the heads that hurt."""
    checks, named = [], set(papers_heads(numbers, "negative name movers"))
    for (site, metric), paper in _ASKED.items():
        more = _more(numbers.read(IOI[site], metric), numbers.read(IOI[site], "prob"), named)
        label = f"{site}: negative heads by {NAMED[metric]}, beyond those by probability"
        checks.append(Check(label, paper, more, 0))
    return Finding(tuple(checks))


def _more(one: Sheet, other: Sheet, named: set[str]) -> Number:
    def negative(draw: Draw, sheet: Sheet) -> int:
        found = draw.means(sheet).having(-1)
        return len(found & named if named else found)

    def difference(draw: Draw) -> int:
        return negative(draw, one) - negative(draw, other)

    return number(difference)
