"""What was measured of a circuit, in sentences."""

import math

from patchwidgets.circuits.choices import size_in_words
from patchwidgets.circuits.circuit import Circuit
from patchwidgets.circuits.reading import Reading
from patchwidgets.circuits.shares import Share

LIVE = "MLPs are left live: they go on computing from what they are given."
NODES = "Measured are the nodes; paths that were pinned are drawn and not tested."


def sentences(reading: Reading, metric: str | None = None) -> list[str]:
    """Return what the runs say by one metric, a sentence each; none before it is measured."""
    circuit = reading.circuit
    kept, left = reading.faithfulness(metric), reading.left(metric)
    if kept.why_not:
        return [_effects(circuit, kept, left), kept.why_not]
    if math.isnan(kept.value):
        return []
    size, one = size_in_words(circuit), len(circuit.nodes) == 1
    told = [
        f"{size} {'carries' if one else 'carry'} {percent(kept.value)} "
        f"({interval(kept)}) of the behaviour."
    ]
    if not math.isnan(left.value):
        it = "it" if one else "them"
        below = ", less than with everything overwritten" if left.high < -0.005 else ""
        told.append(f"Without {it} {percent(left.value)} ({interval(left)}) is left{below}.")
    chance = reading.chance(metric)
    if not math.isnan(chance.mean):
        n = len(chance.shares)
        as_well = round(chance.as_well * n)
        told.append(
            f"{n} random circuits of {size} carry {percent(chance.mean)} on average; "
            f"{as_well or 'none'} of them {'does' if as_well == 1 else 'do'} as well "
            f"(p = {chance.p:.2g}; the smallest that {n} can show is {chance.smallest_p:.2g})."
        )
    return told


def percent(value: float) -> str:
    """Return a share in percent, with a real minus sign."""
    text = f"{abs(100 * value):.0f}"
    return f"{'−' if value < 0 and text != '0' else ''}{text} %"


def interval(share: Share) -> str:
    """Return the interval of a share in words; that there is none for one prompt."""
    if math.isnan(share.low):
        return "one prompt pair, no interval"
    low, high = (percent(end).removesuffix(" %") for end in (share.low, share.high))
    return f"{100 * share.confidence:.0f} % {low} to {high} %"


def _effects(circuit: Circuit, kept: Share, left: Share) -> str:
    return (
        f"There is no share, but effects: next to a run with everything overwritten, "
        f"{size_in_words(circuit)} alone change the metric by {kept.effect:+.3g} ({kept.unit}), "
        f"the model without them by {left.effect:+.3g}, and the whole model by {kept.gap:+.3g}."
    )
