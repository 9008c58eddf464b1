import numpy as np

from bedside.audit.small_pictures import as_grey, shrink_pictures
from bedside.progress import Progress
from bedside.schema import Geometry, Sample

QUIET = Progress(quiet=True)


def shrunk(*arrays):
    samples = [sample for values in arrays for sample in (Sample(values, Geometry()), None, None)]
    shapes = {3 * n: values.shape for n, values in enumerate(arrays)}
    return shrink_pictures(samples, shapes, progress=QUIET)


def test_pictures_are_stretched_and_their_brightness_is_kept():
    ramp = np.linspace(60, 120, 40 * 40).reshape(40, 40)
    small = shrunk(ramp.astype(np.uint8), (ramp / 255).astype(np.float32))
    assert small.rows.tolist() == [0, 3]
    assert small.pictures.shape == (2, 40, 40)
    assert small.pictures.min() == 0
    assert small.pictures.max() == 255
    back = small.unstretched(np.array([0, 1]))
    assert np.allclose(back[1], ramp / 255, atol=0.001)
    assert np.allclose(back[0], ramp.astype(np.uint8) / 255, atol=0.001)


def test_the_side_is_that_of_most_pictures_within_limits():
    assert shrunk(*[np.zeros((500, 400), np.uint8)] * 3).pictures.shape == (3, 64, 64)
    assert shrunk(np.zeros((9, 30), np.uint8)).pictures.shape == (1, 16, 16)


def test_colour_becomes_grey():
    colour = np.zeros((4, 4, 3), np.uint8)
    colour[..., 1] = 255
    assert np.allclose(as_grey(colour), 0.587, atol=1e-6)
    assert np.allclose(as_grey(colour / np.float32(255)), 0.587, atol=1e-6)
