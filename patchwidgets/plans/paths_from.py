"""The plan of a forward path map: one sender into every receiver, each by itself."""

from collections.abc import Sequence
from itertools import product
from typing import Any

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, Path, parse_node, parse_stops
from patchwidgets.plans._grid import Positions, position_axis, require_node
from patchwidgets.plans._reach import Reach
from patchwidgets.plans._receivers import parse_stop, require_forwards, require_stop
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.paths import SENDERS, chosen_form
from patchwidgets.plans.plan import PATHS_FROM, Axis, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape
from patchwidgets.registry import unknown_name

RECEIVERS = ("q", "k", "v", "mlp_in", "logits")
"""Kinds of receivers, each a map of its own."""


def paths_from_plan(
    spec: ModelSpec,
    sender: str | Node,
    form: str = "pinned",
    shape: PromptShape | None = None,
    *,
    receivers: Sequence[str] | None = None,
    positions: Positions = None,
) -> Plan:
    """Return a plan with one map per kind of receiver and one patch per receiver.

    Receivers that the sender cannot reach have no patch; their cells hold nothing.

    Args:
        spec: The model's sizes.
        sender: `L20H0`, `L20.mlp_out`, `L20.attn_out`, neurons such as `L20.mlp_post[7]`, or
            `embed`, at a position or at all of them; as text also with stops on the way, such as
            `L17H4 -> L20H0.k`, for where a head writes because of what it was let know.
        form: Which nodes are frozen on the way; see `Form`.
        shape: The prompts' lengths and roles, where sender or receivers have positions.
        receivers: Kinds of receivers: `q`, `k`, `v` (the latter two count key/value heads),
            `mlp_in`, `logits`; all that the model has if `None`.
        positions: `None` lets every position of a receiver know; otherwise each position by itself,
            see `Positions`.

    Raises:
        PlanError: A node or a position that does not exist, a node that cannot send, or nothing
            that the sender reaches.
        UnknownNameError: There is no such form or kind of receiver.
    """
    chosen = chosen_form(form)
    begin, way = _parse_sender(spec, shape, sender)
    reach = Reach(spec.n_layers, spec.parallel, shape)
    if way:
        require_forwards(way, reach)
        if not reach(Path(begin, way[-1], way[:-1])):
            raise _unreachable(begin, way)
    place = None
    if positions is not None:
        assert shape is not None, "receivers by position need the prompts' shape"
        place = position_axis(shape, positions)
    patches: list[Patch] = []

    def cell(receiver: Node) -> int | None:
        path = Path(begin, (receiver,), way)
        if not (all(reach.layers(node, receiver) for node in (way or ((begin,),))[-1])):
            return None
        if not reach(path):
            return None
        patches.append(Patch(path=path))
        return len(patches) - 1

    maps = []
    for kind in _kinds(spec, receivers):
        axes, nodes = _receivers(spec, kind, place)
        maps.append(PlanMap(kind, axes, tuple(map(cell, nodes))))
    if not patches:
        kinds = ", ".join(f"`{plan_map.name}`" for plan_map in maps)
        raise PlanError(
            f"`{sender}` reaches no receiver of the kinds {kinds}: nothing of them comes after it. "
            'Add `"logits"`, which everything reaches, or ask for an earlier sender.'
        )
    return Plan(name=PATHS_FROM, patches=tuple(patches), maps=tuple(maps), form=chosen)


def written_options(
    plan: Plan, receivers: Sequence[str] | None = None, positions: Positions = None
) -> str:
    """Return the arguments that make a plan of `paths_from_plan` again, as Python."""
    asked: dict[str, Any] = {} if receivers is None else {"receivers": receivers}
    asked |= {} if positions is None else {"positions": positions}
    asked["form"] = plan.form
    given = ", ".join(f"{name}={value!r}" for name, value in asked.items())
    return f"{plan.origin!r}, {given}"


