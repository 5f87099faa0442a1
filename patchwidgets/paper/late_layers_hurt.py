"""The last MLPs at the last token work against the answer."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._layers import curve, last
from patchwidgets.paper._need import NAMED, Need, both
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["late_layers_hurt"]

_LAST = Need("facts", "subject", sweep="mlp", positions=("END",), window=5)


@claim(
    "4.1; figure 4",
    "GPT-2 XL",
    says="On facts, MLPs of the very last layers have a negative effect at the last token, by "
    "probability and by logit difference.",
    how="MLP outputs at the last token in windows of 5, mean over the last tenth of the layers.",
    criterion="It is negative under both corruptions and by both metrics.",
    needs=tuple(both(_LAST).values()),
)
def late_layers_hurt(numbers: Numbers) -> Finding:
    """The last MLPs at the last token work against the answer."""
    checks = []
    for corruption, need in both(_LAST).items():
        for metric in ("prob", "logit_diff"):
            found = _late(numbers.read(need, metric, "window"), metric)
            label = f"{corruption}, {NAMED[metric]}: effect of the last layers"
            checks.append(Check(label, "below 0 (figure)", found, 0, "below"))
    return Finding(tuple(checks))


def _late(sheet: Sheet, metric: str) -> Number:
    def mean(draw: Draw) -> float:
        by_layer = curve(draw.means(sheet), metric)
        return float(by_layer[last(len(by_layer))].mean())

    return number(mean)
