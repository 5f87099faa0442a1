"""One patch per attention layer, all its heads together."""

from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans._grid import Positions, grid
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape

__all__ = ["attn"]


def attn(
    spec: ModelSpec,
    shape: PromptShape,
    *,
    site: str = "attn_out",
    positions: Positions = None,
    window: int = 1,
) -> Plan:
    """Return one patch per layer, or layer x position.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        site: `attn_out`.
        positions: `None` patches all positions together; see `Positions`.
        window: Neighbouring layers patched together; above 1 the layers alone are a second map.
    """
    return grid("attn", spec, shape, site, positions, window)
