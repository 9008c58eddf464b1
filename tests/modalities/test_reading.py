"""Reading many: order kept, every fault collected, no thread or patient shows through."""

from __future__ import annotations

import logging
import threading
import warnings

import numpy as np
import pytest
from PIL import Image as Pillow

from bedside.errors import DataError
from bedside.modalities import reading
from bedside.modalities.image import Image
from bedside.modalities.reading import raise_unreadable, read_all
from bedside.schema import Reference, Sample


def references(folder, n=12, bad=()):
    made = []
    for row in range(n):
        path = folder / f"Doe_Jane_{row}.png"
        Pillow.fromarray(np.full((20, 20), row, np.uint8)).save(path)
        if row in bad:
            path.write_bytes(path.read_bytes()[:40])
        made.append(Reference(f"row {row} of cases.csv", path))
    return made


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("size", [3, 512])
def test_order_is_kept_and_reading_goes_on(tmp_path, monkeypatch, threads, size):
    monkeypatch.setattr(reading, "SLICE", size)
    done = []
    readings = read_all(
        Image(size=(16, 16)),
        references(tmp_path, bad=(2, 7)),
        threads=threads,
        progress=done.append,
    )
    assert done == list(range(1, 13))
    assert sorted(readings.problems) == [2, 7]
    for row, sample in enumerate(readings.samples):
        if row in (2, 7):
            assert sample is None
            assert readings.problems[row].startswith(f"row {row} of cases.csv: expected a whole")
        else:
            assert sample.values.shape == (16, 16)
            assert set(np.unique(sample.values)) == {row}


def test_all_faults_are_raised_at_once(tmp_path):
    readings = read_all(Image(), references(tmp_path, 25, bad=range(25)), threads=2)
    with pytest.raises(DataError) as caught:
        raise_unreadable(readings)
    lines = str(caught.value).splitlines()
    assert [line.split(" of ")[0] for line in lines[:20]] == [f"row {n}" for n in range(20)]
    assert lines[20] == "... and 5 more of the same kind."
    assert "Doe" not in str(caught.value)


def test_without_faults_nothing_is_raised(tmp_path):
    raise_unreadable(read_all(Image(), references(tmp_path, 2), threads=1))
    assert read_all(Image(), [], threads=2) == reading.Readings([], {})


class Surprised(Image):
    def read(self, reference: Reference) -> Sample:
        raise KeyError("Doe^Jane")


@pytest.mark.parametrize("threads", [1, 2])
def test_an_unforeseen_error_tells_its_row_and_type_only(threads):
    readings = read_all(Surprised(), [Reference("row 4 of cases.csv", "x")], threads=threads)
    assert readings.problems == {
        0: "row 4 of cases.csv: expected a value that can be read, got an unforeseen KeyError. "
        "Check this row's file, or leave the row out."
    }


class Interrupted(Image):
    def read(self, reference: Reference) -> Sample:
        raise KeyboardInterrupt


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_stops(threads):
    with pytest.raises(KeyboardInterrupt):
        read_all(Interrupted(), [Reference("row 0", "x")] * 50, threads=threads)


def test_threads_leave_no_filters_behind(tmp_path):
    before = list(warnings.filters)
    read_all(Image(), references(tmp_path, 30), threads=4)
    assert warnings.filters == before
    assert logging.getLogger("pydicom").propagate
    assert not [t for t in threading.enumerate() if t.name.startswith("read")]
