"""Peers as plain numbers: equal to the libraries that fitted them, and kept without pickle."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

from bedside.baselines.boosted_trees import BoostedTrees
from bedside.baselines.contract import Written
from bedside.baselines.logistic import Logistic
from bedside.baselines.majority import Majority
from bedside.baselines.peer import Peer, WordWeights, decode_peer, encode_peer
from bedside.baselines.plain_scorers import (
    Linear,
    Trees,
    decode_answers,
    encode_answers,
    has_plain_form,
    plain,
)
from bedside.baselines.questions import Answers
from bedside.baselines.tfidf import TfidfLogistic, _weigher

CASES = 90
TEXTS = [
    "No effusion.",
    "Small left effusion",
    "Large  pneumothorax; no   effusion",
    "¿Señal? Ñandú",
]


def drawn(kind: Any, seed: int = 0) -> tuple[Any, Any, Any]:
    """Features of large means and unequal spread, truth that follows them, all known but a few."""
    rng = np.random.default_rng(seed)
    features = rng.normal(1000, (0.1, 1.0, 50.0), size=(CASES, 3)).astype(np.float32)
    score = features[:, 1] - 1000 + rng.normal(size=CASES) * 0.5
    if kind == "classes":
        truth = np.eye(4, dtype=np.float32)[np.digitize(score, (-0.6, 0.6))]  # the last: never
    else:
        truth = (score[:, None] > (0, 0.5, 9)[: 1 if kind == "binary" else 3]).astype(np.float32)
    known = np.ones(truth.shape, dtype=bool)
    known[:5] = kind != "labels"
    return features, truth, known


@pytest.mark.parametrize("kind", ["binary", "classes", "labels"])
@pytest.mark.parametrize("maker", [Majority, Logistic, BoostedTrees])
def test_plain_numbers_answer_like_the_library(maker: Any, kind: Any) -> None:
    training, validation, asked = drawn(kind), drawn(kind, 1), drawn(kind, 2)[0]
    fitted: Any = maker().fit(*training, kind=kind, validation=validation, seed=0, threads=1)
    assert all(map(has_plain_form, fitted.scorers))
    own = Answers(tuple(map(plain, fitted.scorers)), fitted.width)
    words, arrays = encode_answers(own)
    again = decode_answers(json.loads(json.dumps(words)), arrays)
    expected = fitted.outputs(asked)["logits"]
    assert np.ptp(expected, axis=0).max() > 0.5 or maker is Majority
    assert again.outputs(asked)["logits"] == pytest.approx(expected, abs=1e-5)


def test_trees_by_hand() -> None:
    trees = Trees(
        feature=np.array([[0, 1], [0, 0]], np.int32),
        threshold=np.array([[1.0, 5.0], [np.inf, 0.0]]),
        left=np.array([[-1, -2], [-1, 0]], np.int32),
        right=np.array([[1, -3], [-1, 0]], np.int32),
        leaf=np.array([[10.0, 20.0, 30.0], [0.5, 0.0, 0.0]]),
        classes=0,
    )
    asked = np.array([[1.0, 9.0], [1.5, 5.0], [1.5, 5.5]], np.float32)
    assert trees(asked).tolist() == [10.5, 20.5, 30.5]  # the second tree has no fork


def test_words_are_counted_as_scikit_learn_counts_them() -> None:
    weigher = _weigher(TEXTS * 3)
    assert weigher is not None
    own = WordWeights(weigher.get_feature_names_out().tolist(), weigher.idf_)
    asked = [*TEXTS, "", "!?", "effusion effusion EFFUSION no", "never seen", "\u0130stanbul no"]
    weights: Any = own.of(asked)
    assert weights.toarray() == pytest.approx(weigher.transform(asked).toarray(), abs=1e-12)
    assert own.of([]).shape == (0, len(own.terms))


def reader(*, beside: bool) -> tuple[Any, Written]:
    rng = np.random.default_rng(0)
    texts = [TEXTS[n % 4] for n in range(60)]
    truth = np.array([[float("no" in t.lower())] for t in texts], np.float32)
    features = rng.normal(3, 2, size=(60, 2)).astype(np.float32) if beside else None
    cases = Written({"a": texts, "b": [""] * 60}, features, truth, np.ones((60, 1), bool))
    return TfidfLogistic().fit_words(
        cases, validation=cases, kind="binary", seed=0, threads=1
    ), cases


class Described:
    """Stands for a modality whose features are its arrays."""

    def describe(self, arrays: Any) -> Any:
        return arrays["values"]


@pytest.mark.parametrize("beside", [False, True])
def test_a_reader_of_words_survives_its_files(beside: bool) -> None:
    fitted, cases = reader(beside=beside)
    files = encode_peer(fitted.plain(("x",) if beside else ()))
    assert set(files) == {"peer.json", "peer.npz"}
    np.load(io.BytesIO(files["peer.npz"]), allow_pickle=False)
    peer = decode_peer(files)
    arrays: Any = {f"{name}.text": np.array(own, dtype=object) for name, own in cases.texts.items()}
    arrays |= {"x.values": cases.features} if beside else {}
    modalities: Any = {"x": Described()}
    expected = fitted.outputs(cases)["logits"]
    assert np.ptp(expected) > 1
    assert peer.logits(modalities, arrays) == pytest.approx(expected, abs=1e-5)
    assert json.loads(files["peer.json"])["words"][1] == {"input": "b", "terms": None}
    for damaged in (b"", b"no", files["peer.npz"][:200], files["peer.npz"][:-30]):
        with pytest.raises((ValueError, KeyError, OSError)):
            decode_peer({**files, "peer.npz": damaged})


def test_a_constant_peer_describes_nothing() -> None:
    training = drawn("binary")
    fitted: Any = Majority().fit(*training, kind="binary", validation=training, seed=0, threads=1)
    peer = Peer(fitted, ("x",))
    found = peer.logits({}, {"x.values": np.zeros((4, 2), np.float32)})
    share = training[1].mean()
    assert found == pytest.approx(np.full((4, 1), np.log(share / (1 - share))), abs=1e-5)


def test_two_classes_keep_their_log_odds() -> None:
    class Model:
        coef_, intercept_ = np.array([[2.0]]), np.array([1.0])

    scores = Linear.of(Model(), several=True)(np.array([[3.0]]))
    assert scores[0, 1] - scores[0, 0] == pytest.approx(7.0)
    assert np.exp(scores).sum() == pytest.approx(1.0)
