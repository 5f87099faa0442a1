"""The receivers of a path plan and the stops on the way: which there are, and which sets fit."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, parse_node
from patchwidgets.plans._grid import no_such_head, require_place
from patchwidgets.plans._reach import Reach
from patchwidgets.plans.shape import PromptShape

HEAD_INPUTS = ("q", "k", "v")
STREAM = ("resid_post", "logits")

Stop = str | Node | Sequence[str | Node]
"""One node, or several that are let know together."""


def parse_stop(spec: ModelSpec, shape: PromptShape | None, written: Stop) -> tuple[Node, ...]:
    """Return the nodes of a stop, which this model and these prompts have.

    Raises:
        PlanError: One of them does not exist, or does not read anything.
    """
    if isinstance(written, str) or not isinstance(written, Iterable):
        written = [written]
    listed: list[str | Node] = list(written)
    nodes = tuple(dict.fromkeys(_receiver(spec, one) for one in listed))
    for node in nodes:
        if shape is not None and node.position is not None:
            require_place(shape, node.position)
    return nodes


def require_receivers(nodes: Sequence[Node], form: str) -> None:
    """Check that a set of receivers means one thing in a form of path patching.

    Raises:
        PlanError: It is empty, one would undo what came through another, or a change would be added
            twice.
    """
    if not nodes:
        raise PlanError(
            "`receivers` is empty, so no path has an end. Give at least one, such as "
            '`receivers=["L9H6.q"]` or `receivers=["logits"]`.'
        )
    for stream in [node for node in nodes if node.site in STREAM]:
        others = [node for node in nodes if node != stream]
        before = [node for node in others if _is_before(node, stream)]
        after = [node for node in others if node not in before]
        if before and form != "direct":
            raise PlanError(
                f"`receivers` mixes `{stream}` with `{before[0]}`. Overwriting what `{stream}` "
                f"receives would undo the change that came through `{before[0]}`. Make two maps, "
                'or use `form="direct"`, which adds changes and overwrites none.'
            )
        if after and form == "direct":
            raise PlanError(
                f"`receivers` mixes `{stream}` with `{after[0]}`, which reads the residual stream "
                f"after it. The change that `direct` adds at `{stream}` gets there by itself, and "
                f"would be added a second time. Leave `{after[0]}` out."
            )


def require_stop(nodes: Sequence[Node]) -> None:
    """Check that a stop on the way means one thing.

    Raises:
        PlanError: It is empty, lets everything know, or is in several places.
    """
    if not nodes:
        raise PlanError(
            "`through` has an empty stop, through which no path leads. Give a node, such as "
            '`through=["L9H6.q"]`, or leave the stop out.'
        )
    for node in nodes:
        if node.site in STREAM:
            raise PlanError(
                f"`{node}` cannot be a stop on the way: every path to what comes after it leads "
                "through it anyway. Use a head's `q`, `k` or `v`, or `mlp_in`; or leave it out."
            )
    if len({(node.layer, node.site == "mlp_in") for node in nodes}) > 1:
        written = ", ".join(f"`{node}`" for node in nodes)
        raise PlanError(
            f"{written} cannot be one stop: some come after others, so what one writes would be "
            "left out of what another reads. Use inputs of heads of one layer, or one MLP; and "
            "make a map for each of the others."
        )


def require_forwards(stops: Sequence[Sequence[Node]], reach: Reach) -> None:
    """Check that every stop comes after the one before.

    Raises:
        PlanError: One does not.
    """
    for stop, following in pairwise(stops):
        for node in stop:
            for after in following:
                if not reach.layers(node, after):
                    raise PlanError(
                        f"`{node} -> {after}` goes backwards: what comes of `{node}` is written "
                        f"to the residual stream after `{after}` has read it. Put the stops in "
                        "the order in which the model computes them."
                    )


def _is_before(node: Node, stream: Node) -> bool:
    """Whether what a node changes is in the residual stream at another, or before it."""
    if node.layer is None or stream.layer is None:
        return stream.layer is None
    return node.layer <= stream.layer


def _receiver(spec: ModelSpec, written: str | Node) -> Node:
    node = parse_node(written)
    if node.site == "logits":
        return node
    if node.site not in (*HEAD_INPUTS, "mlp_in", "resid_post"):
        raise PlanError(
            f"`{node}` cannot receive. A receiver is where something reads the residual stream, so "
            "that one path can be changed and the rest left alone. Use a head's `q`, `k` or `v`, "
            "such as `L9H6.q`, an MLP's `L9.mlp_in`, `L9.resid_post` for everything after a layer, "
            "or `logits`."
        )
    assert node.layer is not None
    if node.layer >= spec.n_layers:
        raise PlanError(
            f"`{node}` is in layer {node.layer}, but `{spec.name}` has layers 0 to "
            f"{spec.n_layers - 1}."
        )
    if node.site == "mlp_in" and not spec.d_mlp:
        raise PlanError(
            f"`{spec.name}` ({spec.family}) has no `mlp_in`: its blocks are attention only, "
            "without an MLP. Use a head's `q`, `k` or `v`, `resid_post` or `logits`."
        )
    if node.site in HEAD_INPUTS:
        assert node.head is not None
        count = spec.n_heads if node.site == "q" else spec.n_kv_heads
        if node.head >= count:
            raise no_such_head(spec, node, f"heads 0 to {count - 1}")
    return node
