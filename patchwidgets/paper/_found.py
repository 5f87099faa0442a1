"""Detected nodes beside those of the paper, and the paper's heads on its own model."""

from collections.abc import Mapping
from itertools import product

from patchwidgets.paper._check import Check
from patchwidgets.paper._claim import MODELS, Numbers, Table
from patchwidgets.paper._need import METRICS, NAMED, Need, both
from patchwidgets.paper._published import CIRCUIT, node_of, signed
from patchwidgets.paper._sheet import Draw, Sheet, number

HALF = 0.5
"""Of the nodes in a table of the paper's, on its own model: what must be found again; ours."""

Method = tuple[str, str]
"""Corruption (`replacement` or `noise`) and metric."""


def methods(numbers: Numbers, need: Need) -> dict[Method, Sheet]:
    """Return the six sheets of a need: either corruption, by three metrics."""
    asked = product(both(need).items(), METRICS)
    return {(name, metric): numbers.read(one, metric) for (name, one), metric in asked}


def detections(
    title: str, sheets: Mapping[Method, Sheet], paper: Mapping[Method, str], same: bool
) -> Table:
    """Return a row per method: the detected nodes, and those that the paper lists.

    Args:
        title: Of the table.
        sheets: By method.
        paper: The paper's lists.
        same: Whether the model is the paper's, so that nodes can be compared.
    """
    rows = []
    for method, sheet in sheets.items():
        ours, listed = Draw().means(sheet).signs, signed(paper.get(method, ""))
        agreed = sum(listed.get(node) == sign for node, sign in ours.items())
        row = (method[0], NAMED[method[1]], _written(ours), _written(listed))
        agreement = f"{agreed} of {len(listed)} found, {len(ours) - agreed} others"
        rows.append((*row, agreement) if same else row)
    columns = ("corruption", "metric", "here", "the paper, on its model", "agreement")
    return Table(title, columns if same else columns[:4], tuple(rows))


def class_counts(sheets: Mapping[Method, Sheet]) -> Table:
    """Return how many heads of each class of GPT-2 small's circuit every method finds."""
    rows = []
    for (corruption, metric), sheet in sheets.items():
        found = set(Draw().means(sheet).signs)
        counts = []
        for listed in CIRCUIT.values():
            heads = {node_of(head) for head in listed.split()}
            counts.append(f"{len(heads & found)}/{len(heads)}")
        rows.append((corruption, NAMED[metric], *counts))
    return Table("Heads of the circuit (table 1)", ("corruption", "metric", *CIRCUIT), tuple(rows))


def is_papers(numbers: Numbers, model: str) -> bool:
    """Return whether the model is one that the paper used, so that nodes can be compared."""
    return numbers.model in MODELS[model]


def papers_heads(numbers: Numbers, kind: str) -> list[str]:
    """Return the heads of a class of `CIRCUIT` on the paper's model; none on another."""
    listed = CIRCUIT[kind].split() if is_papers(numbers, "GPT-2 small") else []
    return [node_of(head) for head in listed]


def reproduced(sheets: Mapping[Method, Sheet], paper: Mapping[Method, str], table: str) -> Check:
    """Return whether most nodes of a table are found again, on the model that it is of.

    Args:
        sheets: By method.
        paper: The table.
        table: What it is called.
    """
    listed = {(method, *node) for method, nodes in paper.items() for node in signed(nodes).items()}

    def again(draw: Draw) -> float:
        found = {(method, *one) for method in paper for one in draw.means(sheets[method]).found}
        return len(listed & found) / len(listed)

    label = f"nodes of {table} that the same method finds, with their sign"
    return Check(label, f"all {len(listed)}", number(again), HALF)


def overlap(one: set[tuple[str, int]], other: set[tuple[str, int]]) -> float:
    """Return the nodes in both by the nodes in either (Jaccard); NaN where there are none."""
    either = one | other
    return len(one & other) / len(either) if either else float("nan")


def _written(signs: Mapping[str, int]) -> str:
    parts = []
    for mark, sign in (("", 1), ("−", -1)):
        chosen = [mark + node for node, found in signs.items() if found == sign]
        parts += sorted(chosen, key=_order)
    return " ".join(parts) or "none"


def _order(node: str) -> tuple[int, ...]:
    digits = "".join(letter if letter.isdigit() else " " for letter in node.split("@")[0])
    return tuple(int(part) for part in digits.split())
