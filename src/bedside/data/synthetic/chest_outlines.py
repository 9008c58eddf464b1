"""The made-up chest X-rays with masks of lungs and heart, known by formula.

Enters: number of patients, seed and picture size. Leaves: the cohort of
`chest_xray.make_chest_xrays` with a mask a picture: 1 where a ray crosses aerated lung, 2 where
it crosses heart or great vessels, which lie over the lungs.
"""

from __future__ import annotations

import numpy as np

from bedside.data.synthetic import SyntheticCohort
from bedside.data.synthetic.anatomy import cast_rays, heart_depth, lung_depth
from bedside.data.synthetic.chest_xray import Exam, draw_exams, make_chest_xrays
from bedside.data.synthetic.film import film_grid
from bedside.schema import Array

STRUCTURES = {"lung": 1, "heart": 2}
LEAST_DEPTH = 0.2
"""From this depth of a structure along a ray on, where about 1 is its middle, it is drawn."""


def make_chest_outlines(*, patients: int = 400, seed: int = 7, size: int = 128) -> SyntheticCohort:
    """Make a cohort of chest X-rays with their masks.

    Args:
        patients: how many, at least 3.
        seed: of everything that is drawn.
        size: height and width of the pictures in pixels, at least 32.

    Returns:
        The arrays ``image`` and ``mask`` (N, H, W) uint8, and the table of `make_chest_xrays`.

    Raises:
        DataError: `patients` or `size` is too small.
    """
    cohort = make_chest_xrays(patients=patients, seed=seed, size=size)
    exams, _ = draw_exams(patients=patients, seed=seed, size=size)
    masks = np.stack([chest_mask(exam, size=size) for exam in exams])
    return SyntheticCohort(cohort.table, {**cohort.arrays, "mask": masks}, STRUCTURES)


def chest_mask(exam: Exam, *, size: int) -> Array:
    """(H, W) uint8 of one exam."""
    x, y = exam.pose.to_chest(*film_grid(size))
    rays = cast_rays(exam.body, exam.pose, x=x, y=y)
    mask = np.zeros((size, size), np.uint8)
    mask[lung_depth(exam.body, rays) > LEAST_DEPTH] = STRUCTURES["lung"]
    mask[heart_depth(exam.body, exam.pose, rays) > LEAST_DEPTH] = STRUCTURES["heart"]
    return mask
