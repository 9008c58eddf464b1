"""From readings to segments: units, doubles, jumps, what is dropped."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.data.long_table import LongTable
from bedside.data.readings import Arranged, arrange
from bedside.data.series import Channel, Grid
from bedside.data.units import MG_DL_IN_ONE_MMOL_L, converted, factor

GRID = Grid(5, 15, 3, (Channel("gl"),))
START = 1_709_287_200


def table(people: dict[str, list[tuple[float, float]]]) -> LongTable:
    """Name -> (minutes, value) of each reading; row 0 is row 2 of the file."""
    rows = [(who, *reading) for who, own in people.items() for reading in own]
    names = tuple(people)
    return LongTable(
        "readings.csv",
        2,
        names,
        np.array([names.index(who) for who, *_ in rows], dtype=np.int32),
        np.array([START + 60 * minutes for _, minutes, _ in rows], dtype=np.int64),
        np.array([[value] for *_, value in rows], dtype=np.float32),
    )


def regular(values: list[float], *, begin: float = 0) -> list[tuple[float, float]]:
    return [(begin + 5 * n, value) for n, value in enumerate(values)]


def arranged(people: dict[str, list[tuple[float, float]]], **unit: object) -> Arranged:
    return arrange(table(people), GRID, **(unit or {"unit": "mg/dL"}))  # type: ignore[arg-type]


def test_segments_of_each_patient_are_numbered_and_short_ones_dropped() -> None:
    found = arranged(
        {
            "a": regular([100, 101, 102]) + regular([90, 91], begin=60),
            "b": regular([80] * 4) + regular([85] * 3, begin=100),
        }
    )
    assert found.patient.tolist() == [0, 1, 1]
    assert found.number.tolist() == [1, 1, 2]
    assert found.series.lengths.tolist() == [3, 4, 3]
    assert found.facts.dropped == (1, 2)
    assert (found.facts.readings, found.facts.points, found.facts.filled) == (12, 10, 0)
    assert found.longest == 4


def test_patients_may_be_mixed_in_the_table() -> None:
    mixed = table({"a": regular([100, 110, 120]), "b": regular([80, 81, 82])})
    order = np.array([0, 3, 1, 4, 2, 5])
    shuffled = LongTable(
        "t", 2, mixed.patients, mixed.patient[order], mixed.seconds[order], mixed.values[order]
    )
    assert np.array_equal(arrange(shuffled, GRID).series.values, arrange(mixed, GRID).series.values)


def test_units_are_converted() -> None:
    found = arranged({"a": regular([5.0, 5.5, 6.0])}, unit="mmol/L", to="mg/dL")
    assert found.series.values[:, 0] == pytest.approx([90.08, 99.088, 108.096])
    assert found.facts.odd_patients == 0
    assert factor("mg/dL", "mmol/L") == pytest.approx(1 / MG_DL_IN_ONE_MMOL_L)
    same = np.array([1.0])
    assert converted(same, "mg/dL", "mg/dL") is same


def test_readings_that_stand_twice_or_contradict_are_told() -> None:
    readings = [(0, 100), (5, 101), (5, 101), (10, 102), (10, 110), (15, 103)]
    found = arranged({"a": readings})
    assert (found.facts.repeated.count, found.facts.repeated.rows) == (1, [4])
    assert (found.facts.contradicting.count, found.facts.contradicting.rows) == (1, [6])
    assert found.series.values[:, 0].tolist() == [100, 101, 106, 103]


@pytest.mark.parametrize(
    ("unit", "values", "impossible", "other", "odd"),
    [
        ("mg/dL", [100, -5, 0, 1200, 110, 120], 3, 0, 0),
        ("mg/dL", [100, 5.6, 110, 120, 6.1, 130], 0, 2, 0),
        ("mg/dL", [5.6, 6.1, 5.9], 0, 3, 1),
        ("mmol/L", [5.6, 6.1, 112, 5.9], 1, 0, 0),
        ("mmol/L", [5.6, 6.1, 45, 5.9], 0, 1, 0),
        ("mmol/L", [100, 110, 120], 3, 0, 1),
        ("mg/dL", [100, 400, 40, 120], 0, 0, 0),
    ],
)
def test_readings_that_the_unit_cannot_explain_are_counted(
    unit: str, values: list[float], impossible: int, other: int, odd: int
) -> None:
    facts = arranged({"a": regular(values)}, unit=unit).facts
    found = (facts.impossible.count, facts.other_unit.count, facts.odd_patients)
    assert found == (impossible, other, odd)
    if odd:
        assert facts.medians == (np.median(np.float32(values)), np.median(np.float32(values)))


def test_a_clock_that_jumps_back_gives_two_segments() -> None:
    first = regular([100] * 40)
    again = regular([200] * 40, begin=40 * 5 - 60)
    found = arranged({"a": first + again})
    assert found.series.lengths.tolist() == [40, 40]
    assert set(found.series.values[40:, 0]) == {200}
    assert found.facts.clock_repeated.rows == [42]
    assert found.facts.clock_backwards.count == 0


def test_blanks_are_no_readings() -> None:
    found = arranged({"a": [(0, 100), (5, np.nan), (10, 120)], "b": [(0, np.nan)]})
    assert found.facts.readings == 2
    assert found.series.values[:, 0].tolist() == [100, 110, 120]
