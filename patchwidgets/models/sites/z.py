"""The output of one attention head before the output projection."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="z",
    title="head output",
    hook="blocks.{layer}.attn.hook_z",
    stage="inside",
    heads="head",
)
