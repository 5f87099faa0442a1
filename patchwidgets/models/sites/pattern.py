"""The attention pattern of one head: how much each destination attends to each position."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="pattern",
    title="attention pattern",
    hook="blocks.{layer}.attn.hook_pattern",
    stage="inside",
    heads="head",
    heads_first=True,
)
