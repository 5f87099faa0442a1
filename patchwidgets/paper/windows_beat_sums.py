"""A window of layers does more than its layers one by one."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._layers import curve, peak, ratio, summed
from patchwidgets.paper._need import FACTS, NAMED, both
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["windows_beat_sums"]

_PAPER = {3: "1.40", 5: "1.75", 10: "1.59"}


@claim(
    "5; figures 5 and 20",
    "GPT-2 XL",
    says="Under noise and by probability, the peak of MLPs patched in windows is 1.40, 1.75 and "
    "1.59 times (windows 3, 5 and 10) that of the summed single layers; typically at least 20 % "
    "more.",
    how="MLP outputs at the last token of the subject; peaks from a tenth to three quarters of "
    "the depth, of windows without the first eighth of the layers, and of the sum over their "
    "layers alone.",
    criterion="Under noise and by probability the ratio is more than 1.2 at each window.",
    needs=tuple(one for need in FACTS.values() for one in both(need).values()),
)
def windows_beat_sums(numbers: Numbers) -> Finding:
    """A window of layers does more than its layers one by one."""
    checks, rows = [], []
    for window, need in FACTS.items():
        for corruption, one in both(need).items():
            for metric in ("prob", "logit_diff"):
                parts = [numbers.read(one, metric, part) for part in ("window", "alone")]
                found = _times(parts[0], parts[1], window, metric)
                decides = (corruption, metric) == ("noise", "prob")
                if decides:
                    label = f"window {window}: peak by that of the sum"
                    checks.append(Check(label, _PAPER[window], found, 1.2))
                published = _PAPER[window] if decides else "typically 1.2 or more"
                rows.append((str(window), corruption, NAMED[metric], str(found), published))
    columns = ("window", "corruption", "metric", "here", "paper")
    return Finding(tuple(checks), (Table("Window by sum, all methods", columns, tuple(rows)),))


def _times(wide: Sheet, alone: Sheet, window: int, metric: str) -> Number:
    def times(draw: Draw) -> float:
        together = curve(draw.means(wide), metric)
        sums = summed(curve(draw.means(alone), metric), window)
        return ratio(peak(together, window), peak(sums, window))

    return number(times)
