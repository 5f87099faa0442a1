"""Which tests run where when several processes share them: `pytest -n auto --dist loadfile`.

A file is run by one process, so that what its tests share is made once; every notebook is a piece
of its own. The longest pieces start first: one that starts last is waited for by all.
"""

import re
from typing import Any

from xdist.scheduler import LoadFileScheduling

NOTEBOOKS = "tests/notebooks/test_notebooks.py"

LONGEST = (
    NOTEBOOKS,
    "tests/test_smollm2.py",
    "tests/test_readme.py",
    "tests/engine/",
    "tests/models/",
    "tests/paper/",
    "tests/e2e/",
    "tests/circuits/",
    "tests/prompts/",
)
"""Beginnings of paths, longest first; the rest follows in the order of its names."""


class LongestFirst(LoadFileScheduling):
    """Hands out files, and notebooks one at a time, in the order in which they were collected."""

    def __init__(self, config: Any, log: Any = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return piece_of(nodeid)


def piece_of(nodeid: str) -> str:
    """Return the piece that a test belongs to: its file, or its notebook."""
    file, _, test = nodeid.partition("::")
    notebook = re.search(r"\[(.*)\]$", test)
    return f"{file}[{notebook[1]}]" if file == NOTEBOOKS and notebook else file


def place_of(nodeid: str) -> tuple[int, str]:
    """Return by what tests are sorted, so that the longest pieces come first."""
    known = (at for at, start in enumerate(LONGEST) if nodeid.startswith(start))
    return next(known, len(LONGEST)), piece_of(nodeid)
