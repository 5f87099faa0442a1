"""What plain patches change in the base run, at the activations whose gradient is taken."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from patchwidgets.engine.cells import Write
from patchwidgets.engine.gradients import Key, hook_name, run_hooked
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.models.bridge import Hook, LensModel

ChangeId = tuple[Key, str, tuple[int, ...] | None]
"""Where a change is, the site it comes from, and the positions it was made with."""


@dataclass(frozen=True, eq=False)
class Share:
    """The share of one change that belongs to one write.

    Args:
        change: Which change.
        heads: Heads of the activation that the write changes; `None` where it has none.
        positions: One position per prompt, or `None` for every position.
        neurons: Indices along the width, or `None` for all of it.
        attended: For a pattern: one attended position per prompt, or `None` for all.
    """

    change: ChangeId
    heads: slice | None
    positions: Int[np.ndarray, " batch"] | None
    neurons: slice | None
    attended: Int[np.ndarray, " batch"] | None

    def of(self, product: Float[np.ndarray, "batch pos ..."]) -> Float[np.ndarray, " batch"]:
        """Return the sum over this share of one number per prompt, position, head and width."""
        rows = np.arange(len(product))
        if self.heads is not None:
            product = product[:, :, self.heads].sum(2)
        if self.neurons is not None:
            product = product[..., self.neurons]
        product = product.sum(1) if self.positions is None else product[rows, self.positions]
        return product.sum(1) if self.attended is None else product[rows, self.attended]


class Changes:
    """Source minus base wherever writes need it, 0 before the first position that can differ.

    Args:
        model: The model, in `LensModel.differentiating`.
        runs: The group's runs.
        prompts: Which of the group's prompts.
        softmax_fix: Whether a write to `q` or `k` is a change of the head outputs it leads to.
        check: Called before every pass; raises to stop.
    """

    def __init__(
        self,
        model: LensModel,
        runs: GroupRuns,
        prompts: slice,
        check: Callable[[], None],
        *,
        softmax_fix: bool,
    ) -> None:
        self.differences: dict[ChangeId, Tensor] = {}
        self._model = model
        self._runs = runs
        self._prompts = prompts
        self._check = check
        self._fixed = ("q", "k") if softmax_fix else ()

    def share(self, write: Write) -> Share:
        """Return what a write changes, after making the change if it is new."""
        heads = None if write.head is None else slice(write.head, write.head + 1)
        positions = self._rows(write.positions)
        if write.site not in self._fixed:
            change: ChangeId = ((write.site, write.layer), write.site, None)
            if change not in self.differences:
                self.differences[change] = self._difference(write.site, write.layer)
            neurons = None if write.neurons is None else slice(*write.neurons)
            return Share(change, heads, positions, neurons, self._rows(write.attended))
        # A query moves the head output at its own position only; a key moves those after it.
        by_key = write.site == "k"
        alone = tuple(map(int, positions)) if by_key and positions is not None else None
        change = (("z", write.layer), write.site, alone)
        if change not in self.differences:
            self._follow(write.site, alone)
        if by_key and write.head is not None:
            group = self._model.spec.heads_per_kv_head
            heads = slice(write.head * group, (write.head + 1) * group)
        return Share(change, heads, None if by_key else positions, None, None)

    def products(self, slopes: Mapping[Key, Tensor]) -> dict[ChangeId, np.ndarray]:
        """Return change times slope: prompt, position, head if any, and width.

        The width is summed where no write takes a part of it.
        """
        products = {}
        for change, difference in self.differences.items():
            product = difference.double() * slopes[change[0]].double()
            if change[1] not in ("mlp_post", "pattern"):
                product = product.sum(-1, keepdim=True)
            products[change] = product.cpu().numpy()
        return products

    def _rows(self, places: Int[Tensor, " group"] | None) -> Int[np.ndarray, " batch"] | None:
        return None if places is None else places[self._prompts].cpu().numpy()

    def _difference(self, site: str, layer: int) -> Tensor:
        source, base = (run.site(site, layer) for run in (self._runs.source, self._runs.base))
        return self._from_first((source - base)[self._prompts])

    def _from_first(self, difference: Tensor) -> Tensor:
        difference[:, : self._runs.first] = 0
        return difference

    def _follow(self, site: str, alone: tuple[int, ...] | None) -> None:
        """Find what head outputs become when `site` takes the source's values in every head."""
        layers = range(self._model.spec.n_layers)
        after: dict[int, Tensor] = {}
        hooks: list[tuple[str, Hook]] = []
        for layer in layers:
            hooks.append((self._name(site, layer), self._writing(site, layer, alone)))
            hooks.append((self._name("z", layer), self._swapping(layer, after)))
        self._check()
        with torch.no_grad():
            run_hooked(self._model, self._runs.base, self._prompts, hooks)
        for layer in layers:
            base = self._runs.base.site("z", layer)[self._prompts]
            difference = self._from_first(after[layer].view_as(base) - base)
            self.differences[("z", layer), site, alone] = difference

    def _name(self, site: str, layer: int) -> str:
        return hook_name((site, layer), self._model.spec)

    def _writing(self, site: str, layer: int, alone: tuple[int, ...] | None) -> Hook:
        source = self._runs.source.site(site, layer)[self._prompts]
        where = torch.zeros(source.shape[:2], dtype=torch.bool, device=source.device)
        where[:] = alone is None
        if alone is not None:
            where[torch.arange(len(alone)), list(alone)] = True
        where[:, : self._runs.first] = False
        where = where[:, :, None]

        def hook(activation: Tensor) -> Tensor:
            flat = activation.flatten(2)
            return flat.where(~where, source.flatten(2)).view_as(activation)

        return hook

    def _swapping(self, layer: int, after: dict[int, Tensor]) -> Hook:
        """Keep a block's head outputs, and go on with the base run's as if nothing had changed."""
        base = self._runs.base.site("z", layer)[self._prompts]

        def hook(activation: Tensor) -> Tensor:
            after[layer] = activation
            return base.reshape(activation.shape)

        return hook
