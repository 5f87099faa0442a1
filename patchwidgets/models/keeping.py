"""A model in the user's cache, whole or not at all."""

import tempfile
import time
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

from safetensors import SafetensorError

from patchwidgets.errors import warn

UNFINISHED = ".unfinished"
HOUR = 3600


def is_kept(folder: Path) -> bool:
    """Whether a folder holds a model."""
    return (folder / "model.safetensors").exists()


def keep(model: Any, tokenizer: Any, folder: Path) -> None:
    """Save a Hugging Face model and its tokenizer; where that cannot be, warn and go on.

    Another process may do the same at the same time: the first that is done is kept.
    """
    try:
        _clear_left(folder.parent)
        with tempfile.TemporaryDirectory(dir=folder.parent, suffix=UNFINISHED) as scratch:
            fresh = Path(scratch) / "model"
            model.save_pretrained(fresh)
            tokenizer.save_pretrained(fresh)
            fresh.replace(folder)
    except (OSError, SafetensorError) as problem:
        if not is_kept(folder):
            warn(
                f"The unpacked model cannot be kept in {folder} ({problem}), so it is unpacked "
                "again the next time. Make room on that disk, or set PATCHWIDGETS_CACHE to a "
                "folder on another."
            )


def _clear_left(folder: Path) -> None:
    """Remove what a process that was killed an hour ago or more left unfinished."""
    for left in folder.glob(f"*{UNFINISHED}"):
        with suppress(FileNotFoundError):  # another process clears up too
            if left.stat().st_mtime < time.time() - HOUR:
                rmtree(left, ignore_errors=True)
