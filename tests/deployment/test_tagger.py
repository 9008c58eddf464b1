"""A package that finds entities, asked about texts; longer ones than it reads are read whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bedside.deployment.predictor import Predictor
from bedside.deployment.tagger import entities_in, labels_of
from bedside.errors import DataError, PackageError
from bedside.modalities.text import Text
from bedside.schema import Sample
from bedside.tasks.classify import Classify
from bedside.tasks.tag import Tag

WORDS = 8
"""That the network reads at once."""


class Finds(Tag):
    """Finds every word that is an x, in what it is given."""

    def infer(self, networks: Any, arrays: Mapping[str, Any], state: Any) -> Any:
        return networks["network"](arrays)

    def rows(self, prediction: Any, state: Any) -> dict[str, Any]:
        found = np.array([json.dumps(own) for own in prediction.arrays["found"]], dtype=object)
        return {
            "entities": found,
            "count": np.array([len(own) for own in prediction.arrays["found"]]),
        }


def network(arrays: Mapping[str, Any]) -> Any:
    """The words of one letter, since their spelling is hashed."""
    assert arrays["note.mask"].shape[1] == WORDS
    found = [
        [[int(a), int(b), "X", 0.5] for a, b in own[there] if b - a == 1]
        for own, there in zip(arrays["note.offsets"], arrays["note.mask"], strict=True)
    ]
    asked.append(len(found))
    return SimpleNamespace(arrays={"found": found}, names=("X",))


asked: list[int] = []


@pytest.fixture
def predictor() -> Predictor:
    asked.clear()
    contents = SimpleNamespace(
        task=Finds(),
        task_state={"source": "note", "names": ["X"]},
        modalities={"note": Text(spelling=True)},
        modality_states={"note": {"length": WORDS}},
        facts=SimpleNamespace(model="m", data_version="d", study="s"),
    )
    package = SimpleNamespace(contents=contents, version="v")
    return Predictor(package, {"network": network})  # type: ignore[arg-type, dict-item]


LONG = "word word x word. " * 100 + "word, " * 20 + "x"


def test_long_texts_are_read_whole(predictor: Predictor) -> None:
    texts = ["  x word x", LONG, "", "word", "x"]
    found = entities_in(predictor, texts)
    signs = [[n for n, letter in enumerate(text) if letter == "x"] for text in texts]
    letters = [[entity.start for entity, p in own if p == 0.5] for own in found]
    assert [
        [n for n in own if n in wanted] for own, wanted in zip(letters, signs, strict=True)
    ] == signs
    assert {LONG[e.start : e.end] for e, _ in found[1]} == {"x", ".", ","}
    assert max(asked) <= 64
    (record,) = predictor.predict([Sample(LONG)])
    assert record["count"] == len(found[1]) == len(json.loads(record["entities"]))
    assert (record["model"], record["package"]) == ("m", "v")


def test_a_piece_that_fails_fails_its_text(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Finds.rows

    def failing(self: Any, prediction: Any, state: Any) -> dict[str, Any]:
        columns = rows(self, prediction, state)
        columns["count"] = np.where(columns["count"] > 2, np.nan, 0.0)
        return columns

    monkeypatch.setattr(Finds, "rows", failing)
    texts = [Sample("x word x"), Sample("word. " * 20 + "x x x x"), Sample("x")]
    found = predictor.predict(texts, on_error="skip")
    assert [bool(record["error"]) for record in found] == [False, True, False]
    assert [json.loads(found[n]["entities"]) for n in (0, 2)] == [
        [[0, 1, "X", 0.5], [7, 8, "X", 0.5]],
        [[0, 1, "X", 0.5]],
    ]
    with pytest.raises(DataError, match="1 of 3 cases cannot be predicted"):
        predictor.predict(texts)


def test_labels_and_packages_of_another_task(predictor: Predictor) -> None:
    assert labels_of(predictor) == ("X",)
    assert entities_in(predictor, []) == []
    predictor.package.contents.task = Classify(column="a")  # type: ignore[misc]
    for ask in (lambda p: entities_in(p, ["a"]), labels_of):
        with pytest.raises(PackageError, match=r"task: tag\), got task: classify"):
            ask(predictor)
