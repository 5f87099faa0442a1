"""On sums, replacement has the sharper peak."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._layers import curve, ratio
from patchwidgets.paper._need import NAMED, SUMS, both
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["arithmetic_replacement_sharper"]

_PAPER = {
    ("+", "logit_diff"): "0.285 by 0.165",
    ("+", "prob"): "0.021 by 0.008",
    ("-", "logit_diff"): "0.325 by 0.11",
    ("-", "prob"): "0.029 by 0.0095",
    ("*", "logit_diff"): "about equal",
    ("*", "prob"): "about equal",
}


@claim(
    "App. C",
    "GPT-J",
    says="On sums and differences it is replacement whose peak of MLPs at the last token is "
    "larger, up to four times; on products the two are alike.",
    how="One MLP at a time at the last token, both numbers of the question replaced or noised; "
    "the largest effect of any layer. Numbers are those that are single tokens.",
    criterion="For + and for −, by logit difference and by probability, replacement's peak is "
    "larger. Products are shown and decide nothing.",
    needs=(SUMS, SUMS.noised),
)
def arithmetic_replacement_sharper(numbers: Numbers) -> Finding:
    """On sums, replacement has the sharper peak."""
    checks, rows = [], []
    for (sign, metric), paper in _PAPER.items():
        pair = [numbers.read(need, metric).of_group(sign) for need in both(SUMS).values()]
        found = _times(pair[0], pair[1], metric)
        if sign != "*":
            label = f"{sign}, {NAMED[metric]}: peak under replacement by noise"
            checks.append(Check(label, paper, found, 1))
        rows.append((sign, NAMED[metric], *(_peak(one, metric) for one in pair), str(found), paper))
    columns = ("operation", "metric", "replacement", "noise", "ratio", "paper")
    return Finding(tuple(checks), (Table("Peaks at the last token", columns, tuple(rows)),))


def _times(one: Sheet, other: Sheet, metric: str) -> Number:
    def times(draw: Draw) -> float:
        peaks = [float(curve(draw.means(each), metric).max()) for each in (one, other)]
        return ratio(*peaks)

    return number(times)


def _peak(sheet: Sheet, metric: str) -> str:
    by_layer = curve(Draw().means(sheet), metric)
    return f"{by_layer.max():.3g} at layer {int(by_layer.argmax())}"
