"""How fast this machine multiplies matrices, and how much of it a sweep cannot do without."""

import statistics
import time
from collections.abc import Sequence

import torch

from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node


def multiply_rate(spec: ModelSpec, rows: int = 1536, repeats: int = 20) -> float:
    """Return multiply-adds per second on this model's MLP matrix, the median of nine trials.

    The rate of a shared machine moves within seconds, so take it just before and after a sweep.
    """
    activation = torch.randn(rows, spec.d_model)
    weight = torch.randn(spec.d_mlp, spec.d_model)
    seconds = []
    for _ in range(9):
        started = time.perf_counter()
        for _ in range(repeats):
            torch.nn.functional.linear(activation, weight)
        seconds.append((time.perf_counter() - started) / repeats)
    return rows * spec.d_model * spec.d_mlp / statistics.median(seconds)


def needed(spec: ModelSpec, nodes: Sequence[Node], prompts: int, suffix: Sequence[int]) -> int:
    """Return the multiply-adds with weights that plain patches at `nodes` cannot do without.

    Args:
        spec: The model.
        nodes: One per cell, at sites `resid_pre`, `mlp_out` or `z`.
        prompts: Number of prompts.
        suffix: For each node, the positions from the first changed one to the end.
    """
    block = spec.attention_weights + spec.mlp_weights
    inside = {"resid_pre": block, "z": spec.mlp_weights, "mlp_out": 0}
    return sum(
        prompts * positions * ((spec.n_layers - 1 - (node.layer or 0)) * block + inside[node.site])
        for node, positions in zip(nodes, suffix, strict=True)
    )
