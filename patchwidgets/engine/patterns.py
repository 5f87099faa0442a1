"""What chosen heads attend to: on the two unpatched runs, and on the run under a patch."""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from patchwidgets.engine.cells import resolve
from patchwidgets.engine.kept_sites import sites_of
from patchwidgets.engine.path_receivers import resolve_stops
from patchwidgets.engine.path_reference import PathReference
from patchwidgets.engine.pattern_replay import replayed, replayed_under
from patchwidgets.engine.reference import writing
from patchwidgets.engine.runs import GroupRuns
from patchwidgets.engine.session import Session
from patchwidgets.errors import PlanError
from patchwidgets.models.bridge import Hook
from patchwidgets.models.layout import by_position
from patchwidgets.models.sites import SITES
from patchwidgets.models.spec import ModelSpec
from patchwidgets.nodes import Node
from patchwidgets.plans.plan import Plan

ROWS = 16
"""Prompts that are run at once: a pattern is as large as the square of a prompt."""

Patterns = Float[np.ndarray, "head destination source"]


def patterns(
    session: Session, heads: Sequence[Node], pairs: Sequence[int], under: Plan | None = None
) -> list[xr.DataArray]:
    """Return the attention pattern of every head, as a mean over prompt pairs.

    All heads are read off the same runs, of which only the blocks between the patch and the heads
    are called again, and only their patterns are kept. Where blocks cannot be replayed, whole
    forward passes of TransformerLens are made.

    Args:
        session: The model and the prompts.
        heads: Heads, such as `L20H0`.
        pairs: Prompt pairs of one length; of several the mean is taken, as of draws of noise.
        under: A plan of one patch, under which a third run is made; left out for a head whose
            pattern the patch cannot change, which `note` then says.

    Returns:
        For every head `run` (clean, corrupted, patched), `destination`, `source`: the share of its
        attention, 0 = none, 1 = all. Coordinates are the tokens of the clean prompts (empty where
        they are several) and the roles.

    Raises:
        PlanError: A head that the model does not have, or pairs of several lengths.
        ModelError: The model has no attention pattern.
    """
    for head in heads:
        _require_head(session.model.spec, head)
    _require_one_length(session, pairs)
    notes = [_why_not(session.model.spec, head, under) for head in heads]
    patched = under is not None and not all(notes)
    sides = ["clean", "corrupted", *(["patched"] if patched else [])]
    total = {side: np.zeros((), dtype=np.float32) for side in sides}
    with session.model.measuring():
        kept = session.runs_with(set() if under is None else sites_of(under))
        for runs, prompts in _batches(session, kept, pairs):
            for side in sides:
                total[side] = total[side] + _summed(session, runs, side, heads, prompts, under)
    rows = len(pairs) * session.prompts.draws
    length = len(session.prompts.strings[pairs[0]][0])
    means = {side: one[:, :length, :length] / rows for side, one in total.items()}
    return [
        _labelled(session, head, pairs, means, index, under, notes[index])
        for index, head in enumerate(heads)
    ]


def _require_head(spec: ModelSpec, node: Node) -> None:
    layer, head = node.layer, node.head
    if node.site != "z" or layer is None or head is None:
        raise PlanError(
            f"`{node}` is no attention head, so it has no attention pattern. Name a head, such as "
            f"`L{0 if layer is None else layer}H0`."
        )
    if layer >= spec.n_layers or head >= spec.n_heads:
        raise PlanError(
            f"`{node}` is no head of `{spec.name}`, which has layers 0 to {spec.n_layers - 1} with "
            f"heads 0 to {spec.n_heads - 1} each."
        )


def _require_one_length(session: Session, pairs: Sequence[int]) -> None:
    count = len(session.prompts.pairs)
    missing = [pair for pair in pairs if not 0 <= pair < count]
    if missing:
        raise PlanError(
            f"There is no prompt pair {missing[0]}: this study has pairs 0 to {count - 1}."
        )
    lengths = sorted({len(session.prompts.strings[pair][0]) for pair in pairs})
    if len(lengths) > 1:
        written = ", ".join(map(str, lengths))
        raise PlanError(
            f"The prompts have {written} tokens, and a mean of patterns needs one length. Choose "
            "pairs of one length with `prompt=[...]`, or one template with `study.keep([...])`."
        )


def _why_not(spec: ModelSpec, head: Node, under: Plan | None) -> str:
    """Return why a patch cannot change a head's pattern; empty where it can."""
    if under is None:
        return ""
    (patch,) = under.patches
    changed = patch.nodes if patch.path is None else patch.path.receivers
    if any(_comes_before(spec, node, head) for node in changed):
        return ""
    if patch.path is None and changed == (Node("z", head.layer, head.head),):
        return (
            f"`{head}` is patched at its output, which it computes after its pattern: under the "
            "patch it attends as before."
        )
    return (
        f"`{patch}` changes nothing before the pattern of `{head}`, which is therefore the same "
        "under the patch."
    )


def _comes_before(spec: ModelSpec, node: Node, head: Node) -> bool:
    """Whether a change of a node can change what a head attends to."""
    assert head.layer is not None
    assert head.head is not None
    if node.site in ("embed", "logits"):
        return node.site == "embed"
    assert node.layer is not None
    if node.layer != head.layer:
        return node.layer < head.layer
    if node.site == "k":
        return node.head == head.head // spec.heads_per_kv_head
    return node.site == "resid_pre" or (node.site in ("q", "pattern") and node.head == head.head)


