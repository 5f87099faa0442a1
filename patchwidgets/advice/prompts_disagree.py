"""A detected node works the other way round on many prompts."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._maps import found, signs
from patchwidgets.advice._words import counted, listed, percent
from patchwidgets.results.result import Result

__all__ = ["prompts_disagree"]

MANY = 0.25
"""Share of prompt pairs; a suggestion of ours."""


@rule(
    "result",
    "note",
    reason=(
        "The mean over prompts says nothing of that: it may be made by a few prompts, and on the "
        "others the node does the opposite."
    ),
    source="Heimersheim & Nanda 2024, arXiv 2404.15255; Miller et al. 2024, arXiv 2407.08734",
    todo="Look at `result.effect()`, which keeps every prompt, and at `result.by_group()`.",
)
def prompts_disagree(result: Result) -> Found | None:
    """A detected node works the other way round on many prompts."""
    cells, detected = result.cells(), signs(found(result))
    against = {
        name: float((effect * detected[name] < 0).mean())
        for name, effect in zip(cells.names, cells.effect, strict=True)
        if name in detected
    }
    split = {name: share for name, share in against.items() if share > MANY}
    if not split:
        return None
    most = max(split, key=lambda name: split[name])
    return split[most], (
        f"{counted(len(split), 'detected node')} had the other sign on more than {percent(MANY)} "
        f"of the prompts, {most} on {percent(split[most])}: {listed(list(split))}."
    )
