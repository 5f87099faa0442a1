"""A file is the old one or the whole new one, and whoever cannot write it is told what to do."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import patchwidgets as pw
from patchwidgets.errors import FileError
from patchwidgets.results.writing import _machine, write_text

SAYS = {
    errno.ENOSPC: (
        "no space left on device. Make room on that disk, or name a folder on another; what was "
        "measured is still here."
    ),
    errno.EFBIG: (
        "file too large. Make room on that disk, or name a folder on another; what was measured "
        "is still here."
    ),
    errno.EROFS: (
        "read-only file system. Name a folder that you may write to; what was measured is still "
        "here."
    ),
}
WRITERS = {
    "result.json": lambda result, path: result.save(path),
    "table.csv": lambda result, path: result.to_csv(path),
    "map.svg": lambda result, path: result.figure(path),
    "array.html": lambda result, path: pw.heatmap([[1.0, 2.0]]).save_html(path),
    "array.csv": lambda result, path: pw.heatmap([[1.0, 2.0]]).to_csv(path),
}


@pytest.mark.parametrize("number", SAYS)
def test_a_disk_that_refuses_leaves_the_old_file_and_says_what_to_do(tmp_path, refusing, number):
    path = tmp_path / "one.json"
    write_text("old", path)
    refusing(number)
    with pytest.raises(FileError) as caught:
        write_text("new", path)
    assert str(caught.value) == f"`{path}` cannot be written: {SAYS[number]}"
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["one.json"]


@pytest.mark.parametrize("name", WRITERS)
def test_every_file_is_written_whole_or_not_at_all(tmp_path, make_result, refusing, name):
    path: Path = tmp_path / name
    assert WRITERS[name](make_result(), path) == path
    whole = path.read_bytes()
    refusing(errno.ENOSPC)
    with pytest.raises(FileError, match="Make room on that disk"):
        WRITERS[name](make_result(), path)
    assert path.read_bytes() == whole


def test_what_killed_processes_left_of_a_file_goes_with_its_next_save(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    here, path = _machine(), tmp_path / "one [1].json"
    kept = [
        f".{path.name}.{here}-{os.getpid()}-7.unfinished",
        f".{path.name}.{here}-{'9' * 30}-7.unfinished",
        f".{path.name}.{here}-other.unfinished",
        f".{path.name}.00000000-{ended.pid}-7.unfinished",
        f".two.json.{here}-{ended.pid}-7.unfinished",
    ]
    left = f".{path.name}.{here}-{ended.pid}-7.unfinished"
    for name in [*kept, left]:
        (tmp_path / name).write_text("half")
    write_text("whole", path)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([*kept, path.name])
    assert path.read_text() == "whole"
