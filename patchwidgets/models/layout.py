"""One layout for every activation: prompt, position, head if there are heads, width."""

from torch import Tensor

from patchwidgets.models.sites._site import Site


def by_position(site: Site, activation: Tensor, d_head: int) -> Tensor:
    """Return a view of an activation with positions on axis 1 and heads, if any, on axis 2.

    Args:
        site: What the activation is of.
        activation: As the model lays it out: heads flattened, apart, or before the positions.
        d_head: Width of a head.
    """
    if site.heads is None:
        return activation
    if site.heads_first:
        return activation.transpose(1, 2)
    return activation if activation.ndim == 4 else activation.unflatten(-1, (-1, d_head))
