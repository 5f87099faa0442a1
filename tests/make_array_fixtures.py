"""The map of somebody's array among the fixtures of `tests.make_view_fixtures`; all synthetic."""

import numpy as np

from patchwidgets.views._array_map import array_map
from patchwidgets.views.array_map import ArrayMap

TOKENS = ["When", "<b>Mary</b>", "a\nb", "\u202eevil", "x" * 300, "=1+1", "the", "the", "漢字"]


def payloads() -> dict[str, tuple[ArrayMap, bytes]]:
    """Return a map with labels that mean harm, one huge cell, and a row not measured."""
    values = 0.012 * np.random.default_rng(5).standard_t(3, (6, len(TOKENS))).clip(-4, 4)
    values[2, 3], values[4, 1] = 9.0, -0.08
    values[0] = np.nan
    about = {"title": "<script>alert(1)</script> & \u202eno", "caption": "8 prompts · seed 0"}
    columns = {"token": TOKENS}
    return {"synthetic_array": array_map(values, "layer", columns, quantity="attention", **about)}
