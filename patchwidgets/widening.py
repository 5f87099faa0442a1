"""In which precision numbers are computed, whatever the model's own is."""

import torch
from torch import Tensor


def widened(values: Tensor) -> Tensor:
    """Return values in float32, or in float64 if they came so; half precision is too coarse."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
