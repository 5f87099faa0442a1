"""The residual stream as a block leaves it."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="resid_post",
    title="residual stream after the block",
    hook="blocks.{layer}.hook_resid_post",
    stage="after",
)
