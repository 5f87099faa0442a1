"""The two unpatched runs of one group of prompts, recorded, and how its metrics are read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from patchwidgets.engine.continuing import Layout, reads_wrong, spread
from patchwidgets.engine.rounding import tolerance
from patchwidgets.errors import MeasurementError
from patchwidgets.metrics import ContinuationMetric, Metric, evaluate
from patchwidgets.models.bridge import LensModel
from patchwidgets.models.records import Record, record
from patchwidgets.prompts.answers import Answers, AnswerTokens
from patchwidgets.prompts.tokens import TokenGroup
from patchwidgets.types import Direction

READ_ROWS = 128
"""Rows whose logits over the whole vocabulary are held at once; larger blocks of memory are given
back to the system after every use, and asked for again."""


class Reader:
    """Turns the end of the residual stream into metric values, one per prompt.

    Only the answers' columns of the unembedding are computed, unless a metric needs them all.

    Args:
        model: The model.
        metrics: What to read off.
        answers: Answer tokens of the group's prompts.
        layout: Where answers are read that may have several tokens.
        clean_logits: Logits of the clean run at the positions that are read.
        base_logits: Those of the run that is patched.
    """

    def __init__(
        self,
        model: LensModel,
        metrics: Sequence[Metric],
        answers: Answers,
        layout: Layout,
        clean_logits: Float[Tensor, "rows d_vocab"],
        base_logits: Float[Tensor, "rows d_vocab"],
    ) -> None:
        reference = {"clean": clean_logits, "base": base_logits}
        self._model = model
        self._metrics = metrics
        self._batch = len(answers)
        self._layout = layout
        self._answers = answers if isinstance(answers, AnswerTokens) else None
        self._columns = None
        if self._answers and all(metric.columns == "answers" for metric in metrics):
            columns = self._answers.columns()
            self._columns = torch.tensor(columns, device=clean_logits.device)
            self._answers = self._answers.reindex(columns)
            reference = {run: logits[:, self._columns] for run, logits in reference.items()}
        self._references = [
            self._read(metric, reference[metric.reference_run], self._answers, layout)[0][0]
            for metric in metrics
        ]

    @property
    def every_logit(self) -> bool:
        """Whether the whole vocabulary is read."""
        return self._columns is None

    def of_logits(
        self, logits: Float[Tensor, "rows d_vocab"], prompts: slice = slice(None)
    ) -> Float[np.ndarray, "metric cells_x_batch"]:
        """Return every metric of full logits of some of the prompts, cell by cell.

        Rows are cells x prompts x rows of a prompt x positions that are read.
        """
        chosen = logits if self._columns is None else logits[:, self._columns]
        return self._evaluate(chosen, prompts)

    def of_residual(
        self, residual: Float[Tensor, "rows d_model"]
    ) -> Float[np.ndarray, "metric cells_x_batch"]:
        """Return every metric from the residual stream after the last block."""
        step = len(residual)
        if self._columns is None:
            of_a_cell = self._batch * self._layout.rows * self._layout.read
            step = max(1, READ_ROWS // of_a_cell) * of_a_cell
        parts = [
            self._evaluate(self._model.readout(residual[row : row + step], self._columns))
            for row in range(0, len(residual), step)
        ]
        return np.concatenate(parts, axis=1)

    def with_graph(
        self, logits: Float[Tensor, "rows d_vocab"], rows: slice
    ) -> list[Float[Tensor, " batch"]]:
        """Return every metric of full logits as tensors that a gradient can be taken of.

        What the metrics read besides the logits is made anew, because a backward pass cannot keep
        what was made in `inference_mode`.

        Args:
            logits: At the positions that are read.
            rows: Which of the group's rows; all those of some prompts.
        """
        taken = range(self._batch * self._layout.rows)[rows]
        first, last = (end // self._layout.rows for end in (taken.start, taken.stop))
        prompts = slice(first, last)
        answers = self._answers and self._answers.select(range(first, last))
        layout = self._layout.select(prompts)
        if self._columns is not None:
            logits = logits[:, self._columns.clone()]
        values = []
        for metric, reference in zip(self._metrics, self._references, strict=True):
            given, own = self._read(metric, logits, answers, layout)
            values.append(evaluate(metric, given, own, reference[prompts].clone())[0])
        return values

    def _evaluate(
        self, logits: Float[Tensor, "rows columns"], prompts: slice = slice(None)
    ) -> Float[np.ndarray, "metric cells_x_batch"]:
        members = range(self._batch)[prompts]
        answers, layout = self._answers, self._layout
        if len(members) < self._batch:
            answers = answers and answers.select(members)
            layout = layout.select(prompts)
        values = []
        for metric, reference in zip(self._metrics, self._references, strict=True):
            given, own = self._read(metric, logits, answers, layout)
            values.append(evaluate(metric, given, own, reference[prompts]))
        return torch.stack([value.flatten() for value in values]).double().cpu().numpy()

    @staticmethod
    def _read(
        metric: Metric,
        logits: Float[Tensor, "rows columns"],
        answers: AnswerTokens | None,
        layout: Layout,
    ) -> tuple[Float[Tensor, "cells batch _given"], AnswerTokens]:
        """Return what a metric is given in place of logits, and the answers that count along it."""
        apart = logits.unflatten(0, (-1, len(layout.row), layout.rows, layout.read))
        if isinstance(metric, ContinuationMetric):
            return layout.log_probs(apart, per_token=metric.per_token), layout.answers
        assert answers is not None, (
            "answers of several tokens are read by continuation metrics only"
        )
        # The end of the prompt, where every row of the prompt is the same.
        return apart[:, :, 0, 0], answers


@dataclass
class GroupRuns:
    """Both runs of one group, by the words of the engine: base and source.

    Args:
        group: The prompts; with answers of several tokens, each as often as it needs rows, followed
            by them (`engine/continuing.py`).
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
        """Rows of a run: prompts, each as often as its answers need rows."""
        return self.base.tokens.shape[0]

    @property
    def prompts(self) -> int:
        """Prompts in the group."""
        return len(self.group.members)

    def rows(self, prompts: slice) -> slice:
        """Return the rows of some of the prompts."""
        some = range(self.prompts)[prompts]
        each = self.batch // self.prompts
        return slice(some.start * each, some.stop * each)

    def by_prompt(
        self, values: Float[np.ndarray, "patch rows"]
    ) -> Float[np.ndarray, "patch prompts"]:
        """Return the sums of each prompt's rows."""
        return values.reshape(len(values), -1, self.batch // self.prompts).sum(-1)


def run_group(
    model: LensModel,
    group: TokenGroup,
    answers: Answers,
    metrics: Sequence[Metric],
    direction: Direction,
    sites: Sequence[str],
    check: Callable[[], None],
) -> GroupRuns:
    """Run a group's clean and corrupted prompts and keep what `sites` asks for."""
    chosen = answers.select(group.members)
    group, layout = spread(group, chosen, wrong=reads_wrong(metrics))
    clean = _recorded(model, group.clean, sites, check, None, group.read)
    corrupted = _recorded(model, group.corrupted, sites, check, group.noise, group.read)
    base, other = (corrupted, clean) if direction == "denoising" else (clean, corrupted)
    reader = Reader(model, metrics, chosen, layout, clean.logits, base.logits)
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


def _recorded(
    model: LensModel,
    tokens: Int[Tensor, "batch pos"],
    sites: Sequence[str],
    check: Callable[[], None],
    noise: Float[Tensor, "batch pos d_model"] | None,
    read: int,
) -> Record:
    """Record a run; prompts that come several times, as in draws of noise, are run once."""
    if noise is not None:
        return record(model, tokens, sites, check, noise, read)
    once, rows = tokens.unique(dim=0, return_inverse=True)
    if len(once) == len(tokens):
        return record(model, tokens, sites, check, noise, read)
    return record(model, once, sites, check, noise, read).repeated(rows)


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
    second = _recorded(model, first.tokens, sorted(sites), check, first.noise, first.read)
    change = (first.logits - second.logits).abs()
    # Other threads, and experts whose parts are added in any order, round differently.
    if not (change <= tolerance(model) / 10 * first.logits.abs().clamp(min=1)).all():
        raise MeasurementError(
            f"`{model.spec.name}` gave other logits the second time it ran the same prompts (by up "
            f"to {float(change.max()):.2g}). Patching compares runs, so it needs the same run each "
            "time. Look for dropout, sampling or a hook that keeps state, and call `model.eval()`."
        )
    return replace(first, activations={**first.activations, **second.activations})
