"""Overwrites the part of an activation that one write names."""

import torch
from torch import Tensor

from patchwidgets.engine.cells import Write


def overwrite(rows: Tensor, values: Tensor, write: Write, start: int = 0) -> None:
    """Copy the source's values into one cell's rows, in place, where `write` says.

    Args:
        rows: Batch, positions from `start` on, head if there are heads, width.
        values: The source's, of the same shape.
        write: Head, positions, neurons and attended positions; each `None` for all. Positions
            that it spares are not written.
        start: First position of `rows`. Before it every cell is as the base run, so that there is
            nothing to write.
    """
    if write.head is not None:
        rows, values = rows[:, :, write.head], values[:, :, write.head]
    if write.neurons is not None:
        rows, values = rows[..., slice(*write.neurons)], values[..., slice(*write.neurons)]
    if write.spared is not None:
        where = _besides(write.spared, start, rows.shape[1])
        rows[where] = values[where]
        return
    if write.positions is None and write.attended is None:
        rows.copy_(values)
        return
    where = _where(write, start, rows.shape[1])
    rows[where] = values[where]


def _besides(spared: Tensor, start: int, length: int) -> tuple[Tensor, ...]:
    kept = torch.zeros(spared.shape[1], start + length, dtype=torch.bool)
    kept[torch.arange(spared.shape[1])[None], spared.cpu()] = True
    return (~kept[:, start:]).nonzero(as_tuple=True)


def _where(write: Write, start: int, length: int) -> tuple[Tensor, ...]:
    if write.positions is None:
        assert write.attended is not None
        prompts = torch.arange(len(write.attended))
        return prompts[:, None], torch.arange(length)[None], write.attended[:, None]
    (inside,) = (write.positions >= start).nonzero(as_tuple=True)
    at = (inside, write.positions[inside] - start)
    return at if write.attended is None else (*at, write.attended[inside])
