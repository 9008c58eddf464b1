"""Metrics of summaries: worked by hand, and against a resample made of real copies."""

from __future__ import annotations

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer

from bedside.evaluation import OF_FINDINGS, OF_SUMMARIES, summaries
from bedside.evaluation.rouge import rouge_scores
from bedside.evaluation.summaries import Summaries

from .summaries_made import LEXICON, REFERENCES, SOURCES, TEXTS, answers_of, targets_of

ONCE = np.ones((1, 4))


@pytest.fixture
def made() -> Summaries:
    return Summaries.of(answers_of(targets_of(REFERENCES, SOURCES, lexicon=LEXICON), TEXTS))


def test_rouge_of_one_pair_worked_by_hand() -> None:
    """Of four and two words one is shared: F = 2 x 1/2 x 1/4 / (1/2 + 1/4) = 1/3; no pair is."""
    assert rouge_scores(REFERENCES[:1], TEXTS[:1])[0] == pytest.approx([1 / 3, 0, 1 / 3])
    swapped = rouge_scores(["a b c d"], ["a c b d"])[0]  # longest in order: a b d, or a c d
    assert swapped == pytest.approx([1, 0, 3 / 4])
    assert rouge_scores(["opacities"], ["Opacity."])[0] == pytest.approx([1, 0, 1])  # stemmed
    assert rouge_scores(["a"], [""])[0].tolist() == [0, 0, 0]
    assert rouge_scores([], []).shape == (0, 3)


def test_a_letter_with_an_accent_parts_a_word_in_both_texts_alike() -> None:
    assert rouge_scores(["Überblähung"], ["Überblähung"])[0, 0] == 1
    assert rouge_scores(["Überblähung"], ["Oberbl hung"])[0, 0] > 0


def test_metrics_worked_by_hand(made: Summaries) -> None:
    """The first states one of two findings, the third neither of one, the fourth a wrong one."""
    assert made.agreement.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert made.positive.tolist() == [True, False, True, False]
    found = {
        name: table.load(name)(made, ONCE)[0]
        for table in (OF_SUMMARIES, OF_FINDINGS)
        for name in table.names()
    }
    assert found == pytest.approx(
        {
            "rouge1": (1 / 3 + 1) / 4,
            "rouge2": 1 / 4,
            "rougeL": (1 / 3 + 1) / 4,
            "words": 7 / 4,
            "copied_words": 4 / 7,  # small effusion, no effusion
            "findings_f1": 2 * 1 / (2 * 1 + 1 + 2),
            "findings_sensitivity": 1 / 3,
            "findings_ppv": 1 / 2,
            "dropped_all": 1 / 2,
            "false_findings": 1 / 4,
            "unsupported_findings": 1 / 4,
        }
    )


def test_a_finding_of_the_source_alone_is_false_but_not_unsupported() -> None:
    targets = targets_of(["Normal."], ["Tiny nodule."], lexicon=LEXICON)
    own = Summaries.of(answers_of(targets, ["Nodule."]))
    assert summaries.false_findings(own, np.ones((1, 1)))[0] == 1
    assert summaries.unsupported_findings(own, np.ones((1, 1)))[0] == 0


def test_what_is_undefined_is_not_a_number() -> None:
    own = Summaries.of(answers_of(targets_of(["Normal."], ["Normal."], lexicon=LEXICON), [""]))
    once = np.ones((1, 1))
    names = ("findings_f1", "findings_sensitivity", "findings_ppv", "dropped_all")
    assert all(np.isnan(getattr(summaries, name)(own, once)[0]) for name in names)
    assert np.isnan(summaries.copied_words(own, once)[0])
    assert np.isnan(summaries.rouge_l(own, once, among=np.array([False]))[0])


def test_unknown_references_count_nowhere() -> None:
    known = np.array([True, False, True, True])
    targets = targets_of(REFERENCES, SOURCES, known=known, lexicon=LEXICON)
    own = Summaries.of(answers_of(targets, TEXTS))
    assert own.rows.tolist() == [0, 2, 3]
    assert summaries.rouge1(own, np.ones((1, 3)))[0] == pytest.approx(1 / 9)


def test_weights_are_the_same_as_copies_of_cases(rng: np.random.Generator) -> None:
    """An independent reference: each metric of a resample, counted case by case in plain Python."""
    words = ["effusion", "no effusion", "nodule", "clear", "old fracture", "normal heart", "."]
    texts = [[". ".join(rng.choice(words, 3)) for _ in range(30)] for _ in range(3)]
    targets = targets_of(texts[0], texts[1], lexicon=LEXICON)
    own = Summaries.of(answers_of(targets, texts[2]))
    counts = rng.integers(0, 4, size=(5, 30))
    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    for row in counts:
        resample = [case for case, times in enumerate(row) for _ in range(times)]
        rouge, both, added, missed, dropped, positives = [], 0, 0, 0, 0, 0
        for case in resample:
            wanted, given = (
                {
                    name
                    for name in ("effusion", "nodule", "fracture")
                    for part in texts[which][case].split(".")
                    if name in part and "no " not in part
                }
                for which in (0, 2)
            )
            rouge.append(scorer.score(texts[0][case], texts[2][case])["rougeL"].fmeasure)
            both += len(wanted & given)
            added += len(given - wanted)
            missed += len(wanted - given)
            positives += bool(wanted)
            dropped += bool(wanted) and not wanted & given
        weights = row[None].astype(float)
        assert summaries.rouge_l(own, weights)[0] == pytest.approx(np.mean(rouge))
        assert summaries.findings_f1(own, weights)[0] == pytest.approx(
            both / (both + (added + missed) / 2)
        )
        assert summaries.dropped_all(own, weights)[0] == pytest.approx(dropped / positives)
