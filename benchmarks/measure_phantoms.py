"""How exact `bedside measure` is: made-up ellipsoids and vessels of known truth, on many grids.

Enters: nothing; ``--large`` adds a CT of 512 x 512 x 600 voxels. Leaves: a Markdown table of
errors in %, each the worst over the turns of a grid, and of the large one seconds and memory.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from bedside.data.synthetic.phantom_scene import Ellipsoid, Grid, Scene, Vessel, grid_over
from bedside.measurement.record import Asked, Record, measured
from bedside.progress import peak_bytes
from bedside.schema import Array, Geometry

SCENE = Scene(
    Ellipsoid((3, -2, 5), (60, 50, 54)),
    Ellipsoid((-15, -2, 5), (20, 17, 18)),
    Vessel((30, -2, 5), (0, 0.1, 1), 4),
)
CLOSE = Scene(
    Ellipsoid((0, 0, 0), (32, 30, 31)), Ellipsoid((-6, 0, 0), (9, 8, 8)),
    Vessel((11, 0, 0), (0, 0.1, 1), 3),
)  # fmt: skip
SPACINGS = ((1.0, 1.0, 1.0), (0.8, 0.8, 1.5), (0.9, 1.2, 2.0), (0.7, 0.7, 3.0))
TURNS = ((0, 0, 0), (7, -11, 15), (20, 10, 5))
NAMES = {1: "organ", 2: "tumour", 3: "vessel"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also measure 512 x 512 x 600 voxels")
    arguments = parser.parse_args()
    print("| scene | voxel, mm | volume | axial | across | in space | to vessel | to surface |")
    print("|---|---|---|---|---|---|---|---|")
    for name, scene in (("20 mm apart", SCENE), ("5 mm apart", CLOSE)):
        for spacing in SPACINGS:
            worst = np.max([np.abs(errors(scene, spacing, turn)) for turn in TURNS], axis=0)
            cells = " | ".join(f"{each:.2f} %" for each in worst)
            print(f"| {name} | {' x '.join(map(str, spacing))} | {cells} |", flush=True)
    if arguments.large:
        large()


def errors(scene: Scene, spacing: tuple[float, ...], turn: tuple[float, ...]) -> list[float]:
    """Errors in % of volume, three diameters and two distances."""
    grid = grid_over(scene, spacing, turned_degrees=turn, around_mm=1)
    grid = Grid(grid.shape[::-1], grid.affine[:, [2, 1, 0, 3]])
    record = measure(scene.labels(grid), grid.affine)
    truth, size = scene.truth(), record.sizes["tumour"]
    long, short = scene.tumour.section(np.cross(grid.affine[:3, 1], grid.affine[:3, 2]))
    surface = record.to_surface.mm if record.to_surface else np.nan
    pairs = (
        (size.volume_ml, truth.tumour_ml),
        (size.longest_axial_mm, long),
        (size.across_mm, short),
        (size.longest_mm, truth.tumour_longest_mm),
        (record.distances["vessel"].mm, truth.tumour_to_vessel_mm),
        (surface, truth.tumour_to_surface_mm),
    )
    return [100 * (found / true - 1) for found, true in pairs]


def measure(labels: Array, affine: Array) -> Record:
    sides = np.linalg.norm(affine[:3, :3], axis=0)
    geometry = Geometry(labels.shape, tuple(map(float, sides)), affine=affine)
    return measured(labels, geometry, names=NAMES, asked=Asked(organ="organ"))


def large() -> None:
    """A whole CT: seconds and memory."""
    affine = np.array([[0, 0, 0.75, -192], [0, 0.75, 0, -192], [1.0, 0, 0, -300], [0, 0, 0, 1]])
    scene = Scene(Ellipsoid((0, 0, 0), (95, 75, 90)), SCENE.tumour, SCENE.vessel)
    labels = np.zeros((600, 512, 512), np.uint8)
    for depth in range(600):
        here = affine.copy()
        here[:3, 3] += affine[:3, 0] * depth
        labels[depth] = scene.labels(Grid((1, 512, 512), here))[0]
    start = time.perf_counter()
    measure(labels, affine)
    seconds, peak = time.perf_counter() - start, peak_bytes() / 2**30
    print(f"\n512 x 512 x 600 voxels: {seconds:.1f} s, peak memory {peak:.2f} GiB")


if __name__ == "__main__":
    main()
