"""The value of one key/value head."""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="v",
    title="value",
    hook="blocks.{layer}.attn.hook_v",
    stage="inside",
    heads="kv_head",
)
