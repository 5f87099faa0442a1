"""One patch per attention pattern, or per entry of it."""

from collections.abc import Iterable, Sequence
from itertools import product

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, parse_node
from patchwidgets.plans._grid import Positions, position_axis, require_node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape

__all__ = ["pattern"]


def pattern(
    spec: ModelSpec,
    shape: PromptShape,
    *,
    heads: Sequence[str] | None = None,
    positions: Positions = None,
    attended: Positions = None,
) -> Plan:
    """Return layer x head, or the given heads, then destination and attended position.

    A patched entry keeps the other entries of its row, so that a row need not sum to 1.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        heads: Only these, such as `["L9H6"]`; every head if `None`.
        positions: Destinations (who attends); `None` patches all of them together.
        attended: Attended positions; `None` patches all of them together. A destination attends
            to nothing after itself: such cells hold nothing.

    Raises:
        PlanError: A head or a position that does not exist.
    """
    chosen, axes = _heads(spec, shape, heads)
    destinations: Sequence[int | str | None] = [None]
    sources: Sequence[int | str | None] = [None]
    if positions is not None:
        axes.append(position_axis(shape, positions))
        destinations = axes[-1].labels
    if attended is not None:
        sources = position_axis(shape, attended).labels
        axes.append(Axis("attended", tuple(sources)))
    patches: list[Patch] = []
    cells: list[int | None] = []
    for (layer, head), to, of in product(chosen, destinations, sources):
        reaches = not (isinstance(to, int) and isinstance(of, int) and of > to)
        cells.append(len(patches) if reaches else None)
        if reaches:
            patches.append(Patch((Node("pattern", layer, head, to, attended=of),)))
    whole = PlanMap("pattern", tuple(axes), tuple(cells))
    return Plan(name="pattern", patches=tuple(patches), maps=(whole,))


def _heads(
    spec: ModelSpec, shape: PromptShape, written: Sequence[str] | None
) -> tuple[list[tuple[int | None, int | None]], list[Axis]]:
    if written is None:
        layers, heads = range(spec.n_layers), range(spec.n_heads)
        axes = [Axis("layer", tuple(layers)), Axis("head", tuple(heads))]
        return [(layer, head) for layer in layers for head in heads], axes
    if isinstance(written, str) or not isinstance(written, Iterable):
        raise PlanError(
            f"`heads={written!r}` is no list. The map has a row for each head of one. Write "
            '`heads=["L9H6"]`, or leave it out for every head.'
        )
    nodes = [require_node(spec, shape, parse_node(one)) for one in written]
    for node in nodes:
        if node.site != "z" or node.position is not None:
            raise PlanError(
                f"`{node}` is not a whole head, and only heads have a pattern. Write heads as "
                '`heads=["L9H6", "L10H0"]`, and positions as `positions=` and `attended=`.'
            )
    if not nodes:
        raise PlanError(
            "`heads` is an empty list, so there is no pattern to patch. Give at least one, such as "
            '`heads=["L9H6"]`, or leave it out for every head.'
        )
    return [(node.layer, node.head) for node in nodes], [Axis("head", tuple(map(str, nodes)))]
