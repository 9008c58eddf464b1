"""The task `language`: what it refuses, and what it says of each text."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.errors import StudyError
from bedside.modalities.image import Image
from bedside.modalities.text import Text
from bedside.tasks.language import Language, perplexity_of

STATE = {"kind": "language", "names": ["token"], "source": "note", "size": 9, "shown": 2}


def text(**words: Any) -> Text:
    return Text(**{"tokenizer": "words", "offsets": True, **words})


def answer(*, offsets: bool = True) -> dict[str, np.ndarray]:
    """Two texts of three places: two words and the end, and the end alone."""
    bits = np.array([[1, 6, 2, 0], [3, 0, 0, 0]], dtype=np.float32)
    arrays = {
        "surprise": bits * np.float32(np.log(2)),
        "counts": np.array([[1, 1, 1, 0], [1, 0, 0, 0]], dtype=np.float32),
        "unknown": np.array([[0, 1, 0, 0], [0, 0, 0, 0]], dtype=np.float32),
    }
    places = np.array([[[0, 4], [5, 9], [0, 0]], [[0, 0]] * 3], dtype=np.float32)
    return {**arrays, "offsets": places} if offsets else arrays


def rows(outputs: dict[str, np.ndarray], **words: Any) -> dict[str, np.ndarray]:
    task, state = Language(**words), {**STATE, **words}
    return task.rows(task.infer({"network": lambda _: outputs}, {}, state), state)


def test_each_text_has_its_perplexity_and_its_least_expected_words() -> None:
    found = rows(answer())
    assert found["perplexity"] == pytest.approx([2**3, 2**3], rel=1e-6)
    assert found["tokens"].tolist() == [3, 1]
    assert found["unknown"].tolist() == [1, 0]
    assert [json.loads(cell) for cell in found["least_expected"]] == [
        [[5, 9, 6.0], [0, 4, 1.0]],  # the end of a text is no word
        [],
    ]
    assert json.loads(rows(answer(), shown=1)["least_expected"][0]) == [[5, 9, 6.0]]


def test_a_peer_names_no_words() -> None:
    assert set(rows(answer(offsets=False))) == {"perplexity", "tokens", "unknown"}


def test_no_token_has_no_perplexity() -> None:
    assert np.isnan(perplexity_of(np.zeros(1), np.zeros(1))[0])


def test_a_text_is_its_own_target() -> None:
    task = Language(column="findings")
    task.check_inputs({"note": ("text", text(column="findings"))})
    Language().check_inputs({"note": ("text", text(column="anything"))})
    cases = pd.DataFrame({"case_id": ["a", "b"], "findings": ["x", None]})
    targets = task.targets(Cohort(cases, "cases.csv"))
    assert targets.kind == "language"
    assert targets.arrays["known"].all()
    assert task.columns_used() == ["findings"]
    assert Language().columns_used() == []
    assert task.truth_rows(targets) == {}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"x": ("image", Image())}, "expected one input of modality text"),
        ({"a": ("text", text()), "b": ("text", text())}, "expected one input of modality text"),
        ({"a": ("text", Text(spelling=True))}, "inputs.a.spelling: expected false"),
        ({"a": ("text", text(offsets=False))}, "inputs.a.offsets: expected true"),
        ({"a": ("text", text(drop_tokens=0.1))}, r"inputs.a.drop_tokens: expected 0.0"),
        ({"a": ("text", text(column="other"))}, "target.column: expected the column of the text"),
    ],
)
def test_what_it_cannot_work_on_is_refused(inputs: Any, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Language(column="findings").check_inputs(inputs)
