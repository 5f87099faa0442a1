"""Many results as one table."""

from collections.abc import Mapping

import pandas as pd

from patchwidgets.results.result import Result
from patchwidgets.views._picture import strongest


def overview(results: Mapping[str, Result]) -> pd.DataFrame:
    """Return a row per result, as it is now: key, sweep, form, cells, state, strongest node."""
    rows = [
        {
            "result": key,
            "sweep": result.plan.name,
            "direction": result.direction,
            "form": result.plan.form or "",
            "measured": result.progress.done,
            "of": result.progress.total,
            "state": result.progress.state,
            "strongest": next(iter(strongest(result, 1)), ""),
        }
        for key, result in results.items()
    ]
    columns = ["result", "sweep", "direction", "form", "measured", "of", "state", "strongest"]
    return pd.DataFrame(rows, columns=columns).set_index("result")
