"""What a block's attention adds to the residual stream, all heads together.

Families with a norm after attention (Gemma 2 and 3, OLMo 2) add what that norm returns: this.
Families that multiply it by a factor on its way (Granite) are read before the factor.
"""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="attn_out",
    title="attention output",
    hook="blocks.{layer}.hook_attn_out",
    stage="inside",
)
