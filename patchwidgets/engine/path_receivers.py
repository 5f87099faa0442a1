"""Receivers: places that read the residual stream and can be overwritten by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from patchwidgets.engine.cells import positions_of
from patchwidgets.models.layout import by_position
from patchwidgets.models.sites import SITES
from patchwidgets.models.sites._mlp_in import MLP_IN
from patchwidgets.models.sites._site import Site
from patchwidgets.nodes import Node, Path


@dataclass(frozen=True, eq=False)
class Receiver:
    """One place that reads.

    An MLP's input is read and written after the norm before it. A norm acts on every position by
    itself, so this is the same as overwriting the stream that the norm is given.

    Args:
        site: `q`, `k`, `v`, `mlp_in`, or `resid_pre` for everything from a block on.
        layer: Block; the number of blocks stands for the end of the residual stream.
        head: Index on the site's head axis, or `None`.
        positions: One position per prompt, or `None` for every position.
    """

    site: str
    layer: int
    head: int | None
    positions: Int[Tensor, " batch"] | None

    @property
    def hook(self) -> str:
        """Name of the hook it is read and written at."""
        return self._site.hook.format(layer=self.layer)

    def part(self, activation: Tensor, d_head: int) -> Float[Tensor, "rows pos d"]:
        """Return a view of what it reads in an activation."""
        apart = by_position(self._site, activation, d_head)
        return apart if self.head is None else apart[:, :, self.head]

    def overwritten(
        self,
        activation: Tensor,
        values: Float[Tensor, "some_rows pos d"],
        start: int,
        d_head: int,
        row: int = 0,
    ) -> Tensor:
        """Return an activation some of whose rows have `values` where this reads.

        Args:
            activation: As the model lays it out; rows are cells x prompts.
            values: For as many rows.
            start: First position of both. Before it every cell is as the base run, so that there
                is nothing to write.
            d_head: Width of a head.
            row: The first of those rows.
        """
        if self.head is None:  # what an MLP reads may be the residual stream itself
            activation = activation.clone()
        part = self.part(activation, d_head)[row : row + len(values)]
        if self.positions is None:
            part.copy_(values)
        else:
            where = (self.positions - start).repeat(len(values) // len(self.positions))
            (rows,) = (where >= 0).nonzero(as_tuple=True)
            part[rows, where[rows]] = values[rows, where[rows]]
        return activation

    @property
    def _site(self) -> Site:
        return MLP_IN if self.site == "mlp_in" else SITES.get(self.site)


Stops = Sequence[Sequence[Receiver]]
"""Every set of receivers that a path lets know, in order."""

Arrived = dict[Receiver, Float[Tensor, "_rows _pos _d"]]
"""What each receiver is let know; rows are those of the senders that reach it, which come first."""


def resolve_stops(
    path: Path,
    roles: Mapping[str, Int[Tensor, " batch"]],
    batch: int,
    n_layers: int,
    known: dict[Node, Receiver] | None = None,
) -> Stops:
    """Return the receivers of a path on a group of prompts.

    Args:
        path: The path.
        roles: Positions of the roles in the group's prompts, BOS counted.
        batch: Prompts in the group.
        n_layers: Blocks of the model.
        known: Receivers of other paths, which are taken from here and put here, so that one place
            is one object.
    """
    shared = {} if known is None else known

    def receiver(node: Node) -> Receiver:
        if node not in shared:
            shared[node] = made(node)
        return shared[node]

    def made(node: Node) -> Receiver:
        positions = positions_of(node, roles, batch)
        if node.layer is None:
            return Receiver("resid_pre", n_layers, None, positions)
        if node.site == "resid_post":
            return Receiver("resid_pre", node.layer + 1, None, positions)
        return Receiver(node.site, node.layer, node.head, positions)

    return [[receiver(node) for node in stop] for stop in path.stops]


def together(parts: Sequence[Arrived]) -> Arrived:
    """Return what arrived at the same receivers from several senders, one after another."""
    return {one: torch.cat([part[one] for part in parts]) for one in (parts[0] if parts else ())}
