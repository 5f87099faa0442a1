"""The residual stream between attention and MLP."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="resid_mid",
    title="residual stream between attention and MLP",
    hook="blocks.{layer}.hook_resid_mid",
    stage="inside",
    needs_sequential=True,
    needs_mlp=True,
)
