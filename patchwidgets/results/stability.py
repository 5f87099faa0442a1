"""Whether the same nodes would have been detected on other prompts."""

from dataclasses import dataclass

import numpy as np

from patchwidgets.errors import MeasurementError, PatchwidgetsError
from patchwidgets.results import stats
from patchwidgets.results.detection import Bar, Cells, Detection, beyond, detect_far

STABLE = 0.8
"""Mean Jaccard index from which a set of nodes is called stable.

Source: Meloux, Portet & Peyrard 2025, arXiv 2510.00845 (their guideline, with 100 resamples)."""


@dataclass(frozen=True, eq=False)
class Stability:
    """How much the detected nodes change when the prompts are redrawn.

    A node counts with its sign: detected as positive here and as negative there is a change.

    Args:
        jaccard: Mean over all pairs of resamples of the share of nodes detected in both among
            those detected in either, from 0 (none again) to 1 (always the same); pairs that both
            detect nothing are left out, and it is NaN where no resample detects anything.
        with_all: The same index, of each resample with what is detected on all prompts.
        share_positive: Node to the share of resamples that detect it as positive, most often
            first; nodes that are never detected are left out.
        share_negative: The same for negative.
        detection: What is detected on all prompts.
        n_prompts: Number of prompt pairs, and of draws in each resample.
        n_resamples: How often the prompts were redrawn.
        seed: Of the draws.
    """

    jaccard: float
    with_all: float
    share_positive: dict[str, float]
    share_negative: dict[str, float]
    detection: Detection
    n_prompts: int
    n_resamples: int
    seed: int

    @property
    def stable(self) -> bool:
        """Whether the mean Jaccard index reaches 0.8, a guideline from the literature."""
        return self.jaccard >= STABLE


def stability_of(
    cells: Cells, rule: Bar, sd: float | int, n_resamples: int, seed: int, ddof: int = 0
) -> Stability:
    """Detect on bootstrap resamples of the prompts; whole prompts are drawn with replacement.

    Source: the Jaccard index over bootstrap resamples is after Meloux, Portet & Peyrard 2025,
    arXiv 2510.00845.

    Raises:
        PatchwidgetsError: Fewer than two resamples.
        MeasurementError: One prompt pair.
    """
    n = cells.effect.shape[1]
    if n_resamples < 2:
        raise PatchwidgetsError(
            f"`n_resamples` is {n_resamples!r}, but stability compares resamples of the prompts "
            "with one another and needs at least two. Leave it out for 200."
        )
    if n < 2:
        raise MeasurementError(
            "With one prompt pair every resample is that pair again, so that nothing can change. "
            "Use at least two prompt pairs, better 20 or more."
        )
    detection = detect_far(cells, rule, sd, ddof)
    compared = cells.choose(~cells.identity) if rule == "mad" else cells
    means = stats.bootstrap_weights(n, n_resamples, seed) @ compared.effect.T
    positive, negative = beyond(means, rule, sd, ddof)
    found = np.concatenate([positive, negative], axis=1)
    both = np.isin(compared.names, detection.positive), np.isin(compared.names, detection.negative)
    pairs = jaccard(found, found)[np.triu_indices(n_resamples, k=1)]
    return Stability(
        jaccard=_mean(pairs),
        with_all=_mean(jaccard(found, np.concatenate(both)[None])),
        share_positive=_shares(compared.names, positive),
        share_negative=_shares(compared.names, negative),
        detection=detection,
        n_prompts=n,
        n_resamples=n_resamples,
        seed=seed,
    )


def jaccard(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return |both| / |either| of every row of `first` with every row of `second`.

    Args:
        first: Set by member, boolean.
        second: Set by member, boolean.

    Returns:
        First by second, from 0 to 1; NaN where both sets are empty.
    """
    one, two = first.astype(np.float64), second.astype(np.float64)
    both = one @ two.T
    either = one.sum(axis=1)[:, None] + two.sum(axis=1) - both
    return np.divide(both, either, out=np.full_like(both, np.nan), where=either > 0)


def _mean(indices: np.ndarray) -> float:
    known = indices[~np.isnan(indices)]
    return float(known.mean()) if known.size else float("nan")


def _shares(names: tuple[str, ...], found: np.ndarray) -> dict[str, float]:
    share = found.mean(axis=0)
    order = np.argsort(-share, kind="stable")
    return {names[cell]: float(share[cell]) for cell in order if share[cell] > 0}
