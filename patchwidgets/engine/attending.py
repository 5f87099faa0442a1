"""What heads attend to, on the clean and on the corrupted runs."""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

from patchwidgets.engine.session import Session
from patchwidgets.models.records import record
from patchwidgets.plans._grid import require_place
from patchwidgets.plans.shape import PromptShape
from patchwidgets.prompts.tokens import TokenGroup
from patchwidgets.results.draws import over_draws

ROWS = 32
"""Prompts whose attention patterns are held at once."""


def attention(
    session: Session, shape: PromptShape, to: Sequence[str], of: str = "END"
) -> xr.DataArray:
    """Return how much the role `of` attends to other roles, in both runs.

    Draws of noise are averaged over.

    Args:
        session: The model and the prompts.
        shape: Their roles.
        to: Roles that are attended to.
        of: The role that attends.

    Returns:
        `run` (clean, corrupted), `layer`, `head`, `role`, `prompt`; from 0 to 1.

    Raises:
        PlanError: Some prompt lacks a role.
        ModelError: The model has no attention pattern.
    """
    for role in (of, *to):
        require_place(shape, role)
    spec, prompts = session.model.spec, session.prompts
    sizes = (2, spec.n_layers, spec.n_heads, len(to), prompts.n_rows)
    found = np.full(sizes, np.nan)
    with session.model.measuring():
        for group in prompts.groups:
            for first in range(0, len(group.members), ROWS):
                rows = slice(first, first + ROWS)
                found[..., list(group.members[rows])] = _some(session, group, rows, to, of)
    return xr.DataArray(
        over_draws(found, prompts.draws),
        dims=("run", "layer", "head", "role", "prompt"),
        coords={"run": ["clean", "corrupted"], "role": list(to)},
        name="attention",
        attrs={"of": of, "meaning": "share of its attention: 0 = none, 1 = all"},
    )


def _some(
    session: Session, group: TokenGroup, rows: slice, to: Sequence[str], of: str
) -> np.ndarray:
    noise = None if group.noise is None else group.noise[rows]
    row = torch.arange(len(group.members[rows]))
    both = []
    for tokens, added in ((group.clean[rows], None), (group.corrupted[rows], noise)):
        run = record(session.model, tokens, ["pattern"], noise=added)
        layers = []
        for layer in range(session.model.spec.n_layers):
            pattern = run.site("pattern", layer).float().cpu()[row, group.roles[of][rows]]
            layers.append(torch.stack([pattern[row, :, group.roles[at][rows]] for at in to]))
        both.append(torch.stack(layers).numpy())
    return np.stack(both).transpose(0, 1, 4, 2, 3)
