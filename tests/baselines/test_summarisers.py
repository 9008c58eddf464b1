"""Peers of summaries: what each writes, that none looks at held-out references, and speed."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from bedside.baselines import REGISTRY, TextLesson
from bedside.baselines.fitting import check_peers, fit_baselines
from bedside.baselines.sentences import best_count, sentences_of
from bedside.baselines.summaries import Centroid, Lead
from bedside.errors import StudyError
from bedside.modalities.image import Image
from bedside.modalities.text import Text
from bedside.progress import Progress
from bedside.schema import Targets
from bedside.tasks.classify import Classify
from bedside.tasks.summarise import Summarise, as_texts
from bedside.training.loader import Prepared

NORMAL = "Heart size normal. Lungs clear."
TRAINING = {
    f"{NORMAL} Bones intact.": "No acute disease.",
    f"{NORMAL} No effusion.": "No acute disease.",
    "Large left effusion. Heart not seen.": "Left effusion.",
    "Large right effusion. Heart not seen.": "Right effusion.",
    "A nodule in the right lung. Heart normal.": "Lung nodule.",
}


def lesson(texts: dict[str, str]) -> TextLesson:
    return TextLesson({"findings": list(texts)}, list(texts.values()), "findings")


def written(name: str, sources: list[str], **changes: Any) -> list[str]:
    peer: Any = REGISTRY.load(name)()
    validation = changes.get("validation", lesson({"Clear. Fine.": "Clear."}))
    training = changes.get("training", lesson(TRAINING))
    fitted = peer.fit_texts(training, validation=validation, state={}, seed=1, threads=1)
    found: list[str] = fitted.summarise(sources)["text"].tolist()
    return found


def test_the_commonest_summary_is_always_the_same() -> None:
    assert written("commonest-summary", ["Effusion.", ""]) == ["No acute disease."] * 2
    tied = lesson({"a": "Second.", "b": "First."})
    assert written("commonest-summary", ["x"], training=tied) == ["First."]


def test_the_lead_is_as_long_as_validation_likes_it() -> None:
    sources = ["One here. Two there. Three."]
    assert written("lead", sources) == ["One here."]
    longer = lesson({"First part. Second part. Third.": "First part second part"})
    assert written("lead", sources, validation=longer) == ["One here. Two there."]


def test_the_centroid_quotes_what_shares_most_with_the_text() -> None:
    text = "Thank you. Effusion of the left lung. Left lung effusion is large. Bye."
    (found,) = written("centroid", [text])
    assert found in ("Effusion of the left lung.", "Left lung effusion is large.")


def test_neighbours_are_found_by_their_words() -> None:
    assert written("nearest-report", ["Small nodule, right lung.", "left effusion large"]) == [
        "Lung nodule.",
        "Left effusion.",
    ]


def test_the_consensus_is_what_most_neighbours_say() -> None:
    texts = {f"Chest film {n} same words": f"No acute disease {n % 3}" for n in range(20)}
    texts["Chest film 99 same words exactly"] = "Nodule."
    asked = ["Chest film 99 same words exactly"]
    assert written("nearest-report", asked, training=lesson(texts)) == ["Nodule."]
    (found,) = written("neighbour-consensus", asked, training=lesson(texts))
    assert found.startswith("No acute disease")


@pytest.mark.parametrize("name", Summarise.baselines)
def test_every_peer_answers_every_text(name: str) -> None:
    odd = ["", " ", "...", "12 3.", "Überblähung. Kein Erguß.", "no end", "a\nb\n", "x" * 5000]
    found = written(name, odd)
    assert len(found) == len(odd)
    assert all(isinstance(text, str) for text in found)
    assert written(name, []) == []


@pytest.mark.parametrize("name", Summarise.baselines)
def test_training_without_a_word_and_no_validation_are_survived(name: str) -> None:
    training, nothing = lesson({"...": "None.", "": "None."}), lesson({})
    assert len(written(name, ["A b."], training=training, validation=nothing)) == 1


def test_sentences() -> None:
    text = "1. No effusion. 2) Heart is 4.5 cm. Fine?\nNext line\n\n(3) last"
    assert sentences_of(text) == [
        *("1. No effusion.", "2) Heart is 4.5 cm.", "Fine?", "Next line", "(3) last"),
    ]
    assert sentences_of(" \n ") == []


def test_without_validation_one_sentence_is_quoted() -> None:
    assert best_count(lambda text, count: text, lesson({})) == 1


def part(texts: dict[str, str], seed: int = 0) -> Prepared:
    cases = len(texts)
    arrays = {"truth": as_texts(list(texts.values())), "known": np.ones((cases, 1), dtype=bool)}
    targets = Targets(arrays, ("summary",), "summary", {"source": "findings"})
    return Prepared({}, targets, np.arange(cases), {"findings": list(texts), "why": ["x"] * cases})


def parts() -> dict[Any, Prepared]:
    return {
        "train": part(TRAINING),
        "validation": part({"Clear. Fine.": "Clear."}),
        "test": part({"Large left effusion.": "Unlike any other."}),
    }


def fitted(names: list[str], own: dict[Any, Prepared]) -> dict[str, Any]:
    return fit_baselines(
        names, {}, own,
        state={"source": "findings"}, seed=1, threads=1, progress=Progress(quiet=True),
    )  # fmt: skip


def test_peers_are_fitted_on_the_texts_of_the_parts() -> None:
    outputs = fitted(list(Summarise.baselines), parts())
    assert list(outputs) == list(Summarise.baselines)
    assert {part: list(own) for part, own in outputs["lead"].items()} == {
        "validation": ["text"],
        "test": ["text"],
    }
    assert outputs["nearest-report"]["test"]["text"].tolist() == ["Left effusion."]


def test_test_references_change_nothing() -> None:
    other = parts() | {"test": part({"Large left effusion.": "Other words."})}
    for name, outputs in fitted(list(Summarise.baselines), parts()).items():
        again = fitted([name], other)[name]
        assert again["test"]["text"].tolist() == outputs["test"]["text"].tolist()


def test_a_peer_of_another_task_is_refused() -> None:
    with pytest.raises(
        StudyError, match=r"baselines: expected peers of this task \(centroid, commonest"
    ):
        fitted(["logistic"], parts())


@pytest.mark.parametrize(
    ("asked", "task", "good"),
    [
        ("logistic", Summarise(column="impression"), False),
        ("lead", Summarise(column="impression"), True),
        ("lead", Classify(column="label"), False),
        ("persistence", Classify(column="label"), False),
        ("logistic", Classify(column="label"), True),
        ("tfidf-logistic", Classify(column="label"), True),
        ("tfidf-logistic", Summarise(column="impression"), False),
    ],
)
def test_a_peer_of_another_task_is_refused_before_anything_is_read(
    asked: str, task: Any, good: bool
) -> None:
    if good:
        check_peers([asked], task, {"findings": Text()})
        return
    with pytest.raises(StudyError, match=rf"^baselines: expected peers .*'{asked}'"):
        check_peers([asked], task, {"findings": Text()})


def test_counted_words_are_no_peer_without_a_text() -> None:
    with pytest.raises(StudyError, match=r"^baselines: expected peers .*'tfidf-logistic'"):
        check_peers(["tfidf-logistic"], Classify(column="label"), {"film": Image()})
    check_peers("auto", Classify(column="label"), {"film": Image()})


def test_peers_take_seconds(rng: np.random.Generator) -> None:
    words = [f"word{n}" for n in range(400)]
    many = {" ".join(rng.choice(words, 40)): " ".join(rng.choice(words, 10)) for _ in range(800)}
    start = time.process_time()
    written("neighbour-consensus", list(many)[:200], training=lesson(many))
    assert time.process_time() - start < 10


def test_what_quotes_keeps_the_order_of_the_text() -> None:
    validation = lesson({"A b. C d. E f.": "A b c d e f"})
    for peer in (Lead(), Centroid()):
        own = peer.fit_texts(lesson(TRAINING), validation=validation, state={}, seed=1, threads=1)
        text = "Left effusion. Heart seen. Right nodule."
        assert own.summarise([text])["text"].tolist() == [text]
