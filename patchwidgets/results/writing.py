"""Files that a reader sees whole or not at all, and why one could not be written."""

import errno
import glob
import os
import socket
import threading
import zlib
from pathlib import Path

from patchwidgets.errors import FileError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Of a disk that has no room left, or none for this user or for a file of this size."""


def write_text(text: str, path: Path) -> Path:
    """Write a text as UTF-8 and return where; a reader sees the old file or the whole new one.

    Raises:
        FileError: There is no such folder, or it cannot be written there.
    """
    return write_bytes(text.encode("utf-8"), path)


def write_bytes(data: bytes, path: Path) -> Path:
    """Write a file and return where; a reader sees the old file or the whole new one.

    Raises:
        FileError: There is no such folder, or it cannot be written there.
    """
    require_folder(path)
    unfinished = path.with_name(
        f".{path.name}.{_machine()}-{os.getpid()}-{threading.get_ident()}.unfinished"
    )
    try:
        try:
            _clear_left(path)
            with unfinished.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as problem:
        raise FileError(
            f"`{path}` cannot be written: {(problem.strerror or str(problem)).lower()}. "
            f"{_what_to_do(problem)}; what was measured is still here."
        ) from None
    return path


def require_folder(path: Path) -> None:
    """Check that the folder is there that a file is to be written to.

    Raises:
        FileError: It is not.
    """
    if not path.parent.is_dir():
        raise FileError(
            f"There is no folder `{path.parent}`, so `{path.name}` cannot be written there. Make "
            "it first, or name another."
        )


def _clear_left(path: Path) -> None:
    """Remove what processes of this machine that were killed left unfinished of a file."""
    if os.name != "posix":  # elsewhere no question whether a process runs is harmless
        return
    for left in path.parent.glob(f".{glob.escape(path.name)}.{_machine()}-*.unfinished"):
        process = left.name.rsplit(".", 2)[1].split("-")[1]
        if process.isdigit() and not _runs(int(process)):
            left.unlink(missing_ok=True)


def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def _what_to_do(problem: OSError) -> str:
    if problem.errno in FULL:
        return "Make room on that disk, or name a folder on another"
    return "Name a folder that you may write to"
