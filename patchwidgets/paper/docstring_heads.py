"""On docstrings, all methods agree on what moves the argument."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._found import detections, is_papers, methods
from patchwidgets.paper._need import Need
from patchwidgets.paper._published import DOCSTRING
from patchwidgets.paper._sheet import Draw, Means, number

__all__ = ["docstring_heads"]

_NEED = Need("docstring", "C_def", positions=("C_def", "END"), times=0.65)


@claim(
    "App. D; table 2",
    "attn-only-4l",
    says="On docstrings every method finds the two heads that move the argument at the last token "
    "(3.0 and 3.6); at the definition, probability finds none of the heads that logit difference "
    "finds.",
    how="Heads patched at the argument's definition and at the last token, which are the cells "
    "that 2 SD is taken over; the paper patches every position. On two thirds of the pairs.",
    criterion="At least one head at the last token is found by all six methods; and under "
    "replacement logit difference finds more heads at the definition than probability.",
    needs=(_NEED, _NEED.noised),
)
def docstring_heads(numbers: Numbers) -> Finding:
    """On docstrings, all methods agree on what moves the argument."""
    sheets = methods(numbers, _NEED)

    def agreed(draw: Draw) -> int:
        found = [draw.means(sheet).having(1) for sheet in sheets.values()]
        return sum(node.endswith("@END") for node in set.intersection(*found))

    def more(draw: Draw) -> int:
        read = [draw.means(sheets["replacement", metric]) for metric in ("logit_diff", "prob")]
        return _defined(read[0]) - _defined(read[1])

    checks = (
        Check("heads at the last token found by all", "2", number(agreed), 0),
        Check("at the definition: heads beyond those by probability", "3", number(more), 0),
    )
    same = is_papers(numbers, "attn-only-4l")
    return Finding(checks, (detections("Heads found (table 2)", sheets, DOCSTRING, same),))


def _defined(means: Means) -> int:
    return sum(node.endswith("@C_def") for node in means.having(1))
