"""The key of one key/value head, before rotary embedding and key norm.

OLMo 2 norms the key of all heads together, so there a patch of one head rescales the others too.
"""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="k",
    title="key",
    hook="blocks.{layer}.attn.hook_k",
    stage="inside",
    heads="kv_head",
)
