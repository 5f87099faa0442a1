"""Under which key a cell is stored: everything its numbers depend on, but not its patch."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from patchwidgets.engine.runs import GroupRuns
from patchwidgets.metrics import METRICS, Metric
from patchwidgets.models.bridge import LensModel
from patchwidgets.prompts.answers import Answers
from patchwidgets.prompts.tokens import TokenPairs

PACKAGES = ("patchwidgets", "torch", "transformer_lens", "transformers")
MEASURING = ("engine", "metrics", "models")
"""Folders of this package on which numbers depend."""


def are_ours(metrics: Sequence[Metric]) -> bool:
    """Whether every metric is one of this package: of a user's function only the name is known."""
    known = set(METRICS.names())
    return all(metric.name in known and METRICS.get(metric.name) is metric for metric in metrics)


def about_model(model: LensModel, fingerprint: str) -> dict[str, Any]:
    """Return what numbers depend on besides the prompts and the plan."""
    config: Any = getattr(model.bridge.original_model, "config", model.bridge.cfg)
    return {
        "fingerprint": fingerprint,
        "config": {k: v for k, v in config.to_dict().items() if k != "_name_or_path"},
        "attention": getattr(config, "_attn_implementation", None),
        "dtype": str(model.dtype),
        "device": model.device.type,
        "threads": torch.get_num_threads(),
        "precision": torch.get_float32_matmul_precision(),
        "versions": {name: version(name) for name in PACKAGES},
        "code": code_hash(),
    }


def about_group(runs: GroupRuns, answers: Answers) -> dict[str, Any]:
    """Return what numbers of one group depend on besides the model and the plan."""
    group = runs.group
    mine = answers.select(group.members)
    return {
        "base": runs.base.tokens.tolist(),
        "other": runs.other.tokens.tolist(),
        "noise": [_digest(runs.base.noise), _digest(runs.other.noise)],
        "roles": {role: positions.tolist() for role, positions in group.roles.items()},
        "answers": [mine.right, mine.wrong],
    }


def about_prompts(prompts: TokenPairs) -> list[Any]:
    """Return token ids and template of every prompt: a source may draw on others of a template."""
    tokens = [
        [group.clean.tolist(), group.corrupted.tolist(), _digest(group.noise)]
        for group in prompts.groups
    ]
    return [tokens, [pair.group for pair in prompts.pairs], prompts.draws]


def _digest(noise: Tensor | None) -> str | None:
    """Return a hash of every number of the noise: of its kind, size, seed, draws and places."""
    return None if noise is None else hashlib.sha256(noise.cpu().numpy().tobytes()).hexdigest()


def key_of(*about: Mapping[str, Any]) -> str:
    """Return a short hash of everything."""
    text = json.dumps(about, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_hash() -> str:
    """Return a hash of the source code that measures: versions stand still while code is edited."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for folder in MEASURING:
        for path in sorted((package / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(package)}".encode() + path.read_bytes())
    return digest.hexdigest()
