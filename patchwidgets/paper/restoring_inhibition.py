"""Restoring the S-inhibition heads' values repairs replacement more than noise."""

from patchwidgets.paper._check import Check, NothingToMeasure
from patchwidgets.paper._claim import Finding, Numbers, Table, claim
from patchwidgets.paper._found import papers_heads
from patchwidgets.paper._need import IOI, Need
from patchwidgets.paper._sheet import Draw, number

__all__ = ["restoring_inhibition"]


@claim(
    "3.2",
    "GPT-2 small",
    says="Restoring the values of the four S-inhibition heads brings back the whole logit "
    "difference under replacement of S2 (1.04), and half of it under noise (0.49).",
    how="On GPT-2 small 7.3, 7.9, 8.6 and 8.10. On other models S-inhibition-like heads are chosen "
    "by a rule: heads that help by logit difference under replacement of S2, and attend from the "
    "last token to S2 more than to IO and to S1. Their values are patched together at all "
    "positions; where heads share values, whole value heads.",
    criterion="The share of the logit difference that comes back is larger under replacement.",
    needs=(IOI["S2"],),
)
def restoring_inhibition(numbers: Numbers) -> Finding:
    """Restoring the S-inhibition heads' values repairs replacement more than noise."""
    chosen = papers_heads(numbers, "S-inhibition") or _alike(numbers)
    if not chosen:
        raise NothingToMeasure("no head that helps at S2 attends to S2 more than to IO and S1")
    sets = (("values", tuple(numbers.kv_heads(chosen))),)
    need = Need("ioi", "S2", sweep="joint", sets=sets)
    replaced, noised = (numbers.read(one, "logit_diff") for one in (need, need.noised))

    def back(draw: Draw) -> list[float]:
        return [float(draw.means(one).normalized[0]) for one in (replaced, noised)]

    def more(draw: Draw) -> float:
        one, other = back(draw)
        return one - other

    check = Check("share brought back, replacement less noise", "0.55", number(more), 0)
    one, other = back(Draw())
    rows = (("replacement", f"{one:.2f}", "1.04"), ("noise", f"{other:.2f}", "0.49"))
    title = f"Logit difference brought back by the values of {', '.join(chosen)}"
    return Finding((check,), (Table(title, ("corruption", "here", "paper"), rows),))


def _alike(numbers: Numbers) -> list[str]:
    """Return the heads that help, and attend to S2 most."""
    helping = Draw().means(numbers.read(IOI["S2"], "logit_diff")).having(1)
    seen = numbers.attention(IOI["S2"])
    at = {role: per_head.mean(axis=1) for role, per_head in seen.clean.items()}
    return [
        head
        for k, head in enumerate(seen.heads)
        if head in helping and at["S2"][k] > max(at["IO"][k], at["S1"][k])
    ]
