"""What is frozen on the way decides what a path effect means."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import counted
from patchwidgets.results.result import Result

__all__ = ["path_form"]

FROZEN = {
    "pinned": "every other head is frozen, MLPs and norms are recomputed",
    "pinned_all": "every other head and every MLP is frozen",
    "direct": "the change is added at the receiver and everything else is live",
}


@rule(
    "result",
    "note",
    reason=(
        "A path that runs through MLPs counts in one form and not in another, and other "
        "projects mean other things by path patching."
    ),
    source=(
        "Wang et al. 2022, arXiv 2211.00593, appendix B (`pinned`); Goldowsky-Dill et al. "
        "2023, arXiv 2304.05969"
    ),
    todo=(
        "Say the form beside the numbers, and compare with another: `study.path(..., "
        "form='pinned_all')`."
    ),
)
def path_form(result: Result) -> Found | None:
    """What is frozen on the way decides what a path effect means."""
    form = result.plan.form
    if form is None:
        return None
    paths = len(result.plan.patches)
    return paths, f"{counted(paths, 'path')} of form `{form}`: {FROZEN[form]}."
