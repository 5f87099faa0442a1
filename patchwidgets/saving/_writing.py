"""Writes files that a reader sees whole or not at all, and says why where it cannot."""

from pathlib import Path

from patchwidgets.errors import FileError
from patchwidgets.results.storage import write_text


def write(text: str, path: str | Path) -> Path:
    """Write `text` and return where.

    Raises:
        FileError: It cannot be written there.
    """
    to = Path(path)
    if to.is_dir():
        raise FileError(
            f"`{to}` is a folder, and a study is one file. Name a file in it, such as "
            f"`{to / 'ioi.study.json'}`."
        )
    try:
        return write_text(text, to)
    except OSError as problem:
        raise FileError(
            f"`{to}` cannot be written: {(problem.strerror or str(problem)).lower()}. Name a "
            "folder that you may write to; what was measured is still here."
        ) from None
