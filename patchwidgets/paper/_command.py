"""The command `patchwidgets paper`."""

import argparse
import time

from rich.console import Console

from patchwidgets.models.load import load_model
from patchwidgets.paper._page import page
from patchwidgets.paper._printed import print_report, written_json
from patchwidgets.paper._run import chosen_claims, measure, require_sizes
from patchwidgets.results.writing import require_folder, write_text

STOPPED = 130
"""Exit status after an interrupt, as shells have it."""


def run(options: argparse.Namespace) -> int:
    """Measure the claims, print them, and return the exit status: 130 after an interrupt.

    Raises:
        PatchwidgetsError: An option that means nothing, or a model that does not load.
    """
    names = None if options.claims is None else options.claims.replace(",", " ").split()
    claims = chosen_claims(names)
    require_sizes(options.n, options.minutes, options.draws)
    for path in (options.html, options.json):
        if path is not None:
            require_folder(path)
    aside, started = Console(stderr=True), time.monotonic()

    def tell(line: str) -> None:
        aside.print(f"{time.monotonic() - started:5.0f} s  {line}", markup=False, highlight=False)

    report = measure(
        load_model(options.model),
        claims,
        n=options.n,
        seed=options.seed,
        draws=options.draws,
        minutes=options.minutes,
        tell=tell,
    )
    console = Console()
    print_report(console, report)
    if options.json:
        write_text(written_json(report), options.json)
        console.print(f"wrote {options.json}", markup=False)
    if options.html:
        write_text(page(report), options.html)
        console.print(f"wrote {options.html}: open it in a browser", markup=False)
    return STOPPED if report.interrupted else 0
