"""The finding on labels: which rows are asked, how they are told, when nothing is claimed."""

import numpy as np
import pytest

from bedside.audit import described as module
from bedside.audit.checks.label_errors import likely_label_errors
from bedside.audit.evidence import Means
from bedside.modalities.image import Image
from bedside.schema import Targets

from .cohorts import as_samples, binary, cohort, evidence

N = 160
MEANS = Means({"xray": Image(modality="image", column="file", size=(24, 24))}, threads=2)
PARTS = np.repeat(["train", "validation", "test"], [100, 30, 30])


def films(seed=0):
    """Noise, and in every second film a bright square."""
    pictures = np.random.default_rng(seed).integers(0, 120, (N, 24, 24), dtype=np.uint8)
    pictures[1::2, 6:16, 6:16] += 110
    return as_samples(pictures)


def labels(*wrong):
    truth = np.arange(N) % 2
    truth[list(wrong)] = 1 - truth[list(wrong)]
    return truth


def test_wrong_labels_are_ranked_and_described_and_the_test_part_is_left_alone():
    own = evidence(films(), targets=binary(labels(4, 117, 150)), parts=PARTS, means=MEANS)
    (finding,) = likely_label_errors(own)
    assert (finding.severity, finding.count) == ("warn", 2)
    assert set(finding.rows) == {6, 119}
    said = dict(zip(finding.rows, finding.details, strict=True))
    assert said[6].startswith("labelled pneumonia, looks like normal (")
    assert said[119].startswith("labelled normal, looks like pneumonia (")
    assert finding.message.startswith("2 of 130 labels outside the test part may be wrong")


def test_test_labels_change_nothing():
    """A leak would let a person mend test labels where this model doubts them."""
    plain = evidence(films(), targets=binary(labels(4)), parts=PARTS, means=MEANS)
    other = evidence(films(), targets=binary(labels(4, *range(130, 160))), parts=PARTS, means=MEANS)
    assert likely_label_errors(plain) == likely_label_errors(other)


def test_right_labels_are_noted_as_such():
    (finding,) = likely_label_errors(
        evidence(films(), targets=binary(labels()), parts=PARTS, means=MEANS)
    )
    assert (finding.severity, finding.count, finding.rows) == ("note", 0, ())
    assert finding.message == "No label of 130 outside the test part looks wrong."


def test_noise_is_not_cried_out_about():
    truth = np.random.default_rng(5).permutation(labels())
    (finding,) = likely_label_errors(
        evidence(films(), targets=binary(truth), parts=PARTS, means=MEANS)
    )
    assert finding.severity == "note"
    assert "too poorly" in finding.message
    assert finding.rows == ()


def test_of_several_labels_each_is_asked_where_it_is_known():
    truth = np.stack([labels(4), labels()], axis=1).astype(np.float32)
    known = np.ones(truth.shape, bool)
    known[20:40, 0] = False
    targets = Targets({"truth": truth, "known": known}, ("effusion", "mass"), "labels")
    own = evidence(films(), targets=targets, kind="labels", parts=PARTS, means=MEANS)
    first, second = likely_label_errors(own)
    assert first.rows == (6,)
    assert first.details[0].startswith("labelled effusion, looks like no effusion (")
    assert first.message.startswith("'effusion': 1 of 110 labels")
    assert second.message.startswith("'mass': no label of 130")


def test_what_is_missing_leaves_the_check_out():
    truth = binary(labels())
    assert likely_label_errors(evidence(films(), targets=truth, parts=PARTS)) == []
    few = evidence(films()[:40], targets=binary(np.arange(40) % 2), table=cohort(40), means=MEANS)
    assert likely_label_errors(few) == []
    rare = binary(np.arange(N) < 5)
    assert likely_label_errors(evidence(films(), targets=rare, parts=PARTS, means=MEANS)) == []


@pytest.mark.parametrize("deep", [False, True])
def test_a_run_looks_at_some_by_lot_and_says_so(monkeypatch, deep):
    monkeypatch.setattr(module, "MOST_CASES", 100)
    means = Means(MEANS.modalities, deep=deep)
    own = evidence(films(), targets=binary(labels(4)), parts=PARTS, means=means)
    (finding,) = likely_label_errors(own)
    assert ("30 cases, drawn by lot, were not looked at." in finding.message) is not deep
