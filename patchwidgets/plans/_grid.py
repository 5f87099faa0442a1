"""The map that all layer sweeps share: layer, then head, then position."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Literal

from patchwidgets.errors import PlanError
from patchwidgets.models.sites import SITES
from patchwidgets.models.sites._site import Site
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node
from patchwidgets.plans.buckets import (
    Buckets,
    asks_for_buckets,
    chosen_buckets,
    refuse_buckets,
)
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape
from patchwidgets.registry import one_of

Positions = Literal["each", "roles", "buckets"] | Sequence[int | str] | None
"""`None`: every position together. `each`: every token position by itself. `roles`: every role.
`buckets`: the parts of a span and what follows it, each the mean over its positions, patched one at
a time; `buckets:subject` where there are several spans. A list: those positions, roles or buckets.
"""


def grid(
    name: str,
    spec: ModelSpec,
    shape: PromptShape,
    site: str,
    positions: Positions,
    window: int = 1,
) -> Plan:
    """Return the plan with one patch per layer, head (if the site has heads) and position.

    With a `window` above 1 the first map, `window`, patches that many neighbouring layers together
    around each layer, and the second, `alone`, each layer by itself, for the sum to compare with.

    Raises:
        UnknownNameError: There is no such site.
        PlanError: The model lacks the site, the prompts lack a position, or the window does not
            fit.
    """
    member = require_site(spec, site)
    window_layers(spec, 0, window)
    axes = [Axis("layer", tuple(range(spec.n_layers)))]
    heads: Sequence[int | None] = [None]
    if member.heads:
        heads = range(member.head_count(spec) or 0)
        axes.append(Axis(member.heads, tuple(heads)))
    places: Sequence[int | str | None] = [None]
    buckets: Buckets | None = None
    if positions is not None and asks_for_buckets(shape, positions):
        buckets = chosen_buckets(shape, positions)
        places = buckets.names
        axes.append(Axis("bucket", buckets.names))
    elif positions is not None:
        axis = position_axis(shape, positions)
        places = axis.labels
        axes.append(axis)
    cells = list(product(range(spec.n_layers), heads, places))
    alone = [Patch((Node(site, *cell),)) for cell in cells]
    if window == 1:
        whole = PlanMap(name, tuple(axes), tuple(range(len(alone))))
        return Plan(name=name, patches=tuple(alone), maps=(whole,), buckets=buckets)
    if member.heads:
        raise PlanError(
            f"`window={window}` with the site `{site}`: a window takes neighbouring layers, and "
            "head 3 of one layer has nothing to do with head 3 of the next. Use a site of whole "
            "layers, such as `attn_out`."
        )
    windows = [
        Patch(tuple(Node(site, layer, head, place) for layer in window_layers(spec, at, window)))
        for at, head, place in cells
    ]
    place = {patch: index for index, patch in enumerate(dict.fromkeys([*windows, *alone]))}
    return Plan(
        name=name,
        patches=tuple(place),
        maps=tuple(
            PlanMap(called, tuple(axes), tuple(map(place.get, part)))
            for called, part in (("window", windows), ("alone", alone))
        ),
        buckets=buckets,
    )


def window_layers(spec: ModelSpec, at: int, width: int) -> range:
    """Return the layers of a window around a layer, cut off at the ends of the model.

    An even width has one layer more before than after: 10 around 20 is 15 to 24.

    Source: Zhang & Nanda 2024, section 5; the convention for even widths is that of the code of
    Meng et al. 2022, whose text is off by one from it.

    Raises:
        PlanError: The width is not a number of layers that the model has.
    """
    if not isinstance(width, int) or isinstance(width, bool) or not 1 <= width <= spec.n_layers:
        raise PlanError(
            f"`window={width!r}` is not a number of layers of `{spec.name}`, which has "
            f"{spec.n_layers}. A window is a whole number of neighbouring layers that are patched "
            f"together. Use 1 to {spec.n_layers}, such as 3."
        )
    return range(max(0, at - width // 2), min(spec.n_layers, at - width // 2 + width))


def require_site(spec: ModelSpec, site: str) -> Site:
    """Return the site called `site`, which this model has.

    Raises:
        UnknownNameError: There is no such site.
        PlanError: The model lacks it.
    """
    member: Site = SITES.get(site)
    if member.needs_sequential and spec.parallel:
        raise PlanError(
            f"`{spec.name}` ({spec.family}) has no `{site}`: its attention and MLP read the same "
            "residual stream side by side, so there is nothing between them. Use `resid_pre`, "
            "`attn_out` or `mlp_out`."
        )
    if member.needs_mlp and not spec.d_mlp:
        raise PlanError(
            f"`{spec.name}` ({spec.family}) has no `{site}`: its blocks are attention only, "
            "without an MLP. Use `resid_pre`, `attn_out` or `z`."
        )
    return member


def require_node(spec: ModelSpec, shape: PromptShape, node: Node) -> Node:
    """Return a node that this model has, at a position that these prompts have.

    Raises:
        UnknownNameError: There is no such site.
        PlanError: The layer, head or position does not exist, or the node cannot be overwritten.
    """
    if node.site == "logits":
        raise PlanError(
            "`logits` is what is read off, so it cannot be overwritten. Name a node inside the "
            "model, such as `L9H6` or `L9.mlp_out`."
        )
    if node.site != "embed":
        _require_place_in_model(spec, node)
    for place in (node.position, node.attended):
        if place is not None:
            require_place(shape, place)
    return node


def _require_place_in_model(spec: ModelSpec, node: Node) -> None:
    heads = require_site(spec, node.site).head_count(spec)
    if node.layer is None or not 0 <= node.layer < spec.n_layers:
        raise PlanError(
            f"`{node}` is in layer {node.layer}, but `{spec.name}` has layers 0 to "
            f"{spec.n_layers - 1}."
        )
    if heads is not None and (node.head is None or not 0 <= node.head < heads):
        raise no_such_head(spec, node, f"heads 0 to {heads - 1} at the site `{node.site}`")
    if node.neurons is not None and not 0 <= node.neurons[0] < node.neurons[1] <= spec.d_mlp:
        raise PlanError(
            f"`{node}` names neurons that do not exist: the MLPs of `{spec.name}` have "
            f"{spec.d_mlp}, so the first is 0 and the last {spec.d_mlp - 1}."
        )


def no_such_head(spec: ModelSpec, node: Node, known: str) -> PlanError:
    """Return the error for a head that its site lacks, on a model that has the `known` ones.

    A key or value at the index of a query head is most likely the one that this head reads.
    """
    if node.site not in ("k", "v") or node.head is None or not 0 <= node.head < spec.n_heads:
        return PlanError(f"`{node}` is head {node.head}, but `{spec.name}` has {known}.")
    shared = node.head // spec.heads_per_kv_head
    return PlanError(
        f"`{node}` counts query heads, but `{spec.name}` has {spec.n_kv_heads} key/value heads, "
        f"each read by {spec.heads_per_kv_head} query heads. Head {node.head} reads key/value head "
        f"{shared}: write `{replace(node, head=shared)}`."
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


def position_axis(shape: PromptShape, positions: Positions) -> Axis:
    """Return the axis of positions, or of roles, that `positions` names.

    Raises:
        PlanError: The prompts lack one of them, or it is a bucket.
        UnknownNameError: `positions` is a text that names nothing.
    """
    refuse_buckets(shape, positions)
    if isinstance(positions, str) and positions in shape.roles:
        raise PlanError(
            f"`positions={positions!r}` is one role, and positions are a list. Write "
            f"`positions=[{positions!r}]`, or `positions='roles'` for all of them."
        )
    if isinstance(positions, str):
        one_of("way to choose positions", positions, ["each", "roles", "buckets"])
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
