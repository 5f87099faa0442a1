"""Python reads this before anything else where this folder is in `PYTHONPATH`.

The module at `PATCHWIDGETS_FAULTY` is loaded from the text at `PATCHWIDGETS_FAULT` then, in this
process and in every process that it starts.
"""

import os
from importlib.machinery import SourceFileLoader
from pathlib import Path

FAULTY = os.environ["PATCHWIDGETS_FAULTY"]
_get_data, _path_stats = SourceFileLoader.get_data, SourceFileLoader.path_stats


def get_data(self: SourceFileLoader, path: str) -> bytes:
    """Return the text of a module."""
    if path == FAULTY:
        return Path(os.environ["PATCHWIDGETS_FAULT"]).read_bytes()
    return _get_data(self, path)


def path_stats(self: SourceFileLoader, path: str) -> object:
    """Return what bytecode that was kept is compared with; it is not looked for without."""
    if path == FAULTY:
        raise OSError("no bytecode of another text")
    return _path_stats(self, path)


SourceFileLoader.get_data = get_data  # pyright: ignore[reportAttributeAccessIssue]
SourceFileLoader.path_stats = path_stats  # pyright: ignore[reportAttributeAccessIssue]
