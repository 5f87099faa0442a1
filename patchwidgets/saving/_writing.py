"""Writes study files and their pages."""

from pathlib import Path

from patchwidgets.errors import FileError
from patchwidgets.results.writing import write_text


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
    return write_text(text, to)
