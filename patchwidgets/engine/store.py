"""Measured cells on disk, so that no cell is measured twice and none is lost to a crash.

One SQLite file. A cell is found by everything its numbers depend on (`cell_keys.py`), so a changed
model, prompt, metric or version finds nothing. A wave is written in one transaction. Whatever is
wrong with the file costs a warning and the use of the store, never a number.
"""

import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from patchwidgets.engine.store_file import connect, shrink, transaction, used_bytes
from patchwidgets.errors import warn
from patchwidgets.models.cache import cache_folder

LIMIT_BYTES = 2_000_000_000
"""Size at which the cells of the sweeps used longest ago are dropped."""

OFF = "PATCHWIDGETS_STORE"
"""Environment variable; `off` turns the store off for the whole process."""

_warned: set[str] = set()

Got = TypeVar("Got")


def store_path() -> Path:
    """Return where the store lies."""
    return _folder(os.environ.get("PATCHWIDGETS_CACHE")) / "cells.sqlite"


@cache
def _folder(_root: str | None) -> Path:
    return cache_folder("cells")


class CellStore:
    """An open store; close it in the thread that opened it.

    Args:
        path: The file, made if need be.
        limit: Bytes after which the cells used longest ago are dropped, when it is closed.
    """

    def __init__(self, path: Path, limit: int = LIMIT_BYTES) -> None:
        self.path = path
        self.limit = limit
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = connect(path)
        except (sqlite3.Error, OSError) as problem:
            self._give_up(problem)

    @classmethod
    def default(cls) -> "CellStore | None":
        """Return the user's store, or `None` where the environment turns it off."""
        return None if os.environ.get(OFF) == "off" else cls(store_path())

    def close(self) -> None:
        """Drop what is over the limit and close the file."""
        self.attempt(self._trim, None)
        self._disconnect()

    def attempt(self, work: Callable[[sqlite3.Connection], Got], otherwise: Got) -> Got:
        """Return what `work` gives, or `otherwise` where the store cannot be used."""
        if self._connection is None:
            return otherwise
        try:
            return work(self._connection)
        except (sqlite3.Error, OSError) as problem:
            self._give_up(problem)
            return otherwise

    def _give_up(self, problem: Exception) -> None:
        self._disconnect()
        if str(self.path) in _warned:
            return
        _warned.add(str(self.path))
        warn(
            f"The store of measured cells {self.path} cannot be used ({problem}), so every cell is "
            "measured and none is kept. `patchwidgets cache clear` starts a new one; "
            "`Study(..., store=False)` does without."
        )

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _trim(self, connection: sqlite3.Connection) -> None:
        if used_bytes(connection) <= self.limit:
            return
        with transaction(connection):
            oldest = connection.execute("SELECT id FROM sweeps ORDER BY used").fetchall()
            for sweep in oldest:
                if used_bytes(connection) <= self.limit // 2:
                    break
                connection.execute("DELETE FROM cells WHERE sweep = ?", sweep)
                connection.execute("DELETE FROM sweeps WHERE id = ?", sweep)
        shrink(self.path)


class StoredCells:
    """The stored cells of one sweep form on one group of prompts.

    Args:
        store: Where they lie.
        key: Everything their numbers depend on.
        baselines: Metrics of both unpatched runs. Cells stored under the same key but between
            other baselines are not these cells: something changed that the key does not know.
        tolerance: Largest difference of baselines that is rounding, relative to values above 1.
    """

    def __init__(
        self,
        store: CellStore,
        key: str,
        baselines: Float[np.ndarray, "two_metrics batch"],
        tolerance: float,
    ) -> None:
        self._store = store
        self._key = key
        self._baselines = baselines
        self._tolerance = tolerance

    def read(self) -> dict[str, Float[np.ndarray, "metric batch"]]:
        """Return everything stored, by patch."""
        return self._store.attempt(self._read, {})

    def write(self, cells: Mapping[str, Float[np.ndarray, "metric batch"]]) -> None:
        """Keep the cells of one wave: all of them or none."""
        self._store.attempt(lambda connection: self._write(connection, cells), None)

    def forget(self) -> None:
        """Drop everything stored, because some of it failed a check."""
        self._store.attempt(self._forget, None)

    def _read(self, connection: sqlite3.Connection) -> dict[str, np.ndarray]:
        sweep = self._find(connection)
        if sweep is None:
            return {}
        connection.execute("UPDATE sweeps SET used = ? WHERE id = ?", (time.time(), sweep))
        rows = connection.execute(
            "SELECT patch, numbers, checksum FROM cells WHERE sweep = ?", (sweep,)
        )
        return {patch: self._numbers(patch, raw, checksum) for patch, raw, checksum in rows}

    def _numbers(self, patch: str, raw: bytes, checksum: int) -> np.ndarray:
        """Return a cell's numbers.

        Raises:
            sqlite3.DatabaseError: They are not what was written.
        """
        shape = (len(self._baselines) // 2, self._baselines.shape[1])
        if _checksum(patch, raw) != checksum or len(raw) != 8 * shape[0] * shape[1]:
            raise sqlite3.DatabaseError(f"the cell {patch} is damaged")
        return np.frombuffer(raw, dtype="<f8").reshape(shape).astype(np.float64)

    def _write(self, connection: sqlite3.Connection, cells: Mapping[str, np.ndarray]) -> None:
        with transaction(connection):
            sweep = self._find(connection)
            if sweep is None:
                sweep = connection.execute(
                    "INSERT INTO sweeps (key, baselines, used) VALUES (?, ?, ?)",
                    (self._key, _packed(self._baselines), time.time()),
                ).lastrowid
            raws = {patch: _packed(numbers) for patch, numbers in cells.items()}
            connection.executemany(
                "INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?)",
                [(sweep, patch, raw, _checksum(patch, raw)) for patch, raw in raws.items()],
            )

    def _forget(self, connection: sqlite3.Connection) -> None:
        sweep = self._find(connection)
        with transaction(connection):
            connection.execute("DELETE FROM cells WHERE sweep = ?", (sweep,))
            connection.execute("DELETE FROM sweeps WHERE id = ?", (sweep,))

    def _find(self, connection: sqlite3.Connection) -> int | None:
        rows = connection.execute(
            "SELECT id, baselines FROM sweeps WHERE key = ? ORDER BY id", (self._key,)
        ).fetchall()
        for sweep, raw in rows:
            if len(raw) != 8 * self._baselines.size:
                continue
            there = np.frombuffer(raw, dtype="<f8").reshape(self._baselines.shape)
            error = np.abs(there - self._baselines) / np.maximum(1, np.abs(self._baselines))
            if (error <= self._tolerance).all():
                return sweep
        return None


def _packed(numbers: np.ndarray) -> bytes:
    return np.ascontiguousarray(numbers, dtype="<f8").tobytes()


def _checksum(patch: str, raw: bytes) -> int:
    return zlib.crc32(raw, zlib.crc32(patch.encode()))
