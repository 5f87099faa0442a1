"""Zero ablation: patches write zeros."""

from dataclasses import dataclass
from typing import Any

import torch

from patchwidgets.engine.sources._source import Rewrite

__all__ = ["Zero"]


@dataclass(frozen=True)
class Zero:
    """Writes zeros.

    Zeros are far from what a site holds on any prompt, so that an effect may be that of the
    unusual value and not of the missing information (reference/method.md, W22).
    """

    name: str = "zero"
    key: str = "zero"

    def rewriting(self, *_: Any) -> Rewrite:
        """Return the function that gives zeros."""
        return lambda activation, _site, _layer: torch.zeros_like(activation)
