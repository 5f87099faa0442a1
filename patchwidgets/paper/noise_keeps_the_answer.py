"""Noise breaks the behaviour less than replacement."""

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._need import IOI, NAMED, both
from patchwidgets.paper._sheet import Draw, number

__all__ = ["noise_keeps_the_answer"]

_PAPER = {"prob": {"clean": "0.481", "replacement": "0.03", "noise": "0.129"}}


@claim(
    "3.2",
    "GPT-2 small",
    says="Noise on S2 leaves the answer a larger probability than replacing S2 does: 0.129 "
    "against 0.03, of 0.481 on clean prompts.",
    how="Mean probability of IO on the corrupted runs of the same prompts; noise of 3 SD of the "
    "embeddings of the S2 tokens.",
    criterion="The probability under noise is larger.",
    needs=(IOI["S2"], IOI["S2"].noised),
)
def noise_keeps_the_answer(numbers: Numbers) -> Finding:
    """Noise breaks the behaviour less than replacement."""
    replaced, noised = (numbers.read(need, "prob") for need in both(IOI["S2"]).values())

    def more(draw: Draw) -> float:
        return draw.means(noised).corrupted - draw.means(replaced).corrupted

    rows = []
    for metric in ("prob", "logit_diff"):
        read = {name: numbers.read(need, metric) for name, need in both(IOI["S2"]).items()}
        means = {name: Draw().means(sheet) for name, sheet in read.items()}
        here = {"clean": means["replacement"].clean}
        here |= {name: one.corrupted for name, one in means.items()}
        rows += [
            (NAMED[metric], run, f"{value:.3g}", _PAPER.get(metric, {}).get(run, "not given"))
            for run, value in here.items()
        ]
    checks = (
        Check("probability under noise, less that under replacement", "0.10", number(more), 0),
    )
    table = Table("Unpatched runs, S2", ("metric", "run", "here", "paper"), tuple(rows))
    return Finding(checks, (table,))
