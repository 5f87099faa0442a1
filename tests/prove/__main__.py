"""`python -m tests.prove`: try to break every promise, at full length, and print what fell."""

import argparse
import datetime
import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.prove import (
    browser_load,
    disk,
    files,
    interrupts,
    kills,
    load,
    messages,
    mutation,
    numbers,
    sentences,
    soak,
    supply,
    versions,
)
from tests.prove._proof import Proof, Prove

PROOFS: dict[str, tuple[Prove, int, int]] = {
    "numbers": (numbers.prove, 2000, 12),
    "interrupts": (interrupts.prove, 1000, 14),
    "kills": (kills.prove, 50, 4),
    "disk": (disk.prove, 60, 3),
    "files": (files.prove, 10_000, 60),
    "messages": (messages.prove, 10_000, 200),
    "load": (load.prove, load.FULL, 60),
    "browser": (browser_load.prove, browser_load.FULL, 0),
    "soak": (soak.prove, soak.FULL, 0),
    "supply": (supply.prove, 2, 2),
    "versions": (versions.prove, 2, 0),
    "sentences": (sentences.prove, 1000, 0),
    "mutation": (mutation.prove, 300, 0),
}
"""By name: what tries, how often at full length, and how often in `make test`; 0 for never there,
because it takes long or asks the index, or because `make test` has a short form of its own."""


def main() -> int:
    """Try, print a table, and return 1 if anything fell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PROOFS)}; all if left out")
    parser.add_argument("--share", type=float, default=1.0, help="of the full length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--json",
        type=Path,
        help="write what is printed; proofs that are in the file and not run stay",
    )
    options = parser.parse_args()
    console = Console(width=120)
    table = Table("promise", "tried", "fell", "minutes")
    machine = f"{os.cpu_count()} cores, {_memory()} GB, {platform.machine()}"
    rows = []
    for name in options.names or PROOFS:
        prove, full, _ = PROOFS[name]
        began = time.monotonic()
        proof = prove(max(1, round(full * options.share)), options.seed)
        minutes = (time.monotonic() - began) / 60
        tried = "\n".join(f"{times} {what}" for what, times in sorted(proof.tried.items()))
        table.add_row(proof.promise, tried, str(len(proof.fell)), f"{minutes:.1f}")
        rows.append(_row(name, proof, minutes) | {"seed": options.seed, "machine": machine})
        if options.json:
            write(options.json, rows)
        for sentence in [*proof.notes, *proof.fell]:
            console.print(sentence, markup=False)
    console.print(table)
    console.print(f"seed {options.seed}; {machine}")
    return 1 if any(row["fell"] for row in rows) else 0


def write(path: Path, rows: Sequence[dict[str, object]]) -> None:
    """Write what attempts came to, in the place of what the file says of the same promises."""
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    by_name = {row["name"]: row for row in [*said, *rows]}
    ordered = [by_name[name] for name in PROOFS if name in by_name]
    path.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def _row(name: str, proof: Proof, minutes: float) -> dict[str, object]:
    return {
        "name": name,
        "promise": proof.promise,
        "tried": proof.tried,
        "fell": proof.fell,
        "notes": proof.notes,
        "minutes": round(minutes, 1),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


if __name__ == "__main__":
    raise SystemExit(main())
