"""By logit difference, noise and replacement find nearly the same heads."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._found import Method, methods, overlap
from patchwidgets.paper._need import IOI, METRICS, NAMED
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["logit_difference_agrees_most"]

_PAPER = {"logit_diff": "7 of 8", "prob": "4 of 9", "kl_div": "5 of 8"}


@claim(
    "3.2; table 5",
    "GPT-2 small",
    says="Noise and replacement at S2 find nearly the same heads by logit difference (7 of 8), "
    "and fewer of the same by probability (4 of 9) and KL divergence (5 of 8).",
    how="Heads found under both corruptions with the same sign, by those found under either.",
    criterion="That share is larger by logit difference than by probability, and than by KL "
    "divergence.",
    needs=(IOI["S2"], IOI["S2"].noised),
)
def logit_difference_agrees_most(numbers: Numbers) -> Finding:
    """By logit difference, noise and replacement find nearly the same heads."""
    sheets = methods(numbers, IOI["S2"])
    checks = [
        Check(
            f"overlap by logit difference, less that by {NAMED[metric]}",
            f"{_PAPER['logit_diff']} less {_PAPER[metric]}",
            _less(sheets, metric),
            0,
        )
        for metric in ("prob", "kl_div")
    ]
    rows = [(NAMED[one], f"{_overlap(Draw(), sheets, one):.2f}", _PAPER[one]) for one in METRICS]
    columns = ("metric", "here", "paper")
    return Finding(tuple(checks), (Table("Overlap of the two corruptions", columns, tuple(rows)),))


def _less(sheets: dict[Method, Sheet], metric: str) -> Number:
    def difference(draw: Draw) -> float:
        return _overlap(draw, sheets, "logit_diff") - _overlap(draw, sheets, metric)

    return number(difference)


def _overlap(draw: Draw, sheets: dict[Method, Sheet], metric: str) -> float:
    pair = [draw.means(sheets[name, metric]).found for name in ("replacement", "noise")]
    return overlap(*pair)
