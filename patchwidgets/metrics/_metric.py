"""What a metric must provide, and the one place where metrics are called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.errors import MeasurementError
from patchwidgets.metrics import METRICS
from patchwidgets.prompts.answers import AnswerTokens
from patchwidgets.registry import unknown_name
from patchwidgets.types import Unit
from patchwidgets.widening import widened

UNITS: tuple[Unit, ...] = get_args(Unit)

Columns = Literal["answers", "all"]
"""Which logits a metric reads: those of the answer tokens only, or the whole vocabulary."""

ReferenceRun = Literal["clean", "base"]
"""Which unpatched run a metric is given besides: the clean one, or the one that is patched."""


@runtime_checkable
class Metric(Protocol):
    """Logits at the end of the prompt to one number per prompt, for every cell."""

    @property
    def name(self) -> str:
        """The file name."""
        ...

    @property
    def label(self) -> str:
        """What figures call it."""
        ...

    @property
    def unit(self) -> Unit:
        """The unit of its values."""
        ...

    @property
    def columns(self) -> Columns:
        """`answers` where it reads only the logits of answer tokens.

        It is then given just those columns, and answers that count along them.
        """
        ...

    @property
    def reference_run(self) -> ReferenceRun:
        """Whose logits it is given as `reference`; `clean` where it does not use them."""
        ...

    @property
    def source(self) -> str:
        """The paper it comes from."""
        ...

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        """Return one number per cell and prompt.

        Args:
            logits: At the end of the prompt, in every patched run.
            answers: Of the `batch` prompts.
            reference: Logits of `reference_run` at the same position.
        """
        ...


@runtime_checkable
class ContinuationMetric(Metric, Protocol):
    """A metric of whole answers, of one token or more each.

    In place of logits it is given the log probability of every answer, in nats (cells, batch,
    answers), and answers that count along them; likewise in place of the logits of `reference_run`.
    """

    @property
    def per_token(self) -> bool:
        """Whether it is given the mean over an answer's tokens, in place of the sum."""
        ...

    @property
    def reads_wrong(self) -> bool:
        """Whether it reads wrong answers too; otherwise it is given none."""
        ...


def as_metric(metric: object) -> Metric:
    """Return the metric of that name; a metric as it is; a plain function as a metric.

    A function `f(logits, answers, reference)` is given all logits, and as `reference` those of the
    clean run. Its name is the metric's name,
    and `f.unit = "probability"` sets a unit other than `logit`.

    Raises:
        UnknownNameError: No metric of that name.
        MeasurementError: The function has a unit that is not one of ours.

    Example:
        >>> def answer_logit(logits, answers, reference):
        ...     return logits[..., [ids[0] for ids in answers.right]].diagonal(dim1=-2, dim2=-1)
        >>> as_metric(answer_logit).name
        'answer_logit'
    """
    if isinstance(metric, str):
        return METRICS.get(metric)
    if isinstance(metric, Metric):
        return metric
    if not callable(metric):
        raise unknown_name("metric", metric, METRICS.names())
    name = getattr(metric, "__name__", type(metric).__name__)
    label = getattr(metric, "label", name.replace("_", " "))
    return _FunctionMetric(metric, name, label, _unit(name, getattr(metric, "unit", "logit")))


def _unit(name: str, given: object) -> Unit:
    for unit in UNITS:
        if given == unit:
            return unit
    raise MeasurementError(
        f"Metric `{name}` has the unit {given!r}. Figures and results print the unit, and know "
        f"{', '.join(f'`{unit}`' for unit in UNITS)}. Write `{name}.unit = 'logit'`."
    )


@dataclass(frozen=True)
class _FunctionMetric:
    function: Callable[..., Any]
    name: str
    label: str
    unit: Unit
    columns: Columns = "all"
    reference_run: ReferenceRun = "clean"
    source: str = "Given as a function"

    def __call__(
        self,
        logits: Float[Tensor, "cells batch d_vocab"],
        answers: AnswerTokens,
        reference: Float[Tensor, "batch d_vocab"],
    ) -> Float[Tensor, "cells batch"]:
        values = self.function(logits, answers, reference)
        return _one_per_prompt(self.name, values, logits)


def evaluate(
    metric: Metric,
    logits: Float[Tensor, "cells batch d_vocab"],
    answers: AnswerTokens,
    reference: Float[Tensor, "batch d_vocab"],
) -> Float[Tensor, "cells batch"]:
    """Return the metric's value for every cell and prompt, after checking what came back.

    Raises:
        MeasurementError: Not one number per cell and prompt, or a number that is NaN or infinite.
    """
    values = widened(_one_per_prompt(metric.name, metric(logits, answers, reference), logits))
    if not torch.isfinite(values).all():
        raise _not_finite(metric, values, logits, reference)
    return values


def _one_per_prompt(name: str, values: object, logits: Tensor) -> Tensor:
    wanted = tuple(logits.shape[:2])
    if isinstance(values, Tensor) and tuple(values.shape) == wanted:
        return values
    is_tensor = isinstance(values, Tensor)
    came = f"shape {tuple(values.shape)}" if is_tensor else f"a `{type(values).__name__}`"
    raise MeasurementError(
        f"Metric `{name}` returned {came}. It needs to return a tensor of shape {wanted} "
        "(cells, batch), because every patched run gives one number per prompt, and means are "
        "taken later. Keep the first two axes of `logits`: write `logits.max(dim=-1).values`, not "
        "`logits.max()`."
    )


def _not_finite(
    metric: Metric, values: Tensor, logits: Tensor, reference: Tensor
) -> MeasurementError:
    cell, prompt = (~torch.isfinite(values)).nonzero()[0].tolist()
    runs = (("patched", logits[cell, prompt]), (metric.reference_run, reference[prompt]))
    for run, read in runs:
        if not torch.isfinite(read).all():
            return MeasurementError(
                f"The {run} run has logits that are NaN or infinite at prompt {prompt}, so "
                f"`{metric.name}` has no value. Nothing can be read from such logits; half "
                "precision overflows this way. Load the model in float32."
            )
    return MeasurementError(
        f"Metric `{metric.name}` returned {values[cell, prompt].item()} at cell {cell}, prompt "
        f"{prompt}, from logits that are finite. NaN is kept for what was not measured, so a "
        "metric may not return it. Look for a division by 0 or a logarithm of 0 in the metric."
    )
