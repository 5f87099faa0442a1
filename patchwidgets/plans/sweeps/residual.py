"""One patch per layer and position of the residual stream."""

from patchwidgets.models.spec import ModelSpec
from patchwidgets.plans._grid import Positions, default_positions, grid
from patchwidgets.plans.plan import Plan
from patchwidgets.plans.shape import PromptShape

__all__ = ["residual"]


def residual(
    spec: ModelSpec,
    shape: PromptShape,
    *,
    site: str = "resid_pre",
    positions: Positions = "default",  # pyright: ignore[reportArgumentType]
    window: int = 1,
) -> Plan:
    """Return layer x position, or layer x role where the prompts differ in length.

    Args:
        spec: The model's sizes.
        shape: The prompts' lengths and roles.
        site: `resid_pre`, `resid_mid` or `resid_post`.
        positions: Each position (prompts of one length) or each role by default; see `Positions`.
        window: Neighbouring layers patched together; above 1 the layers alone are a second map.
    """
    chosen = default_positions(shape) if positions == "default" else positions
    return grid("residual", spec, shape, site, chosen, window)
