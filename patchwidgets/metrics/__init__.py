"""Metrics: logits to one number per prompt. README.md says how to add one.

Importing this package imports no torch; the names below it load when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from patchwidgets.registry import Registry

if TYPE_CHECKING:
    from patchwidgets.metrics._metric import ContinuationMetric, Metric, as_metric, evaluate

METRICS = Registry("patchwidgets.metrics", "metric")
"""Every metric, by file name."""

__all__ = ["METRICS", "ContinuationMetric", "Metric", "as_metric", "evaluate"]


def __getattr__(name: str) -> object:
    if name in ("ContinuationMetric", "Metric", "as_metric", "evaluate"):
        return getattr(import_module("patchwidgets.metrics._metric"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
