"""In the first layers it is the other way round."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._layers import early, summed
from patchwidgets.paper._need import FACTS
from patchwidgets.paper._sheet import Draw, number

__all__ = ["early_sums_beat_windows"]

WINDOW = 5


@claim(
    "5; figure 5",
    "GPT-2 XL",
    says="In the first layers (0 to 5 of 48) single layers add up to more than the window does: "
    "one of them is enough.",
    how="MLP outputs at the last token of the subject under noise, by probability, window 5: the "
    "sum less the window, mean over the first eighth of the layers.",
    criterion="The sum is larger.",
    needs=(FACTS[WINDOW].noised,),
)
def early_sums_beat_windows(numbers: Numbers) -> Finding:
    """In the first layers it is the other way round."""
    wide, alone = (numbers.read(FACTS[WINDOW].noised, "prob", part) for part in ("window", "alone"))

    def more(draw: Draw) -> float:
        sums, together = summed(draw.means(alone).effect, WINDOW), draw.means(wide).effect
        first = early(len(together))
        return float((sums[first] - together[first]).mean())

    label = "sum less window, first eighth of the layers"
    return Finding((Check(label, "above 0 (figure)", number(more), 0),))
