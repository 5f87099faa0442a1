"""What a block's MLP adds to the residual stream, after any norm that follows the MLP.

Families that multiply it by a factor on its way (Granite) are read before the factor.
"""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="mlp_out",
    title="MLP output",
    hook="blocks.{layer}.hook_mlp_out",
    stage="inside",
    needs_mlp=True,
)