def _parse_sender(
    spec: ModelSpec, shape: PromptShape | None, written: str | Node
) -> tuple[Node, tuple[tuple[Node, ...], ...]]:
    """Return the sender and the stops on the way, which this model and these prompts have."""
    if not written:
        raise PlanError(
            "`sender` is missing, so no path has a beginning. Name what sends, such as "
            '`study.plan("paths_from", sender="L20H0")`.'
        )
    stops = parse_stops(written) if isinstance(written, str) else ((parse_node(written),),)
    (sender, *others), *way = stops
    if others:
        raise PlanError(
            f"`{written}` begins at several senders. A forward map has one: make one for each, or "
            "patch them together with a joint sweep."
        )
    require_sender(spec, shape, sender)
    parsed = tuple(parse_stop(spec, shape, stop) for stop in way)
    for stop in parsed:
        require_stop(stop)
    return sender, parsed


def require_sender(spec: ModelSpec, shape: PromptShape | None, node: Node) -> None:
    """Check that a node sends, and that this model and these prompts have it.

    Raises:
        PlanError: It does not exist, or does not write to the residual stream.
    """
    if node.site not in SENDERS.values():
        raise PlanError(_cannot_send(node))
    require_node(spec, shape or PromptShape((), (), ()), node)


def _cannot_send(node: Node) -> str:
    fix = f"`L{node.layer}H{node.head}`" if node.head is not None else "`L20H0` or `L20.mlp_out`"
    return (
        f"`{node}` cannot send. A sender is what writes to the residual stream: a head such as "
        f"`L20H0`, `L20.mlp_out` or its neurons `L20.mlp_post[7]`, `L20.attn_out` or `embed`. Use "
        f"{fix}; for where a head writes because of one of its inputs, name the way there, such as "
        "`L17H4 -> L20H0.k`."
    )


def _unreachable(sender: Node, way: Sequence[Sequence[Node]]) -> PlanError:
    first = ", ".join(map(str, way[0]))
    return PlanError(
        f"`{sender}` cannot reach `{first}`, which reads the residual stream before `{sender}` "
        "writes to it, or at other positions. Name a stop in a later layer."
    )


def _kinds(spec: ModelSpec, receivers: Sequence[str] | None) -> list[str]:
    if receivers is None:
        return [kind for kind in RECEIVERS if kind != "mlp_in" or spec.d_mlp]
    listed = [receivers] if isinstance(receivers, str) else list(dict.fromkeys(receivers))
    for kind in listed:
        if kind not in RECEIVERS:
            raise unknown_name("kind of receiver", kind, list(RECEIVERS))
    if not listed:
        raise PlanError(
            "`receivers` is empty, so no path has an end. Give at least one of `q`, `k`, `v`, "
            "`mlp_in` and `logits`."
        )
    if "mlp_in" in listed and not spec.d_mlp:
        raise PlanError(
            f"`{spec.name}` ({spec.family}) has no `mlp_in`: its blocks are attention only, "
            "without an MLP. Use `q`, `k`, `v` or `logits`."
        )
    return listed


def _receivers(
    spec: ModelSpec, kind: str, place: Axis | None
) -> tuple[tuple[Axis, ...], list[Node]]:
    """Return the axes of one map of receivers, and its nodes in row-major order."""
    if kind == "logits":  # read at the end of a prompt only
        return (), [Node("logits")]
    heads: Sequence[int | None] = [None]
    axes = [Axis("layer", tuple(range(spec.n_layers)))]
    if kind != "mlp_in":
        count, name = (spec.n_heads, "head") if kind == "q" else (spec.n_kv_heads, "kv_head")
        heads = range(count)
        axes.append(Axis(name, tuple(heads)))
    places: Sequence[int | str | None] = [None]
    if place is not None:
        places = place.labels
        axes.append(place)
    nodes = product(range(spec.n_layers), heads, places)
    return tuple(axes), [Node(kind, *where) for where in nodes]
