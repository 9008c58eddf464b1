"""The made-up chest X-rays: what is planted must be there, and nothing else must give it away."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bedside.data.synthetic import REGISTRY, SyntheticCohort
from bedside.data.synthetic import chest_xray as module
from bedside.data.synthetic.anatomy import cast_rays, heart_depth, lung_depth
from bedside.data.synthetic.chest_xray import (
    HOSPITALS,
    _picture,
    draw_exams,
    make_chest_xrays,
    write_chest_xrays,
)
from bedside.errors import DataError, StudyError

PATIENTS, SEED, SIZE = 120, 3, 128
COLUMNS = [
    "case_id",
    "patient_id",
    "hospital",
    "sex",
    "age",
    "view",
    "label",
    "nodule_row",
    "nodule_column",
    "nodule_radius",
    "time",
]


@pytest.fixture(scope="module")
def cohort() -> SyntheticCohort:
    return make_chest_xrays(patients=PATIENTS, seed=SEED, size=SIZE)


def test_registry_finds_the_cohort_and_names_the_nearest():
    assert REGISTRY.load("chest-xray") is make_chest_xrays
    with pytest.raises(StudyError, match="Did you mean 'chest-xray'"):
        REGISTRY.load("chest-xrays")


def test_shapes_and_columns(cohort):
    images = cohort.arrays["image"]
    assert images.dtype == np.uint8
    assert images.shape == (len(cohort.table), SIZE, SIZE)
    assert list(cohort.table.columns) == COLUMNS
    assert list(cohort.table.index) == list(range(len(cohort.table)))
    assert cohort.table["case_id"].is_unique


def test_same_seed_gives_identical_bytes_and_another_seed_does_not(cohort):
    again = make_chest_xrays(patients=PATIENTS, seed=SEED, size=SIZE)
    assert again.arrays["image"].tobytes() == cohort.arrays["image"].tobytes()
    pd.testing.assert_frame_equal(again.table, cohort.table)
    other = make_chest_xrays(patients=PATIENTS, seed=SEED + 1, size=32)
    same = make_chest_xrays(patients=PATIENTS, seed=SEED, size=32)
    assert not np.array_equal(other.arrays["image"][:20], same.arrays["image"][:20])


def test_label_agrees_with_the_nodule_columns(cohort):
    table = cohort.table
    nodule = table["label"] == "nodule"
    assert set(table["label"]) == {"nodule", "normal"}
    for column in ("nodule_row", "nodule_column", "nodule_radius"):
        assert (table[column].notna() == nodule).all()
    radius = table.loc[nodule, "nodule_radius"]
    assert radius.between(2, 10).all()
    assert radius.max() > 1.5 * radius.min()


def test_nodule_centre_lies_in_aerated_lung_clear_of_the_heart():
    exams, _ = draw_exams(patients=PATIENTS, seed=SEED, size=SIZE)
    seen = [exam for exam in exams if exam.nodules]
    assert len(seen) > 30
    for exam in seen:
        for nodule in exam.nodules:
            x, y = np.array([nodule.x], np.float32), np.array([nodule.y], np.float32)
            rays = cast_rays(exam.body, exam.pose, x=x, y=y)
            assert lung_depth(exam.body, rays)[0] > 0.5
            assert heart_depth(exam.body, exam.pose, rays)[0] < 0.3


def test_nodule_brightens_its_place_and_nothing_far_from_it(cohort):
    exams, generators = draw_exams(patients=PATIENTS, seed=SEED, size=SIZE)
    rows, columns = np.mgrid[:SIZE, :SIZE]
    inside, far = [], []
    for i, (exam, rng) in enumerate(zip(exams, generators, strict=True)):
        if len(exam.nodules) != 1:
            continue
        without = _picture(exam, rng, size=SIZE, with_nodules=False)
        gain = cohort.arrays["image"][i].astype(float) - without
        case = cohort.table.iloc[i]
        away = np.hypot(rows - case["nodule_row"], columns - case["nodule_column"])
        inside.append(gain[away < 0.6 * case["nodule_radius"]].mean())
        far.append(np.abs(gain[away > 3 * case["nodule_radius"]]).mean())
    assert len(inside) > 30
    assert np.mean(inside) > 15
    assert min(inside) > 2
    assert max(far) < 3


def test_nodule_is_brighter_than_the_ring_around_it(cohort):
    table = cohort.table[cohort.table["label"] == "nodule"]
    rows, columns = np.mgrid[:SIZE, :SIZE]
    contrast = []
    for i, case in table.iterrows():
        away = np.hypot(rows - case["nodule_row"], columns - case["nodule_column"])
        image, radius = cohort.arrays["image"][i].astype(float), case["nodule_radius"]
        ring = (away > 1.2 * radius) & (away < 1.8 * radius)
        contrast.append(image[away < 0.6 * radius].mean() - image[ring].mean())
    assert np.mean(contrast) > 8


def test_normal_exams_do_not_change_when_nodules_are_left_out(cohort):
    exams, generators = draw_exams(patients=PATIENTS, seed=SEED, size=SIZE)
    i = next(i for i, exam in enumerate(exams) if not exam.nodules)
    picture = _picture(exams[i], generators[i], size=SIZE, with_nodules=False)
    assert np.array_equal(picture, cohort.arrays["image"][i])


def test_patients_keep_their_attributes_and_have_one_to_four_exams(cohort):
    table = cohort.table
    by_patient = table.groupby("patient_id")
    assert (by_patient[["hospital", "sex", "age"]].nunique() == 1).all(axis=None)
    assert len(by_patient) == PATIENTS
    exams = by_patient.size()
    assert exams.between(1, 4).all()
    assert 1.3 < exams.mean() < 1.9
    days = pd.to_datetime(table["time"], format="%Y-%m-%d")
    assert days.groupby(table["patient_id"]).is_monotonic_increasing.all()


def test_nodules_never_vanish_and_some_patients_develop_them(cohort):
    sick = (cohort.table["label"] == "nodule").groupby(cohort.table["patient_id"])
    assert sick.is_monotonic_increasing.all()
    assert (sick.nunique() == 2).sum() >= 2


def test_a_patients_exams_are_more_alike_than_two_patients(cohort):
    table, images = cohort.table, cohort.arrays["image"].astype(float)
    where = table["hospital"] == "Northfield"
    ids = table.loc[where & (table["view"] == "PA")].groupby("patient_id").head(2)
    pairs = [g.index for _, g in ids.groupby("patient_id") if len(g) == 2]
    own = np.mean([np.corrcoef(images[a].ravel(), images[b].ravel())[0, 1] for a, b in pairs])
    firsts = [pair[0] for pair in pairs]
    others = [np.corrcoef(images[a].ravel(), images[b].ravel())[0, 1] for a, b in pairwise(firsts)]
    assert own > np.mean(others)


def test_prevalence_is_even_over_sites_and_sexes(cohort):
    sick = cohort.table["label"] == "nodule"
    assert 0.30 < sick.mean() < 0.45
    for column in ("hospital", "sex"):
        shares = sick.groupby(cohort.table[column]).mean()
        assert shares.between(0.25, 0.52).all()
    assert set(cohort.table["hospital"]) == set(HOSPITALS)
    carriers = sick.groupby(cohort.table["patient_id"]).max()
    assert carriers.sum() == round(module.CARRIERS * PATIENTS)


def test_old_patients_carry_more_nodules(cohort):
    age = cohort.table.groupby("label")["age"].mean()
    assert 2 < age["nodule"] - age["normal"] < 14


def test_sites_differ_in_grey_noise_and_edges(cohort):
    images, site = cohort.arrays["image"].astype(float), cohort.table["hospital"]
    mean = {name: images[site == name].mean() for name in HOSPITALS}
    assert mean["Harbour"] < min(mean["Northfield"], mean["Hillside"]) - 10
    rough = np.abs(np.diff(images[:, 40:90, 40:90], axis=2)).mean(axis=(1, 2))
    assert rough[site == "Hillside"].mean() > 1.15 * rough[site == "Northfield"].mean()
    edge = images[:, :, 0].mean(axis=1)
    assert edge[site == "Harbour"].mean() < 10


def test_marker_does_not_carry_the_label(cohort):
    """The lead letter is burnt into every film, sick or not."""
    for name, hospital in HOSPITALS.items():
        row, column = module.to_pixels(*hospital.film.marker, size=SIZE)
        top, left = round(row) - 9, round(column) - 2
        corner = cohort.arrays["image"][:, top : top + 10, left : left + 10]
        grey = round(hospital.film.marker_grey * 255)
        lit = (corner == grey).sum(axis=(1, 2))[cohort.table["hospital"] == name]
        assert (lit >= 8).all()


def test_no_two_pictures_are_the_same(cohort):
    images = cohort.arrays["image"]
    assert len({image.tobytes() for image in images}) == len(images)


def test_picture_reads_as_a_chest(cohort):
    """Lungs darker than heart and belly; air outside black."""
    mean = cohort.arrays["image"].mean(axis=0)
    lungs = (mean[50:70, 25:40].mean() + mean[50:70, 88:103].mean()) / 2
    heart, belly, outside = mean[75:90, 62:80].mean(), mean[112:122, 40:90].mean(), mean[:4, :10]
    assert lungs < 0.5 * heart
    assert lungs < 0.5 * belly
    assert outside.mean() < 40


@pytest.mark.parametrize("size", [32, 64, 200])
def test_other_sizes_show_the_same_chest(size):
    small = make_chest_xrays(patients=4, seed=1, size=size)
    usual = make_chest_xrays(patients=4, seed=1, size=128)
    assert small.arrays["image"].shape[1:] == (size, size)
    scale = size / 128
    place = (usual.table["nodule_row"] + 0.5) * scale - 0.5
    np.testing.assert_allclose(small.table["nodule_row"], place, atol=0.02)
    assert abs(small.arrays["image"].mean() - usual.arrays["image"].mean()) < 10


def test_three_patients_hold_both_labels():
    for seed in range(5):
        table = make_chest_xrays(patients=3, seed=seed, size=32).table
        assert set(table["label"]) == {"nodule", "normal"}


def test_too_small_is_refused_with_both_faults():
    with pytest.raises(DataError) as error:
        make_chest_xrays(patients=2, seed=1, size=8)
    assert str(error.value) == (
        "synthetic chest X-rays, patients: expected at least 3, got 2. Ask for more.\n"
        "synthetic chest X-rays, size: expected at least 32, got 8. Ask for more."
    )


def test_written_files_read_back_equal(tmp_path):
    path = write_chest_xrays(tmp_path / "made", patients=6, seed=2, size=48)
    cohort = make_chest_xrays(patients=6, seed=2, size=48)
    assert path == tmp_path / "made" / "cases.csv"
    table = pd.read_csv(path)
    for file, image in zip(table["file"], cohort.arrays["image"], strict=True):
        with Image.open(path.parent / file) as picture:
            assert picture.mode == "L"
            assert np.array_equal(np.asarray(picture), image)
    read = table.drop(columns="file")
    pd.testing.assert_frame_equal(read, cohort.table, check_dtype=False)


def test_the_registry_imports_no_pandas():
    code = "import sys, bedside.data.synthetic.chest_xray as m; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
