"""The cases that an audit says to look at, one row each: for a spreadsheet, on this machine.

Enters: a report, its cohort and the columns that hold the inputs. Leaves: a CSV with the
case ids and the files as the table names them. It holds patient data, unlike ``audit.json``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bedside.audit.findings import AuditReport
from bedside.run_folder import write_text

if TYPE_CHECKING:
    from bedside.data.cohort import Cohort

MARK = "\ufeff"
"""By which spreadsheets know UTF-8."""


def write_worklist(
    path: Path, report: AuditReport, cohort: Cohort, *, columns: Sequence[str]
) -> None:
    """Write a line for each case of each finding that blocks or warns, the gravest first.

    Columns: ``severity``, ``check``, ``row`` as messages number it, ``with`` (rows that show
    the same), ``details``, ``case_id``, and the cohort's columns of `columns`.
    """
    table = cohort.cases
    kept = [column for column in dict.fromkeys(columns) if column in table]
    cells = {column: table[column].fillna("").astype(str).tolist() for column in kept}
    ids = cohort.ids()
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["severity", "check", "row", "with", "details", "case_id", *kept])
    for finding in report.findings:
        if finding.severity == "note":
            continue
        said = dict(zip(finding.rows, finding.details, strict=False))
        partners: dict[int, list[int]] = {}
        for one, other in finding.pairs:
            partners.setdefault(one, []).append(other)
            partners.setdefault(other, []).append(one)
        for row in finding.rows:
            place = row - cohort.first_row
            beside = " ".join(map(str, partners.get(row, ())))
            own = [ids[place], *(values[place] for values in cells.values())]
            writer.writerow([finding.severity, finding.check, row, beside, said.get(row, ""), *own])
    write_text(path, MARK + stream.getvalue())
