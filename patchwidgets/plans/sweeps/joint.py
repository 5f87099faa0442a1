"""One patch per set of nodes that are overwritten together."""

from collections.abc import Iterable, Mapping, Sequence

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, parse_node
from patchwidgets.plans._grid import require_node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape

__all__ = ["joint"]


def joint(
    spec: ModelSpec,
    shape: PromptShape,
    *,
    sets: Mapping[str, Sequence[str | Node]] | None = None,
) -> Plan:
    """Return a map over the sets, and a second map over their nodes, each patched alone.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        sets: What to patch together, by a name of yours: `{"name movers": ["L9H9", "L9H6@END"]}`.

    Raises:
        PlanError: No sets, an empty set, or a node that the model or the prompts lack.
    """
    if sets is not None and not isinstance(sets, Mapping):
        raise PlanError(
            f"`sets={sets!r}` has no names. Every set is a cell of the map, which its name stands "
            'for. Write `sets={"name movers": ["L9H9", "L9H6"]}`.'
        )
    if not sets or not all(sets.values()):
        raise PlanError(
            f"`sets={sets!r}` leaves nothing to patch together. Give each set a name and at least "
            'one node, such as `sets={"name movers": ["L9H9", "L9H6"]}`.'
        )
    for name, one in sets.items():
        if isinstance(one, str | Node) or not isinstance(one, Iterable):
            raise PlanError(
                f"The set `{name}` is {one!r}, and a set is a list of nodes that are patched "
                f'together. Write `sets={{"{name}": ["L9H9", "L9H6"]}}`.'
            )
    chosen = {
        name: tuple(
            dict.fromkeys(require_node(spec, shape, node) for node in map(parse_node, set_))
        )
        for name, set_ in sets.items()
    }
    together = [Patch(nodes) for nodes in chosen.values()]
    alone = list(dict.fromkeys(Patch((node,)) for nodes in chosen.values() for node in nodes))
    place = {patch: index for index, patch in enumerate(dict.fromkeys([*together, *alone]))}
    names = tuple(str(patch) for patch in alone)
    return Plan(
        name="joint",
        patches=tuple(place),
        maps=(
            PlanMap("sets", (Axis("set", tuple(chosen)),), tuple(map(place.get, together))),
            PlanMap("alone", (Axis("node", names),), tuple(map(place.get, alone))),
        ),
    )
