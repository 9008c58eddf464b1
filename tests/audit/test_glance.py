import numpy as np
import pytest

from bedside.audit.glance import TELLING_SIZE, glance_at
from bedside.schema import Geometry, Sample


def image(values, **geometry):
    return glance_at(Sample(np.asarray(values), Geometry(**geometry)))


def test_a_picture_is_told_from_volumes_signals_and_texts():
    flat = np.zeros((4, 5), np.uint8)
    assert image(flat).is_image
    assert image(np.zeros((4, 5, 3), np.uint8)).is_image
    assert not image(flat, affine=np.eye(4)).is_image
    assert not image(flat, times_seconds=np.arange(4.0)).is_image
    assert not image(np.zeros((2, 4, 5, 3))).is_image
    assert not image(np.zeros(9)).is_image
    assert not glance_at(Sample("Kein Befund")).is_image


def test_brightness_is_noted():
    values = np.array([[0, 10], [20, 30]], np.uint8)
    assert image(values).spread == np.std(values) / 255
    assert image(values / np.float32(255)).spread == pytest.approx(np.std(values) / 255)
    assert not image(values).constant
    assert image(np.full((3, 3), 7, np.uint8)).constant
    assert image(np.full((3, 3), 7, np.uint8)).spread == 0


def test_equal_values_have_equal_fingerprints():
    values = np.arange(12, dtype=np.uint8).reshape(3, 4)
    same = [image(values), image(values.copy(), shape=(9, 9)), image(np.asfortranarray(values))]
    assert len({glance.fingerprint for glance in same}) == 1
    others = [values.T, values.astype(np.int16), values + 1, values.reshape(4, 3)]
    assert len({image(v).fingerprint for v in [values, *others]}) == 5
    long = "Befund " * TELLING_SIZE
    assert glance_at(Sample(long)).fingerprint == glance_at(Sample(long)).fingerprint
    assert glance_at(Sample(long)).fingerprint != glance_at(Sample(long + ".")).fingerprint


def test_what_can_be_equal_by_chance_has_none():
    assert image(np.arange(TELLING_SIZE - 1)).fingerprint is None
    assert image(np.arange(TELLING_SIZE)).fingerprint is not None
    assert glance_at(Sample("a" * (TELLING_SIZE - 1))).fingerprint is None
    assert image(np.zeros((1, 2))).fingerprint is not None


def test_sides_are_the_sources_where_they_are_known():
    assert image(np.zeros((4, 5)), shape=(400, 500)).sides == (400, 500)
    assert image(np.zeros((4, 5))).sides == (4, 5)
