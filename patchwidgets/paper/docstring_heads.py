"""On docstrings, all methods agree on what moves the argument."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._found import detections, is_papers, methods, reproduced
from patchwidgets.paper._need import Need
from patchwidgets.paper._published import DOCSTRING, node_of
from patchwidgets.paper._sheet import Draw, Means, number

__all__ = ["docstring_heads"]

_MOVERS = {node_of("3.0@END"), node_of("3.6@END")}

_NEED = Need("docstring", "C_def", positions=("C_def", "END"), times=0.65)


@claim(
    "App. D; table 2",
    "attn-only-4l",
    says="On docstrings every method finds the two heads that move the argument at the last token "
    "(3.0 and 3.6); at the definition, probability finds none of the heads that logit difference "
    "finds.",
    how="Heads patched at the argument's definition and at the last token, which are the cells "
    "that 2 SD is taken over; the paper patches every position. On two thirds of the pairs.",
    criterion="At least one head at the last token is found by all six methods, and on the "
    "paper's own model 3.0 and 3.6 both; and under replacement logit difference finds more heads "
    "at the definition than probability. On that model also: more than half of the nodes in table "
    "2 are found again.",
    needs=(_NEED, _NEED.noised),
)
def docstring_heads(numbers: Numbers) -> Finding:
    """On docstrings, all methods agree on what moves the argument."""
    sheets = methods(numbers, _NEED)
    same = is_papers(numbers, "attn-only-4l")

    def agreed(draw: Draw) -> int:
        found = [draw.means(sheet).having(1) for sheet in sheets.values()]
        all_six = set.intersection(*found)
        return sum(node in _MOVERS if same else node.endswith("@END") for node in all_six)

    def more(draw: Draw) -> int:
        read = [draw.means(sheets["replacement", metric]) for metric in ("logit_diff", "prob")]
        return _defined(read[0]) - _defined(read[1])

    checks = [
        Check("3.0 and 3.6 found by all", "2", number(agreed), 1)
        if same
        else Check("heads at the last token found by all", "2", number(agreed), 0),
        Check("at the definition: heads beyond those by probability", "3", number(more), 0),
    ]
    checks += [reproduced(sheets, DOCSTRING, "table 2")] if same else []
    return Finding(tuple(checks), (detections("Heads found (table 2)", sheets, DOCSTRING, same),))


def _defined(means: Means) -> int:
    return sum(node.endswith("@C_def") for node in means.having(1))
