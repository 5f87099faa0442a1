"""The map that all layer sweeps share: layer, then head, then position."""

from collections.abc import Sequence
from itertools import product
from typing import Literal

from patchwidgets.errors import PlanError
from patchwidgets.models.sites import SITES
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape

Positions = Literal["each", "roles"] | Sequence[int | str] | None
"""`None`: every position together. `each`: every token position by itself. `roles`: every role.
A list: those positions or roles."""


def grid(name: str, spec: ModelSpec, shape: PromptShape, site: str, positions: Positions) -> Plan:
    """Return the plan with one patch per layer, head (if the site has heads) and position.

    Raises:
        UnknownNameError: There is no such site.
        PlanError: The model lacks the site, or the prompts lack a position.
    """
    member = SITES.get(site)
    if member.needs_sequential and spec.parallel:
        raise PlanError(
            f"`{spec.name}` ({spec.family}) has no `{site}`: its attention and MLP read the same "
            "residual stream side by side, so there is nothing between them. Use `resid_pre`, "
            "`attn_out` or `mlp_out`."
        )
    axes = [Axis("layer", tuple(range(spec.n_layers)))]
    heads: Sequence[int | None] = [None]
    if member.heads:
        heads = range(member.head_count(spec) or 0)
        axes.append(Axis(member.heads, tuple(heads)))
    places: Sequence[int | str | None] = [None]
    if positions is not None:
        axis = _position_axis(shape, positions)
        places = axis.labels
        axes.append(axis)
    nodes = [
        Node(site, layer, head, place)
        for layer, head, place in product(range(spec.n_layers), heads, places)
    ]
    return Plan(
        name=name,
        patches=tuple(Patch(nodes=(node,)) for node in nodes),
        maps=(PlanMap(name, tuple(axes), tuple(range(len(nodes)))),),
    )


def default_positions(shape: PromptShape) -> Literal["each", "roles"]:
    """Return `each` where all prompts have one length, else `roles`."""
    return "each" if len(shape.lengths) == 1 else "roles"


def require_place(shape: PromptShape, place: int | str) -> None:
    """Check that every prompt has this position or role.

    Raises:
        PlanError: Some prompt lacks it, or it would mean different words.
    """
    if isinstance(place, str):
        _require_roles(shape, [place])
    else:
        _require_one_length(shape)
        _position(shape, place)


def _position_axis(shape: PromptShape, positions: Positions) -> Axis:
    if positions == "roles":
        return Axis("role", shape.roles)
    if positions == "each":
        _require_one_length(shape)
        return Axis("position", tuple(range(shape.lengths[0])))
    chosen = tuple(positions or ())
    if not chosen:
        raise PlanError(
            "`positions` is an empty list, so there is nothing to patch. Give token positions or "
            "roles, `'each'`, `'roles'`, or `None` for all positions together."
        )
    if all(isinstance(place, str) for place in chosen):
        _require_roles(shape, chosen)
        return Axis("role", chosen)
    _require_one_length(shape)
    return Axis("position", tuple(_position(shape, place) for place in chosen))


def _position(shape: PromptShape, place: int | str) -> int:
    length = shape.lengths[0]
    if not isinstance(place, int) or not -length <= place < length:
        raise PlanError(
            f"Position {place!r} is beyond the prompt: these prompts have {length} tokens, BOS "
            f"included. Use 0 to {length - 1}, or count from the end with -1."
        )
    return place % length


def _require_one_length(shape: PromptShape) -> None:
    if len(shape.lengths) > 1:
        raise PlanError(
            f"The prompts have {len(shape.lengths)} different lengths "
            f"({min(shape.lengths)} to {max(shape.lengths)} tokens), so position 9 would mean "
            "different words. Use `positions='roles'`, or prompts of one template."
        )


def _require_roles(shape: PromptShape, roles: Sequence[int | str]) -> None:
    for role in roles:
        if role not in shape.roles:
            known = ", ".join(f"`{known}`" for known in shape.roles)
            raise PlanError(
                f"Some of the prompts have no role {role!r}. A map by role needs it in every "
                f"prompt. Roles that all of them have: {known}."
            )
