"""One word that gives the label away is flagged, its texts are named and it is not quoted."""

import numpy as np

from bedside.audit.checks.telling_words import (
    most_telling,
    places_of_words,
    words_that_tell,
)
from bedside.audit.checks.texts import target_in_texts
from bedside.modalities.text import Text
from bedside.schema import Sample, Targets

from .cohorts import binary, evidence

N = 200


def reports(seed=0):
    rng = np.random.default_rng(seed)
    return [str(sample.values) for sample in Text().fake(rng, N)]


def written(labels, word, *, agreement=1.0):
    held = np.where(np.random.default_rng(7).random(N) < agreement, labels, 1 - labels)
    return [f"{text} {word}" if h else text for text, h in zip(reports(), held, strict=True)]


def test_a_word_that_says_the_label_is_flagged_and_not_quoted():
    labels = np.arange(N) % 2
    samples = [Sample(text) for text in written(labels, "SECRETCODE")]
    (finding,) = words_that_tell(evidence(samples, targets=binary(labels)))
    assert finding.severity == "warn"
    assert finding.message.startswith("One word alone nearly always says the label")
    assert "in 100 of 200 texts (AUROC 1.00" in finding.message
    assert "secretcode" not in finding.message.lower()
    assert len(finding.rows) == 100


def test_usual_texts_and_a_word_that_often_says_it_are_not():
    labels = np.arange(N) % 2
    samples = [Sample(text) for text in written(labels, "often", agreement=0.8)]
    assert words_that_tell(evidence(samples, targets=binary(labels))) == []
    chance = np.random.default_rng(1).integers(0, 2, N)
    assert words_that_tell(evidence(list(map(Sample, reports())), targets=binary(chance))) == []


def test_that_a_word_is_missing_tells_as_much():
    labels = np.arange(N) % 2
    auroc, low, holds = most_telling(
        places_of_words(written(1 - labels, "routine")), labels * 1.0, np.arange(N)
    )
    assert auroc == 1
    assert 0.9 < low <= 1
    assert holds.tolist() == (labels == 0).tolist()


def test_the_name_of_one_of_several_labels_in_its_texts_is_flagged():
    labels = np.arange(N) % 2
    truth = np.stack([labels, np.roll(labels, 1)], axis=1).astype(np.float32)
    targets = Targets(
        {"truth": truth, "known": np.ones(truth.shape, bool)}, ("zebrafish", "okapi"), "labels"
    )
    samples = [Sample(text) for text in written(labels, "zebrafish")]
    (finding,) = target_in_texts(evidence(samples, targets=targets, kind="labels"))
    assert finding.message.endswith("'zebrafish'.")
