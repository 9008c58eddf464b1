"""TF-IDF with logistic regression: by hand, without leaks, and chosen only where it is fair."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bedside.baselines.contract import Written
from bedside.baselines.fitting import fair_peers, fit_baselines
from bedside.baselines.tfidf import FEWEST_TEXTS, TfidfLogistic, Weights, _weigher
from bedside.errors import DataError, StudyError
from bedside.modalities.image import Image
from bedside.modalities.text import Text
from bedside.progress import Progress
from bedside.schema import Targets
from bedside.training.loader import Prepared

POSITIVE = ["large effusion on the left", "small effusion", "effusion and edema"]
NEGATIVE = ["no effusion", "the lungs are clear", "no effusion or edema"]


def written(texts: list[str], truth: list[int], features: Any = None) -> Written:
    answers = np.array(truth, dtype=np.float32)[:, None]
    return Written({"note": texts}, features, answers, np.ones_like(answers, dtype=bool))


def cases(copies: int = 8) -> Written:
    texts = [f"{text} {n}" for n in range(copies) for text in [*POSITIVE, *NEGATIVE]]
    return written(texts, [1, 1, 1, 0, 0, 0] * copies)


def fit(training: Written, validation: Written, kind: Any = "binary") -> Any:
    return TfidfLogistic().fit_words(training, validation=validation, kind=kind, seed=0, threads=1)


def test_weights_by_hand() -> None:
    texts = ["a a b", "b c"] * FEWEST_TEXTS + ["lone words"] * (FEWEST_TEXTS - 1)
    weigher = _weigher(texts)
    weights = Weights({"note": weigher}, None).of(written(texts, [0, 1] * 4)).toarray()
    assert list(weigher.get_feature_names_out()) == ["a", "a a", "a b", "b", "b c", "c"]  # type: ignore[union-attr]
    rare, common = np.log(9 / 4) + 1, np.log(9 / 7) + 1  # smoothed: in 3 texts of 8, in 6
    first = np.array([(1 + np.log(2)) * rare, rare, rare, common, 0, 0])
    assert _weigher(["a b", "a c"]) is None  # a word of two texts may be a name
    assert weights[0] == pytest.approx(first / np.linalg.norm(first))


def test_negation_is_learnt_from_pairs_of_words() -> None:
    fitted = fit(cases(), cases(2))
    asked = written(["moderate effusion", "no effusion"], [0, 0])
    logits = fitted.outputs(asked)["logits"]
    assert logits.shape == (2, 1)
    assert logits.dtype == np.float32
    assert logits[0, 0] > 1 > -1 > logits[1, 0]


def test_classes_answer_log_probabilities_and_unseen_ones_are_possible() -> None:
    texts = ["alpha", "beta", "gamma"] * 6
    truth = np.eye(4, dtype=np.float32)[[0, 1, 2] * 6]
    training = Written({"note": texts}, None, truth, np.ones_like(truth, dtype=bool))
    fitted = fit(training, training, kind="classes")
    logits = fitted.outputs(training)["logits"]
    assert np.exp(logits).sum(axis=1) == pytest.approx(np.ones(18), abs=1e-5)
    assert (logits.argmax(axis=1) == truth.argmax(axis=1)).all()
    assert (np.exp(logits[:, 3]) < 0.05).all()


def test_validation_chooses_the_penalty_and_test_texts_change_nothing() -> None:
    noisy = written([f"word{n % 40}" for n in range(120)], [n % 2 for n in range(120)])
    held = written([f"word{n % 40}" for n in range(120)], [(n + 1) % 2 for n in range(120)])
    asked = cases(1)
    strict = fit(noisy, held).answers.scorers[0].model.C
    assert strict == 0.1  # the strongest penalty, since what was learnt is wrong there
    assert fit(cases(), cases(2)).answers.scorers[0].model.C > 1
    one, again = fit(cases(), cases(2)), fit(cases(), cases(2))
    before = one.outputs(asked)["logits"]
    one.outputs(written(["quite another text"] * 50, [0] * 50))
    assert np.array_equal(one.outputs(asked)["logits"], before)
    assert np.array_equal(again.outputs(asked)["logits"], before)


def test_other_inputs_count_beside_the_words() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 80)
    features = (truth[:, None] + rng.normal(size=(80, 3)) * 0.3).astype(np.float32)
    both = written(["the same text"] * 80, truth.tolist(), features)
    logits = fit(both, both).outputs(both)["logits"][:, 0]
    assert ((logits > 0) == (truth == 1)).mean() > 0.95
    bad = written(["x"] * 80, truth.tolist(), np.full((80, 3), np.nan, np.float32))
    with pytest.raises((DataError, ValueError)):
        fit(both, bad)


def test_texts_without_a_word_are_answered_by_their_share() -> None:
    empty = written([""] * 10, [1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    logits = fit(empty, empty).outputs(empty)["logits"]
    assert logits == pytest.approx(np.full((10, 1), np.log(3 / 7)), abs=0.05)
    assert fit(cases(), cases()).outputs(written([], []))["logits"].shape == (0, 1)


def test_the_fair_peers_of_texts() -> None:
    task = SimpleNamespace(baselines=("majority", "logistic", "boosted-trees"))
    text, image = Text(), Image()
    asked: Any = "auto"
    assert fair_peers(asked, task, {"x": image}) == task.baselines  # type: ignore[arg-type]
    assert fair_peers(asked, task, {"n": text}) == ("majority", "tfidf-logistic")  # type: ignore[arg-type]
    both = ("majority", "tfidf-logistic", "logistic", "boosted-trees")
    assert fair_peers(asked, task, {"x": image, "n": text}) == both  # type: ignore[arg-type]
    assert fair_peers(["lead"], task, {"n": text}) == ["lead"]  # type: ignore[arg-type]
    other = SimpleNamespace(baselines=("lead",))
    assert fair_peers(asked, other, {"n": text}) == ("lead",)  # type: ignore[arg-type]


def prepared(texts: dict[str, list[str]]) -> Prepared:
    own = cases(2)
    targets = Targets({"truth": own.truth, "known": own.known}, ("0", "1"))
    arrays = {"note.tokens": np.full((12, 4), 5, np.int32), "note.mask": np.ones((12, 4), bool)}
    return Prepared(arrays, targets, np.arange(12), texts)


def fitted(names: list[str], texts: dict[str, list[str]]) -> Any:
    parts: Any = {part: prepared(texts) for part in ("train", "validation", "test")}
    return fit_baselines(
        names, {"note": Text()}, parts,
        state={}, seed=0, threads=1, progress=Progress(quiet=True),
    )  # fmt: skip


def test_peers_of_both_kinds_answer_every_part() -> None:
    found = fitted(
        ["tfidf-logistic", "majority", "logistic"], {"note": list(cases(2).texts["note"])}
    )
    for outputs in found.values():
        assert set(outputs) == {"validation", "test"}
        assert outputs["test"]["logits"].shape == (12, 1)
    assert (found["tfidf-logistic"]["test"]["logits"][[0, 1, 2], 0] > 0).all()


def test_without_texts_it_is_no_peer() -> None:
    with pytest.raises(StudyError, match=r"baselines: expected peers of this task .*'tfidf-log"):
        fitted(["tfidf-logistic"], {})
