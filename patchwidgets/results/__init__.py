"""Results: what was measured, with labels, uncertainty and provenance. No torch needed."""

from patchwidgets.results.detection import Detection
from patchwidgets.results.measured import Baseline, MetricInfo, Progress, Snapshot
from patchwidgets.results.result import Result

__all__ = ["Baseline", "Detection", "MetricInfo", "Progress", "Result", "Snapshot"]
