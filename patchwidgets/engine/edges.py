"""Edge attribution patching: every path into one set of receivers estimated from gradients.

Source: EAP, Syed, Rager & Conmy 2023 (arXiv 2310.10348); EAP-IG, Hanna, Pezzelle & Belinkov 2024
(arXiv 2403.17806).
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import resolve
from patchwidgets.engine.changes import Changes
from patchwidgets.engine.gradients import Gate, Key, Tapped, laid_out
from patchwidgets.engine.path_receivers import Receiver, resolve_stops
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.models.bridge import LensModel
from patchwidgets.plans.plan import Plan


def attribute_edges(
    model: LensModel,
    runs: GroupRuns,
    plan: Plan,
    prompts: slice,
    check: Callable[[], None],
    *,
    steps: int | None = None,
) -> Float[np.ndarray, "metric patch batch"]:
    """Return the estimated effect of path patches on some of a group's prompts.

    (source - base) of the sender times the gradient of the metric at it, through the receivers
    only: through nothing between for the forms `direct` and `pinned_all`, and through MLPs (heads
    are frozen) for `pinned`. Without `steps` it is the slope of the very effect that is measured
    under that form, so that EAP is the estimate to order measurements by.

    With `steps` it estimates something else. A measured path patch leaves everything but the path
    as it is in the base run. EAP-IG moves everything else along too, so that it stands for the mean
    over runs between the base and the source run: half the effect measured in this direction and
    half the loss measured in the other one. Where norms and attention move much between the two
    runs, its order is not that of one direction (`python -m tests.screen` prints both).

    Differs from the papers: either direction of patching; `pinned` follows MLPs, as the papers'
    edges do not; a set of receivers is one path, where the papers have an edge for each; and
    integrated gradients are taken at the middle of each step, which is exact to second order,
    where EAP-IG takes the ends.

    Args:
        model: The model, in `LensModel.differentiating`.
        runs: The group's runs, with `z` and `mlp_out` kept.
        plan: Path patches, all into one set of receivers and with no stops on the way.
        prompts: Which of the group's prompts.
        check: Called before every pass; raises to stop.
        steps: The mean gradient over so many runs with embeddings on the straight line between the
            base and the source run (EAP-IG, by inputs); the gradient at the base run if `None`
            (EAP).

    Returns:
        Patched minus base in the metrics' units; NaN for a metric without slope at the base run.

    Raises:
        MeasurementError: A hook did not fire.
    """
    edges = _Edges(model, runs, plan, prompts, check)
    embeddings = [run.site("resid_pre", 0)[prompts] for run in (runs.base, runs.source)]
    if steps is None:
        return edges.estimate(None)
    change = embeddings[1] - embeddings[0]
    parts = [edges.estimate(change * ((step + 0.5) / steps)) for step in range(steps)]
    return np.mean(parts, axis=0)


class _Edges:
    """Senders and receivers of a path plan, resolved on some of a group's prompts."""

    def __init__(
        self,
        model: LensModel,
        runs: GroupRuns,
        plan: Plan,
        prompts: slice,
        check: Callable[[], None],
    ) -> None:
        paths = [patch.path for patch in plan.patches if patch.path is not None]
        roles, n_layers = runs.group.roles, model.spec.n_layers
        self._model, self._runs, self._prompts, self._check = model, runs, prompts, check
        self._form = plan.form
        self._changes = Changes(model, runs, prompts, check, softmax_fix=False)
        cells = [
            resolve(index, [path.sender], roles, runs.first, runs.batch)
            for index, path in enumerate(paths)
        ]
        self._shares = [self._changes.share(cell.writes[0]) for cell in cells]
        self._senders = sorted({key for key, _, _ in self._changes.differences})
        (receivers,) = resolve_stops(paths[0], roles, runs.batch, n_layers)
        self._received = self._masks(receivers)
        # An MLP is stopped before its neurons where these send: all of it goes through them.
        neurons = any(site == "mlp_post" for site, _ in self._senders)
        self._mlp = "mlp_post" if neurons else "mlp_out"
        sites = ("z", self._mlp) if model.spec.d_mlp else ("z",)
        self._writers = [(site, layer) for site in sites for layer in range(n_layers)]

    def estimate(
        self, shift: Float[Tensor, "batch pos d_model"] | None
    ) -> Float[np.ndarray, "metric patch batch"]:
        """Return the estimates from gradients at the base run, its embeddings shifted."""
        self._check()
        gates: dict[Key, Gate] = dict.fromkeys(self._writers, torch.zeros_like)
        gates |= {key: self._beside(key) for key in self._received}
        keys = sorted({*self._senders, *gates, ("resid_pre", 0)})
        tapped = Tapped(self._model, self._runs, self._prompts, keys, gates, shift)
        runs = self._runs
        n_prompts = len(range(runs.batch)[self._prompts]) * runs.prompts // runs.batch
        estimates = np.full((len(self._runs.base_values), len(self._shares), n_prompts), np.nan)
        for metric in range(len(estimates)):
            self._check()
            if tapped.is_flat(metric):
                continue
            products = self._changes.products(self._slopes(tapped, metric))
            rows = np.array([share.of(products[share.change]) for share in self._shares])
            estimates[metric] = runs.by_prompt(rows)
        return estimates

    def _slopes(self, tapped: Tapped, metric: int) -> dict[Key, Tensor]:
        """Return the gradient at the senders of what reaches the metric by the receivers only."""
        # A receiver that is overwritten hides the receivers before it; under `direct` none is.
        tapped.shut = set() if self._form == "direct" else set(self._received)
        receivers = list(self._received)
        slopes = dict(zip(receivers, tapped.slopes(metric, receivers), strict=True))
        heard = {key: each * self._received[key].to(each.device) for key, each in slopes.items()}
        frozen = ("z",) if self._form == "pinned" else ("z", self._mlp)
        tapped.shut = {key for key in self._writers if key[0] in frozen}
        return dict(zip(self._senders, tapped.pull_back(heard, self._senders), strict=True))

    def _masks(self, receivers: Sequence[Receiver]) -> dict[Key, Float[Tensor, "batch pos ..."]]:
        """Return by place 1 at the heads and positions that receive, and 0 elsewhere."""
        spec, tokens = self._model.spec, self._runs.base.tokens[self._prompts]
        masks: dict[Key, Tensor] = {}
        for one in receivers:
            heads = {"q": (spec.n_heads,), "k": (spec.n_kv_heads,), "v": (spec.n_kv_heads,)}
            empty = torch.zeros(*tokens.shape, *heads.get(one.site, ()), 1).to(tokens.device)
            mask = masks.setdefault((one.site, one.layer), empty)
            part = mask if one.head is None else mask[:, :, one.head]
            if one.positions is None:
                part[:] = 1
            else:
                part[torch.arange(len(tokens)), one.positions[self._prompts]] = 1
        return masks

    def _beside(self, key: Key) -> Gate:
        """Return the gate that lets gradients through beside what is overwritten."""

        def gate(gradient: Tensor) -> Tensor:
            apart = laid_out(key, gradient, self._model.spec)
            return (apart * (1 - self._received[key].to(apart.device))).reshape(gradient.shape)

        return gate
