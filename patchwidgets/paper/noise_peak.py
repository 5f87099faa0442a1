"""Noise has a peak of the MLPs that replacement has not."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._layers import curve, middle, peak, ratio
from patchwidgets.paper._need import FACTS, NAMED, both
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["noise_peak"]

_PAPER = {
    (1, "prob"): "0.0145 by 0.003",
    (3, "prob"): "0.056 by 0.008",
    (5, "prob"): "0.089 by 0.021",
    (10, "prob"): "0.131 by 0.054",
    (1, "logit_diff"): "0.043 by 0.02",
    (3, "logit_diff"): "0.143 by 0.055",
    (5, "logit_diff"): "0.215 by 0.085",
    (10, "logit_diff"): "0.32 by 0.158",
}
"""Read off figures, to a tenth or so."""


@claim(
    "3.1; figures 2, 20 to 23",
    "GPT-2 XL",
    says="On facts, noise on the subject gives MLPs at its last token a clear peak in the middle "
    "layers, two to five times the one under replacement, at any window.",
    how="MLP outputs at the last token of the subject, windows of 1, 3, 5 and 10 layers; the "
    "largest effect from a tenth to three quarters of the depth, of windows without the first "
    "eighth of the layers. Our own list of facts.",
    criterion="By probability and by logit difference, and at every window, noise's peak is more "
    "than twice that of replacement.",
    needs=tuple(one for need in FACTS.values() for one in both(need).values()),
)
def noise_peak(numbers: Numbers) -> Finding:
    """Noise has a peak of the MLPs that replacement has not."""
    checks, rows = [], []
    for (window, metric), paper in _PAPER.items():
        need, part = (FACTS[3], "alone") if window == 1 else (FACTS[window], "window")
        pair = {name: numbers.read(one, metric, part) for name, one in both(need).items()}
        label = f"window {window}, {NAMED[metric]}: peak under noise by replacement"
        checks.append(Check(label, paper, _times(pair, metric, window), 2))
        rows.append(
            (str(window), NAMED[metric], *(_where(one, metric, window) for one in pair.values()))
        )
    columns = ("window", "metric", "replacement", "noise")
    title = "Peaks (logit difference as a share of the gap)"
    return Finding(tuple(checks), (Table(title, columns, tuple(rows)),))


def _times(pair: dict[str, Sheet], metric: str, window: int) -> Number:
    def times(draw: Draw) -> float:
        peaks = {
            name: peak(curve(draw.means(sheet), metric), window) for name, sheet in pair.items()
        }
        return ratio(peaks["noise"], peaks["replacement"])

    return number(times)


def _where(sheet: Sheet, metric: str, window: int) -> str:
    by_layer = curve(Draw().means(sheet), metric)
    inside = middle(len(by_layer), window)
    layer = inside.start + int(by_layer[inside].argmax())
    return f"{by_layer[layer]:.3g} at layer {layer}"
