"""Writes the colours that Python draws, for vitest: `python -m tests.make_scale_fixture`."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from patchwidgets.views._scale import BEYOND, NOISE, SIGN_FROM, SIZES, STOPS, between, paler, rgb

FILE = Path(__file__).parent / "fixtures" / "scale.json"
SHARES = 81


def scale() -> dict[str, Any]:
    """Return the colour of every share of the scale, of estimates, and of what is beside it."""
    return {
        "at": _whole(between(STOPS, SHARES)),
        "pale": _whole(paler(between(STOPS, SHARES))),
        "size": _whole(paler(between(SIZES, SHARES))),
        "beyond": [rgb(one) for one in BEYOND],
        "noise": rgb(NOISE),
        "sign_from": SIGN_FROM,
    }


def _whole(colors: np.ndarray) -> list[list[int]]:
    return np.rint(colors).astype(int).tolist()


if __name__ == "__main__":
    FILE.write_text(json.dumps(scale()) + "\n", "utf-8")
