"""Words that every layer shares."""

from typing import Literal

Direction = Literal["denoising", "noising"]
"""`denoising`: the base run is corrupted and the source run clean (is this sufficient to restore
the answer?). `noising`: the base run is clean and the source run corrupted (is it necessary?)."""

DIRECTIONS: tuple[Direction, ...] = ("denoising", "noising")

Unit = Literal["logit", "nat", "probability"]
"""The unit a metric is measured in."""
