"""One patch per block of MLP neurons."""

from collections.abc import Sequence
from itertools import product

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node
from patchwidgets.plans._grid import Positions, position_axis, require_node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape

__all__ = ["neurons"]


def neurons(
    spec: ModelSpec,
    shape: PromptShape,
    *,
    block: int = 64,
    layers: Sequence[int] | None = None,
    positions: Positions = None,
) -> Plan:
    """Return layer x block of neurons, or layer x block x position, at the site `mlp_post`.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        block: Neighbouring neurons patched together; 1 for each neuron by itself. The last block
            of a layer may be smaller, and a block may be the whole MLP.
        layers: Only these; every layer if `None`.
        positions: `None` patches all positions together; see `Positions`.

    Raises:
        PlanError: A layer or position that does not exist, a block that is not a number of
            neurons, or a model without MLPs.
    """
    if block < 1:
        raise PlanError(
            f"`block={block}` is not a number of neurons of `{spec.name}`, whose MLPs have "
            f"{spec.d_mlp}. Use 1 for each neuron by itself, or a size such as 64."
        )
    chosen = tuple(range(spec.n_layers)) if layers is None else tuple(layers)
    for layer in chosen:
        require_node(spec, shape, Node("mlp_post", layer))
    starts = range(0, spec.d_mlp, block)
    blocks = [(first, min(first + block, spec.d_mlp)) for first in starts]
    names = tuple(f"{first}" if block == 1 else f"{first}:{end}" for first, end in blocks)
    axes = [Axis("layer", chosen), Axis("neurons", names)]
    places: Sequence[int | str | None] = [None]
    if positions is not None:
        axes.append(position_axis(shape, positions))
        places = axes[-1].labels
    cells = product(chosen, blocks, places)
    patches = tuple(
        Patch((Node("mlp_post", layer, None, place, neurons=part),)) for layer, part, place in cells
    )
    whole = PlanMap("neurons", tuple(axes), tuple(range(len(patches))))
    return Plan(name="neurons", patches=patches, maps=(whole,))
