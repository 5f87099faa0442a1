"""A report as one HTML page, without scripts and without a network."""

from html import escape

from patchwidgets.paper._claim import Table
from patchwidgets.paper._printed import COLUMNS, heading, rows, seconds
from patchwidgets.paper._run import Outcome, Report
from patchwidgets.reports.html import PAGE

STYLE = """<style>
body { font: 15px/1.45 system-ui, sans-serif; color: #1c2227; }
table { border-collapse: collapse; background: #fff; margin: 8px 0 20px; }
th, td { text-align: left; vertical-align: top; padding: 5px 10px; border: 1px solid #cfd6dc; }
tr.claim td { font-weight: 600; border-top: 2px solid #6b7780; }
td { white-space: pre-line; }
.holds { color: #0b6b2f; } .does-not-hold { color: #a01818; } .other { color: #5b6570; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e9ec; } table { background: #181c20; } th, td { border-color: #3a434b; }
  .holds { color: #6fd08f; } .does-not-hold { color: #ff8f8f; } .other { color: #a5b0ba; }
}
</style>"""


def page(report: Report) -> str:
    """Return the page."""
    title = f"The paper, recomputed on {report.model}"
    parts = [STYLE, f"<h1>{escape(title)}</h1>", f"<p>{escape(heading(report))}</p>"]
    if report.interrupted:
        parts.append("<p><strong>It was stopped before all claims were measured.</strong></p>")
    parts += [_claims(report), "<h2>Details</h2>"]
    for outcome in report.outcomes:
        parts += _details(outcome)
    parts.append(_table(seconds(report)))
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return PAGE.format(policy=policy, title=escape(title), body="\n".join(parts))


def _claims(report: Report) -> str:
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    written = []
    for outcome in report.outcomes:
        for index, row in enumerate(rows(outcome)):
            kind = row[3].split("\n")[0].replace(" ", "-")
            kind = kind if kind in ("holds", "does-not-hold") else "other"
            cells = "".join(f"<td>{escape(cell.strip())}</td>" for cell in row[:3])
            verdict = f'<td class="{kind}">{escape(row[3])}</td>'
            written.append(f'<tr class="{"check" if index else "claim"}">{cells}{verdict}</tr>')
    return f"<table><tr>{head}</tr>{''.join(written)}</table>"


def _details(outcome: Outcome) -> list[str]:
    claim, finding = outcome.claim, outcome.finding
    parts = [f"<h3>{escape(claim.name)}</h3>"]
    parts += [f"<p>Measured: {escape(claim.how)}</p><p>It holds if: {escape(claim.criterion)}</p>"]
    return parts if finding is None else parts + [_table(one) for one in finding.tables]


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    return f"<p>{escape(table.title)}</p><table><tr>{head}</tr>{body}</table>"
