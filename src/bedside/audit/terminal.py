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


def render(report: AuditReport, console: Console) -> None:
    """Show all findings and one closing line that says whether a run would stop."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if report.findings:
        table = Table(box=box.HORIZONTALS, show_lines=True, expand=False)
        for title in ("", "cases", "found"):
            table.add_column(title, justify="right" if title == "cases" else "left")
        before: Finding | None = None
        for finding in report.findings:
            style = STYLES[finding.severity]
            repeated = before is not None and before.remedy == finding.remedy
            table.add_row(
                Text(finding.severity, style=style),
                Text(str(finding.count) if finding.count else ""),
                _words(finding, remedy="" if repeated else finding.remedy),
            )
            before = finding
        console.print(table)
    if report.rows_of and any(finding.rows for finding in report.findings):
        console.print(Text(report.rows_of, style="dim"))
    style, line = _closing(report)
    console.print(Text(line, style=style))


def _words(finding: Finding, *, remedy: str) -> Text:
    """Check, message, rows and remedy; as `Text`, since a class name may look like markup."""
    from rich.text import Text

    words = Text(f"{finding.check}: ", style="bold")
    words.append(Text(finding.message, style="not bold"))
    for line in finding.where():
        words.append(f"\n{line}", style="not bold dim")
    if remedy:
        words.append(f"\n{remedy}", style="not bold italic")
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
