"""What a record holds, how it is written, and how two time points differ."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from bedside.errors import DataError, StudyError
from bedside.measurement.record import Asked, changes, measured, recist_words
from bedside.measurement.record_rows import as_csv, lines_of, rows_of
from bedside.schema import Geometry

AFFINE = np.array([[0, 0, 1.0, 0], [0, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 1]])
GEOMETRY = Geometry((12, 30, 30), (2.0, 1.0, 1.0), affine=AFFINE)
NAMES = {1: "liver", 2: "tumour", 3: "vein", 7: "spleen"}


def labels(side: int = 6) -> np.ndarray:
    made = np.zeros((12, 30, 30), np.uint8)
    made[1:11, 2:28, 2:28] = 1
    made[5 : 5 + side // 2, 5 : 5 + side, 5 : 5 + side] = 2
    made[4:9, 5:11, 20:23] = 3
    return made


def test_all_is_measured_that_is_asked_for() -> None:
    told: list[str] = []
    asked = Asked(organ="liver", margins_mm=(4.0,))
    record = measured(labels(), GEOMETRY, names=NAMES, asked=asked, progress=told.append)
    assert list(record.sizes) == ["liver", "tumour", "vein"]
    assert record.absent == ("spleen",)
    assert record.tumour == "tumour"
    assert record.sizes["tumour"].volume_ml == pytest.approx(3 * 6 * 6 * 2 / 1000)
    assert record.distances["vein"].mm == pytest.approx(9, abs=0.4)
    assert record.to_surface is not None
    assert record.to_surface.mm == pytest.approx(3, abs=0.5)
    assert "tumour to vein" in told
    rows = list(csv.DictReader(io.StringIO(as_csv(rows_of(record)))))
    assert {"structure": "tumour", "measure": "volume", "other": "", "value": "0.216",
            "unit": "ml"} in rows  # fmt: skip
    assert {"structure": "spleen", "measure": "volume", "other": "", "value": "0.000",
            "unit": "ml"} in rows  # fmt: skip
    assert json.loads(json.dumps(record.to_json()))["distances"]["vein"]["mm"] > 8
    assert any("distance to surface of liver" in line for line in lines_of(record))


def test_unnamed_structures_get_their_number_and_no_tumour_is_guessed() -> None:
    record = measured(labels(), GEOMETRY, names={})
    assert list(record.sizes) == ["structure_1", "structure_2", "structure_3"]
    assert (record.tumour, record.shells) == (None, ())
    assert "No structure is known as the tumour" in lines_of(record)[-1]
    record = measured(labels(), GEOMETRY, names={}, asked=Asked(tumour="structure_2"))
    assert set(record.distances) == {"structure_1", "structure_3"}
    assert record.distances["structure_1"].mm == 0
    assert record.distances["structure_1"].contact_mm2 > 50


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(DataError, match="got background alone"):
        measured(labels() * 0, GEOMETRY, names=NAMES)
    with pytest.raises(DataError, match="says how its voxels lie"):
        measured(labels(), Geometry((12, 30, 30)), names=NAMES)
    with pytest.raises(StudyError, match=r"--tumour: expected a structure of the mask\. Did you"):
        measured(labels(), GEOMETRY, names=NAMES, asked=Asked(tumour="tumor"))
    with pytest.raises(StudyError, match="--organ: expected another structure"):
        measured(labels(), GEOMETRY, names=NAMES, asked=Asked(organ="tumour"))


def test_change_is_told_in_percent_and_in_the_words_of_recist() -> None:
    before, after = (measured(labels(s), GEOMETRY, names=NAMES) for s in (6, 12))
    found = changes(before, after)
    assert found["tumour"].volume_percent == pytest.approx(700)
    assert found["tumour"].diameter_percent == pytest.approx(100, abs=12)
    assert "as in progression" in found["tumour"].words
    assert found["vein"].words == ""
    gone = np.where(labels() == 2, 1, labels())
    lost = changes(before, measured(gone, GEOMETRY, names=NAMES))["tumour"]
    assert (lost.after_ml, lost.volume_percent) == (0, -100)
    assert "complete response" in lost.words
    new = changes(measured(gone, GEOMETRY, names=NAMES), before)["tumour"]
    assert (new.volume_percent, new.words) == (None, "new: not there before")
    lines = lines_of(before, {"tumour": new})
    assert any(line.endswith("n/a") for line in lines)
    assert any("not a diagnosis" in line for line in lines)


def test_recist_words_follow_its_limits() -> None:
    assert "partial response" in recist_words(50, 35)
    assert "stable" in recist_words(50, 36)
    assert "progression" in recist_words(50, 60)
    assert "stable" in recist_words(20, 24.5)  # 22 %, but less than 5 mm
