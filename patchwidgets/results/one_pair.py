"""A result on one prompt pair: what every patch does to that pair alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from patchwidgets.errors import MeasurementError
from patchwidgets.plans.buckets import Buckets
from patchwidgets.plans.plan import Plan
from patchwidgets.results.estimate import Estimate
from patchwidgets.results.measured import Baseline
from patchwidgets.results.ratios import Ratios

MOST_PAIRS = 64
"""Pairs of a result up to which every one that is looked at stays in its views, so that a notebook
does not grow for ever: after that, the one longest ago goes."""

# `typing.Self` cannot be checked at run time inside a class that is not itself decorated.
Looked = TypeVar("Looked", bound="OnePair")


class OnePair(Ratios):
    """A result whose prompt pairs can be looked at one by one."""

    _parts: Callable[..., dict[str, Any]]
    drawn_pairs: tuple[int, ...] = ()
    """Prompt pairs of which views of this result hold a map, the last chosen last."""

    def on_pair(self: Looked, prompt: int) -> Looked:
        """Return this result on one prompt pair, once it is measured; nothing is run for it.

        Its `effect()` is what every patch did to that pair, and its `normalized()` divides by that
        pair's own gap: 1 where the pair moved all the way to its source run. Where the two runs of
        the pair nearly agree it refuses. Nothing is known of other pairs, so that errors and
        intervals are NaN and tests refuse.

        The mean of `on_pair(k).effect()` over all pairs is the mean effect of this result. That of
        `on_pair(k).normalized()` is the mean of ratios, not the ratio of means of this result:
        `results/normalizing.py`.

        Args:
            prompt: Which pair, from 0: the coordinate `prompt` of `effect()`.

        Raises:
            MeasurementError: There is no such pair.
        """
        return self.wait().glimpse_pair(prompt)

    def glimpse_pair(self: Looked, prompt: int) -> Looked:
        """Return what `on_pair` returns as it is now, without waiting.

        Raises:
            MeasurementError: There is no such pair.
        """
        return type(self)(**_of_pair(self._parts(), self._known_pair(prompt)))

    def draw_pair(self, prompt: int) -> None:
        """Let views of this result hold its map on one pair, from when they are drawn next.

        Raises:
            MeasurementError: There is no such pair.
        """
        most = max(MOST_PAIRS, len(self.drawn_pairs))
        self.draw_pairs([prompt])
        self.drawn_pairs = self.drawn_pairs[-most:]

    def draw_pairs(self, prompts: Iterable[int]) -> None:
        """As `draw_pair`, for any number of pairs, all of which stay."""
        chosen = tuple(map(self._known_pair, prompts))
        before = [one for one in self.drawn_pairs if one not in chosen]
        self.drawn_pairs = (*before, *dict.fromkeys(chosen))

    def _known_pair(self, prompt: int) -> int:
        count = len(self.groups)
        if prompt in range(count):
            return int(prompt)
        counted = "1 prompt pair, number 0" if count == 1 else f"{count} prompt pairs, 0 to"
        last = "" if count == 1 else f" {count - 1}"
        raise MeasurementError(
            f"There is no prompt pair {prompt!r}: this result has {counted}{last}, counted as the "
            "coordinate `prompt` of `effect()`. Write `result.on_pair(0)` for the first."
        )


def _of_pair(parts: Mapping[str, Any], prompt: int) -> dict[str, Any]:
    """Return the arguments of a result on one of its prompt pairs."""
    draws, groups = parts["draws"], parts["groups"]
    if len(groups) == 1:
        return dict(parts)
    rows = slice(prompt * draws, (prompt + 1) * draws)
    baseline, estimate = parts["baseline"], parts["estimate"]
    return {
        **parts,
        "plan": _plan_of_pair(parts["plan"], prompt),
        "baseline": Baseline(baseline.clean[:, rows], baseline.corrupted[:, rows]),
        "groups": groups[prompt : prompt + 1],
        "provenance": _provenance_of_pair(parts["provenance"], prompt, len(groups)),
        "values": parts["values"][:, :, rows],
        "status": parts["status"][:, rows],
        "estimate": _estimate_of_pair(estimate, prompt),
    }


def _plan_of_pair(plan: Plan, prompt: int) -> Plan:
    if plan.buckets is None:
        return plan
    places = tuple(bucket[prompt : prompt + 1] for bucket in plan.buckets.places)
    return replace(plan, buckets=Buckets(plan.buckets.names, places))


def _estimate_of_pair(estimate: Estimate | None, prompt: int) -> Estimate | None:
    if estimate is None:
        return None
    return replace(estimate, values=estimate.values[..., prompt : prompt + 1])


def _provenance_of_pair(about: Mapping[str, Any], prompt: int, count: int) -> dict[str, Any]:
    changed: dict[str, Any] = {"pair": {"prompt": prompt, "of": count}}
    if about.get("prompts"):
        changed["prompts"] = about["prompts"][prompt : prompt + 1]
    if about.get("code"):
        changed["code"] = f"{about['code']}.on_pair({prompt})"
    return {**about, **changed}
