"""How far methods agree on what they detect, from the table of who detects which node."""

from collections.abc import Set
from typing import Any

import numpy as np
import pandas as pd


def shared(detections: pd.DataFrame) -> pd.DataFrame:
    """Return, method by method, the nodes that both detect by those that either does (Jaccard).

    From 0 to 1; a node that one calls positive and the other negative is not shared. NaN where
    neither detects any.

    Args:
        detections: Of `Comparison.detections`.
    """
    found = [
        {(node, int(sign)) for node, sign in row.items() if pd.notna(sign) and sign}
        for _, row in detections.iterrows()
    ]
    numbers = [[_jaccard(one, other) for other in found] for one in found]
    return pd.DataFrame(numbers, index=detections.index, columns=detections.index)


def disagreed(detections: pd.DataFrame) -> pd.DataFrame:
    """Return the nodes on which methods disagree, those with opposite signs first.

    Columns: `positive`, `negative`, `not detected`, counting methods, and `opposite`.

    Args:
        detections: Of `Comparison.detections`.
    """
    counts = {
        "positive": detections == 1,
        "negative": detections == -1,
        "not detected": detections == 0,
    }
    rows = pd.DataFrame({name: where.sum().astype(int) for name, where in counts.items()})
    rows["opposite"] = (rows["positive"] > 0) & (rows["negative"] > 0)
    several = pd.DataFrame(rows[(rows[list(counts)] > 0).sum(axis=1) > 1])
    order = np.argsort(~several["opposite"].to_numpy(dtype=bool), kind="stable")
    return pd.DataFrame(several.iloc[order])


def _jaccard(one: Set[Any], other: Set[Any]) -> float:
    either = one | other
    return len(one & other) / len(either) if either else float("nan")
