"""What rules know of a study: plain data, read off a study or off a saved result."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patchwidgets.results.draws import mean_baseline
from patchwidgets.results.measured import Baseline, MetricInfo
from patchwidgets.results.result import Result
from patchwidgets.types import Direction


@dataclass(frozen=True)
class PromptFacts:
    """One prompt pair, as it was measured.

    Args:
        clean: Token ids, BOS included.
        corrupted: Token ids; those of `clean` where noise takes their place.
        answers: Right answers.
        wrong_answers: Wrong answers.
        group: Its template, or empty.
        right: Whether the clean run prefers an answer to every wrong one.
    """

    clean: tuple[int, ...]
    corrupted: tuple[int, ...]
    answers: tuple[str, ...]
    wrong_answers: tuple[str, ...]
    group: str
    right: bool

    @property
    def differing(self) -> tuple[int, ...]:
        """Positions at which the two prompts have different tokens."""
        pairs = enumerate(zip(self.clean, self.corrupted, strict=True))
        return tuple(at for at, (one, other) in pairs if one != other)


@dataclass(frozen=True, eq=False)
class StudyFacts:
    """A model, prompt pairs and the two unpatched runs. What is not known is `None` or empty.

    Args:
        metrics: Read off every run.
        direction: Which run is patched.
        baseline: Metric by prompt pair, averaged over draws of noise; NaN until measured.
        groups: The template of each pair.
        prompts: The pairs.
        spec: The model's sizes, as in `ModelSpec`.
        dtype: Of the weights, such as `float32`.
        prepend_bos: Whether prompts start with a BOS token.
        bos_by_default: Whether TransformerLens gives this model one.
        hooks: Hook points to which the caller has attached hooks.
        compatibility_mode: Whether TransformerLens's compatibility mode was enabled.
        task: Name of the task; `None` for own pairs.
        corruption: Name of the corruption; `as given` for own pairs without noise.
        at: The corruption site.
        sites: All corruption sites of the task.
        symmetric: Whether the wrong answers are right for the corrupted prompts.
        replaceable: Whether token replacement could take the place of noise.
        noise: Its `k`, `draws`, `seed`, `sigma` and `tokens`, where there is noise.
    """

    metrics: tuple[MetricInfo, ...]
    direction: Direction
    baseline: Baseline
    groups: tuple[str, ...]
    prompts: tuple[PromptFacts, ...] = ()
    spec: Mapping[str, Any] | None = None
    dtype: str | None = None
    prepend_bos: bool | None = None
    bos_by_default: bool | None = None
    hooks: tuple[str, ...] = ()
    compatibility_mode: bool | None = None
    task: str | None = None
    corruption: str | None = None
    at: str | None = None
    sites: tuple[str, ...] = ()
    symmetric: bool | None = None
    replaceable: bool = False
    noise: Mapping[str, Any] | None = None

    def runs(self) -> Iterator[tuple[MetricInfo, np.ndarray, np.ndarray]]:
        """Yield every metric with its values per pair on the clean and on the corrupted run."""
        return zip(self.metrics, self.baseline.clean, self.baseline.corrupted, strict=True)

    def run(self, metric: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Return one metric's values on both runs; `None` where it was not read."""
        return next(((clean, bad) for info, clean, bad in self.runs() if info.name == metric), None)


def read_facts(
    about: Mapping[str, Any],
    *,
    metrics: Sequence[MetricInfo],
    direction: Direction,
    baseline: Baseline,
    groups: Sequence[str],
) -> StudyFacts:
    """Return the facts in a provenance; what it lacks is not known.

    Args:
        about: As in `Result.provenance`.
        metrics: Read off every run.
        direction: Which run is patched.
        baseline: Metric by prompt pair.
        groups: The template of each pair.
    """
    spec = about.get("model")
    return StudyFacts(
        metrics=tuple(metrics),
        direction=direction,
        baseline=baseline,
        groups=tuple(groups),
        prompts=tuple(_prompt(one) for one in about.get("prompts", ())),
        spec=spec if isinstance(spec, Mapping) else None,
        dtype=about.get("dtype"),
        prepend_bos=about.get("prepend_bos"),
        bos_by_default=about.get("bos_by_default"),
        hooks=tuple(about.get("hooks", ())),
        compatibility_mode=about.get("compatibility_mode"),
        task=about.get("task"),
        corruption=about.get("corruption"),
        at=about.get("at"),
        sites=tuple(about.get("sites", ())),
        symmetric=about.get("symmetric"),
        replaceable=bool(about.get("replaceable", False)),
        noise=about.get("noise"),
    )


def facts_of(result: Result) -> StudyFacts:
    """Return the facts of the study that a result is of."""
    return read_facts(
        result.provenance,
        metrics=result.metrics,
        direction=result.direction,
        baseline=mean_baseline(result.baseline, result.draws),
        groups=result.groups,
    )


def _prompt(one: Mapping[str, Any]) -> PromptFacts:
    return PromptFacts(
        clean=tuple(one["clean_ids"]),
        corrupted=tuple(one["corrupted_ids"]),
        answers=tuple(one["answers"]),
        wrong_answers=tuple(one["wrong_answers"]),
        group=one["group"],
        right=bool(one["right"]),
    )
