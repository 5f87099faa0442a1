"""What one patch means for one group of prompts: which activations are written, and where."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from patchwidgets.errors import PlanError
from patchwidgets.models.records import Record
from patchwidgets.models.sites import SITES
from patchwidgets.nodes import Node, spared_places
from patchwidgets.plans._reach import writes_at
from patchwidgets.prompts.pairs import END


@dataclass(frozen=True)
class Write:
    """One activation that is overwritten with the source run's value.

    Args:
        site: Name of the site; `resid_post` is written as `resid_pre` of the next block.
        layer: Block; the number of blocks stands for the end of the residual stream.
        head: Index on the site's head axis, or `None`.
        positions: One position per prompt, or `None` for every position.
        neurons: First and last-plus-one index along the width, or `None` for all of it.
        attended: For a pattern: one attended position per prompt, or `None` for all.
        spared: Where `positions` is `None`: positions that are not overwritten all the same.
    """

    site: str
    layer: int
    head: int | None
    positions: Int[Tensor, " batch"] | None
    neurons: tuple[int, int] | None = None
    attended: Int[Tensor, " batch"] | None = None
    spared: Int[Tensor, "spared batch"] | None = None


@dataclass(frozen=True)
class Cell:
    """One patch of the plan, resolved on a group of prompts.

    Args:
        patch: Index into the plan's patches.
        writes: Everything the patch writes.
        entry: Block before which the cell's rows join the wave.
        start: First position at which the cell can differ from the base run.
    """

    patch: int
    writes: tuple[Write, ...]
    entry: int
    start: int

    @property
    def order(self) -> tuple[int, bool, bool]:
        """Sorts cells as they join a wave: by block; before it, in its attention, in its MLP."""
        sites = [writes_at(write.site) for write in self.writes]
        return self.entry, "resid_pre" not in sites, all(site == "mlp_out" for site in sites)


def resolve(
    patch: int,
    nodes: Sequence[Node],
    roles: Mapping[str, Int[Tensor, " batch"]],
    first_difference: int,
    batch: int,
) -> Cell:
    """Return the cell that writes `nodes` on a group.

    A position after the last token of the group's prompts, which longer prompts of the same plan
    have, is written by nobody: the cell then holds no write and changes nothing.

    Args:
        patch: Index into the plan's patches.
        nodes: What is overwritten together.
        roles: Positions of the roles in the group's prompts, BOS counted.
        first_difference: First position at which any prompt of the group differs.
        batch: Prompts in the group.
    """
    if END in roles:
        length = int(roles[END].max()) + 1
        if any(isinstance(node.position, int) and node.position >= length for node in nodes):
            return Cell(patch, writes=(), entry=0, start=length)
    writes = tuple(_write(node, roles, batch) for node in nodes)
    starts = [
        first_difference if write.positions is None else int(write.positions.min())
        for write in writes
    ]
    return Cell(
        patch=patch,
        writes=writes,
        entry=min(write.layer for write in writes),
        start=max(first_difference, min(starts)),
    )


def _write(node: Node, roles: Mapping[str, Tensor], batch: int) -> Write:
    if node.site == "embed":
        return Write("resid_pre", 0, None, positions_of(node, roles, batch))
    assert node.layer is not None
    after = SITES.get(node.site).stage == "after"
    spared = spared_places(node.position)
    return Write(
        site="resid_pre" if after else node.site,
        layer=node.layer + 1 if after else node.layer,
        head=node.head,
        positions=None if spared else positions_of(node, roles, batch),
        neurons=node.neurons,
        attended=_places(node, node.attended, roles, batch),
        spared=_stacked([_places(node, place, roles, batch) for place in spared]),
    )


def _stacked(positions: Sequence[Tensor | None]) -> Int[Tensor, "spared batch"] | None:
    return torch.stack([each for each in positions if each is not None]) if positions else None


def positions_of(
    node: Node, roles: Mapping[str, Int[Tensor, " batch"]], batch: int
) -> Int[Tensor, " batch"] | None:
    """Return the token position a node has in each prompt; `None` if it has none.

    Raises:
        PlanError: The node names a role that these prompts lack.
    """
    return _places(node, node.position, roles, batch)


def _places(
    node: Node, place: int | str | None, roles: Mapping[str, Int[Tensor, " batch"]], batch: int
) -> Int[Tensor, " batch"] | None:
    if place is None:
        return None
    if isinstance(place, int):
        return torch.full((batch,), place)
    if place not in roles:
        known = ", ".join(f"`{role}`" for role in roles)
        raise PlanError(
            f"`{node}` names the role `{place}`, which some of the prompts lack. A map by "
            f"role needs every role in every prompt. Use one of {known}, or leave out the prompts "
            "without it."
        )
    return roles[place]


class Difference:
    """Where the source run differs from the base run, site by site.

    Before the first token that differs the runs are the same by causality, whatever rounding says.

    Args:
        base: The base run.
        source: The source run.
        first: Position of the first token that differs.
    """

    def __init__(self, base: Record, source: Record, first: int) -> None:
        self._base = base
        self._source = source
        self._first = first
        self._where: dict[tuple[str, int], np.ndarray] = {}
        self._rows = np.arange(base.tokens.shape[0])

    def touches(self, cell: Cell) -> bool:
        """Whether any value the cell writes differs from the one already there."""
        return any(self._differs(write) for write in cell.writes)

    def _differs(self, write: Write) -> bool:
        key = (write.site, write.layer)
        if key not in self._where:
            base, source = self._base.site(*key), self._source.site(*key)
            self._where[key] = (base != source).any(-1).cpu().numpy()
            self._where[key][:, : self._first] = False
        where = self._where[key]
        if write.head is not None:
            where = where[:, :, write.head]
        if write.positions is not None:
            where = where[self._rows, write.positions]
        return bool(where.any())
