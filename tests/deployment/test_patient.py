"""A patient's table as a package sees it: order, gaps, units, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.deployment.export import torch_network
from bedside.deployment.patient import forecast_past
from bedside.errors import DataError, StudyError

from .forecast_made import EVERY, HISTORY, PATIENT, STEPS, BackToTheMean, contents, patient

WINDOW = HISTORY + STEPS


def past_of(table, unit="mg/dL"):
    return forecast_past(contents(unit), {"network": torch_network(BackToTheMean())}, table)


def test_every_window_is_forecast_and_meets_what_came(tmp_path) -> None:
    own = patient(1)
    past = past_of(own.write(tmp_path / "p.csv"))
    assert len(past) == len(own.values) - WINDOW + 1
    assert past.days == pytest.approx(len(past) * EVERY / 1440)
    ends = np.arange(len(past)) + HISTORY
    np.testing.assert_allclose(past.targets.arrays["last"][:], own.values[ends - 1], atol=1e-3)
    np.testing.assert_allclose(past.targets.arrays["truth"][5:6][0], own.values[29:35], atol=1e-3)
    assert (np.diff(past.minute) == EVERY).all()


def test_order_of_rows_and_a_missing_patient_column_do_not_matter(tmp_path) -> None:
    own = patient(1)
    reference = past_of(own.write(tmp_path / "p.csv"))
    order = np.random.default_rng(0).permutation(len(own.values))
    own.values, own.minutes, own.name = own.values[order], own.minutes[order], None
    shuffled = past_of(own.write(tmp_path / "p.csv"))
    np.testing.assert_array_equal(reference.quantiles, shuffled.quantiles)
    np.testing.assert_array_equal(reference.minute, shuffled.minute)


def test_no_forecast_looks_across_a_gap(tmp_path) -> None:
    own = patient(1)
    kept = (own.minutes < 600) | (own.minutes >= 700)
    own.values, own.minutes = own.values[kept], own.minutes[kept]
    past = past_of(own.write(tmp_path / "p.csv"))
    assert len(past) == kept.sum() - 2 * (WINDOW - 1)
    assert not ((past.minute % 1440 >= 600) & (past.minute % 1440 < 700 + 115)).any()


def test_a_package_in_the_other_unit_reads_the_same_patient(tmp_path) -> None:
    own = patient(1)
    reference = past_of(own.write(tmp_path / "p.csv"))
    own.values = own.values / 18.016
    converted = past_of(own.write(tmp_path / "p.csv"), unit="mmol/L")
    np.testing.assert_allclose(reference.quantiles, converted.quantiles, atol=0.1)


def test_readings_of_another_unit_or_of_no_sensor_are_named_by_row(tmp_path) -> None:
    own = patient(1)
    own.values[[3, 7]], own.values[9] = 6.5, -1.0
    with pytest.raises(DataError) as caught:
        past_of(own.write(tmp_path / f"{PATIENT}.csv"))
    assert str(caught.value).splitlines() == [
        "column 'gl' of the patient's table: expected readings that a sensor can show, got 1 "
        "others (the first in row 11). Leave those cells blank.",
        "column 'gl' of the patient's table: expected readings in mg/dL, got 2 of another unit "
        "(the first in row 5). Convert all to mg/dL.",
    ]
    own.values = patient(1).values
    with pytest.raises(
        DataError, match=r"^column 'gl' .* mmol/L, got a median that is of another unit\. Convert"
    ):
        past_of(own.write(tmp_path / "p.csv"), unit="mmol/L")


def test_other_bad_tables_are_refused_without_their_names(tmp_path) -> None:
    table = tmp_path / f"{PATIENT}.csv"
    two = patient(1).write(table).read_text() + "Other,2024-04-01 00:00,100\n"
    faults = {
        "id,time,gl\n": (DataError, "the patient's table: expected readings, got none"),
        "id,when,gl\na,b,c\n": (StudyError, "the patient's table: expected a column 'time'"),
        "id,time,gl\na,2024-01-01 00:00,high\n": (DataError, "1 other cells"),
        two: (DataError, "column 'id' of the patient's table: expected one patient, got 2"),
        "time,gl\n2024-01-01 00:00,100\n": (DataError, "expected 150 minutes of readings"),
        "time,gl\n2024-01-01 00:00,\n": (DataError, "expected 150 minutes of readings"),
    }
    for text, (kind, said) in faults.items():
        table.write_text(text)
        with pytest.raises(kind) as caught:
            past_of(table)
        assert said in str(caught.value)
        assert PATIENT not in str(caught.value)
    table.unlink()
    with pytest.raises(DataError, match="the patient's table: expected a table, got no such file"):
        past_of(table)


def test_a_clock_that_was_set_back_is_refused_and_the_end_of_summer_time_is_not(tmp_path) -> None:
    own = patient(1)
    own.minutes[150:] -= 60
    assert len(past_of(own.write(tmp_path / "p.csv"))) == 288 - 2 * (WINDOW - 1)
    own.minutes[150:] -= 600
    with pytest.raises(DataError) as caught:
        past_of(own.write(tmp_path / "p.csv"))
    assert str(caught.value) == (
        "the times of the patient's table: expected a clock that goes forward, to tell first days "
        "from later ones, got 1 jump back (the first in row 152). Correct the times, or give the "
        "readings after the last jump alone."
    )