def _batches(
    session: Session, kept: Sequence[GroupRuns], pairs: Sequence[int]
) -> list[tuple[GroupRuns, slice]]:
    """Return runs with some prompts of each, of the chosen pairs and no others."""
    chosen, found = set(pairs), []
    for runs in kept:
        members = [session.prompts.pair_of(row) in chosen for row in runs.group.members]
        first = 0
        while first < len(members):
            last = first
            while last < len(members) and members[last] and last - first < ROWS:
                last += 1
            if last > first:
                found.append((runs, slice(first, last)))
            first = max(last, first + 1)
    return found


def _summed(
    session: Session,
    runs: GroupRuns,
    side: str,
    heads: Sequence[Node],
    prompts: slice,
    under: Plan | None,
) -> Patterns:
    """Return the sum over some prompts of every head's pattern on one run."""
    found: dict[int, Tensor] = {}
    model, reading, rows = session.model, _reading(session, heads, found), runs.rows(prompts)
    layers = [head.layer for head in heads if head.layer is not None]
    fast = session.executor == "wavefront"
    if side == "patched":
        assert under is not None
        if fast:
            replayed_under(model, runs, under, rows, reading, layers)
        else:
            _run_under(session, runs, under, rows, reading)
    else:
        run = runs.other if (side == "clean") == (session.direction == "denoising") else runs.base
        if fast:
            replayed(model, run, rows, reading, layers)
        else:
            model.forward_with(run.tokens[rows], [*run.noise_hooks(rows), *reading], run.read)
    each = runs.batch // runs.prompts
    # A prompt with several answers has a row for each, which are the same up to its end.
    stacked = torch.stack([found[index][::each].sum(dim=0) for index in range(len(heads))])
    return stacked.numpy()


def _reading(
    session: Session, heads: Sequence[Node], into: dict[int, Tensor]
) -> list[tuple[str, Hook]]:
    """Return hooks that keep heads' patterns: prompt, destination, source."""
    site = SITES.get("pattern")

    def reader(index: int, head: Node) -> Hook:
        def hook(activation: Tensor) -> None:
            apart = by_position(site, activation, session.model.spec.d_head)
            into[index] = apart[:, :, head.head].float().cpu().clone()

        return hook

    return [
        (site.hook.format(layer=head.layer), reader(index, head))
        for index, head in enumerate(heads)
    ]


def _run_under(
    session: Session, runs: GroupRuns, under: Plan, rows: slice, reading: list[tuple[str, Hook]]
) -> None:
    """Make the run under a patch, while hooks look on."""
    (patch,) = under.patches
    model, group = session.model, runs.group
    base, source = runs.base, runs.source
    nodes = patch.nodes if patch.path is None else (patch.path.sender,)
    cell = resolve(0, nodes, group.roles, runs.first, runs.batch)
    if patch.path is None:
        writes = [writing(model, source, write, rows) for write in cell.writes]
        hooks = [*base.noise_hooks(rows), *writes, *reading]
        model.forward_with(base.tokens[rows], hooks, base.read)
        return
    assert under.form is not None
    stops = resolve_stops(patch.path, group.roles, runs.batch, model.spec.n_layers)
    PathReference(model, base, source, stops, rows).logits(under.form, cell, reading)


def _labelled(
    session: Session,
    head: Node,
    pairs: Sequence[int],
    means: dict[str, Patterns],
    index: int,
    under: Plan | None,
    note: str,
) -> xr.DataArray:
    sides = [side for side in means if side != "patched" or not note]
    tokens, roles = _tokens(session, pairs), _roles(session, pairs)
    patch = None if under is None else under.patches[0]
    return xr.DataArray(
        np.stack([means[side][index] for side in sides]),
        dims=("run", "destination", "source"),
        coords={
            "run": sides,
            "destination_token": ("destination", tokens),
            "destination_role": ("destination", roles),
            "source_token": ("source", tokens),
            "source_role": ("source", roles),
        },
        name="pattern",
        attrs={
            "node": str(head),
            "prompts": list(pairs),
            "under": "" if patch is None else str(patch),
            "form": "" if under is None else under.form or "",
            "base": "corrupted" if session.direction == "denoising" else "clean",
            "meaning": "share of its attention: 0 = none, 1 = all",
            "note": note,
        },
    )


def _tokens(session: Session, pairs: Sequence[int]) -> list[str]:
    """Return the tokens of the clean prompts; empty where they are several."""
    columns = zip(*(session.prompts.strings[pair][0] for pair in pairs), strict=True)
    return [column[0] if len(set(column)) == 1 else "" for column in columns]


def _roles(session: Session, pairs: Sequence[int]) -> list[str]:
    """Return the roles that are at a position in all of the prompts."""
    names = [""] * len(session.prompts.strings[pairs[0]][0])
    places: dict[str, set[int]] = {}
    for group in session.prompts.groups:
        for row, member in enumerate(group.members):
            if session.prompts.pair_of(member) in pairs:
                for role, at in group.roles.items():
                    places.setdefault(role, set()).add(int(at[row]))
    for role, found in places.items():
        if len(found) == 1:
            (at,) = found
            names[at] = f"{names[at]}, {role}" if names[at] else role
    return names
