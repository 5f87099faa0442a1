"""How the time of a head map grows with prompts, with their length, and with layers."""

import time
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

import patchwidgets as pw
from patchwidgets.study import Study
from tests.families import PAIRS, VOCABULARY, bridge_of, study_of

TEMPLATES = 30
LAYERS = (5, 10, 20)
PROMPTS = (2, 8, 32)
LENGTHS = {"short": "BABA 6", "long": "BABA 4"}


def scaling(model: Any) -> list[dict[str, Any]]:
    """Return a row per size: prompts and lengths on `model`, layers on random weights."""
    rows = []
    for n in PROMPTS:
        study = pw.Study(model, "ioi", n=TEMPLATES * n, store=False).keep([LENGTHS["short"]])
        rows.append(row(study))
    rows.append(row(pw.Study(model, "ioi", n=TEMPLATES * 8, store=False).keep([LENGTHS["long"]])))
    rows += [row(study_of(of_layers(n), PAIRS, store=False)) for n in LAYERS]
    return rows


def row(study: Study) -> dict[str, Any]:
    """Time one head map."""
    began = time.perf_counter()
    cells = len(study.sweep("heads").wait().plan.patches)
    seconds = time.perf_counter() - began
    prompts, (length,) = len(study.prompts.pairs), study.shape.lengths
    n_layers = study._session.model.spec.n_layers
    return {
        "what": f"{prompts} x {length} tokens, {n_layers} layers",
        "cells": cells,
        "seconds": seconds,
        "milliseconds": 1000 * seconds / cells / prompts,
    }


def of_layers(n: int) -> Any:
    """Return a model of random weights with the width of SmolLM2-135M and so many layers."""
    torch.manual_seed(0)
    config = LlamaConfig(
        num_hidden_layers=n,
        hidden_size=576,
        intermediate_size=1536,
        num_attention_heads=9,
        num_key_value_heads=3,
        vocab_size=VOCABULARY,
        max_position_embeddings=64,
    )
    return bridge_of(LlamaForCausalLM(config), f"random-{n}-layers")
