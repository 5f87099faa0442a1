"""One patch per MLP."""

from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans._grid import Positions, grid
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape

__all__ = ["mlp"]


def mlp(
    spec: ModelSpec,
    shape: PromptShape,
    *,
    site: str = "mlp_out",
    positions: Positions = None,
    window: int = 1,
) -> Plan:
    """Return one patch per layer, or layer x position.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        site: `mlp_out`.
        positions: `None` patches all positions together; see `Positions`.
        window: Neighbouring layers patched together; above 1 the layers alone are a second map.
    """
    return grid("mlp", spec, shape, site, positions, window)
