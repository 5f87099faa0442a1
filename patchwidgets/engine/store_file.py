"""The SQLite file of measured cells: its tables, its signature, its size."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from patchwidgets.errors import FileError

PATIENCE = 5.0
"""Seconds to wait for another process that writes."""

APPLICATION, LAYOUT = 0x70775F63, 1

_SIGNATURE = ("application_id", "user_version")

TABLES = """
CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, baselines BLOB NOT NULL, used REAL NOT NULL);
CREATE INDEX sweeps_by_key ON sweeps (key);
CREATE TABLE cells (
    sweep INTEGER NOT NULL, patch TEXT NOT NULL, numbers BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (sweep, patch)) WITHOUT ROWID;
"""


class transaction:  # noqa: N801 - reads as a word in `with transaction(connection)`
    """Commits what the body writes, or takes all of it back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._connection.in_transaction:
            self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the store at `path`, with its tables made if the file is new.

    Raises:
        sqlite3.Error: The file is damaged, locked, or not ours.
    """
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        with transaction(connection):
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                for statement in TABLES.strip().split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {LAYOUT}")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _SIGNATURE]
        if found != [APPLICATION, LAYOUT]:
            raise sqlite3.DatabaseError("it was not written by this version of patchwidgets")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def used_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes of the file that hold something."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


class Content(NamedTuple):
    """What a store holds."""

    bytes: int
    sweeps: int
    cells: int


def content(path: Path) -> Content:
    """Return what the store at `path` holds.

    Raises:
        FileError: It cannot be read.
    """
    if not path.is_file():
        return Content(0, 0, 0)
    try:
        with closing(connect(path)) as connection:
            sweeps, cells = (
                connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("sweeps", "cells")
            )
            return Content(used_bytes(connection), sweeps, cells)
    except sqlite3.Error as problem:
        raise FileError(
            f"The store of measured cells {path} cannot be read ({problem}). Type `patchwidgets "
            "cache clear` to start a new one."
        ) from problem


def clear(path: Path) -> None:
    """Forget everything in the store at `path`; a file that cannot be read is removed."""
    try:
        with closing(connect(path)) as connection, transaction(connection):
            connection.execute("DELETE FROM cells")
            connection.execute("DELETE FROM sweeps")
        shrink(path)
    except sqlite3.Error:
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def shrink(path: Path) -> None:
    """Give the space of what was dropped back to the disk."""
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA incremental_vacuum").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
