"""The key of one key/value head, before rotary embedding."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="k",
    title="key",
    hook="blocks.{layer}.attn.hook_k",
    stage="inside",
    heads="kv_head",
)
