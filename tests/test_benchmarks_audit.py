"""The benchmarks of the audit still measure what they say, on a few made-up films."""

from __future__ import annotations

import audit_copies
import audit_labels
import numpy as np

from bedside.data.synthetic.chest_xray import make_chest_xrays


def test_planted_copies_are_counted_and_pairs_of_one_person_are_known() -> None:
    made = make_chest_xrays(patients=90, seed=1, size=48)
    films = audit_copies.Films(made.arrays["image"], made.table["patient_id"].to_numpy(str))
    found = audit_copies.measure(films, total=110, each=2, seed=1)
    assert (found["images"], found["planted"]) == (110, 10)
    assert found["all"] >= 0.8
    assert found["false"] == found["one person"]  # what is flagged beside them, if anything
    nobody = audit_copies.measure(audit_copies.Films(films.images, None), total=110, each=2, seed=1)
    assert nobody["all"] == found["all"]
    assert nobody["one person"] == ("?" if found["false"] else 0)


def test_turned_labels_are_doubted() -> None:
    made = make_chest_xrays(patients=80, seed=1, size=32)
    labels = np.unique(made.table["hospital"], return_inverse=True)[1]
    patients = made.table["patient_id"].to_numpy(str)
    given, turned = audit_labels.turned_labels(labels, 0.05, 1)
    assert (given != labels).nonzero()[0].tolist() == sorted(turned.tolist())
    films = audit_labels.Labelled("films", made.arrays["image"], labels, patients)
    rows, accuracy, _ = audit_labels.doubts(films, given, threads=1)
    assert accuracy > 0.8
    assert np.isin(rows, turned).mean() > 0.5
