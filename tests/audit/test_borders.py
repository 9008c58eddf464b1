"""The corner-mark cohort is flagged before training; a clean one, or diffuse disease, is not."""

from functools import lru_cache

import numpy as np
import pytest

from bedside.audit.checks.borders import label_in_border
from bedside.data.synthetic.chest_xray import make_chest_xrays
from bedside.schema import Geometry, Sample, Targets

from .cohorts import as_samples, binary, cohort, evidence


@lru_cache
def made():
    return make_chest_xrays(patients=160, seed=3, size=32)


def films():
    patients = made().table["patient_id"].astype(str).tolist()
    return made().arrays["image"].copy(), cohort(len(patients), patients=patients)


def labels_and_marks(images, *, agreement, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, len(images))
    marked = np.where(rng.random(len(images)) < agreement, labels, 1 - labels) == 1
    images[marked, 2:4, 2:4] = 255
    return labels


@pytest.mark.parametrize("agreement", [1.0, 0.8])
def test_a_corner_mark_is_flagged_with_its_place(agreement):
    images, table = films()
    labels = labels_and_marks(images, agreement=agreement)
    (finding,) = label_in_border(evidence(as_samples(images), table=table, targets=binary(labels)))
    assert finding.severity == "warn"
    assert finding.message.startswith(
        "The label can be read from one place at the border: at the top left (AUROC "
    )
    assert "cut them off in all cases" in finding.remedy


def test_a_clean_cohort_is_noted_as_such():
    images, table = films()
    labels = np.random.default_rng(1).integers(0, 2, len(images))
    (finding,) = label_in_border(evidence(as_samples(images), table=table, targets=binary(labels)))
    assert (finding.severity, finding.remedy) == ("note", "")
    assert finding.message == f"The label cannot be read from the border of {len(images)} cases."


def test_what_changes_the_whole_picture_is_no_mark():
    images, table = films()
    labels = np.random.default_rng(2).integers(0, 2, len(images))
    images[labels == 1] = np.clip(images[labels == 1] * 1.4, 0, 255).astype(np.uint8)
    (finding,) = label_in_border(evidence(as_samples(images), table=table, targets=binary(labels)))
    assert "one place" not in finding.message
    assert finding.severity == "note"


def test_a_frame_that_says_more_than_the_film_warns():
    images, table = films()
    labels = np.random.default_rng(4).integers(0, 2, len(images))
    framed = np.pad(images[:, 2:-2, 2:-2], ((0, 0), (2, 2), (2, 2)))
    for edge in (np.s_[:, :2], np.s_[:, -2:], np.s_[:, :, :2], np.s_[:, :, -2:]):
        framed[edge] = (40 * labels[:, None, None]).astype(np.uint8)
    (finding,) = label_in_border(evidence(as_samples(framed), table=table, targets=binary(labels)))
    assert finding.severity == "warn"
    assert "better than from what it frames" in finding.message


def test_test_labels_change_nothing():
    images, table = films()
    labels = labels_and_marks(images, agreement=1.0)
    parts = np.array(["train", "test"])[(table.groups() % 3 == 0).astype(int)]
    other = np.where(parts == "test", 1 - labels, labels)
    first, second = (
        label_in_border(evidence(as_samples(images), table=table, targets=binary(t), parts=parts))
        for t in (labels, other)
    )
    assert first == second


def test_of_several_labels_the_marked_one_is_named():
    images, table = films()
    labels = labels_and_marks(images, agreement=1.0)
    truth = np.stack([labels, np.random.default_rng(9).integers(0, 2, len(labels))], axis=1)
    targets = Targets(
        {"truth": truth.astype(np.float32), "known": np.ones(truth.shape, bool)},
        ("effusion", "mass"),
        "labels",
    )
    (finding,) = label_in_border(
        evidence(as_samples(images), table=table, targets=targets, kind="labels")
    )
    assert "border: 'effusion': at the top left" in finding.message
    assert "'mass'" not in finding.message


def test_a_mark_in_the_first_slices_of_volumes():
    rng = np.random.default_rng(0)
    volumes = rng.normal(size=(120, 16, 16, 16)).astype(np.float32)
    labels = np.arange(120) % 2
    volumes[labels == 1, 0:2, 0:2, 0:2] += 6
    samples = [Sample(v, Geometry(shape=v.shape, affine=np.eye(4))) for v in volumes]
    (finding,) = label_in_border(evidence(samples, targets=binary(labels)))
    assert "at the top left, at the first slices" in finding.message


def test_few_cases_say_nothing():
    images, _ = films()
    own = evidence(as_samples(images[:30]), targets=binary(np.arange(30) % 2))
    assert label_in_border(own) == []
