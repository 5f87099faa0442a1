"""The plan of a path map: every sender into one set of receivers, straight or through others."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, Path, parse_stops
from patchwidgets.plans._grid import Positions, position_axis
from patchwidgets.plans._neurons import BLOCK, neuron_blocks
from patchwidgets.plans._reach import Reach
from patchwidgets.plans._receivers import (
    Stop,
    parse_stop,
    require_forwards,
    require_receivers,
    require_stop,
)
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Form, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape
from patchwidgets.registry import one_of, unknown_name

FORMS: tuple[Form, ...] = ("pinned", "direct", "pinned_all")

SENDERS = {
    "heads": "z",
    "mlp": "mlp_out",
    "attn": "attn_out",
    "neurons": "mlp_post",
    "embed": "embed",
}
"""Name of a map of senders, and the site they send from."""


def path_plan(
    spec: ModelSpec,
    receivers: Stop,
    form: str = "pinned",
    shape: PromptShape | None = None,
    *,
    through: Sequence[Stop] = (),
    senders: Sequence[str] | None = None,
    positions: Positions = None,
    block: int | None = None,
) -> Plan:
    """Return a plan with one map per kind of sender and one patch per sender.

    Senders that cannot reach any receiver have no patch; their cells hold nothing.

    Args:
        spec: The model's sizes.
        receivers: `["logits"]`, `["L9.resid_post"]`, or any set of what MLPs read (`L9.mlp_in`)
            and of `q`, `k`, `v` inputs of heads such as `L20H0.v`; with `direct` also these and
            the stream that comes after them. The head of `k` and `v` counts key/value heads. As
            text also with the stops on the way: `L15H3.q -> L20H0.v`.
        form: Which nodes are frozen on the way; see `Form`.
        shape: The prompts' lengths and roles, where receivers or senders have positions.
        through: Stops on the way, in order: a head's `q`, `k` or `v`, `mlp_in`, or a list of heads'
            inputs in one layer. The change reaches a stop only, and what the stop writes because of
            it is what travels on.
        senders: `heads`, `mlp`, `attn` (whole attention outputs), `neurons` (of MLPs, in blocks),
            `embed`; `heads`, `mlp` and `embed` if `None`.
        positions: `None` sends all positions together; see `Positions`.
        block: Neighbouring neurons that send together, as in the sweep `neurons`; 64 if `None`.

    Raises:
        PlanError: A node or a position that does not exist, a set of receivers or a chain that
            means nothing, or nothing to send.
        UnknownNameError: There is no such form or kind of sender.
    """
    chosen = chosen_form(form)
    way, ends, reach = stops_of(spec, receivers, chosen, shape, through)
    place = _axis_of(shape, positions)
    patches: list[Patch] = []

    def cell(sender: Node) -> int | None:
        path = Path(sender, ends, way)
        if not reach(path):
            return None
        patches.append(Patch(path=path))
        return len(patches) - 1

    kinds = _kinds(spec, senders)
    if block is not None and "neurons" not in kinds:
        raise PlanError(
            f"`block={block!r}` says how many neurons send together, and `senders` names none. Add "
            '`"neurons"` to `senders`, or leave `block` out.'
        )
    maps = []
    for name in kinds:
        axes, nodes = _senders(spec, SENDERS[name], place, BLOCK if block is None else block)
        maps.append(PlanMap(name, axes, tuple(map(cell, nodes))))
    if not patches:
        written = Path(Node("embed"), ends, way).destination
        raise PlanError(
            f"Nothing that `senders` names can reach `{written}`, so there is nothing to measure. "
            "Name senders in earlier layers, at the receivers' positions, or `embed`."
        )
    return Plan(name="path", patches=tuple(patches), maps=tuple(maps), form=chosen)


def chosen_form(form: str) -> Form:
    """Return the form of that name.

    Raises:
        UnknownNameError: There is none.
    """
    return one_of("form of path patching", form, FORMS)


def stops_of(
    spec: ModelSpec,
    receivers: Stop,
    form: Form,
    shape: PromptShape | None,
    through: Sequence[Stop] = (),
) -> tuple[tuple[tuple[Node, ...], ...], tuple[Node, ...], Reach]:
    """Return the stops on the way, the receivers, and which senders reach them.

    Arguments are those of `path_plan`.

    Raises:
        PlanError: A node or a position that does not exist, a set of receivers or a chain that
            means nothing.
    """
    if isinstance(through, str) or not isinstance(through, Iterable):
        raise PlanError(
            f"`through={through!r}` is no list of stops. A path leads through them in order. Write "
            '`through=["L9H6.q"]`, or the whole way as text: `study.path("L9H6.q -> L10H7.v")`.'
        )
    if isinstance(receivers, str):
        *before, receivers = parse_stops(receivers)
        through = [*through, *before]
    way = tuple(parse_stop(spec, shape, stop) for stop in through)
    ends = parse_stop(spec, shape, receivers)
    require_receivers(ends, form)
    for stop in way:
        require_stop(stop)
    reach = Reach(spec.n_layers, spec.parallel, shape)
    require_forwards((*way, ends), reach)
    return way, ends, reach


def written_options(
    plan: Plan,
    senders: Sequence[str] | None = None,
    positions: Positions = None,
    block: int | None = None,
) -> str:
    """Return the options that make a path plan again, as Python."""
    path = plan.patches[0].path
    assert path is not None
    asked: dict[str, Any] = {"receivers": [str(node) for node in path.receivers]}
    if path.through:
        asked["through"] = [[str(node) for node in stop] for stop in path.through]
    asked |= {} if senders is None else {"senders": senders}
    asked |= {} if positions is None else {"positions": positions}
    asked |= {} if block is None else {"block": block}
    asked["form"] = plan.form
    return ", ".join(f"{name}={value!r}" for name, value in asked.items())


def _kinds(spec: ModelSpec, senders: Sequence[str] | None) -> list[str]:
    if senders is None:
        return [name for name in ("heads", "mlp", "embed") if name != "mlp" or spec.d_mlp]
    if isinstance(senders, str) or not isinstance(senders, Iterable):
        senders = [senders]
    listed = list(dict.fromkeys(senders))
    for name in listed:
        if name not in SENDERS:
            raise unknown_name("kind of sender", name, list(SENDERS))
    if not listed:
        raise PlanError(
            "`senders` is empty, so no path has a beginning. Give at least one of `heads`, `mlp`, "
            "`attn`, `neurons` and `embed`."
        )
    if {"mlp", "neurons"} & set(listed) and not spec.d_mlp:
        raise PlanError(
            f"`{spec.name}` ({spec.family}) has no MLPs that could send: its blocks are attention "
            'only. Use `senders=["heads", "attn", "embed"]`.'
        )
    return listed


def _senders(
    spec: ModelSpec, site: str, place: Axis | None, block: int
) -> tuple[tuple[Axis, ...], list[Node]]:
    """Return the axes of one map of senders, and its nodes in row-major order."""
    layers = () if site == "embed" else (Axis("layer", tuple(range(spec.n_layers))),)
    heads = (Axis("head", tuple(range(spec.n_heads))),) if site == "z" else ()
    parts: Sequence[tuple[int, int] | None] = [None]
    if site == "mlp_post":
        parts, axis = neuron_blocks(spec, block)
        layers = (*layers, axis)
    axes = (*layers, *heads, *([place] if place else ()))
    nodes = product(
        range(spec.n_layers) if layers else (None,),
        parts,
        range(spec.n_heads) if heads else (None,),
        place.labels if place else (None,),
    )
    return axes, [Node(site, layer, head, at, neurons=part) for layer, part, head, at in nodes]


def _axis_of(shape: PromptShape | None, positions: Positions) -> Axis | None:
    if positions is None:
        return None
    if shape is None:
        raise AssertionError("senders by position need the prompts' shape")
    return position_axis(shape, positions)
