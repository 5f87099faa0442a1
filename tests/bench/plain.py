"""What people run today: TransformerLens' own sweeps, and path patching one sender at a time."""

import contextlib
import io
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import transformer_lens.patching as reference

from patchwidgets.nodes import Node
from patchwidgets.study import Study

SETTERS = {
    "heads": (reference.layer_head_vector_patch_setter, "z"),
    "heads by position": (reference.layer_pos_head_vector_patch_setter, "z"),
    "queries": (reference.layer_head_vector_patch_setter, "q"),
    "keys": (reference.layer_head_vector_patch_setter, "k"),
    "values": (reference.layer_head_vector_patch_setter, "v"),
    "residual by position": (reference.layer_pos_patch_setter, "resid_pre"),
    "mlp by position": (reference.layer_pos_patch_setter, "mlp_out"),
    "attn by position": (reference.layer_pos_patch_setter, "attn_out"),
    "patterns": (reference.layer_head_pattern_patch_setter, "pattern"),
}


@dataclass
class Timed:
    """Values per cell and prompt, and seconds per cell."""

    values: np.ndarray
    seconds: float


class Plain:
    """The slow way, on the prompts of a study with one prompt length, denoising."""

    def __init__(self, study: Study) -> None:
        (group,) = study.prompts.groups
        self.model, self.base, self.source = study.model, group.corrupted, group.clean
        answers = study.prompts.answers
        self.right = torch.tensor([ids[0] for ids in answers.right])[:, None]
        self.wrong = torch.tensor([ids[0] for ids in answers.wrong])[:, None]
        with torch.inference_mode():
            _, self.cache = self.model.run_with_cache(self.source)
            _, self.base_cache = self.model.run_with_cache(self.base)

    def metric(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the logit difference per prompt."""
        last = logits[:, -1]
        return (last.gather(1, self.right) - last.gather(1, self.wrong))[:, 0]

    def sweep(self, kind: str, cells: pd.DataFrame) -> Timed:
        """Run cells of a TransformerLens sweep; columns are its indices, `layer` first."""
        setter, site = SETTERS[kind]
        started = time.perf_counter()
        with torch.inference_mode(), contextlib.redirect_stderr(io.StringIO()):
            result = reference.generic_activation_patch(
                self.model,
                self.base,
                self.cache,
                self.metric,
                setter,
                site,
                index_df=cells,
                reduce="none",
            )
        seconds = (time.perf_counter() - started) / len(cells)
        return Timed(result.values.numpy(), seconds)

    def paths(self, receiver: Node, senders: list[Node]) -> Timed:
        """Run pinned path patching the plain way: two hooked forward passes per sender."""
        started = time.perf_counter()
        with torch.inference_mode():
            values = [self._path(receiver, sender).numpy() for sender in senders]
        return Timed(np.stack(values), (time.perf_counter() - started) / len(senders))

    def _path(self, receiver: Node, sender: Node) -> torch.Tensor:
        name = f"blocks.{receiver.layer}.attn.hook_{receiver.site}"
        kept = {}

        def freeze(layer: int):
            base = self.base_cache[f"blocks.{layer}.attn.hook_z"]
            source = self.cache[f"blocks.{layer}.attn.hook_z"]

            def hook(activation, hook):
                activation[:] = base
                if layer == sender.layer:
                    activation[:, :, sender.head] = source[:, :, sender.head]
                return activation

            return f"blocks.{layer}.attn.hook_z", hook

        def keep(activation, hook):
            kept["value"] = activation[:, :, receiver.head].clone()

        def receive(activation, hook):
            activation[:, :, receiver.head] = kept["value"]
            return activation

        frozen = [freeze(layer) for layer in range(receiver.layer or 0)]
        self.model.run_with_hooks(
            self.base, fwd_hooks=[*frozen, (name, keep)], stop_at_layer=(receiver.layer or 0) + 1
        )
        return self.metric(self.model.run_with_hooks(self.base, fwd_hooks=[(name, receive)]))
