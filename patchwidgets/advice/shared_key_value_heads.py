"""Key/value heads are shared by several query heads."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._facts import facts_of
from patchwidgets.advice._maps import receiving_sites, sites_of
from patchwidgets.results.result import Result

__all__ = ["shared_key_value_heads"]


@rule(
    "result",
    "note",
    reason=(
        "A patched k or v changes all query heads that read it, so that its cell is no query "
        "head's; indices count key/value heads."
    ),
    source="TransformerLens issue 980",
    todo="Compare with `site='q'` or `site='z'` of the query heads that read it.",
)
def shared_key_value_heads(result: Result) -> Found | None:
    """Key/value heads are shared by several query heads."""
    spec = facts_of(result).spec
    shared = {"k", "v"} & (sites_of(result) | receiving_sites(result))
    if spec is None or not shared or not spec["n_kv_heads"] < spec["n_heads"]:
        return None
    each = spec["n_heads"] // spec["n_kv_heads"]
    return each, (
        f"Each of the {spec['n_kv_heads']} key/value heads of a layer is read by {each} "
        "query heads."
    )
