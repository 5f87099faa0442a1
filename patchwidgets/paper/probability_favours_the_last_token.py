"""Probability makes the last subject token look more important than logit difference does."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._layers import ratio
from patchwidgets.paper._need import NAMED, Need, both
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["probability_favours_the_last_token"]

_LAST, _MIDDLE = "subject_last", "subject_middle"

_NEED = Need("facts", "subject", sweep="mlp", positions=(_MIDDLE, _LAST), window=5, having=_MIDDLE)

_PAPER = {
    ("replacement", "prob"): "4.33",
    ("replacement", "logit_diff"): "1.22",
    ("noise", "prob"): "1.74",
    ("noise", "logit_diff"): "0.77",
}


@claim(
    "4.1; figure 4",
    "GPT-2 XL",
    says="By probability, MLPs at the last subject token do 4.33 times as much as at the middle "
    "ones under replacement (1.22 by logit difference), and 1.74 under noise (0.77).",
    how="MLP outputs in windows of 5, summed over layers: at the last token of the subject, by "
    "the mean over the tokens between its first and its last. Only facts that have such tokens.",
    criterion="Under both corruptions the ratio by probability is larger than that by logit "
    "difference.",
    needs=tuple(both(_NEED).values()),
)
def probability_favours_the_last_token(numbers: Numbers) -> Finding:
    """Probability makes the last subject token look more important than logit difference does."""
    checks, rows = [], []
    for corruption, need in both(_NEED).items():
        sheets = {
            metric: numbers.read(need, metric, "window").complete()
            for metric in ("prob", "logit_diff")
        }
        label = f"{corruption}: ratio by probability, less that by logit difference"
        paper = " less ".join(_PAPER[corruption, metric] for metric in sheets)
        checks.append(Check(label, paper, _less(sheets), 0))
        rows += [
            (corruption, NAMED[metric], str(_one(sheet)), _PAPER[corruption, metric])
            for metric, sheet in sheets.items()
        ]
    columns = ("corruption", "metric", "here", "paper")
    return Finding(tuple(checks), (Table("Last by middle subject tokens", columns, tuple(rows)),))


def _less(sheets: dict[str, Sheet]) -> Number:
    return number(lambda draw: _ratio(draw, sheets["prob"]) - _ratio(draw, sheets["logit_diff"]))


def _one(sheet: Sheet) -> Number:
    return number(lambda draw: _ratio(draw, sheet))


def _ratio(draw: Draw, sheet: Sheet) -> float:
    means = draw.means(sheet)
    sums = [
        sum(
            effect
            for node, effect in zip(means.nodes, means.effect, strict=True)
            if node.endswith(f"@{place}")
        )
        for place in (_LAST, _MIDDLE)
    ]
    return ratio(float(sums[0]), float(sums[1]))
