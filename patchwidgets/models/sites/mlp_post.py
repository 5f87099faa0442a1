"""The neurons of a block's MLP: what its output matrix reads, after any gate."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="mlp_post",
    title="MLP neurons",
    hook="blocks.{layer}.mlp.hook_post",
    stage="inside",
    needs_mlp=True,
)
