"""Made-up chest X-rays with a planted sign: nodules of known place and size.

Enters: number of patients, seed and picture size. Leaves: a `SyntheticCohort`
with ``arrays["image"]`` (N, H, W) uint8, or a folder of PNG files and a table.

What is planted, so that an audit or a model can be judged against it:

* about 38 % of the pictures show one or two soft nodules; the label says so, and
  the share is the same at every hospital and in both sexes but for chance;
* patients have 1 to 4 exams, with the same anatomy in each; in about a third of
  the nodule patients with several exams the first exams are still normal;
* three hospitals differ in contrast, noise, sharpness, collimation and marker.

Mild confounding, as in life: patients with nodules are about seven years older; AP
films (in bed) are commoner in the old and at one hospital. The side marker says
nothing about the label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bedside.data.synthetic import SyntheticCohort
from bedside.data.synthetic.anatomy import (
    Body,
    Nodule,
    Pose,
    draw_body,
    draw_nodules,
    draw_pose,
)
from bedside.data.synthetic.film import Film, expose, to_pixels
from bedside.data.synthetic.radiograph import attenuation
from bedside.errors import DataError, Problems
from bedside.schema import Array

if TYPE_CHECKING:
    import pandas as pd

CARRIERS = 0.42
LATER_ONSET = 0.35
GROWTH = 0.08
EXAMS = (0.60, 0.25, 0.10, 0.05)
FIRST_DAY = date(2019, 1, 7)
MIN_PATIENTS, MIN_SIZE = 3, 32


@dataclass(frozen=True)
class Hospital:
    """One site: its equipment, and how often it films patients in bed.

    Args:
        film: what its equipment does to every picture.
        in_bed: share of AP films among middle-aged patients.
    """

    film: Film
    in_bed: float


HOSPITALS = {
    "Northfield": Hospital(
        Film(
            dose=4000,
            scatter=0.25,
            blur=0.006,
            window=(4, 97),
            gamma=0.95,
            sharpen=0.0,
            heel=0.05,
            border=(0, 0),
            border_grey=0.0,
            marker=(0.82, -0.80),
            marker_grey=0.95,
        ),
        in_bed=0.15,
    ),
    "Harbour": Hospital(
        Film(
            dose=2200,
            scatter=0.35,
            blur=0.010,
            window=(2, 99),
            gamma=1.15,
            sharpen=0.0,
            heel=0.10,
            border=(0.02, 0.09),
            border_grey=0.02,
            marker=(0.66, -0.74),
            marker_grey=1.0,
        ),
        in_bed=0.40,
    ),
    "Hillside": Hospital(
        Film(
            dose=2500,
            scatter=0.20,
            blur=0.004,
            window=(6, 98),
            gamma=0.85,
            sharpen=0.35,
            heel=-0.06,
            border=(0, 0.03),
            border_grey=0.0,
            marker=(0.84, -0.55),
            marker_grey=0.85,
        ),
        in_bed=0.25,
    ),
}


@dataclass(frozen=True)
class Patient:
    """Who a made-up patient is; age in years at the first exam."""

    patient_id: str
    hospital: str
    sex: str
    age: int
    carrier: bool


@dataclass(frozen=True)
class Exam:
    """One exam of one patient, ready to be filmed; `nodules` largest first."""

    patient: Patient
    case_id: str
    day: date
    body: Body
    pose: Pose
    nodules: list[Nodule]


def make_chest_xrays(*, patients: int = 400, seed: int = 7, size: int = 128) -> SyntheticCohort:
    """Make a cohort of chest X-rays; the same arguments give the same bytes.

    Args:
        patients: how many, at least 3; they have about 1.6 pictures each.
        seed: of everything that is drawn.
        size: height and width of the pictures in pixels, at least 32.

    Returns:
        ``arrays["image"]`` (N, H, W) uint8 and a table with case_id, patient_id,
        hospital, sex, age (years at the first exam), view (PA, AP), label (nodule,
        normal), nodule_row, nodule_column, nodule_radius (pixels, of the largest
        nodule, NaN where none) and time (ISO date of the exam).

    Raises:
        DataError: `patients` or `size` is too small.
    """
    exams, generators = draw_exams(patients=patients, seed=seed, size=size)
    images = np.empty((len(exams), size, size), np.uint8)
    for row, (exam, rng) in enumerate(zip(exams, generators, strict=True)):
        images[row] = _picture(exam, rng, size=size)
    return SyntheticCohort(table=_table(exams, size=size), arrays={"image": images})


def planted_nodules(*, patients: int = 400, seed: int = 7, size: int = 128) -> list[Array]:
    """Where every nodule of `make_chest_xrays` with the same arguments lies, case by case.

    Returns:
        N arrays (n, 3): row, column and radius in pixels, largest nodule first.

    Raises:
        DataError: `patients` or `size` is too small.
    """
    exams, _ = draw_exams(patients=patients, seed=seed, size=size)
    return [_places(exam, size=size) for exam in exams]


def write_chest_xrays(folder: Path, *, patients: int, seed: int, size: int = 128) -> Path:
    """Write such a cohort as a user would bring it: PNG files and ``cases.csv``.

    Args:
        folder: made where missing; files of the same name are replaced.
        patients: how many.
        seed: of everything that is drawn.
        size: height and width in pixels.

    Returns:
        Path of ``cases.csv``, whose column ``file`` holds paths relative to `folder`;
        its other columns are those of `make_chest_xrays`.

    Raises:
        DataError: `patients` or `size` is too small.
    """
    from PIL import Image

    cohort = make_chest_xrays(patients=patients, seed=seed, size=size)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    files = [f"images/{case}.png" for case in cohort.table["case_id"]]
    for file, image in zip(files, cohort.arrays["image"], strict=True):
        Image.fromarray(image).save(folder / file)
    table = cohort.table.copy()
    table.insert(1, "file", files)
    path = folder / "cases.csv"
    table.to_csv(path, index=False)
    return path


def draw_exams(
    *, patients: int, seed: int, size: int
) -> tuple[list[Exam], list[np.random.Generator]]:
    """All exams, patient by patient, and one generator a picture."""
    problems = Problems(DataError)
    for name, got, least in (("patients", patients, MIN_PATIENTS), ("size", size, MIN_SIZE)):
        if got < least:
            problems.add(
                f"synthetic chest X-rays, {name}",
                expected=f"at least {least}",
                got=str(got),
                remedy="Ask for more",
            )
    problems.raise_if_any()
    cohort, *own = np.random.SeedSequence(seed).spawn(patients + 1)
    people = _draw_patients(np.random.default_rng(cohort), n=patients)
    exams: list[Exam] = []
    for patient, sequence in zip(people, own, strict=True):
        exams += _exams_of(patient, np.random.default_rng(sequence))
    noise = np.random.SeedSequence(seed, spawn_key=(patients + 1,)).spawn(len(exams))
    return exams, [np.random.default_rng(sequence) for sequence in noise]


def _draw_patients(rng: np.random.Generator, *, n: int) -> list[Patient]:
    """Draw who the patients are, with the same share of carriers in every stratum."""
    places = rng.permutation(n)
    hospital, sex = places % len(HOSPITALS), (places // len(HOSPITALS)) % 2
    age = np.clip(np.rint(rng.normal(57, 15, n)), 20, 90).astype(int)
    # Within hospital and sex the old are likelier to carry nodules; shares add up
    # over the strata, so that even three patients hold both kinds.
    risk = age / 15 + 2.2 * rng.logistic(0, 0.55, n)
    order = np.lexsort((-risk, sex, hospital))
    stratum = (hospital * 2 + sex)[order]
    carrier = np.zeros(n, bool)
    due = 0
    for name in np.unique(stratum):
        members = np.flatnonzero(stratum == name)
        quota = round(CARRIERS * (members[-1] + 1)) - due
        carrier[order[members[:quota]]] = True
        due += quota
    names = list(HOSPITALS)
    return [
        Patient(f"P{i + 1:04d}", names[hospital[i]], "FM"[sex[i]], int(age[i]), bool(carrier[i]))
        for i in range(n)
    ]


def _exams_of(patient: Patient, rng: np.random.Generator) -> list[Exam]:
    """Draw a patient's body once and every exam's pose, day and nodules."""
    body = draw_body(rng, sex=patient.sex, age=patient.age)
    nodules = draw_nodules(rng, body) if patient.carrier else []
    count = 1 + int(rng.choice(len(EXAMS), p=EXAMS))
    later = count > 1 and rng.random() < LATER_ONSET
    onset = int(rng.integers(1, count)) if later else 0
    day = FIRST_DAY + timedelta(days=int(rng.integers(0, 1400)))
    in_bed = HOSPITALS[patient.hospital].in_bed + 0.005 * (patient.age - 55)
    exams = []
    for number in range(count):
        pose = draw_pose(rng, view="AP" if rng.random() < in_bed else "PA")
        size = 1 + GROWTH * (number - onset)
        seen = [replace(n, radius=n.radius * size) for n in nodules if number >= onset]
        exams.append(Exam(patient, f"{patient.patient_id}-{number + 1}", day, body, pose, seen))
        day += timedelta(days=int(rng.integers(30, 400)))
    return exams


def _picture(
    exam: Exam, rng: np.random.Generator, *, size: int, with_nodules: bool = True
) -> Array:
    """Film one exam, (H, W) uint8; without its nodules all else stays the same."""
    nodules = exam.nodules if with_nodules else []
    total = attenuation(exam.body, exam.pose, nodules, size=size)
    return expose(total, HOSPITALS[exam.patient.hospital].film, rng)


def _table(exams: list[Exam], *, size: int) -> pd.DataFrame:
    """One row an exam, in the words of a hospital's export."""
    import pandas as pd

    return pd.DataFrame([_row(exam, size=size) for exam in exams])


def _places(exam: Exam, *, size: int) -> Array:
    """(n, 3) row, column and radius in pixels of an exam's nodules."""
    found = []
    for nodule in exam.nodules:
        x, y = exam.pose.to_film(np.asarray(nodule.x), np.asarray(nodule.y))
        row, column = to_pixels(float(x), float(y), size=size)
        found.append((row, column, nodule.radius * exam.pose.scale * size / 2))
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _row(exam: Exam, *, size: int) -> dict[str, object]:
    places = _places(exam, size=size)
    row, column, radius = places[0] if len(places) else (np.nan, np.nan, np.nan)
    return {
        "case_id": exam.case_id,
        "patient_id": exam.patient.patient_id,
        "hospital": exam.patient.hospital,
        "sex": exam.patient.sex,
        "age": exam.patient.age,
        "view": exam.pose.view,
        "label": "nodule" if exam.nodules else "normal",
        "nodule_row": round(row, 2),
        "nodule_column": round(column, 2),
        "nodule_radius": round(radius, 2),
        "time": exam.day.isoformat(),
    }
