"""The user's cache folder."""

import os
import tempfile
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

from patchwidgets.errors import warn


def cache_folder(name: str) -> Path:
    """Return a folder of that name in the user's cache, made if need be.

    `PATCHWIDGETS_CACHE` moves the cache. Where it cannot be written, a temporary folder stands in
    for it as long as the process lives, with one warning.
    """
    chosen = os.environ.get("PATCHWIDGETS_CACHE")
    root = Path(chosen) if chosen else user_cache_path("patchwidgets", appauthor=False)
    try:
        (root / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root / name):
            return root / name
    except OSError as problem:
        folder = _stand_in(root, problem.strerror or str(problem)) / name
        folder.mkdir(exist_ok=True)
        return folder


@cache
def _stand_in(root: Path, problem: str) -> Path:
    made = Path(tempfile.mkdtemp(prefix="patchwidgets-"))
    warn(
        f"The cache folder {root} cannot be written ({problem}), so this session uses {made} and "
        "the next one starts again. Set PATCHWIDGETS_CACHE to a folder of yours to keep it."
    )
    return made
