"""One patch per block of MLP neurons."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node
from patchwidgets.plans._grid import Positions, position_axis, require_node
from patchwidgets.plans._neurons import BLOCK, is_whole, neuron_blocks
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape

__all__ = ["neurons"]


def neurons(
    spec: ModelSpec,
    shape: PromptShape,
    *,
    block: int = BLOCK,
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
    chosen = _layers(spec, layers)
    for layer in chosen:
        require_node(spec, shape, Node("mlp_post", layer))
    blocks, axis = neuron_blocks(spec, block)
    axes = [Axis("layer", chosen), axis]
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


def _layers(spec: ModelSpec, layers: Any) -> tuple[int, ...]:
    if layers is None:
        return tuple(range(spec.n_layers))
    listed = [] if isinstance(layers, str) or not isinstance(layers, Iterable) else list(layers)
    if not listed or not all(map(is_whole, listed)):
        raise PlanError(
            f"`layers={layers!r}` is no list of layers. Neurons are patched in the layers that it "
            f"names, and `{spec.name}` has layers 0 to {spec.n_layers - 1}. Write "
            f"`layers=[{spec.n_layers - 1}]`, or leave it out for every layer."
        )
    return tuple(dict.fromkeys(map(int, listed)))
