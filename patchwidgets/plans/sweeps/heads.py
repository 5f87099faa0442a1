"""One patch per attention head."""

from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans._grid import Positions, grid
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape

__all__ = ["heads"]


def heads(
    spec: ModelSpec, shape: PromptShape, *, site: str = "z", positions: Positions = None
) -> Plan:
    """Return layer x head, or layer x head x position.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        site: `z`, or `q`, `k`, `v` (key/value heads under grouped-query attention).
        positions: `None` patches all positions of a head together; see `Positions`.
    """
    return grid("heads", spec, shape, site, positions)
