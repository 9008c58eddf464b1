"""Made-up scans of an organ with a tumour beside a vessel, and their masks.

Enters: number of patients and a seed. Leaves: a `SyntheticCohort` with the arrays ``image`` and
``mask`` (voxels with their affine, grids of each scanner's own) and a table of what is true of
each case: volumes in ml, diameters and distances in mm, by formula and not by counting voxels.

What is planted, so that a model or a measurement can be judged against it:

* an organ (label 1), in it a tumour (2) at a known distance from a vessel (3) and from the
  organ's surface; three hospitals with three scanners: voxels from nearly cubes to thick
  slices, all of them turned by a few degrees against the person;
* the tumour is a little darker than the organ, the vessel brighter, both with noise, a blur of
  the scanner's, a drift of brightness, and units that mean nothing, as in MR;
* every second patient comes twice, three months apart; the tumour has grown or shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.synthetic import SyntheticCohort
from bedside.data.synthetic.phantom_scene import (
    STRUCTURES,
    Ellipsoid,
    Grid,
    Scene,
    Vessel,
    grid_over,
)
from bedside.errors import DataError, sentence

if TYPE_CHECKING:
    from bedside.schema import Array

MIN_PATIENTS = 3
HOSPITALS = ("Northfield", "Harbour", "Hillside")
SPACINGS = ((2.0, 2.0, 2.5), (1.6, 1.6, 4.0), (2.2, 2.2, 2.2))
"""Mm along the person's right, front and head, of each hospital's scanner."""
BRIGHTNESS = {0: 40.0, 1: 110.0, 2: 78.0, 3: 175.0}
"""Of the background and of each label, before noise."""
NOISE = 7.0
BLUR_VOXELS = 0.6
DRIFT = 0.15
AROUND_MM = 10.0
BETWEEN_VISITS = timedelta(days=91)
FIRST_DAY = date(2022, 1, 3)


@dataclass(frozen=True)
class _Visit:
    """One scan: whose, where, when, and what is in it."""

    patient_id: str
    number: int
    hospital: int
    day: date
    scene: Scene


def make_phantoms(*, patients: int = 400, seed: int = 7) -> SyntheticCohort:
    """Make up a cohort.

    Args:
        patients: at least 3.
        seed: the same seed and number give the same cohort; a patient does not change with
            how many others there are.

    Raises:
        DataError: fewer than 3 patients.
    """
    if patients < MIN_PATIENTS:
        raise DataError(
            sentence(
                "data.patients",
                expected=f"at least {MIN_PATIENTS}, one for each part",
                got=str(patients),
                remedy="Raise it",
            )
        )
    import pandas as pd

    rows, images, masks = [], [], []
    for number in range(patients):
        rng = np.random.default_rng([seed, number])
        for visit in _visits(number, rng):
            grid = _grid(visit, rng)
            labels = visit.scene.labels(grid)
            rows.append(_row(visit))
            images.append({"voxels": _image(labels, rng), "affine": grid.affine})
            masks.append({"voxels": labels, "affine": grid.affine})
    arrays = {"image": _column(images), "mask": _column(masks)}
    return SyntheticCohort(pd.DataFrame(rows), arrays, STRUCTURES)


def _column(cells: list[dict[str, Array]]) -> Array:
    """(N,) object: grids differ, so that no array holds them all."""
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column


def _visits(number: int, rng: np.random.Generator) -> list[_Visit]:
    name = f"P{number + 1:04d}"
    day = FIRST_DAY + timedelta(days=int(rng.integers(0, 700)))
    scene = _scene(rng)
    first = _Visit(name, 1, int(rng.integers(len(HOSPITALS))), day, scene)
    if number % 2:
        return [first]
    grown = scene.with_tumour_scaled(float(rng.choice([0.75, 0.9, 1.1, 1.2])))
    return [first, _Visit(name, 2, first.hospital, day + BETWEEN_VISITS, grown)]


def _scene(rng: np.random.Generator) -> Scene:
    """An organ about the origin, a tumour in its right half, a vessel to the right of that."""
    organ = Ellipsoid((0.0, 0.0, 0.0), (*rng.uniform((30, 22, 24), (36, 28, 30)),))
    tumour_axes = rng.uniform((5, 4, 5), (9, 8, 9))
    centre = rng.uniform((-14, -4, -5), (-8, 4, 5))
    tumour = Ellipsoid((*centre,), (*tumour_axes,))
    radius, gap = rng.uniform(2.5, 3.5), rng.uniform(3, 8)
    beside = centre[0] + tumour_axes[0] + gap + radius
    lean = rng.uniform(-0.15, 0.15)
    vessel = Vessel((beside, centre[1], centre[2]), (0.0, lean, 1.0), radius)
    return Scene(organ, tumour, vessel)


def _grid(visit: _Visit, rng: np.random.Generator) -> Grid:
    turned = (*rng.uniform(-8, 8, 3),)
    found = grid_over(
        visit.scene, SPACINGS[visit.hospital], turned_degrees=turned, around_mm=AROUND_MM
    )
    # sources hold arrays as they lie: head last becomes head first
    return Grid(found.shape[::-1], found.affine[:, [2, 1, 0, 3]])


def _image(labels: Array, rng: np.random.Generator) -> Array:
    """(D, H, W) float32 brightness."""
    from scipy import ndimage

    table = np.array([BRIGHTNESS[label] for label in sorted(BRIGHTNESS)])
    smooth = ndimage.gaussian_filter(table[labels], BLUR_VOXELS)
    ramp = [np.linspace(-1, 1, side).reshape(-1, *(1,) * (2 - a)) for a, side in
            enumerate(labels.shape)]  # fmt: skip
    drift = 1 + DRIFT * sum(slope * step for slope, step in zip(rng.uniform(-0.5, 0.5, 3), ramp,
                                                                strict=True))  # fmt: skip
    noisy = smooth * drift + rng.normal(0, NOISE, labels.shape)
    return np.asarray(np.maximum(noisy, 0) * rng.uniform(0.5, 4), dtype=np.float32)


def _row(visit: _Visit) -> dict[str, object]:
    truth = visit.scene.truth()
    return {
        "case_id": f"{visit.patient_id}-{visit.number}",
        "patient_id": visit.patient_id,
        "hospital": HOSPITALS[visit.hospital],
        "time": visit.day.isoformat(),
        "tumour_ml": round(truth.tumour_ml, 3),
        "tumour_longest_mm": round(truth.tumour_longest_mm, 2),
        "tumour_to_vessel_mm": round(truth.tumour_to_vessel_mm, 2),
        "tumour_to_surface_mm": round(truth.tumour_to_surface_mm, 2),
    }
