"""Words that every layer shares."""

from typing import Literal

Direction = Literal["denoising", "noising"]
"""`denoising`: the base run is corrupted and the source run clean (is this sufficient to restore
the answer?). `noising`: the base run is clean and the source run corrupted (is it necessary?)."""

DIRECTIONS: tuple[Direction, ...] = ("denoising", "noising")

Executor = Literal["auto", "reference"]
"""`auto`: the fast engine where it gives the same numbers. `reference`: a whole forward pass of
TransformerLens with hooks for each cell."""

EXECUTORS: tuple[Executor, ...] = ("auto", "reference")

Unit = Literal["logit", "nat", "probability", "rank", "share", "ratio"]
"""The unit a metric is measured in. `rank`: places from the top, 1 first. `share`: of prompts, from
0 to 1. `ratio`: a change relative to another run."""
