"""Whether what a patch writes at a hook reaches anything."""

from collections.abc import Iterator

import torch
from jaxtyping import Int
from torch import Tensor

from patchwidgets.errors import MeasurementError
from patchwidgets.models.bridge import Hook, LensModel
from patchwidgets.models.sites import SITES
from patchwidgets.models.sites._mlp_in import MLP_IN
from patchwidgets.nodes import Node
from patchwidgets.plans.plan import Plan

SIZES = (1.0, 30.0, -30.0)
"""What is added is multiplied by these: attention to one token alone moves one way only."""


def require_writable(
    model: LensModel, tokens: Int[Tensor, "one pos"], plan: Plan, known: set[str]
) -> None:
    """Check of every site inside the blocks that the model uses what is written there.

    Some of TransformerLens' adapters show an activation after it was used: the hook fires, and
    whatever is written there is lost, so that every effect would be 0. Random numbers are added at
    a site, in one layer of the plan after another until the logits move, and larger ones where they
    do not, either way: of a query that attends to one token alone a change may be lost in rounding.

    Args:
        model: The model.
        tokens: A prompt.
        plan: The patches.
        known: Sites that were checked before; those that are checked now are added.

    Raises:
        MeasurementError: The logits stay what they are in every layer, or neurons are no neurons.
    """
    asked = {(one.site, one.layer or 0) for one in _changed(plan) if one.site not in known}
    plain = None
    widths: set[int] = set()

    def moving(size: float) -> Hook:
        def moved(activation: Tensor) -> Tensor:
            widths.add(activation.shape[-1])
            added = size * torch.randn(activation.shape, generator=torch.Generator().manual_seed(0))
            return activation.add_(added.to(activation.device, activation.dtype))

        return moved

    for name in sorted({name for name, _ in asked}):
        widths.clear()
        site = MLP_IN if name == "mlp_in" else SITES.get(name)
        hooks = [
            site.hook.format(layer=layer) for layer in sorted(at for n, at in asked if n == name)
        ]
        plain = model.forward(tokens) if plain is None else plain
        tried = ((hook, moving(size)) for size in SIZES for hook in hooks)
        if all(torch.equal(plain, model.forward_with(tokens, [one])) for one in tried):
            raise MeasurementError(
                f"`{model.spec.name}` ({model.spec.family}) does not use what is written at "
                f"`{hooks[0]}`: its logits stay the same, so every effect would be 0, and no "
                "number is returned. This model's TransformerLens adapter shows that activation "
                f"after it was used. Patch another site than `{name}`."
            )
        if name == "mlp_post" and widths != {model.spec.d_mlp}:
            raise MeasurementError(
                f"`{model.spec.name}` ({model.spec.family}) has no neurons at `{hooks[0]}`: the "
                f"activation there is {max(widths)} wide, and its MLPs have {model.spec.d_mlp} "
                "neurons, or several experts with so many each. No number is returned. Patch "
                "`mlp_out`."
            )
        known.add(name)


def _changed(plan: Plan) -> Iterator[Node]:
    """Yield the nodes inside the blocks that a plan changes."""
    for patch in plan.patches:
        nodes = list(patch.nodes)
        if patch.path is not None:
            nodes += [patch.path.sender, *(node for stop in patch.path.stops for node in stop)]
        for node in nodes:
            if node.site == "mlp_in" or node.site in _INSIDE:
                yield node


_INSIDE = {name for name in SITES.names() if SITES.get(name).stage == "inside"}
