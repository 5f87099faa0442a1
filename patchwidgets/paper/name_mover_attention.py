"""Replacement turns name movers around; noise only blurs where they look."""

import numpy as np

from patchwidgets.paper._check import Check, NothingToMeasure
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._found import papers_heads
from patchwidgets.paper._need import IOI
from patchwidgets.paper._sheet import Attention, Draw, number

__all__ = ["name_mover_attention"]

HEADS = 3
"""As many as the paper's name movers."""

_PAPER = {
    "clean": ("0.58", "0.11"),
    "replacement": ("0.11", "0.60"),
    "noise": ("0.26", "0.21"),
}


@claim(
    "3.2; figure 3",
    "GPT-2 small",
    says="On clean prompts the name movers attend from the last token to IO (0.58). Replacing S2 "
    "turns them to S1 (0.60, IO 0.11); noise leaves them in between (IO 0.26, S1 0.21).",
    how="On GPT-2 small 9.6, 9.9 and 10.0. On other models name movers are chosen by a rule: of "
    "the heads that help by logit difference under replacement of S1 and IO, the three that attend "
    "most to IO on clean prompts.",
    criterion="Under replacement they attend to S1 more than to IO; under noise they lean that "
    "way less than under replacement; and under noise they attend to IO less than on clean "
    "prompts.",
    needs=(IOI["S1+IO"],),
)
def name_mover_attention(numbers: Numbers) -> Finding:
    """Replacement turns name movers around; noise only blurs where they look."""
    replaced, noised = (numbers.attention(need) for need in (IOI["S2"], IOI["S2"].noised))
    movers = papers_heads(numbers, "name movers") or _alike(numbers, replaced)
    rows = replaced.rows(movers)
    runs = {"clean": replaced.clean, "replacement": replaced.corrupted, "noise": noised.corrupted}
    mean = {
        run: {role: per_head[rows].mean(axis=0) for role, per_head in by_role.items()}
        for run, by_role in runs.items()
    }

    def turned(draw: Draw) -> float:
        return draw.mean(mean["replacement"]["S1"] - mean["replacement"]["IO"])

    def further(draw: Draw) -> float:
        return turned(draw) - draw.mean(mean["noise"]["S1"] - mean["noise"]["IO"])

    def left(draw: Draw) -> float:
        return draw.mean(mean["clean"]["IO"] - mean["noise"]["IO"])

    checks = (
        Check("replacement: attention to S1, less IO", "0.49", number(turned), 0),
        Check("that, less the same under noise", "0.54", number(further), 0),
        Check("attention to IO, clean less noise", "0.32", number(left), 0),
    )
    written = tuple(
        (run, *(f"{Draw().mean(by_role[role]):.2f}" for role in ("IO", "S1", "S2")), *_PAPER[run])
        for run, by_role in mean.items()
    )
    columns = ("run", "to IO", "to S1", "to S2", "IO, paper", "S1, paper")
    return Finding(checks, (Table(f"Attention of {', '.join(movers)}", columns, written),))


def _alike(numbers: Numbers, seen: Attention) -> list[str]:
    """Return the heads that help, and attend to IO most."""
    helping = Draw().means(numbers.read(IOI["S1+IO"], "logit_diff")).having(1)
    if not helping:
        raise NothingToMeasure("no head helps when S1 and IO are replaced, so none moves names")
    to_io = seen.clean["IO"].mean(axis=1)
    order = [seen.heads[at] for at in np.argsort(-to_io, kind="stable")]
    return [head for head in order if head in helping][:HEADS]
