"""From the study's words to a cohort of segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.data.sources import load_cohort
from bedside.errors import DataError, StudyError
from bedside.study import Study

from ..series_made import SECRET, make_table, words


def load(folder: Path, **sections: Any) -> Cohort:
    return load_cohort(Study.parse(words(**sections)).anchored(folder))


def signal(**changes: Any) -> dict[str, Any]:
    found = {**words()["inputs"]["glucose"], **changes}
    return {"glucose": {key: value for key, value in found.items() if value is not None}}


def test_a_case_is_a_segment(tmp_path: Path) -> None:
    make_table(tmp_path, patients=2, steps=100)
    cohort = load(tmp_path)
    assert cohort.ids().tolist() == [f"{SECRET}-0/1", f"{SECRET}-1/1"]
    assert cohort.where(1) == "segment 2 of readings.csv"
    assert cohort.cases["time"].tolist() == ["2024-03-01T00:00"] * 2
    assert cohort.series is not None
    reference = cohort.reference(1, "gl")
    assert reference.where == "segment 2 of readings.csv"
    assert np.shares_memory(reference.content["values"], cohort.series.values)  # type: ignore[index]
    assert reference.content["first_minute"] == cohort.series.minutes[1]  # type: ignore[index]


def test_other_names_for_the_columns_are_mapped(tmp_path: Path) -> None:
    path = make_table(tmp_path, patients=2, steps=100)
    path.write_text(path.read_text().replace("id,time,gl", "unique_id,ds,y"))
    data = {"table": "readings.csv", "patient": "unique_id", "time": "ds"}
    cohort = load(tmp_path, data=data, inputs=signal(column="y"))
    assert cohort.series is not None
    assert cohort.series.columns == ("y",)


def test_parquet_and_csv_give_the_same(tmp_path: Path) -> None:
    path = make_table(tmp_path, patients=2, steps=100)
    frame = pd.read_csv(path, parse_dates=["time"])
    frame.to_parquet(tmp_path / "readings.parquet")
    data = {"table": "readings.parquet", "patient": "id", "time": "time"}
    one, other = load(tmp_path), load(tmp_path, data=data)
    assert one.series is not None
    assert other.series is not None
    assert np.array_equal(one.series.values, other.series.values)
    assert one.ids().tolist() == other.ids().tolist()


def test_the_answer_may_be_in_another_unit(tmp_path: Path) -> None:
    make_table(tmp_path, patients=2, steps=100)
    target = {"task": "forecast", "horizon_minutes": 15, "unit": "mmol/L"}
    one, other = load(tmp_path).series, load(tmp_path, target=target).series
    assert one is not None
    assert other is not None
    assert other.values == pytest.approx(one.values / 18.016, rel=1e-5)


def test_attributes_are_kept_for_subgroups(tmp_path: Path) -> None:
    path = make_table(tmp_path, patients=2, steps=100)
    lines = path.read_text().splitlines()
    text = [f"{lines[0]},sex", *(f"{line},{'FM'[n > 100]}" for n, line in enumerate(lines[1:], 1))]
    path.write_text("\n".join(text) + "\n")
    cohort = load(tmp_path, evaluation={"subgroups": ["sex"], "bootstrap": 100})
    assert cohort.cases["sex"].tolist() == ["F", "M"]


def test_shorter_segments_may_be_dropped(tmp_path: Path) -> None:
    make_table(tmp_path, patients=2, steps=100)
    assert len(load(tmp_path, inputs=signal(shortest_minutes=490))) == 2
    with pytest.raises(DataError):
        load(tmp_path, inputs=signal(shortest_minutes=520))


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"inputs": signal(unit=None)}, "inputs.glucose.unit: missing. Say mg/dL or mmol/L."),
        (
            {"data": {"table": "readings.csv", "patient": "id"}},
            "data.time: missing. Name the column of the long table that says when it was made.",
        ),
        (
            {"data": {"table": "readings.csv", "time": "time"}},
            "data.patient: missing. Name the column of the long table that says whose a reading "
            "is.",
        ),
        (
            {"inputs": {**signal(), "second": signal()["glucose"]}},
            "inputs: expected one signal, since data.table is a long table of readings, got 2 "
            "inputs. List further columns under its observed or known_ahead.",
        ),
        (
            {"target": {"task": "classify"}},
            "target.task: expected forecast, for a signal in a long table, got 'classify'. Write "
            "target: {task: forecast}.",
        ),
        (
            {"data": {"folder": "pictures", "patient": "id", "time": "time"}},
            "data.folder: expected data.table, a long table of readings, for an input of modality "
            "signal, got data.folder. Name the table.",
        ),
        (
            {"target": {"task": "forecast", "horizon_minutes": 600}},
            "readings.csv: expected a segment of at least 660 minutes, the history and the "
            "horizon together, got none above 500. Lower inputs.<name>.history_minutes or "
            "target.horizon_minutes, or raise longest_gap_minutes.",
        ),
        (
            {"target": {"task": "forecast", "horizon_minutes": 62}},
            "target.horizon_minutes: expected a multiple of every_minutes, 5, got 62. Change one "
            "of the two.",
        ),
        (
            {"inputs": signal(column="glucose")},
            "readings.csv: expected a column 'glucose', got none. Known are: gl, id, time.",
        ),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, sections: dict[str, Any], told: str) -> None:
    make_table(tmp_path, patients=2, steps=100)
    with pytest.raises((StudyError, DataError)) as error:
        load(tmp_path, **sections)
    assert str(error.value).splitlines()[0] == told


def test_a_split_within_patients_needs_series(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="expected held_out_patients with by: time_within_patient"):
        Study.parse(words(split={"by": "patient", "held_out_patients": 0.1}))
    from bedside.data.split import make_split
    from bedside.study import SplitSection

    cohort = Cohort(
        pd.DataFrame({"case_id": list("abc"), "who": list("xyz")}), "c.csv", patient="who"
    )
    with pytest.raises(StudyError) as error:
        make_split(cohort, SplitSection(by="time_within_patient"))
    assert str(error.value) == (
        "split.by: expected patient, site, time or case, since a row is a case, got "
        "'time_within_patient'. Keep it for a long table of readings, with an input of modality "
        "signal."
    )
