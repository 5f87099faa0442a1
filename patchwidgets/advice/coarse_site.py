"""Whole residual streams are patched."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import normalized, sites_of
from patchwidgets.advice._words import counted, percent
from patchwidgets.results.result import Result

__all__ = ["coarse_site"]

NEARLY_ALL = 0.9
"""Of the gap; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "Early at the corrupted word and late at the end all there is passes through the "
        "residual stream, so that its cells restore nearly everything. That says where the "
        "information is, and not which component matters."
    ),
    source="Meng et al. 2022, arXiv 2202.05262, section 2, on restoring last layers",
    todo="Go on with `study.sweep('heads')`, `'attn'` and `'mlp'`.",
)
def coarse_site(result: Result) -> Found | None:
    """Whole residual streams are patched."""
    if not sites_of(result) <= {"resid_pre", "resid_mid", "resid_post"}:
        return None
    shares = normalized(result)
    full = [node for node, share in shares.items() if share >= NEARLY_ALL]
    if not full:
        return None
    return len(full), (
        f"{len(full)} of {counted(len(shares), 'cell')} of the residual stream moved the metric by "
        f"{percent(NEARLY_ALL)} of the gap or more."
    )
