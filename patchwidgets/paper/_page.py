"""A report as one HTML page, without scripts and without a network."""

from html import escape

from patchwidgets.paper._claim import Table
from patchwidgets.paper._printed import COLUMNS, heading, rows, seconds
from patchwidgets.paper._run import Outcome, Report
from patchwidgets.paper._sizes import sizes_table
from patchwidgets.reports.html import PAGE

STYLE = """<style>
.pw-paper { font: 14px/1.45 var(--jp-ui-font-family, system-ui, sans-serif); }
.pw-paper table { border-collapse: collapse; margin: 8px 0 20px; color: inherit; }
.pw-paper :is(th, td) {
  text-align: left; vertical-align: top; padding: 5px 10px; border: 1px solid #8a949e66;
}
.pw-paper td { white-space: pre-line; }
.pw-paper tr.claim td { font-weight: 600; border-top: 2px solid #6b7780; }
.pw-paper summary { cursor: pointer; font-weight: 600; }
</style>"""
"""Colours of the page around it, light or dark: verdicts differ by a sign, not by colour."""

MARKS = {"holds": "✓", "does not hold": "✗"}


def page(report: Report) -> str:
    """Return the page."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    body = f"<h1>{escape(_title(report))}</h1>\n{fragment(report)}"
    return PAGE.format(policy=policy, title=escape(_title(report)), body=body)


def fragment(report: Report) -> str:
    """Return the HTML of one notebook output: the claims, and what lies behind them folded."""
    parts = [STYLE, '<div class="pw-paper">', f"<p>{escape(heading(report))}</p>"]
    if report.interrupted:
        parts.append("<p><strong>It was stopped before all claims were measured.</strong></p>")
    parts.append(_claims(report))
    if report.advice:
        parts.append(_table(sizes_table(report.advice)))
    parts.append("<h2>Details</h2>")
    for outcome in report.outcomes:
        parts += _details(outcome)
    return "\n".join([*parts, _table(seconds(report)), "</div>"])


def _title(report: Report) -> str:
    return f"The paper, recomputed on {report.model}"


def _claims(report: Report) -> str:
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    written = []
    for outcome in report.outcomes:
        for index, row in enumerate(rows(outcome)):
            mark = MARKS.get(row[3].split("\n")[0], "")
            cells = "".join(f"<td>{escape(cell.strip())}</td>" for cell in row[:3])
            verdict = f"<td>{mark} {escape(row[3])}</td>" if mark else f"<td>{escape(row[3])}</td>"
            written.append(f'<tr class="{"check" if index else "claim"}">{cells}{verdict}</tr>')
    return f"<table><tr>{head}</tr>{''.join(written)}</table>"


def _details(outcome: Outcome) -> list[str]:
    claim, finding = outcome.claim, outcome.finding
    tables = () if finding is None else finding.tables
    return [
        f"<details><summary>{escape(claim.name)}</summary>",
        f"<p>Measured: {escape(claim.how)}</p><p>It holds if: {escape(claim.criterion)}</p>",
        *(_table(one) for one in tables),
        "</details>",
    ]


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<p>{escape(table.title)}</p><table><tr>{head}</tr>{body}</table>"
