"""The store's file: whose it is, what is left of what is dropped, and when it is just full."""

from contextlib import closing

import numpy as np
import pytest

from patchwidgets.engine import store, store_file
from tests.families import PAIRS, study_of, tiny


@pytest.fixture(autouse=True)
def path(monkeypatch, tmp_path):
    """A store of this test's own."""
    monkeypatch.setenv("PATCHWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATCHWIDGETS_STORE", "on")
    return store.store_path()


def test_the_file_says_whose_it_is_and_how_it_is_laid_out(path):
    """At bytes 60 and 68 of every SQLite file, by its documentation."""
    with closing(store_file.connect(path)):
        header = path.read_bytes()[:72]
    assert (header[60:64], header[68:72]) == (b"\0\0\0\1", b"pw_c")


def test_a_store_that_is_not_there_holds_nothing(path):
    assert store_file.content(path) == (0, 0, 0)
    assert not path.exists()


def test_a_store_that_is_just_full_keeps_everything(path):
    study_of(tiny("llama"), PAIRS).sweep("heads").wait()
    full = store_file.content(path)
    assert full.cells > 0
    store.CellStore(path, limit=full.bytes).close()
    assert store_file.content(path).cells == full.cells
    store.CellStore(path, limit=full.bytes - 1).close()
    left = store_file.content(path)
    assert (left.sweeps, left.cells) == (0, 0)


def test_a_store_that_was_closed_is_asked_no_more(path):
    opened = store.CellStore(path)
    assert opened.attempt(lambda connection: connection.total_changes, None) is not None
    opened.close()
    assert opened.attempt(lambda connection: connection.total_changes, None) is None


def test_what_is_forgotten_leaves_nothing_and_other_sweeps_alone(path):
    opened = store.CellStore(path)
    one, other = (store.StoredCells(opened, key, np.zeros((2, 4)), 0.0) for key in ("one", "other"))
    for cells in (one, other):
        cells.write({"L0H0": np.ones((1, 4))})
    one.forget()
    assert one.read() == {}
    assert list(other.read()) == ["L0H0"]
    opened.close()
    assert store_file.content(path)[1:] == (1, 1)


def test_a_store_that_is_cleared_holds_nothing(path):
    study_of(tiny("llama"), PAIRS).sweep("heads").wait()
    assert store_file.content(path)[1:] == (1, 12)
    store_file.clear(path)
    assert store_file.content(path)[1:] == (0, 0)
