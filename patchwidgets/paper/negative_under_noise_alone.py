"""Noise makes helpful heads look harmful."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._found import Method, is_papers, methods
from patchwidgets.paper._need import IOI, METRICS
from patchwidgets.paper._published import node_of
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["negative_under_noise_alone"]

_HEAD = node_of("0.10")


@claim(
    "3.2; the anomaly of head 0.10",
    "GPT-2 small",
    says="Under noise, probability and KL divergence call a head of the first layer (0.10) "
    "negative that is not negative under replacement, and that helps the behaviour.",
    how="Heads negative under noise at S2 by probability or KL divergence, and by no metric under "
    "replacement, on the same prompts. Whether such a head helps is not measured.",
    criterion="There is at least one; on the paper's own model it is 0.10.",
    needs=(IOI["S2"], IOI["S2"].noised),
)
def negative_under_noise_alone(numbers: Numbers) -> Finding:
    """Noise makes helpful heads look harmful."""
    sheets = methods(numbers, IOI["S2"])
    same = is_papers(numbers, "GPT-2 small")

    def alone(draw: Draw) -> int:
        found = _alone(draw, sheets)
        return len(found & {_HEAD} if same else found)

    label = (
        "head 0.10 is negative under noise alone" if same else "heads negative under noise alone"
    )
    checks = (Check(label, "1 (0.10)", number(alone), 0),)
    listed = sorted(_alone(Draw(), sheets))
    rows = tuple(
        (
            head,
            *(
                _effect(sheets[name, metric], head)
                for name in ("replacement", "noise")
                for metric in METRICS
            ),
        )
        for head in listed
    )
    short = ("logit", "prob", "KL")
    columns = ("head", *(f"{name}, {one}" for name in ("replacement", "noise") for one in short))
    return Finding(checks, (Table("Their effects", columns, rows),))


def _alone(draw: Draw, sheets: dict[Method, Sheet]) -> set[str]:
    noise = [draw.means(sheets["noise", metric]).having(-1) for metric in ("prob", "kl_div")]
    other = [draw.means(sheets["replacement", metric]).having(-1) for metric in METRICS]
    return set.union(*noise) - set.union(*other)


def _effect(sheet: Sheet, head: str) -> str:
    return f"{Draw().means(sheet).effect[sheet.nodes.index(head)]:+.3g}"
