"""The plan of a path map: every sender into one set of receivers."""

from collections.abc import Sequence

from patchwidgets.errors import PlanError
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node, Path, parse_node
from patchwidgets.plans._grid import require_place
from patchwidgets.plans.patch import Patch
from patchwidgets.plans.plan import Axis, Form, Plan, PlanMap
from patchwidgets.plans.shape import PromptShape
from patchwidgets.registry import unknown_name

FORMS: tuple[Form, ...] = ("pinned", "direct", "pinned_all")


def path_plan(
    spec: ModelSpec,
    receivers: Sequence[str | Node],
    form: str = "pinned",
    shape: PromptShape | None = None,
) -> Plan:
    """Return a plan with one patch per sender: head outputs, MLP outputs and the embedding.

    Senders that cannot reach any receiver have no patch; their cells hold nothing.

    Args:
        spec: The model's sizes.
        receivers: `["logits"]`, or any set of `q`, `k`, `v` inputs of heads such as `L20H0.v`.
            The head of `k` and `v` counts key/value heads.
        form: Which nodes are frozen on the way; see `Form`.
        shape: The prompts' lengths and roles, where receivers name positions.

    Raises:
        PlanError: A receiver or a position that does not exist, or that no sender comes before.
        UnknownNameError: There is no such form.
    """
    if form not in FORMS:
        raise unknown_name("form of path patching", form, list(FORMS))
    chosen = FORMS[FORMS.index(form)]
    nodes = tuple(dict.fromkeys(_receiver(spec, written) for written in receivers))
    _require_one_kind(nodes)
    if shape is not None:
        for node in nodes:
            if node.position is not None:
                require_place(shape, node.position)
    reach = max(spec.n_layers if node.layer is None else node.layer for node in nodes)
    heads = [Node("z", layer, h) for layer in range(spec.n_layers) for h in range(spec.n_heads)]
    mlps = [Node("mlp_out", layer) for layer in range(spec.n_layers)]
    patches: list[Patch] = []

    def cells(senders: Sequence[Node]) -> tuple[int | None, ...]:
        found: list[int | None] = []
        for sender in senders:
            reaches = sender.layer is None or sender.layer < reach
            found.append(len(patches) if reaches else None)
            if reaches:
                patches.append(Patch(path=Path(sender, nodes)))
        return tuple(found)

    layers = Axis("layer", tuple(range(spec.n_layers)))
    maps = (
        PlanMap("heads", (layers, Axis("head", tuple(range(spec.n_heads)))), cells(heads)),
        PlanMap("mlp", (layers,), cells(mlps)),
        PlanMap("embed", (), cells([Node("embed")])),
    )
    return Plan(name="path", patches=tuple(patches), maps=maps, form=chosen)


def _receiver(spec: ModelSpec, written: str | Node) -> Node:
    node = parse_node(written)
    if node.site == "logits":
        return node
    if node.site not in ("q", "k", "v"):
        raise PlanError(
            f"`{node}` cannot receive. A receiver is where a head reads, so that one path can be "
            "changed and the rest left alone. Use a head's `q`, `k` or `v`, such as `L9H6.q`, or "
            "`logits`."
        )
    assert node.layer is not None
    assert node.head is not None
    if node.layer >= spec.n_layers:
        raise PlanError(
            f"`{node}` is in layer {node.layer}, but `{spec.name}` has layers 0 to "
            f"{spec.n_layers - 1}."
        )
    count = spec.n_heads if node.site == "q" else spec.n_kv_heads
    if node.head >= count:
        raise PlanError(_no_such_head(spec, node, node.head, count))
    return node


def _no_such_head(spec: ModelSpec, node: Node, head: int, count: int) -> str:
    if node.site == "q" or head >= spec.n_heads:
        return f"`{node}` is head {head}, but `{spec.name}` has heads 0 to {count - 1}."
    shared = head // spec.heads_per_kv_head
    return (
        f"`{node}` counts query heads, but `{spec.name}` has {count} key/value heads, each read by "
        f"{spec.heads_per_kv_head} query heads. Head {head} reads key/value head {shared}: "
        f"write `L{node.layer}H{shared}.{node.site}`."
    )


def _require_one_kind(nodes: Sequence[Node]) -> None:
    if not nodes:
        raise PlanError(
            "`receivers` is empty, so no path has an end. Give at least one, such as "
            '`receivers=["L9H6.q"]` or `receivers=["logits"]`.'
        )
    if len(nodes) > 1 and any(node.site == "logits" for node in nodes):
        raise PlanError(
            "`receivers` mixes `logits` with heads. Overwriting what the logits receive would "
            "undo the change that came through the heads. Make two maps."
        )
