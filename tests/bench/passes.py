"""Plain passes: what attribution patching takes at the least, and how near one is to the floor."""

import copy
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from patchwidgets.study import Study
from tests.bench.floor import multiply_rate

ROWS = 96
"""Prompts of one plain pass: about as many tokens as travel in one wave of a sweep."""

TURNS = 3


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


def shares_of_rate(study: Study) -> list[dict[str, Any]]:
    """Return how much of the machine's multiply rate plain forward passes reach.

    Multiply-adds with weights, by the time they take. What is missing to 1 are norms, rotary
    positions, softmax and the like, which patching cannot do without either. Hugging Face's model
    has random weights and attention without a hook.
    """
    (group,) = study.prompts.groups
    lens, spec = study._session.model, study._session.model.spec
    tokens = group.clean.repeat(ROWS // len(group.clean), 1)
    config: Any = lens.bridge.original_model.config
    plain = AutoModelForCausalLM.from_config(copy.deepcopy(config), attn_implementation="sdpa")
    weights = spec.n_layers * (spec.attention_weights + spec.mlp_weights)
    least = tokens.numel() * (weights + spec.d_model * spec.d_vocab)
    runs: dict[str, Callable[[], object]] = {
        "TransformerLens": lambda: lens.bridge(tokens),
        "Hugging Face alone": lambda: plain(tokens),
    }
    return [{"what": name, "floor": _share(least, run, study)} for name, run in runs.items()]


def _share(least: int, run: Callable[[], object], study: Study) -> float:
    shares = []
    with torch.inference_mode():
        for _ in range(TURNS):
            before = multiply_rate(study._session.model.spec)
            seconds = best(run, 1)
            rate = (before + multiply_rate(study._session.model.spec)) / 2
            shares.append(least / rate / seconds)
    return median(shares)
