"""What effects hold for besides their plan: the model, the prompts, the metrics, the question."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from patchwidgets.results.measured import MetricInfo
from patchwidgets.types import Direction

OF_A_PAIR = ("clean_ids", "corrupted_ids", "noised", "roles", "answers", "wrong_answers", "group")
"""What is compared of a prompt pair."""


@dataclass(frozen=True)
class Circumstances:
    """What effects hold for, each in words that two studies share only where it is the same.

    Args:
        model: The model by its weights, and the hooks that were left on it.
        prompts: The prompt pairs by their tokens, answers, roles and noise.
        metrics: What is read off the runs, the first of which orders the cells.
        direction: Which run is patched.
        source: Whose values patches write.
    """

    model: str
    prompts: str
    metrics: str
    direction: str
    source: str

    @classmethod
    def of(
        cls, provenance: Mapping[str, Any], metrics: Sequence[MetricInfo], direction: Direction
    ) -> "Circumstances":
        """Return those of a result or a study.

        Args:
            provenance: Of it, as far as it is known.
            metrics: In order.
            direction: `denoising` or `noising`.
        """
        name = (provenance.get("model") or {}).get("name", "")
        hooks = ", ".join(f"`{hook}`" for hook in provenance.get("hooks") or [])
        weights = provenance.get("fingerprint", "unknown")
        pairs = provenance.get("prompts") or []
        told = [[pair.get(field) for field in OF_A_PAIR] for pair in pairs]
        noise = provenance.get("noise")
        told += [] if noise is None else [[noise, provenance.get("corruption")]]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
        named = ", ".join(f"`{metric.name}`" for metric in metrics)
        return cls(
            model=f"on `{name}` with the weights {weights}{f' and hooks on {hooks}' * bool(hooks)}",
            prompts=f"on {len(pairs)} prompt pairs ({digest[:12]})",
            metrics=f"for the metrics {named}",
            direction=f"with `direction={direction!r}`",
            source=f"with the source `{provenance.get('source', 'other')}`",
        )

    def apart(self, other: "Circumstances") -> tuple[str, str] | None:
        """Return the first that is another there, in the words of both; `None` if all is equal."""
        both = zip(astuple(self), astuple(other), strict=True)
        return next(((mine, theirs) for mine, theirs in both if mine != theirs), None)
