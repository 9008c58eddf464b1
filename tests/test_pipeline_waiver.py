"""A blocking finding that a person waived: the run goes on, and everything says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bedside.errors import DataError
from bedside.run_folder import RunFolder

from .made_study import run_in, table_of, words_with, write_table


def test_a_waived_finding_is_repeated_in_metrics_and_report(here: Path) -> None:
    rows = table_of(here)
    parts = ["train", "train", "validation", "test"]
    rows[0].append("part")
    for number, row in enumerate(rows[1:]):
        row.append(parts[number // 2 % 4])
    copied = next(row for row in rows[1:] if row[-1] == "train")
    tested = next(row for row in rows[1:] if row[-1] == "test" and row[5] == copied[5])
    shutil.copyfile(here / copied[4], here / tested[4])
    write_table(here, rows)
    words = words_with(split={"by": "patient", "column": "part"})
    with pytest.raises(DataError) as error:
        run_in(here, words)
    assert str(error.value).splitlines()[0].startswith("1 test case has an exact copy in training")
    assert not (here / "run" / "checkpoint").exists()
    waived = {**words, "audit": {"waive": ["copies-across-parts"]}}
    folder = RunFolder(run_in(here, waived).folder.root)
    (kept,) = json.loads(folder.metrics.read_text())["waived"]
    assert (kept["check"], kept["count"]) == ("copies-across-parts", 1)
    page = folder.report.read_text(encoding="utf-8")
    assert "1 audit finding waived" in page
    assert "This would stop a run; it was waived." in page
    assert "Exact copies across parts" in page
