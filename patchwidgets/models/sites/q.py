"""The query of one attention head, before rotary embedding and query norm.

OLMo 2 norms the query of all heads together, so there a patch of one head rescales the others too.
"""

from patchwidgets.models.sites._site import Site

__all__ = ["SITE"]

SITE = Site(
    name="q",
    title="query",
    hook="blocks.{layer}.attn.hook_q",
    stage="inside",
    heads="head",
)
