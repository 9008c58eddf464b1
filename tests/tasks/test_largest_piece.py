"""The largest piece of a structure, where validation says so."""

from __future__ import annotations

from typing import Any

import numpy as np

from bedside.data.packed_mask import as_masks, pack
from bedside.tasks.largest_piece import largest, structures_in_one_piece, without_small_pieces


def organ(*, speck: int = 0, lesions: int = 0) -> Any:
    """An organ (1) with a stray speck, and lesions (2)."""
    found = np.zeros((12, 12, 12), np.uint8)
    found[2:7, 2:7, 2:7] = 1
    found[10, 10, 10 - speck + 1 : 11] = 1
    for place in range(lesions):
        found[8 + 2 * place : 9 + 2 * place, 0:2, 0:2] = 2
    return pack(found, (1.0, 1.0, 1.0))


def test_stray_specks_go_and_scattered_lesions_stay() -> None:
    truth = [organ(lesions=2)] * 3
    said = [organ(speck=2, lesions=2)] * 3
    pieces = structures_in_one_piece(said, truth, 2)
    assert pieces == [1]
    kept = without_small_pieces(as_masks(said), pieces)
    assert all(np.array_equal(k.voxels(), t.voxels()) for k, t in zip(kept, truth, strict=True))
    assert kept[0].spacing_mm == (1.0, 1.0, 1.0)


def test_without_a_gain_nothing_is_taken_away() -> None:
    masks = [organ(), organ(lesions=1)]
    assert structures_in_one_piece(masks, masks, 2) == []
    packed = as_masks(masks)
    assert without_small_pieces(packed, []) is packed


def test_pieces_that_touch_at_a_corner_are_one() -> None:
    mask = np.zeros((4, 4, 4), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = True
    assert largest(mask).sum() == 2
    mask[3, 3, 3] = True
    assert largest(mask).sum() == 2
    assert not largest(np.zeros((2, 2, 2), bool)).any()
