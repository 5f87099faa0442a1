"""The residual stream as a block receives it."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="resid_pre",
    title="residual stream before the block",
    hook="blocks.{layer}.hook_resid_pre",
    stage="before",
)
