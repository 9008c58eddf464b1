"""Cells of pictures and volumes: values worked by hand, and words for places."""

import numpy as np
import pytest

from bedside.audit.cells import at_border, cells_of, place_words


def test_cells_hold_mean_highest_and_lowest_of_their_pixels():
    picture = np.zeros((1, 32, 32), np.float32)
    picture[0, 2:4, 4:6] = [[1, 2], [3, 6]]
    cells = cells_of(picture, axes=2)
    assert cells.shape == (1, 3, 256)
    assert cells[0, :, 16 + 2].tolist() == [3, 6, 1]
    assert cells[0].sum() == 10


def test_volumes_have_cells_along_three_axes():
    volume = np.arange(16**3, dtype=np.float32).reshape(1, 16, 16, 16)
    cells = cells_of(volume, axes=3)
    assert cells.shape == (1, 3, 512)
    assert cells[0, 1, -1] == 16**3 - 1
    assert cells[0, 2, 0] == 0
    assert cells[0, 0].mean() == pytest.approx(volume.mean())


def test_the_border_is_an_eighth_of_the_side():
    assert at_border(2).sum() == 16**2 - 12**2
    assert at_border(3).sum() == 8**3 - 6**3


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((0, 0), "at the top left"),
        ((15, 14), "at the bottom right"),
        ((0, 8), "at the top edge"),
        ((8, 15), "at the right edge"),
        ((8, 8), "inside"),
    ],
)
def test_places_are_named(place, words):
    assert place_words(place[0] * 16 + place[1], axes=2) == words


def test_places_in_volumes_are_named_with_their_slices():
    assert place_words(0, axes=3) == "at the top left, at the first slices"
    assert place_words(7 * 64 + 4 * 8 + 4, axes=3) == "at the last slices"
