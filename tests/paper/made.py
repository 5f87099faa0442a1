"""Numbers made by hand, for claims to decide on."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from patchwidgets.paper import _published as published
from patchwidgets.paper._need import Need
from patchwidgets.paper._sheet import Attention, Sheet

PAIRS = 40

HEADS = [f"L{layer}H{head}" for layer in range(12) for head in range(12)]


def sheet(
    effect: Mapping[str, float] | np.ndarray,
    *,
    clean: float = 1.0,
    corrupted: float = 0.0,
    pairs: int = PAIRS,
    groups: tuple[str, ...] | None = None,
    spread: float = 0.0,
) -> Sheet:
    """Return a sheet with these mean effects; `spread` is the SD over pairs."""
    if isinstance(effect, np.ndarray):
        effect = {f"L{layer}.mlp_out": float(one) for layer, one in enumerate(effect)}
    means = np.array(list(effect.values()))
    wave = np.resize([-1.0, 1.0], pairs)
    per_pair = means[:, None] + spread * wave
    both = np.full((2, pairs), [[clean], [corrupted]])
    return Sheet(tuple(effect), per_pair, both[0], both[1], groups or ("",) * pairs)


def heads(listed: str, **options: Any) -> Sheet:
    """Return a sheet of 144 heads on which those of a list like `+ 5.5 - 10.7` are detected."""
    signs = published.signed(listed)
    return sheet({head: float(signs.get(head, 0)) for head in HEADS}, **options)


class Made:
    """Numbers that were not measured.

    Args:
        sheets: Returns the sheet of a need, a metric and a map.
        attentions: By whether noise corrupts.
        model: Name of the model.
    """

    def __init__(
        self,
        sheets: Callable[[Need, str, str], Sheet],
        attentions: Mapping[bool, Attention] | None = None,
        model: str = "made",
    ) -> None:
        self._sheets = sheets
        self._attentions = attentions or {}
        self._model = model

    @property
    def model(self) -> str:
        return self._model

    def read(self, need: Need, metric: str, map: str = "") -> Sheet:
        return self._sheets(need, metric, map)

    def attention(self, need: Need) -> Attention:
        return self._attentions[need.noise]

    def kv_heads(self, heads: list[str]) -> list[str]:
        return [f"{head}.v" for head in heads]


def by_table(tables: Mapping[str, Mapping[tuple[str, str], str]], **options: Any) -> Made:
    """Return numbers on which, by site, the heads of a table are detected."""

    def read(need: Need, metric: str, map: str) -> Sheet:
        method = ("noise" if need.noise else "replacement", metric)
        return heads(tables[need.at].get(method, ""))

    return Made(read, **options)


PAPER = {
    "S2": published.IOI_S2,
    "S1+IO": published.IOI_S1_IO,
    "ABC": {
        ("replacement", "logit_diff"): "+ 9.9 9.6 - 10.7 11.10",
        ("replacement", "prob"): "+ 9.9",
        ("replacement", "kl_div"): "+ 9.9",
    },
    "YY": published.YEARS,
}
"""The paper's own tables."""

ALIKE = {site: dict.fromkeys(published.IOI_S2, "+ 9.9 9.6 - 10.7") for site in PAPER}
"""Every method finds the same heads."""


def verdicts(finding: Any) -> list[str]:
    """Return the verdict of every check."""
    return [check.verdict for check in finding.checks]


def values(finding: Any) -> list[float]:
    """Return the number of every check."""
    return [check.number.value for check in finding.checks]
