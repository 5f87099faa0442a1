"""A report in the terminal, and as JSON."""

import json
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table as Drawn

from patchwidgets.paper._claim import Table
from patchwidgets.paper._protocol import taken
from patchwidgets.paper._run import Outcome, Report
from patchwidgets.paper._sizes import sizes_table

COLUMNS = ("claim", "the paper says", "here", "holds?")

COLOURS = {"holds": "green", "does not hold": "red"}


def heading(report: Report) -> str:
    """Return a sentence on what was measured."""
    draws = f"{report.draws} draw{'s' if report.draws > 1 else ''} of noise"
    return (
        f"Zhang & Nanda 2024 (arXiv 2309.16042) on {report.model}: {report.n} prompt pairs asked "
        f"for, seed {report.seed}, {draws}. {taken(report.model)} Intervals are 95 % bootstrap "
        "intervals over pairs."
    )


def published(outcome: Outcome) -> str:
    """Return whose numbers stand in the column of the paper."""
    return f"published ({outcome.claim.model})"


def rows(outcome: Outcome) -> Iterator[tuple[str, str, str, str]]:
    """Yield the rows of one claim: what it says, then every number that decides it."""
    claim, finding = outcome.claim, outcome.finding
    reason = f"\n{outcome.reason}" if outcome.reason else ""
    title = f"{claim.name} ({claim.section})"
    yield title, f"{claim.says} [{published(outcome)}]", "", f"{outcome.verdict}{reason}"
    for check in () if finding is None else finding.checks:
        why = f"\n{check.why}" if check.why else ""
        here = f"{check.number}\n{check.number.pairs} pairs"
        yield f"  {check.label}: {check.asked}", check.paper, here, f"{check.verdict}{why}"


def print_report(console: Console, report: Report) -> None:
    """Print what became of every claim, then the details."""
    console.print(heading(report), markup=False)
    table = Drawn(show_lines=False)
    for name, ratio in zip(COLUMNS, (4, 4, 2, 2), strict=True):
        table.add_column(name, ratio=ratio, overflow="fold")
    for outcome in report.outcomes:
        for first, row in enumerate(rows(outcome)):
            style = "bold" if not first else None
            verdict = row[3].split("\n")[0]
            table.add_row(*map(_plain, row[:3]), _coloured(row[3], verdict), style=style)
        table.add_section()
    console.print(table)
    if report.advice:
        console.print(_drawn(sizes_table(report.advice)))
    for outcome in report.outcomes:
        for one in () if outcome.finding is None else outcome.finding.tables:
            print_table(console, outcome, one)
    console.print(_drawn(seconds(report)))


def written_json(report: Report) -> str:
    """Return everything but the per-pair numbers, as the text of a file."""
    return json.dumps(report.to_json(), indent=1, allow_nan=False) + "\n"


def print_table(console: Console, outcome: Outcome, table: Table) -> None:
    """Print one table of details."""
    console.print(_drawn(table, f"{outcome.claim.name}: {table.title}"))


def seconds(report: Report) -> Table:
    """Return what every claim took."""
    taken = tuple(
        (one.claim.name, f"{one.seconds:.1f}", f"{one.processor_seconds:.1f}")
        for one in report.outcomes
    )
    whole = [sum(getattr(one, name) for one in report.outcomes) for name in _TIMES]
    total = ("all", *(f"{each:.1f}" for each in whole))
    return Table(
        "Seconds of every claim; a sweep counts for the claim that asked for it first",
        ("claim", "seconds", "processor seconds"),
        (*taken, total),
    )


_TIMES = ("seconds", "processor_seconds")


def _drawn(table: Table, title: str = "") -> Drawn:
    drawn = Drawn(title=_plain(title or table.title), title_justify="left")
    for column in table.columns:
        drawn.add_column(_plain(column), overflow="fold")
    for row in table.rows:
        drawn.add_row(*map(_plain, row))
    return drawn


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _coloured(text: str, verdict: str) -> str:
    colour = COLOURS.get(verdict)
    return f"[{colour}]{_plain(text)}[/{colour}]" if colour else _plain(text)
