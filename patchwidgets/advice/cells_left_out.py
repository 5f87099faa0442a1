"""Some cells were not measured."""

from patchwidgets.advice._advice import Found, rule
from patchwidgets.advice._words import counted
from patchwidgets.results.measured import NOT_MEASURED
from patchwidgets.results.result import Result

__all__ = ["cells_left_out"]


@rule(
    "result",
    "warning",
    reason=(
        "`detect` compares the cells that are there with one another. Where those with large "
        "estimates were measured alone, the mean and SD are those of the large ones, and the "
        "bar is not the paper's."
    ),
    source="Zhang & Nanda 2024, arXiv 2309.16042, section 3, whose rule is over all heads",
    todo=(
        "Measure the rest: run the same sweep again without `top`; what is there is read from "
        "the store."
    ),
)
def cells_left_out(result: Result) -> Found | None:
    """Some cells were not measured."""
    status = result.snapshot().status
    left = int((status == NOT_MEASURED).sum())
    if not left:
        return None
    return left, f"{left} of {counted(len(status), 'cell')} were not measured."
