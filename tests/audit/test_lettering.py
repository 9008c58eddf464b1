"""Text drawn into pictures is seen, anatomy and a single side marker are not."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from bedside.audit.lettering import find_lettering
from bedside.data.synthetic.chest_xray import make_chest_xrays

WORDS = ("MUSTER^ANNA", "Mayer, Otto 1951", "PORTABLE AP 10:22")


@pytest.fixture(scope="module")
def films():
    return make_chest_xrays(patients=20, seed=3, size=256).arrays["image"]


def lettered(film, word, *, place=(6, 6), size=14, grey=255):
    image = Image.fromarray(film)
    ImageDraw.Draw(image).text(place, word, fill=grey, font=ImageFont.load_default(size))
    return np.asarray(image)


def seen(picture):
    return find_lettering(picture.astype(np.float32) / 255)


def test_films_with_their_side_markers_hold_no_text(films):
    assert [seen(film) for film in films] == [[] for _ in films]


@pytest.mark.parametrize("size", [10, 14, 20])
@pytest.mark.parametrize("word", WORDS)
def test_text_in_a_corner_is_seen(films, word, size):
    hits = [bool(seen(lettered(film, word, size=size))) for film in films]
    assert np.mean(hits) >= 0.95


def test_black_text_on_bright_tissue_is_seen(films):
    hits = [seen(lettered(film, WORDS[0], place=(60, 225), size=18, grey=0)) for film in films]
    assert np.mean([bool(hit) for hit in hits]) >= 0.8


def test_the_box_is_where_the_text_is(films):
    (line, *_) = seen(lettered(films[0], "MUSTER ANNA", place=(20, 40), size=16))
    assert 36 <= line.top <= 50
    assert 45 <= line.bottom <= 64
    assert 14 <= line.left <= 30
    assert line.letters >= 4


def test_large_pictures_are_shrunk_without_losing_strokes(films):
    large = np.kron(films[0], np.ones((8, 8), np.uint8))
    assert seen(large) == []
    (line, *_) = seen(lettered(large, "MUSTER ANNA 1951", place=(100, 200), size=60))
    assert 190 <= line.top <= 240


def test_small_pictures_and_single_letters_are_passed_over(films):
    assert seen(films[0][:90, :90]) == []
    assert seen(lettered(films[0], "R", size=24)) == []
    assert seen(np.zeros((128, 128), np.uint8)) == []
