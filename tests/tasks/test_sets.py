"""Sets of classes: by hand, and as columns."""

import numpy as np

from bedside.schema import Prediction
from bedside.tasks.sets import confidence_of, promise_columns, sets_of


def test_sets_of_labels_by_hand() -> None:
    probability = np.array([[0.95, 0.5], [0.1, 0.02]])
    sets = sets_of(probability, [[0.3, 0.1], [0.6, 0.6]], kind="labels")
    assert sets.tolist() == [
        [[False, True], [True, True]],  # .95: yes; .5: both
        [[True, False], [True, False]],  # .1 and .02: no
    ]
    alone = sets_of(np.array([[0.6]]), [[0.1, 0.1]], kind="labels")
    assert alone.tolist() == [[[False, True]]]  # never empty
    sure = confidence_of(probability, kind="labels", thresholds=[0.5, 0.25])
    assert np.round(sure, 3).tolist() == [[0.9, 0.333], [0.8, 0.92]]


def test_columns_of_labels() -> None:
    sets = np.array([[[False, True], [True, True]], [[True, False], [True, False]]])
    arrays = {
        "set": sets, "certain": np.array([[True, False], [False, True]]),
        "strangeness": np.array([0.5, 3.0]), "outside": np.array([False, True]),
    }  # fmt: skip
    columns = promise_columns(Prediction(arrays, ("a", "b")), kind="labels")
    assert {name: values.tolist() for name, values in columns.items()} == {
        "set_a": ["yes", "no"], "set_b": ["no|yes", "no"],
        "certain_a": ["yes", "no"], "certain_b": ["no", "yes"],
        "strangeness": [0.5, 3.0], "outside": ["no", "yes"],
    }  # fmt: skip


def test_columns_of_classes() -> None:
    arrays = {"set": np.array([[True, True], [False, True]]), "certain": np.array([False, True])}
    columns = promise_columns(Prediction(arrays, ("ill", "well")), kind="classes")
    assert columns["set"].tolist() == ["ill|well", "well"]
    assert columns["certain"].tolist() == ["no", "yes"]
