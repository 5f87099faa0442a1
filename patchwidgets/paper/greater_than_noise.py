"""On greater-than, noise and replacement find different heads."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._found import Method, detections, is_papers, methods, overlap, reproduced
from patchwidgets.paper._need import METRICS, NAMED
from patchwidgets.paper._need import YEARS as NEED
from patchwidgets.paper._published import YEARS
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["greater_than_noise"]

_SHARED = {"logit_diff": "3 of 10", "prob": "2 of 8", "kl_div": "3 of 11"}
_MORE = {"logit_diff": "8 against 5", "prob": "7 against 3", "kl_div": "9 against 5"}


@claim(
    "App. E; table 3",
    "GPT-2 small",
    says="On greater-than, replacement finds the few heads that are known; noise finds more "
    "heads, spread out, and few of the same.",
    how="Every head patched at all positions, years replaced by XX01 or noised. The logit "
    "difference is one of means, not sums; a tokenizer that splits digits answers with the decade.",
    criterion="By every metric, fewer than half of the heads are found under both corruptions, "
    "and noise finds more than replacement. On the paper's own model also: more than half of the "
    "heads in table 3 are found again.",
    needs=(NEED, NEED.noised),
)
def greater_than_noise(numbers: Numbers) -> Finding:
    """On greater-than, noise and replacement find different heads."""
    sheets = methods(numbers, NEED)
    checks = []
    for metric in METRICS:
        label = f"{NAMED[metric]}: overlap of the two corruptions"
        shared, more = _shared(sheets, metric), _more(sheets, metric)
        checks.append(Check(label, _SHARED[metric], shared, 0.5, "below"))
        label = f"{NAMED[metric]}: heads under noise, beyond those under replacement"
        checks.append(Check(label, _MORE[metric], more, 0))
    same = is_papers(numbers, "GPT-2 small")
    checks += [reproduced(sheets, YEARS, "table 3")] if same else []
    return Finding(tuple(checks), (detections("Heads found (table 3)", sheets, YEARS, same),))


def _pair(draw: Draw, sheets: dict[Method, Sheet], metric: str) -> list[set[tuple[str, int]]]:
    return [draw.means(sheets[name, metric]).found for name in ("replacement", "noise")]


def _shared(sheets: dict[Method, Sheet], metric: str) -> Number:
    return number(lambda draw: overlap(*_pair(draw, sheets, metric)))


def _more(sheets: dict[Method, Sheet], metric: str) -> Number:
    def more(draw: Draw) -> int:
        replaced, noised = _pair(draw, sheets, metric)
        return len(noised) - len(replaced)

    return number(more)
