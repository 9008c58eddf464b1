"""The classical peers of entities."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from bedside.baselines.contract import FittedTagger, Tagger, TagLesson
from bedside.baselines.dictionary import Dictionary
from bedside.baselines.linear_chain import LinearChain
from bedside.modalities.text_entities import Entity

STATE = {"names": ["Disease", "Drug"]}


def lesson(*texts: str) -> TagLesson:
    """Texts whose entities stand in brackets: ``<D gout>`` a disease, ``<R aspirin>`` a drug."""
    plain, entities = [], []
    for text in texts:
        found, clean = [], ""
        for place, piece in enumerate(text.replace(">", "<").split("<")):
            if place % 2:
                label, words = piece.split(" ", 1)
                found.append(
                    Entity(len(clean), len(clean) + len(words), STATE["names"][label == "R"])
                )
                clean += words
            else:
                clean += piece
        plain.append(clean)
        entities.append(found)
    return TagLesson(plain, entities)


TRAINING = lesson(
    "He has <D Crohn's disease> and takes <R aspirin>.",
    "No <D gout> today, no <D gout> before.",
    "A cold day; she has a <D cold>.",
    "It was cold and cold and cold.",
    "<D crohn's disease> of the colon",
)


def fit(peer: Tagger, training: TagLesson, validation: TagLesson, seed: int = 0) -> FittedTagger:
    return peer.fit_entities(training, validation=validation, state=STATE, seed=seed, threads=1)


def test_the_dictionary_finds_the_longest_known_entry() -> None:
    validation = lesson("A cold day.", "<D Gout> again.")
    fitted = Dictionary().fit_entities(
        TRAINING, validation=validation, state=STATE, seed=0, threads=1
    )
    text = "Crohn's Disease, gout? ASPIRIN. Cold."
    found = json.loads(fitted.tag([text, ""])["entities"][0])
    assert [(text[start:end], label) for start, end, label in found] == [
        ("Crohn's Disease", "Disease"), ("gout", "Disease"), ("ASPIRIN", "Drug"),
    ]  # fmt: skip
    assert json.loads(fitted.tag([""])["entities"][0]) == []
    assert json.loads(fitted.tag(["of gout crohn"])["entities"][0]) == [[3, 7, "Disease"]]


def test_validation_says_whether_rare_meanings_count() -> None:
    validation = lesson("A <D cold> again.", "The <D cold> is back.")
    fitted = Dictionary().fit_entities(
        TRAINING, validation=validation, state=STATE, seed=0, threads=1
    )
    assert json.loads(fitted.tag(["cold"])["entities"][0]) == [[0, 4, "Disease"]]


def test_the_linear_chain_reads_what_stands_around(rng: np.random.Generator) -> None:
    """Words it never saw, between words that always surround a disease."""
    names = [f"{a}{b}itis" for a in ("gastr", "arthr", "col", "neur") for b in ("", "o", "a")]
    texts = [f"Patient suffers from <D {rng.choice(names)}> since May {n}." for n in range(40)]
    texts += [f"Patient came from Bern since May {n}." for n in range(20)]
    training = lesson(*texts)
    fitted = LinearChain().fit_entities(
        training, validation=training, state=STATE, seed=0, threads=1
    )
    text = "Patient suffers from uveitis since May."
    found = json.loads(fitted.tag([text])["entities"][0])
    assert [(text[start:end], label) for start, end, label in found] == [("uveitis", "Disease")]
    assert json.loads(fitted.tag([""])["entities"][0]) == []


@pytest.mark.parametrize("peer", [Dictionary, LinearChain])
def test_the_same_lesson_gives_the_same_answer(peer: Callable[[], Tagger]) -> None:
    answers = [
        fit(peer(), TRAINING, TRAINING, seed).tag(TRAINING.texts)["entities"].tolist()
        for seed in (0, 1)
    ]
    assert answers[0] == answers[1]
