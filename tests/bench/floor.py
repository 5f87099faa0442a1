"""How fast this machine multiplies matrices, and how much of it a sweep cannot do without."""

import statistics
import time
from collections.abc import Sequence

import torch

from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node

COUNTED = ("resid_pre", "z", "mlp_out")
"""Sites of which `needed` knows what a patch there cannot do without."""


def multiply_rate(spec: ModelSpec, rows: int = 1536, repeats: int = 8) -> float:
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

    In the last block that is keys and values at every changed position, and the rest at the last.

    Args:
        spec: The model.
        nodes: One per cell, at sites of `COUNTED`.
        prompts: Number of prompts.
        suffix: For each node, the positions from the first changed one to the end.
    """
    inside = {
        "resid_pre": spec.attention_weights + spec.mlp_weights,
        "z": spec.mlp_weights,
        "mlp_out": 0,
    }
    total = 0
    for node, positions in zip(nodes, suffix, strict=True):
        layer = node.layer or 0
        if layer < spec.n_layers - 1:
            total += positions * inside[node.site] + _after(spec, layer, positions)
        else:
            total += _last(spec, positions) if node.site == "resid_pre" else inside[node.site]
    return prompts * total


def needed_by_paths(
    spec: ModelSpec, senders: Sequence[Node], receiver: Node, prompts: int, positions: int
) -> int:
    """Return the same for `pinned` paths from every sender into the value of one head.

    MLPs from the sender's on to the receiver's block, the value, and everything from what the
    head writes on.
    """
    to = receiver.layer or 0
    value = spec.d_model * spec.d_head
    live = positions * spec.mlp_weights + _after(spec, to, positions)
    total = 0
    for sender in senders:
        first = sender.layer or 0
        mlps = to - first - (sender.site == "mlp_out")
        total += positions * (mlps * spec.mlp_weights + value) + live
    return prompts * total


def _after(spec: ModelSpec, layer: int, positions: int) -> int:
    block = spec.attention_weights + spec.mlp_weights
    return positions * block * (spec.n_layers - 2 - layer) + _last(spec, positions)


def _last(spec: ModelSpec, positions: int) -> int:
    keys_values = 2 * spec.d_model * spec.d_head * spec.n_kv_heads
    block = spec.attention_weights + spec.mlp_weights
    return positions * keys_values + block - keys_values
