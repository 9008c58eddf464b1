"""The audit on a terminal.

Enters: a report and a rich console. Leaves: a table on that console, the gravest
findings first, with the rows to look at and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedside.audit.findings import AuditReport, Finding, Severity

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STYLES: dict[Severity, str] = {"block": "bold red", "warn": "yellow", "note": "dim"}
SHOWN_ROWS = 8


def render(report: AuditReport, console: Console) -> None:
    """Show all findings and one closing line that says whether a run would stop."""
    from rich.table import Table
    from rich.text import Text

    if report.findings:
        table = Table(show_lines=True, expand=False)
        for title in ("", "check", "cases", "found"):
            table.add_column(title, justify="right" if title == "cases" else "left")
        for finding in report.findings:
            style = STYLES[finding.severity]
            table.add_row(
                Text(finding.severity, style=style),
                Text(finding.check),
                Text(str(finding.count)),
                _words(finding),
            )
        console.print(table)
    style, line = _closing(report)
    console.print(Text(line, style=style))


def _words(finding: Finding) -> Text:
    """Message, remedy and rows; as `Text`, since a class name may look like markup."""
    from rich.text import Text

    words = Text(finding.message)
    if finding.rows:
        shown = ", ".join(str(row) for row in finding.rows[:SHOWN_ROWS])
        more = ", ..." if len(finding.rows) > SHOWN_ROWS else ""
        words.append(f"\nrows {shown}{more}", style="dim")
    if finding.remedy:
        words.append(f"\n{finding.remedy}", style="italic")
    return words


def _closing(report: AuditReport) -> tuple[str, str]:
    blocking = len(report.blocking)
    warnings = sum(finding.severity == "warn" for finding in report.findings)
    if blocking:
        finds = "1 finding stops" if blocking == 1 else f"{blocking} findings stop"
        return STYLES["block"], f"{finds} a run until mended; {warnings} more to look at."
    if warnings:
        return STYLES["warn"], f"Nothing stops a run; {warnings} to look at first."
    return "green", "Nothing stops a run, nothing to look at first."
