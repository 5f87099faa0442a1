"""A model under attack: what it was before, and what every piece of work gives undisturbed."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from patchwidgets.results.measured import NOT_MEASURED, Snapshot
from tests.families import FAMILIES, RAGGED, bridge_of, study_of

ATOL = 1e-5
"""Cells measured in other company, after memory ran out, round differently."""

Work = Callable[[Any], Any]
"""Takes a study and returns a result that is being measured."""

WORK: dict[str, Work] = {
    "heads": lambda study: study.sweep("heads"),
    "heads by role": lambda study: study.sweep("heads", positions="roles"),
    "residual": lambda study: study.sweep("residual", site="resid_post", positions="roles"),
    "windows": lambda study: study.sweep("mlp", window=2),
    "queries": lambda study: study.sweep("heads", site="q"),
    "patterns": lambda study: study.sweep("pattern"),
    "neurons": lambda study: study.sweep("neurons", block=16),
    "zero": lambda study: study.sweep("attn", source="zero"),
    "estimate first": lambda study: study.sweep("heads", site="k", estimate="attribution", top=4),
    "paths": lambda study: study.path(["L2H1.v"]),
    "direct paths": lambda study: study.path(["logits"], form="direct"),
    "all pinned": lambda study: study.path(["L2.mlp_in"], form="pinned_all"),
    "chain": lambda study: study.path("L1H1.q -> L2H1.v"),
    "from one sender": lambda study: study.paths_from("L0H1"),
    "circuit": lambda study: study.circuit(["L1H1", "L2H0"], random=2),
}


REPLACED = {"forward", "_call_impl", "_check_stop_at_layer", "_maybe_inject_start_residual"}
"""What measuring puts functions of its own in the place of."""


class Stopped(Exception):  # noqa: N818 - raised on purpose, by nobody's mistake
    """What the attempts raise."""


class Undisturbed(NamedTuple):
    """What a piece of work came to: numbers, seconds, and how often it read and fired."""

    numbers: Snapshot
    seconds: float
    read: int
    fired: int


class Subject:
    """A tiny model, with a hook of its caller's if wanted, and a study on it.

    Args:
        hooked: Whether the caller has a hook on the model; everything is measured by whole
            forward passes then.
    """

    def __init__(self, hooked: bool = False) -> None:
        torch.manual_seed(0)
        self.model: TransformerBridge = bridge_of(FAMILIES["llama"](), "interrupted")
        self.hook, self.metric = Fuse("hook"), Fuse("metric")
        if hooked:
            self.model.add_hook("blocks.1.hook_mlp_out", self._halve)
        self._outputs()  # TransformerLens attaches some hooks of its own at the first run
        self.study = self.open()
        self._whole: dict[str, Undisturbed] = {}
        self._was = self._traces()
        self._weights = [weight.clone() for weight in self.model.parameters()]
        self._first_outputs = self._outputs()

    def open(self) -> Any:
        """Return a new study."""
        return study_of(self.model, RAGGED, metric=self._difference, store=False)

    def settle(self) -> None:
        """Wait until the model's thread has nothing to do."""
        self.study._session.model.worker.call(lambda: None).result()

    def whole(self, name: str) -> Snapshot:
        """Return what a piece of work gives when nobody disturbs it."""
        return self._undisturbed(name).numbers

    def seconds(self, name: str) -> float:
        """Return how long it takes."""
        return self._undisturbed(name).seconds

    def firings(self, name: str, fuse: "Fuse") -> int:
        """Return how often it reads the metric, or fires the caller's hook."""
        found = self._undisturbed(name)
        return found.read if fuse is self.metric else found.fired

    def _undisturbed(self, name: str) -> "Undisturbed":
        if name not in self._whole:
            began, read, fired = time.monotonic(), self.metric.burnt, self.hook.burnt
            numbers = snapshot(WORK[name](self.study).wait())
            self._whole[name] = Undisturbed(
                numbers,
                time.monotonic() - began,
                read=self.metric.burnt - read,
                fired=self.hook.burnt - fired,
            )
        return self._whole[name]

    def _halve(self, activation: torch.Tensor, hook: Any) -> torch.Tensor:
        self.hook.burn()
        return activation / 2

    def _difference(self, logits: torch.Tensor, answers: Any, reference: Any) -> torch.Tensor:
        self.metric.burn()
        return logits[..., 5] - logits[..., 7]

    def _traces(self) -> dict[str, Any]:
        model = self.model
        modules = list(model.modules()) + list(model.original_model.modules())
        return {
            "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in modules],
            "hooks by name": {name: len(found) for name, found in model.list_hooks().items()},
            "replaced functions": [sorted(REPLACED & vars(module).keys()) for module in modules],
            "replaced for all models": sorted(REPLACED & vars(HookPoint).keys()),
            "training mode": [module.training for module in modules],
            "gradients that are wanted": [weight.requires_grad for weight in model.parameters()],
            "gradients": sum(weight.grad is not None for weight in model.parameters()),
            "flags": {key: on for key, on in vars(model.cfg).items() if isinstance(on, bool)},
            "gradient mode": torch.is_grad_enabled(),
            "inference mode": torch.is_inference_mode_enabled(),
            "number of threads": torch.get_num_threads(),
        }

    def _outputs(self) -> torch.Tensor:
        with torch.inference_mode():
            return self.model(torch.arange(2, 12)[None]).clone()

    def changed(self) -> list[str]:
        """Return what of the model and of torch is no longer as it was."""
        now = self._traces()
        found = [what for what, was in self._was.items() if now[what] != was]
        pairs = zip(self._weights, self.model.parameters(), strict=True)
        found += [] if all(torch.equal(*pair) for pair in pairs) else ["weights"]
        return found + ([] if torch.equal(self._outputs(), self._first_outputs) else ["outputs"])


class Fuse:
    """Raises at its n-th burning from now, if it was set to.

    Args:
        name: What raises.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.burnt = 0
        self._until: int | None = None

    def set(self, n: int | None) -> None:
        """Raise at the n-th burning from now; `None` for never."""
        self._until = None if n is None else self.burnt + n

    def burn(self) -> None:
        """Count, and raise if it is time.

        Raises:
            Stopped: It is time.
        """
        self.burnt += 1
        if self._until is not None and self.burnt >= self._until:
            raise Stopped(self.name)


def snapshot(result: Any) -> Snapshot:
    """Return the numbers of a result, or of the runs of a circuit."""
    return getattr(result, "measured", result).snapshot()


def wrong(got: Snapshot, whole: Snapshot, exact: bool, complete: bool) -> list[str]:
    """Return in what the numbers of interrupted work are wrong.

    Args:
        got: Its numbers.
        whole: Those of the same work undisturbed.
        exact: Whether they have to be the same bits.
        complete: Whether none may be missing.
    """
    there, known = np.isfinite(got.values), np.isfinite(whole.values)
    found = ["numbers where there are none"] if (there & ~known).any() else []
    both, atol = there & known, 0 if exact else ATOL
    if not np.allclose(got.values[both], whole.values[both], rtol=0, atol=atol):
        worst = np.abs(got.values[both] - whole.values[both]).max()
        found.append(f"numbers that are wrong by up to {worst:.2g}")
    said = (got.status != NOT_MEASURED)[None, :, None]
    if (said & known & ~there).any():
        found.append("cells that are called measured and have no number")
    if complete and (known & ~there).any():
        found.append("numbers missing")
    return found
