"""Phantoms hold what their table says: volumes, diameters, distances, on grids of all kinds."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.data.synthetic import SyntheticCohort, make_cohort
from bedside.data.synthetic.phantom_scene import Ellipsoid, Scene, Vessel, grid_over
from bedside.errors import DataError
from bedside.modalities.label_masks import decode_mask, refuse_other_grid
from bedside.modalities.reading import read_cohort
from bedside.modalities.volume_files import decode_volume
from bedside.progress import Progress
from bedside.schema import Reference

SCENE = Scene(
    Ellipsoid((3, -2, 5), (30, 24, 27)),
    Ellipsoid((-5, -2, 5), (10, 7, 8)),
    Vessel((14, -2, 5), (0, 0, 1), 3),
)


@pytest.fixture(scope="module")
def cohort() -> SyntheticCohort:
    return make_cohort("phantoms", patients=8, seed=3)


def test_masks_have_the_volumes_of_the_table(cohort: SyntheticCohort) -> None:
    table = cohort.table
    assert len(table) == 8 + 4
    assert table["patient_id"].nunique() == 8
    assert table["case_id"].is_unique
    counted = []
    for row, ml in enumerate(table["tumour_ml"]):
        image = decode_volume(Reference("row", cohort.arrays["image"][row]))
        mask = decode_mask(Reference("row", cohort.arrays["mask"][row]))
        refuse_other_grid(mask.geometry, image.geometry, where="row")
        voxel = np.prod(mask.geometry.spacing_mm) / 1000
        counted.append((mask.values == 2).sum() * voxel)
        assert counted[-1] == pytest.approx(ml, rel=0.1)  # the smallest are of sixty voxels
        means = [image.values[mask.values == label].mean() for label in (0, 2, 1, 3)]
        assert means == sorted(means)
        assert set(np.unique(mask.values)) == {0, 1, 2, 3}
    assert sum(counted) == pytest.approx(table["tumour_ml"].sum(), rel=0.02)


def test_the_same_seed_gives_the_same_patients(cohort: SyntheticCohort) -> None:
    again = make_cohort("phantoms", patients=3, seed=3)
    first = again.table["patient_id"] == "P0001"
    assert first.sum() == 2
    for name in ("image", "mask"):
        one, other = (each.arrays[name][0]["voxels"] for each in (cohort, again))
        assert np.array_equal(one, other)
    assert again.table.iloc[0].equals(cohort.table.iloc[0])
    with pytest.raises(DataError, match=r"data\.patients: expected at least 3"):
        make_cohort("phantoms", patients=2, seed=3)


def test_distances_by_formula_where_there_is_one() -> None:
    truth = SCENE.truth()
    assert truth.tumour_to_vessel_mm == pytest.approx(14 - (-5 + 10) - 3, abs=0.01)
    assert truth.tumour_longest_mm == 20
    sphere = Ellipsoid((0, 0, 0), (20, 20.001, 20.002))
    inside = Scene(sphere, Ellipsoid((4, 3, 0), (5, 5, 5)), SCENE.vessel).truth()
    assert inside.tumour_to_surface_mm == pytest.approx(20 - 5 - 5, abs=0.01)
    points = np.array([[0.0, 1.0, 26.0], [0.1, 0.1, 0.2]])
    depth = Ellipsoid((0, 0, 0), (30, 24, 27)).depth_mm(points)
    cloud = Ellipsoid((0, 0, 0), (30, 24, 27)).surface()
    brute = np.linalg.norm(cloud[None] - points[:, None], axis=2).min(axis=1)
    assert depth == pytest.approx(brute, abs=0.1)  # the cloud is coarse
    assert (depth <= brute + 1e-9).all()
    long, short = SCENE.tumour.section(np.array([0, 0, 1]))
    assert (long, short) == pytest.approx((20, 14))


def test_a_grid_lies_as_asked_and_holds_the_organ() -> None:
    grid = grid_over(SCENE, (1, 2, 3), turned_degrees=(5, 10, 15), order=(2, 0, 1),
                     signs=(1, -1, 1))  # fmt: skip
    assert np.linalg.norm(grid.affine[:3, :3], axis=0) == pytest.approx((3, 1, 2))
    labels = SCENE.labels(grid)
    ends = [np.take(labels, [0, -1], axis=axis) for axis in range(3)]
    assert all((end != 1).all() for end in ends)
    voxel = abs(np.linalg.det(grid.affine[:3, :3])) / 1000
    whole = SCENE.organ.holds(grid.places()).sum() * voxel
    assert whole == pytest.approx(SCENE.organ.ml, rel=0.01)


def test_references_to_phantoms_are_told_apart_when_they_are_read(
    cohort: SyntheticCohort, tmp_path
) -> None:
    from bedside.data.cache import Place
    from bedside.modalities.reading import _key
    from bedside.modalities.volume import Volume

    modality = Volume(size=(8, 8, 8))
    references = [Reference(f"row {n}", cohort.arrays["image"][n]) for n in range(3)]
    place = Place(tmp_path / "samples", "volumes", "Make room", Progress(quiet=True))
    found = read_cohort(modality, references, place=place, threads=1)
    assert all(sample is not None and sample.values.shape == (8, 8, 8) for sample in found.samples)
    changed = dict(cohort.arrays["image"][0])
    changed["voxels"] = changed["voxels"].copy()
    changed["voxels"][0, 0, 0] += 1
    one = _key(modality, references[:1])
    assert one != _key(modality, [Reference("row 0", changed)])
    assert one == _key(modality, [Reference("row 0", dict(cohort.arrays["image"][0]))])
