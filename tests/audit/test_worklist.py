"""The list of cases to look at names their files and ids, for whoever may see them."""

import csv

from bedside.audit.findings import AuditReport, Finding
from bedside.audit.worklist import write_worklist

from .cohorts import cohort


def test_every_case_of_a_grave_finding_has_a_line(tmp_path):
    table = cohort(5, file=["a.png", "b, c.png", None, "d.png", "Ü.png"])
    found = (
        Finding("unreadable-files", "block", "", 1, (4,), "", (), ("no such file",)),
        Finding("copies-across-parts", "warn", "", 2, (2, 3, 6), "", ((2, 3), (2, 6)),
                ("train", "test", "test")),
        Finding("class-balance", "note", "", 1, (5,), ""),
    )  # fmt: skip
    path = tmp_path / "look.csv"
    write_worklist(path, AuditReport(found), table, columns=["file", "file", "none"])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["severity", "check", "row", "with", "details", "case_id", "file"],
        ["block", "unreadable-files", "4", "", "no such file", "case-2", ""],
        ["warn", "copies-across-parts", "2", "3 6", "train", "case-0", "a.png"],
        ["warn", "copies-across-parts", "3", "2", "test", "case-1", "b, c.png"],
        ["warn", "copies-across-parts", "6", "2", "test", "case-4", "Ü.png"],
    ]
