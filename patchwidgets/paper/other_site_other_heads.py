"""Another corrupted token shows other heads."""

from patchwidgets.paper._check import Check, Number
from patchwidgets.paper._claim import Finding, Numbers, claim
from patchwidgets.paper._found import (
    detections,
    is_papers,
    methods,
    overlap,
    papers_heads,
    reproduced,
)
from patchwidgets.paper._need import IOI
from patchwidgets.paper._published import IOI_S1_IO
from patchwidgets.paper._sheet import Draw, Sheet, number

__all__ = ["other_site_other_heads"]


@claim(
    "4.2, 6, App. F; table 4",
    "GPT-2 small",
    says="Corrupting S1 and IO instead of S2 finds other heads: the three name movers, two of "
    "which nothing finds at S2, and no S-inhibition head.",
    how="Heads by logit difference under replacement, at either site. S1 and IO become two names "
    "that the prompt has not.",
    criterion="Fewer than half of the heads found at either site are found at both, and at S1 and "
    "IO there is at least one that is not found at S2. On the paper's own model also: all three "
    "name movers and no S-inhibition head are found, and more than half of the heads in table 4 "
    "are found again.",
    needs=(IOI["S1+IO"], IOI["S1+IO"].noised, IOI["S2"]),
)
def other_site_other_heads(numbers: Numbers) -> Finding:
    """Another corrupted token shows other heads."""
    sheets = methods(numbers, IOI["S1+IO"])
    names = sheets["replacement", "logit_diff"]
    subject = numbers.read(IOI["S2"], "logit_diff")

    def shared(draw: Draw) -> float:
        return overlap(draw.means(names).found, draw.means(subject).found)

    def new(draw: Draw) -> int:
        return len(draw.means(names).found - draw.means(subject).found)

    checks = [
        Check("overlap of heads found at S1+IO and at S2", "3 of 9", number(shared), 0.5, "below"),
        Check("heads found at S1+IO and not at S2", "2", number(new), 0),
    ]
    same = is_papers(numbers, "GPT-2 small")
    if same:
        movers, inhibiting = (_of(numbers, names, kind) for kind in ("name movers", "S-inhibition"))
        checks += [
            Check("name movers found at S1+IO", "3", movers, 2),
            Check("S-inhibition heads found at S1+IO", "0", inhibiting, 1, "below"),
            reproduced(sheets, IOI_S1_IO, "table 4"),
        ]
    table = detections("Heads found, S1 and IO (table 4)", sheets, IOI_S1_IO, same)
    return Finding(tuple(checks), (table,))


def _of(numbers: Numbers, sheet: Sheet, kind: str) -> Number:
    """Return how many heads of a class of the circuit are found."""
    heads = set(papers_heads(numbers, kind))
    return number(lambda draw: len(heads & set(draw.means(sheet).signs)))
