"""What a piece of code did that reading a file must not do."""

import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import patchwidgets

PACKAGE = Path(patchwidgets.__file__).parent

FORBIDDEN = ("pickle.find_class", "subprocess.Popen", "os.system", "socket.connect", "exec")
SLOW = 20.0
"""Seconds that a file may take at most; those here take some hundredths on a quiet machine."""
LARGE = 200_000_000
"""Bytes that reading a small file may take at most."""


@dataclass
class Watch:
    """What was seen.

    Args:
        allowed: Folder in which files may be opened.
        seen: A sentence for each thing that must not happen.
        thread: The one that is watched.
    """

    allowed: Path
    seen: list[str] = field(default_factory=list)
    thread: int = field(default_factory=threading.get_ident)


_watching: list[Watch] = []


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if not _watching:
        return
    watch = _watching[-1]
    if threading.get_ident() != watch.thread:
        return  # what other tests have left running
    if event == "exec" and PACKAGE not in Path(sys._getframe(1).f_code.co_filename).parents:
        return  # type checks and annotations are made in this way, by other packages
    if event in FORBIDDEN:
        watch.seen.append(f"{event} was called: {args[0]!r:.200}")
    elif event == "open" and isinstance(args[0], str):
        path, mode = Path(args[0]), args[1] or "r"
        code = path.suffix in (".py", ".pyc") or "site-packages" in path.parts
        if watch.allowed not in path.parents and not (
            code or (mode.startswith("r") and _ours(path))
        ):
            watch.seen.append(f"{path} was opened")


def _ours(path: Path) -> bool:
    return path.is_relative_to(PACKAGE) or path.is_relative_to(sys.prefix)


@contextmanager
def watched(allowed: Path) -> Iterator[Watch]:
    """Look at everything that happens meanwhile: forbidden calls, other files, memory and time."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    watch = Watch(allowed)
    tracemalloc.start()
    began = time.monotonic()
    _watching.append(watch)
    try:
        yield watch
    finally:
        _watching.pop()
        seconds, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        if seconds > SLOW:
            watch.seen.append(f"it took {seconds:.0f} s")
        if peak > LARGE:
            watch.seen.append(f"it took {peak / 1e6:.0f} MB")


_hooked: list[bool] = []
