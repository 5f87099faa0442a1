"""Attention patterns, per-prompt effects and prompt pairs as a few lines of plain text."""

import numpy as np

from patchwidgets.views._wire import read_array
from patchwidgets.views._words import UNITS, number, signed
from patchwidgets.views.attention import Attention, Place
from patchwidgets.views.prompt_effects import PromptEffects
from patchwidgets.views.prompts import Prompts

STRONGEST, PAIRS = 3, 3


def words_of(header: Attention | PromptEffects | Prompts, block: bytes) -> str:
    """Return a view as text: what stands out of it, in the order in which one would look."""
    if isinstance(header, Attention):
        lines = _attention(header, read_array(header.weights, block))
    elif isinstance(header, PromptEffects):
        lines = _effects(header, read_array(header.effect, block))
    else:
        lines = _prompts(header)
    return "\n".join(line for line in [header.title, header.caption, *lines] if line)


def _attention(header: Attention, weights: np.ndarray) -> list[str]:
    row = header.destinations.index(header.destination)
    lines = [f"from {_place(header, header.destination)}:"]
    for run, shares in zip(header.runs, weights[:, row], strict=True):
        order = np.argsort(-np.nan_to_num(shares), kind="stable")[:STRONGEST]
        most = ", ".join(f"{_place(header, int(at))} {shares[at]:.0%}" for at in order)
        lines.append(f"  {run.label}: {most}")
    return [*lines, header.note]


def _place(header: Attention, at: int) -> str:
    place: Place = header.places[at]
    token = place.clean.strip() or place.role or str(at)
    return f"{token} ({place.role})" if place.role and token != place.role else token


def _effects(header: PromptEffects, effect: np.ndarray) -> list[str]:
    lines = []
    for metric, summary, values in zip(header.metrics, header.summaries, effect, strict=True):
        if summary.mean is None:
            continue
        known = values[np.isfinite(values)]
        interval = ""
        if summary.low is not None and summary.high is not None:
            interval = f", 95 % {signed(summary.low)} to {signed(summary.high)}"
        lines.append(
            f"{metric.label}: mean {signed(summary.mean)} {UNITS[metric.unit]}{interval}; above 0 "
            f"on {summary.positive} of {len(known)} pairs, from {number(float(known.min()))} to "
            f"{number(float(known.max()))}"
        )
    return [*lines, header.note]


def _prompts(header: Prompts) -> list[str]:
    pairs = header.strip.pairs
    lines = []
    for index, pair in enumerate(pairs[:PAIRS]):
        lines += [
            f"pair {index + 1}  clean      {''.join(pair.clean).strip()}",
            f"        corrupted  {''.join(pair.corrupted).strip()}",
            f"        answer     {' / '.join(pair.answers).strip()}",
        ]
    left = len(pairs) - PAIRS
    return [*lines, f"and {left} more" if left > 0 else ""]
