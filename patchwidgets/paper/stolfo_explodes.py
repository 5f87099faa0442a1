"""A ratio of probabilities explodes under replacement."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._layers import ratio
from patchwidgets.paper._need import SUMS
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["stolfo_explodes"]


@claim(
    "App. C; equation 2",
    "GPT-J",
    says="The metric of Stolfo et al., which divides by the corrupted run's probability, reaches "
    "thousands under replacement, where that is tiny, and stays near 0 under noise.",
    how="One MLP at a time at the last token; the largest effect of any layer, all operations.",
    criterion="Its peak under replacement is more than ten times that under noise.",
    needs=(SUMS, SUMS.noised),
)
def stolfo_explodes(numbers: Numbers) -> Finding:
    """A ratio of probabilities explodes under replacement."""
    replaced, noised = (numbers.read(need, "stolfo") for need in (SUMS, SUMS.noised))

    def peak(draw: Draw, sheet: Sheet) -> float:
        return float(draw.means(sheet).effect.max())

    def times(draw: Draw) -> float:
        return ratio(peak(draw, replaced), peak(draw, noised))

    checks = (
        Check("peak under replacement by noise", "7500 by about 0 (sums)", number(times), 10),
    )
    return Finding(checks)
