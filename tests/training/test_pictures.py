"""Pictures and their masks: pixels that must agree, and the unit that distances get."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.data.packed_mask import as_masks, pack
from bedside.errors import DataError
from bedside.evaluation.kinds import Answers, kind_of
from bedside.evaluation.kinds.mask import numbers_of
from bedside.schema import Geometry, Prediction, Sample, Targets
from bedside.tasks.mask_sizes import size_columns
from bedside.training.pictures import on_pictures


class Seen:
    """Pictures of 6 x 8 pixels, as readings hand them out."""

    def __init__(self, spacings: list[Any]) -> None:
        self.spacings = spacings

    def at(self, rows: list[int]) -> list[Sample]:
        shape = (6, 8, 3)  # in colour
        return [Sample("", Geometry(shape=shape, spacing_mm=self.spacings[row])) for row in rows]


def masks(*shapes: tuple[int, int]) -> Targets:
    made = []
    for shape in shapes:
        mask = np.zeros((1, *shape), np.uint8)
        mask[0, 1:4, 2:6] = 1
        made.append(pack(mask, (1.0, 1.0, 1.0)))
    known = np.ones((len(made), 1), bool)
    facts = {"labels": {"heart": 1}}
    return Targets({"truth": as_masks(made), "known": known}, ("heart",), "mask", facts)


def laid(targets: Targets, spacings: list[Any]) -> Targets:
    rows = np.arange(len(spacings))
    return on_pictures(targets, Seen(spacings), rows, where=lambda row: f"row {row}")  # type: ignore[arg-type]


def judged(found: Targets, *, shift: int) -> tuple[Any, Any]:
    """The kind that judges, and its columns of masks that are shifted to the right."""
    answered = [
        pack(np.roll(mask.voxels(), shift, axis=2), mask.spacing_mm)
        for mask in found.arrays["truth"]
    ]
    prediction = Prediction({"mask": as_masks(answered)}, found.names)
    answers = Answers(found, prediction, np.arange(len(answered)))
    kind = kind_of(found)
    return kind, numbers_of(answers, found.facts["space"])


def test_where_every_picture_states_its_pixels_distances_are_in_mm() -> None:
    found = laid(masks((6, 8), (6, 8)), [(0.5, 0.25), (0.5, 0.25)])
    assert found.facts["space"] == "plane"
    assert [mask.spacing_mm for mask in found.arrays["truth"]] == [(1.0, 0.5, 0.25)] * 2
    kind, columns = judged(found, shift=1)
    assert kind.summary == ("dice", "hd95_mm", "assd_mm")
    assert columns["hd95_mm_heart"].tolist() == ["0.2500", "0.2500"]
    assert columns["area_difference_mm2_heart"].tolist() == ["0.0000", "0.0000"]
    sizes = size_columns(found.arrays["truth"], ("heart",), "plane")
    assert sizes["area_px_heart"].tolist() == [12, 12]
    assert sizes["area_mm2_heart"].tolist() == [1.5, 1.5]


def test_where_one_does_not_all_are_in_pixels() -> None:
    found = laid(masks((6, 8), (6, 8)), [(0.5, 0.25), None])
    assert found.facts["space"] == "pixels"
    kind, columns = judged(found, shift=1)
    assert kind.summary == ("dice", "hd95_px", "assd_px")
    assert columns["hd95_px_heart"].tolist() == ["1.0000", "1.0000"]
    assert "area_error_px" in kind.metrics
    assert not [name for name in kind.metrics if "mm" in name or "ml" in name]
    assert list(size_columns(found.arrays["truth"], ("heart",), "pixels")) == ["area_px_heart"]


def test_a_new_picture_without_a_spacing_has_a_blank_area() -> None:
    mask = pack(np.ones((1, 2, 3), np.uint8), (1.0, np.nan, np.nan))
    columns = size_columns(as_masks([mask]), ("heart",), "plane")
    assert columns["area_px_heart"].tolist() == [6]
    assert columns["area_mm2_heart"].tolist() == [""]


def test_masks_of_other_pixels_are_named_by_row() -> None:
    with pytest.raises(DataError) as caught:
        laid(masks((6, 8), (8, 6)), [None, None])
    assert "row 1: expected a mask of 6 x 8 pixels, as its picture, got 8 x 6" in str(caught.value)
