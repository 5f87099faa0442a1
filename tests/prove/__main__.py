"""`python -m tests.prove`: try to break every promise, at full length, and print what fell."""

import argparse
import json
import os
import platform
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.prove import files, interrupts, kills, messages, mutation, supply
from tests.prove._proof import Proof, Prove

PROOFS: dict[str, tuple[Prove, int, int]] = {
    "interrupts": (interrupts.prove, 1000, 14),
    "kills": (kills.prove, 50, 4),
    "files": (files.prove, 10_000, 60),
    "messages": (messages.prove, 10_000, 200),
    "supply": (supply.prove, 2, 2),
    "mutation": (mutation.prove, 300, 0),
}
"""By name: what tries, how often at full length, and how often in `make test`; 0 for never there,
because it takes hours."""


def main() -> int:
    """Try, print a table, and return 1 if anything fell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PROOFS)}; all if left out")
    parser.add_argument("--share", type=float, default=1.0, help="of the full length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write what is printed")
    options = parser.parse_args()
    console = Console(width=120)
    table = Table("promise", "tried", "fell", "minutes")
    rows = []
    for name in options.names or PROOFS:
        prove, full, _ = PROOFS[name]
        began = time.monotonic()
        proof = prove(max(1, round(full * options.share)), options.seed)
        minutes = (time.monotonic() - began) / 60
        tried = "\n".join(f"{times} {what}" for what, times in sorted(proof.tried.items()))
        table.add_row(proof.promise, tried, str(len(proof.fell)), f"{minutes:.1f}")
        rows.append(_row(name, proof, minutes))
        for sentence in [*proof.notes, *proof.fell]:
            console.print(sentence, markup=False)
    machine = f"{os.cpu_count()} cores, {_memory()} GB, {platform.machine()}"
    console.print(table)
    console.print(f"seed {options.seed}; {machine}")
    if options.json:
        written = {"machine": machine, "seed": options.seed, "proofs": rows}
        options.json.write_text(json.dumps(written, indent=1) + "\n")
    return 1 if any(row["fell"] for row in rows) else 0


def _row(name: str, proof: Proof, minutes: float) -> dict[str, object]:
    return {
        "name": name,
        "promise": proof.promise,
        "tried": proof.tried,
        "fell": proof.fell,
        "notes": proof.notes,
        "minutes": round(minutes, 1),
    }


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


if __name__ == "__main__":
    raise SystemExit(main())
