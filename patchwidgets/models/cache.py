"""The user's cache folder."""

import os
import tempfile
import warnings
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder(name: str) -> Path:
    """Return a folder of that name in the user's cache, made if need be.

    `PATCHWIDGETS_CACHE` moves the cache. Where it cannot be written, a temporary folder stands in
    for it, with a warning.
    """
    chosen = os.environ.get("PATCHWIDGETS_CACHE")
    root = Path(chosen) if chosen else user_cache_path("patchwidgets", appauthor=False)
    try:
        (root / name).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root / name):
            return root / name
    except OSError as problem:
        stand_in = Path(tempfile.mkdtemp(prefix="patchwidgets-")) / name
        stand_in.mkdir()
        warnings.warn(
            f"The cache folder {root} cannot be written ({problem.strerror}), so this session uses "
            f"{stand_in} and the next one starts again. Set PATCHWIDGETS_CACHE to a folder of "
            "yours to keep it.",
            stacklevel=3,
        )
        return stand_in
