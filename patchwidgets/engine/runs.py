"""The two unpatched runs of one group of prompts, recorded, and how its metrics are read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.errors import MeasurementError
from patchwidgets.metrics import Metric, evaluate
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import Record, record
from patchwidgets.prompts.tokens import AnswerTokens, TokenGroup
from patchwidgets.types import Direction

READ_ROWS = 256
"""Rows whose logits over the whole vocabulary are held at once."""


class Reader:
    """Turns the end of the residual stream into metric values, one per prompt.

    Only the answers' columns of the unembedding are computed, unless a metric needs them all.

    Args:
        model: The model.
        metrics: What to read off.
        answers: Answer tokens of the group's prompts.
        clean_logits: Logits of the clean run at the last position.
        base_logits: Those of the run that is patched.
    """

    def __init__(
        self,
        model: LensModel,
        metrics: Sequence[Metric],
        answers: AnswerTokens,
        clean_logits: Float[Tensor, "batch d_vocab"],
        base_logits: Float[Tensor, "batch d_vocab"],
    ) -> None:
        reference = {"clean": clean_logits, "base": base_logits}
        self._model = model
        self._metrics = metrics
        self._batch = clean_logits.shape[0]
        if all(metric.columns == "answers" for metric in metrics):
            columns = answers.columns()
            self._columns = torch.tensor(columns, device=clean_logits.device)
            self._answers = answers.reindex(columns)
            reference = {run: logits[:, self._columns] for run, logits in reference.items()}
        else:
            self._columns = None
            self._answers = answers
        self._references = [reference[metric.reference_run] for metric in metrics]

    @property
    def every_logit(self) -> bool:
        """Whether the whole vocabulary is read."""
        return self._columns is None

    def of_logits(
        self, logits: Float[Tensor, "rows d_vocab"], prompts: slice = slice(None)
    ) -> Float[np.ndarray, "metric rows"]:
        """Return every metric of full logits of some of the prompts; rows are cells x prompts."""
        chosen = logits if self._columns is None else logits[:, self._columns]
        return self._evaluate(chosen, prompts)

    def of_residual(
        self, residual: Float[Tensor, "rows d_model"]
    ) -> Float[np.ndarray, "metric rows"]:
        """Return every metric from the residual stream after the last block."""
        step = len(residual)
        if self._columns is None:
            step = max(1, READ_ROWS // self._batch) * self._batch
        parts = [
            self._evaluate(self._model.readout(residual[row : row + step], self._columns))
            for row in range(0, len(residual), step)
        ]
        return np.concatenate(parts, axis=1)

    def with_graph(
        self, logits: Float[Tensor, "batch d_vocab"], prompts: slice
    ) -> list[Float[Tensor, " batch"]]:
        """Return every metric of full logits as tensors that a gradient can be taken of.

        What the metrics read besides the logits is made anew, because a backward pass cannot keep
        what was made in `inference_mode`.
        """
        references = [reference[prompts].clone() for reference in self._references]
        answers = self._answers.select(range(self._batch)[prompts])
        if self._columns is not None:
            logits = logits[:, self._columns.clone()]
        cells = logits.unsqueeze(0)
        return [
            evaluate(metric, cells, answers, reference)[0]
            for metric, reference in zip(self._metrics, references, strict=True)
        ]

    def _evaluate(
        self, logits: Float[Tensor, "rows columns"], prompts: slice = slice(None)
    ) -> Float[np.ndarray, "metric rows"]:
        members = range(self._batch)[prompts]
        answers = self._answers if len(members) == self._batch else self._answers.select(members)
        cells = logits.unflatten(0, (-1, len(members)))
        values = [
            evaluate(metric, cells, answers, reference[prompts])
            for metric, reference in zip(self._metrics, self._references, strict=True)
        ]
        return torch.stack([value.flatten() for value in values]).double().cpu().numpy()


@dataclass
class GroupRuns:
    """Both runs of one group, by the words of the engine: base and source.

    Args:
        group: The prompts.
        base: The run that is patched.
        other: The run of the other side of each pair.
        source: What patches write: `other`, or the values of a source such as `zero`.
        first: First position at which the source can differ from the base run.
        reader: Reads the metrics.
        base_values: Metrics of the base run.
        source_values: Metrics of the other run.
    """

    group: TokenGroup
    base: Record
    other: Record
    source: Record
    first: int
    reader: Reader
    base_values: Float[np.ndarray, "metric batch"]
    source_values: Float[np.ndarray, "metric batch"]

    @property
    def batch(self) -> int:
        """Prompts in the group."""
        return self.base.tokens.shape[0]


def run_group(
    model: LensModel,
    group: TokenGroup,
    answers: AnswerTokens,
    metrics: Sequence[Metric],
    direction: Direction,
    sites: Sequence[str],
    check: Callable[[], None],
) -> GroupRuns:
    """Run a group's clean and corrupted prompts and keep what `sites` asks for."""
    clean = record(model, group.clean, sites, check)
    corrupted = record(model, group.corrupted, sites, check, group.noise)
    base, other = (corrupted, clean) if direction == "denoising" else (clean, corrupted)
    chosen = answers.select(group.members)
    reader = Reader(model, metrics, chosen, clean.logits, base.logits)
    return GroupRuns(
        group=group,
        base=base,
        other=other,
        source=other,
        first=group.first_difference,
        reader=reader,
        base_values=reader.of_logits(base.logits),
        source_values=reader.of_logits(other.logits),
    )


def keep_more(
    model: LensModel, runs: GroupRuns, sites: Iterable[str], check: Callable[[], None]
) -> GroupRuns:
    """Return the same runs with more sites kept, by running the prompts again.

    Raises:
        MeasurementError: The same prompts gave other logits this time.
    """
    other = _again(model, runs.other, sites, check)
    return replace(runs, base=_again(model, runs.base, sites, check), other=other, source=other)


def _again(
    model: LensModel, first: Record, sites: Iterable[str], check: Callable[[], None]
) -> Record:
    second = record(model, first.tokens, sorted(sites), check, first.noise)
    if not torch.equal(first.logits, second.logits):
        change = float((first.logits - second.logits).abs().max())
        raise MeasurementError(
            f"`{model.spec.name}` gave other logits the second time it ran the same prompts (by up "
            f"to {change:.2g}). Patching compares runs, so it needs the same run each time. Look "
            "for dropout, sampling or a hook that keeps state, and call `model.eval()`."
        )
    return replace(first, activations={**first.activations, **second.activations})
