"""Noise makes helpful heads look harmful."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._found import Method, methods
from patchwidgets.paper._need import IOI, METRICS
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["negative_under_noise_alone"]


@claim(
    "3.2; the anomaly of head 0.10",
    "GPT-2 small",
    says="Under noise, probability and KL divergence call a head of the first layer (0.10) "
    "negative that is not negative under replacement, and that helps the behaviour.",
    how="Heads negative under noise at S2 by probability or KL divergence, and by no metric under "
    "replacement, on the same prompts. Whether such a head helps is not measured.",
    criterion="There is at least one.",
    needs=(IOI["S2"], IOI["S2"].noised),
)
def negative_under_noise_alone(numbers: Numbers) -> Finding:
    """Noise makes helpful heads look harmful."""
    sheets = methods(numbers, IOI["S2"])
    checks = (
        Check(
            "heads negative under noise alone",
            "1 (0.10)",
            number(lambda draw: len(_alone(draw, sheets))),
            0,
        ),
    )
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
