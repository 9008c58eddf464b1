"""What the audit says of readings: each fault planted in a table, found by its rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bedside.audit.findings import Finding
from bedside.pipeline import audit_study
from bedside.study import Study

from ..series_made import EVERY, SECRET, START, glucose, words

Rows = list[tuple[str, str, str]]
LATE = np.datetime64("2024-10-26T00:00", "s")


def table(patients: int = 3, steps: int = 300, *, start: np.datetime64 = START) -> Rows:
    rng = np.random.default_rng(5)
    rows = []
    for patient in range(patients):
        times = start + (np.arange(steps) * EVERY * 60).astype("timedelta64[s]")
        rows += [
            (f"{SECRET}-{patient}", str(when).replace("T", " "), f"{value:g}")
            for when, value in zip(times, glucose(rng, steps), strict=True)
        ]
    return rows


def findings(folder: Path, rows: Rows, **sections: Any) -> list[Finding]:
    lines = ["id,time,gl", *(",".join(row) for row in rows)]
    (folder / "readings.csv").write_text("\n".join(lines) + "\n")
    (folder / "study.yaml").write_text(yaml.safe_dump(words(**sections)))
    found = list(audit_study(Study.load(folder / "study.yaml")).findings)
    assert not [f for f in found if SECRET in f.message + f.remedy]
    return found


def only(found: list[Finding], check: str) -> Finding:
    (one,) = [finding for finding in found if finding.check == check]
    return one


def with_value(rows: Rows, place: int, value: str) -> None:
    rows[place] = (*rows[place][:2], value)


def test_clean_readings_leave_notes_alone(tmp_path: Path) -> None:
    found = findings(tmp_path, table())
    assert {f.check for f in found if f.severity != "note"} == set()
    gaps = only(found, "gaps")
    assert gaps.message == (
        "900 readings became 3 segments with 900 points every 5 minutes; 0 points (0.0%) were "
        "filled by straight lines. 0 pieces with 0 readings were too short to use."
    )


@pytest.mark.parametrize("value", ["-40", "0", "4012"])
def test_readings_that_no_device_shows_block(tmp_path: Path, value: str) -> None:
    rows = table()
    with_value(rows, 10, value)
    finding = only(findings(tmp_path, rows), "impossible-readings")
    assert (finding.severity, finding.count, finding.rows) == ("block", 1, (12,))
    assert finding.message == (
        "1 reading stands there that no device shows: zero or less, or from 1000 mg/dL on."
    )


def test_single_readings_of_another_unit_block(tmp_path: Path) -> None:
    rows = table()
    for place in range(20, 25):
        with_value(rows, place, f"{float(rows[place][2]) / 18:.1f}")
    finding = only(findings(tmp_path, rows), "unit")
    assert (finding.severity, finding.rows) == ("block", (22, 23, 24, 25, 26))
    assert finding.message == (
        "5 readings stand there that mg/dL cannot explain; mmol/L would. Two units are mixed in "
        "one table."
    )


def test_a_patient_of_another_unit_and_a_wrong_unit_block(tmp_path: Path) -> None:
    rows = table()
    mixed = [(w, t, f"{float(v) / 18:.1f}") if w.endswith("-1") else (w, t, v) for w, t, v in rows]
    finding = only(findings(tmp_path, mixed), "unit")
    assert finding.severity == "block"
    assert finding.message.startswith("The readings of 1 of 3 patients have medians from 7.")
    assert finding.message.endswith("mmol/L may. Two units are mixed in one table.")
    signal = {**words()["inputs"]["glucose"], "unit": "mmol/L"}
    wrong = findings(tmp_path, table(), inputs={"glucose": signal})
    assert only(wrong, "unit").message.startswith("The readings of 3 of 3 patients have medians")
    assert "Two units" not in only(wrong, "unit").message


def test_readings_that_stand_twice_warn_and_many_contradictions_block(tmp_path: Path) -> None:
    rows = table()
    rows.insert(51, rows[50])
    finding = only(findings(tmp_path, rows), "repeated-readings")
    assert (finding.severity, finding.rows) == ("warn", (53,))
    with_value(rows, 51, "222")
    finding = only(findings(tmp_path, rows), "repeated-readings")
    assert (finding.severity, finding.rows) == ("warn", (53,))
    assert "with another value; their mean is taken." in finding.message
    two = [row for row in table() for row in (row, (*row[:2], "222"))]
    finding = only(findings(tmp_path, two), "repeated-readings")
    assert finding.severity == "block"
    assert finding.message.endswith("two sensors, or two people under one name.")


def test_unordered_readings_are_sorted_and_told(tmp_path: Path) -> None:
    rows = table()
    order = np.random.default_rng(0).permutation(300)
    found = findings(tmp_path, [rows[place] for place in order] + rows[300:])
    finding = only(found, "unordered-readings")
    assert finding.severity == "warn"
    assert 100 < finding.count < 200
    assert "900 readings became 3 segments" in only(found, "gaps").message


def summer_time(hours: int) -> Rows:
    """A clock that goes back by some hours after a day."""
    rows = table(steps=400, start=LATE)
    for place in range(310, 400):
        who, when, value = rows[place]
        later = np.datetime64(when.replace(" ", "T")) - np.timedelta64(hours, "h")
        rows[place] = (who, str(later).replace("T", " "), value)
    return rows


def test_an_hour_that_comes_twice_warns_and_is_not_mixed(tmp_path: Path) -> None:
    found = findings(tmp_path, summer_time(1))
    finding = only(found, "clock-jumps")
    assert (finding.severity, finding.rows) == ("warn", (312,))
    assert "as at the end of summer time" in finding.message
    assert "became 4 segments" in only(found, "gaps").message


def test_a_clock_that_goes_backwards_blocks(tmp_path: Path) -> None:
    finding = only(findings(tmp_path, summer_time(9)), "clock-jumps")
    assert (finding.severity, finding.rows) == ("block", (312,))
    assert finding.message.startswith("A clock goes backwards at 1 reading, over times")


def test_half_a_day_of_one_value_warns(tmp_path: Path) -> None:
    rows = table()
    for place in range(20, 20 + 145):
        with_value(rows, place, "133")
    finding = only(findings(tmp_path, rows), "constant-stretches")
    assert (finding.severity, finding.count) == ("warn", 1)
    assert finding.rows == (22,)  # the reading of place 20, below a header
    assert "1 stretch of one value for 12 hours or more, up to 12:" in finding.message
    for place in range(100, 103):
        with_value(rows, place, "134")
    assert "constant-stretches" not in {f.check for f in findings(tmp_path, rows)}


def test_one_patient_alone_warns(tmp_path: Path) -> None:
    rows = table(patients=1, steps=600)
    split = {"by": "time_within_patient"}
    finding = only(findings(tmp_path, rows, split=split), "patients")
    assert finding.severity == "warn"
    assert finding.message.startswith("One patient only, with 1 cases: no interval can be given")


def test_many_gaps_warn(tmp_path: Path) -> None:
    rows = [row for place, row in enumerate(table()) if place % 6 not in (2, 3)]
    finding = only(findings(tmp_path, rows), "gaps")
    assert finding.severity == "warn"
    assert "were filled by straight lines" in finding.message


def test_what_blocks_may_be_waived(tmp_path: Path) -> None:
    rows = table()
    with_value(rows, 10, "-40")
    waived = findings(tmp_path, rows, audit={"waive": ["impossible-readings"]})
    assert only(waived, "impossible-readings").severity == "warn"


def test_the_checks_say_nothing_of_pictures() -> None:
    from bedside.audit.checks import readings
    from bedside.audit.evidence import Evidence

    class Pictures:
        readings = None
        series = None

    evidence = Evidence.__new__(Evidence)
    object.__setattr__(evidence, "cohort", Pictures())
    functions = (
        readings.wrong_unit, readings.impossible_readings, readings.clock_jumps, readings.gaps,
        readings.repeated_readings, readings.unordered_readings, readings.constant_stretches,
    )  # fmt: skip
    assert [found for function in functions for found in function(evidence)] == []
