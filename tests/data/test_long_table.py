"""Long tables: what is read, and what stops with its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bedside.data import long_table
from bedside.data.long_table import Collector, Columns, read_long_table
from bedside.data.series import Channel
from bedside.errors import DataError, StudyError

COLUMNS = Columns("ds", (Channel("y"), Channel("carbs", how="summed")), patient="unique_id")


def written(folder: Path, text: str, name: str = "readings.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


TEXT = """unique_id,ds,y,carbs,note
a,2024-03-01 10:00,101,,x
b,2024-03-01T10:00:30,88.5,30,
a,2024-03-01 10:05,NaN,,
"""


def test_readings_of_each_patient_in_few_bytes(tmp_path: Path) -> None:
    table = read_long_table(written(tmp_path, TEXT), COLUMNS)
    assert table.patients == ("a", "b")
    assert table.patient.tolist() == [0, 1, 0]
    assert table.seconds.tolist()[:2] == [1709287200, 1709287230]
    assert np.array_equal(table.values, np.float32([[101, np.nan], [88.5, 30], [np.nan, np.nan]]),
                          equal_nan=True)  # fmt: skip
    assert (table.source, table.first_row, table.codes) == ("readings.csv", 2, None)
    assert table.patient.dtype == np.int32
    assert table.values.dtype == np.float32


def test_chunks_make_no_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_long_table(written(tmp_path, TEXT), COLUMNS)
    monkeypatch.setattr(long_table, "CHUNK_ROWS", 1)
    pieces = read_long_table(written(tmp_path, TEXT), COLUMNS)
    assert pieces.patients == whole.patients
    assert np.array_equal(pieces.values, whole.values, equal_nan=True)
    assert np.array_equal(pieces.seconds, whole.seconds)


def test_semicolons_and_tabs_are_read_too(tmp_path: Path) -> None:
    semicolons = TEXT.replace(",", ";")
    assert read_long_table(written(tmp_path, semicolons), COLUMNS).patients == ("a", "b")
    tabs = written(tmp_path, TEXT.replace(",", "\t"), "readings.tsv")
    assert read_long_table(tabs, COLUMNS).patients == ("a", "b")


def test_without_a_patient_column_a_table_is_one_persons(tmp_path: Path) -> None:
    columns = Columns("ds", (Channel("y"),))
    assert read_long_table(written(tmp_path, TEXT), columns).patient.tolist() == [0, 0, 0]


def test_parts_and_attributes(tmp_path: Path) -> None:
    text = "id,t,y,part,sex\n" + "".join(
        f"{who},2024-03-01 10:0{n},1,{part},{sex}\n"
        for n, (who, part, sex) in enumerate(
            [("a", "Train", ""), ("a", "val", "F"), ("b", "", "M"), ("b", "held_out_patients", "")]
        )
    )
    columns = Columns("t", (Channel("y"),), patient="id", part="part", attributes=("sex",))
    table = read_long_table(written(tmp_path, text), columns)
    assert table.codes is not None
    assert table.codes.tolist() == [0, 1, -1, 3]
    assert table.attributes == {"sex": ("F", "M")}


def test_every_unreadable_cell_is_named_by_its_row(tmp_path: Path) -> None:
    text = """id,t,y,part
Smith,2024-03-01 10:00,HIGH,train
Smith,01.03.2024,104,train
,2024-03-01 10:10,104,learn
Smith,2024-03-01 10:15,"101,5",
"""
    columns = Columns("t", (Channel("y"),), patient="id", part="part")
    with pytest.raises(DataError) as error:
        read_long_table(written(tmp_path, text), columns)
    told = str(error.value)
    assert told.splitlines() == [
        "column 't' of readings.csv: expected dates such as 2024-01-31 13:05, got 1 other cells "
        "(row 3). Write the times in that form.",
        "column 'y' of readings.csv: expected numbers or blanks, got 2 other cells (rows 2 and 5). "
        "Write LOW and HIGH as the sensor's limits, decimals with a point, or leave blank.",
        "column 'id' of readings.csv: expected a patient in every row, got 1 other cells (row 4). "
        "Fill them in.",
        "column 'part' of readings.csv: expected train, validation, test, held_out_patients or a "
        "blank (context alone) in every row, got 1 other cells (row 4). Correct them, or remove "
        "split.column.",
    ]
    assert "Smith" not in told


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    columns = Columns("ds", (Channel("yy"),), patient="uniqueid")
    with pytest.raises(StudyError) as error:
        read_long_table(written(tmp_path, TEXT), columns)
    assert str(error.value).splitlines() == [
        "readings.csv: expected a column 'uniqueid', got none. Did you mean 'unique_id'?",
        "readings.csv: expected a column 'yy', got none. Did you mean 'y'?",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,t,y\n", "readings.csv: expected readings, got none. Add rows."),
        (
            "id,t,y\na,2024-03-01 10:00\n",
            "line 2 of readings.csv: expected 3 cells as in the header, got 2. "
            "Correct the line; quote cells that hold the separator.",
        ),
        ("id,t,id\n", "header of readings.csv: expected each column name once, got 'id' 2 times."),
    ],
)
def test_a_damaged_table_stops(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DataError) as error:
        read_long_table(written(tmp_path, text), Columns("t", (Channel("y"),), patient="id"))
    assert told in str(error.value)


def test_a_file_that_is_none_stops(tmp_path: Path) -> None:
    columns = Columns("t", (Channel("y"),))
    with pytest.raises(DataError, match=r"readings.csv: expected a table, got no such file"):
        read_long_table(tmp_path / "readings.csv", columns)
    (tmp_path / "latin.csv").write_bytes("t,y,größe\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"latin.csv: expected a table in UTF-8"):
        read_long_table(tmp_path / "latin.csv", columns)


def test_typed_columns_are_taken_as_they_are() -> None:
    collector = Collector(COLUMNS, "made", first_row=0)
    times = np.array(["2024-03-01T10:00", "NaT"], dtype="datetime64[ns]")
    collector.add(
        {"unique_id": ["a", "b"], "ds": times, "y": np.array([1.0, np.inf]), "carbs": ["", "2"]}
    )
    with pytest.raises(DataError) as error:
        collector.table()
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == [
        "column 'ds' of made",
        "column 'y' of made",
    ]
