"""What the numbers of a labelled array mean: unit, direction, 0 and 1."""

from typing import Any

import numpy as np

from patchwidgets.results.measured import AGREE, MetricInfo
from patchwidgets.types import Direction

_RUNS = {"denoising": ("corrupted", "clean"), "noising": ("clean", "corrupted")}
_ONE = {"denoising": "fully restored", "noising": "fully destroyed"}


def patched_attrs(metric: MetricInfo, direction: Direction) -> dict[str, Any]:
    """Describe values of the metric itself."""
    return {"metric": metric.name, "unit": metric.unit, "direction": direction}


def effect_attrs(metric: MetricInfo, direction: Direction) -> dict[str, Any]:
    """Describe effects: patched minus base, in the metric's unit."""
    base, _ = _RUNS[direction]
    return patched_attrs(metric, direction) | {
        "zero": f"nothing happened: as in the {base} run",
    }


def normalized_attrs(metric: MetricInfo, direction: Direction, how: str) -> dict[str, Any]:
    """Describe normalized effects: (patched - base) / (source - base), by a name in `How`."""
    _, source = _RUNS[direction]
    return effect_attrs(metric, direction) | {
        "unit": "1",
        "one": f"{_ONE[direction]}: as in the {source} run",
        "how": how,
    }


def ratio_attrs(gap: np.ndarray) -> dict[str, Any]:
    """Count the prompts that ratios per prompt leave out, and show the smallest divisor."""
    used = np.abs(gap) > AGREE
    return {
        "prompts_left_out": int((~used).sum()),
        "smallest_gap": float(np.abs(gap[used]).min()) if used.any() else float("nan"),
    }
