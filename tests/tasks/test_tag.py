"""The task of entities: what it reads, refuses, calibrates and answers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.errors import DataError, StudyError
from bedside.modalities.text import Text
from bedside.modalities.volume import Volume
from bedside.tasks.tag import Tag, entities_of

SECRET = "Zyxwvski"


def cohort(texts: list[str | None], cells: list[Any]) -> Cohort:
    table = pd.DataFrame(
        {"text": texts, "entities": cells, "case_id": list("abcdefgh")[: len(texts)]}
    )
    return Cohort(table, "notes.csv", first_row=2, texts=frozenset({"text"}))


def test_entities_are_read_in_the_text_as_it_will_be_read() -> None:
    found = Tag().targets(cohort(["\r\n ill", "well", None], ['[[3, 6, "state"]]', "", None]))
    assert found.names == ("state",)
    assert [json.loads(cell) for cell in found.arrays["truth"]] == [[[0, 3, "state"]], [], []]
    assert found.kind == "entities"


def test_every_bad_row_is_named_and_no_word_of_it() -> None:
    cells = ["{", '[[0, 99, "a"]]', '[[0, 4, "a"], [2, 5, "b"]]', '[[0, 2, "a"]]']
    with pytest.raises(DataError) as error:
        Tag().targets(cohort([f"{SECRET} x"] * 4, cells))
    said = str(error.value)
    assert all(f"row {n} of notes.csv" in said for n in (2, 3, 4))
    assert "row 5" not in said
    assert "0 to 99 in a text of 10 characters" in said
    assert SECRET not in said


def test_the_longest_of_some_is_kept_where_asked() -> None:
    found = Tag(overlapping="longest").targets(
        cohort(["abcdef"] * 2, ['[[0, 4, "a"], [2, 5, "b"]]'] * 2)
    )
    assert entities_of(found.arrays["truth"])[0][0].label == "a"


def test_labels_are_chosen_and_misspelt_ones_refused() -> None:
    made = cohort(["abcdef"] * 2, ['[[0, 2, "drug"], [3, 5, "dose"]]', ""])
    found = Tag(labels=["dose"]).targets(made)
    assert found.names == ("dose",)
    assert json.loads(found.arrays["truth"][0]) == [[3, 5, "dose"]]
    with pytest.raises(StudyError, match="Did you mean 'drug'"):
        Tag(labels=["drugs"]).targets(made)
    with pytest.raises(DataError, match="none in any row"):
        Tag().targets(cohort(["a", "b"], ["", "[]"]))
    with pytest.raises(StudyError, match="no target column 'spans'"):
        Tag(column="spans").targets(made)


def test_one_text_with_its_spelling_is_asked_for() -> None:
    Tag().check_inputs({"note": ("text", Text(spelling=True))})
    with pytest.raises(StudyError, match="spelling: true"):
        Tag().check_inputs({"note": ("text", Text())})
    with pytest.raises(StudyError, match="one input of modality text"):
        Tag().check_inputs({"ct": ("volume", Volume())})
    with pytest.raises(StudyError, match="itself"):
        Tag(column="text").check_inputs({"note": ("text", Text(spelling=True))})


def test_a_rare_label_forbids_no_split() -> None:
    task = Tag()
    targets = task.targets(cohort(["abcd"] * 3, ['[[0, 1, "a"]]', '[[0, 1, "rare"]]', ""]))
    assert task.strata(targets).tolist() == [-1] * 3


def test_probabilities_are_cooled_where_validation_says_so(rng: np.random.Generator) -> None:
    """Emissions that are three times too sure of tags drawn from them are divided by three."""
    count, words, names = 400, 12, ("a",)
    true_scores = rng.normal(size=(count, words, 3))
    transitions = np.zeros((4, 3))
    shares = np.exp(true_scores) / np.exp(true_scores).sum(axis=2, keepdims=True)
    drawn = (shares.cumsum(axis=2) > rng.random((count, words, 1))).argmax(axis=2)
    task = Tag()
    targets = task.targets(cohort(["x y"] * 2, ['[[0, 1, "a"]]'] * 2))
    targets = type(targets)({**targets.arrays, "tags": drawn}, names, "entities")
    state = {"names": ["a"], "temperature": 1.0}
    outputs = {
        "emissions": 3 * true_scores.astype(np.float32),
        "transitions": np.repeat(transitions[None], count, axis=0).astype(np.float32),
        "mask": np.ones((count, words), np.float32),
        "offsets": np.zeros((count, words, 2), np.float32),
    }
    found = task.calibrate(outputs, targets, state)
    assert found["temperature"] == pytest.approx(3, rel=0.1)
    assert np.allclose(task.calibrated(outputs, found)["emissions"], true_scores, atol=0.3)
    assert task.calibrate({"entities": np.array([])}, targets, state) == state
