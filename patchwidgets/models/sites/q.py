"""The query of one attention head, before rotary embedding."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="q",
    title="query",
    hook="blocks.{layer}.attn.hook_q",
    stage="inside",
    heads="head",
)
