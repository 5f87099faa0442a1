"""What attribution patching takes at the least: two forward passes and a backward pass."""

import time
from collections.abc import Callable
from typing import Any

import torch

from patchwidgets.study import Study


def two_forwards_and_a_backward(study: Study) -> None:
    """Run what attribution patching takes at the least, with nothing attached to the model."""
    (group,) = study.prompts.groups
    lens = study._session.model
    with torch.inference_mode():
        lens.forward(group.clean)
    hf_model: Any = lens.bridge.original_model
    embed = hf_model.get_input_embeddings()
    weight = embed.weight
    wanted = weight.requires_grad
    with torch.enable_grad():
        weight.requires_grad_(True)
        try:
            torch.autograd.grad(lens.forward(group.corrupted).sum(), [weight])
        finally:
            weight.requires_grad_(wanted)


def best(function: Callable[[], object], times: int = 3) -> float:
    """Return the seconds of the fastest of some calls."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
