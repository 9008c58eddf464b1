"""The findings on near copies: parts, labels, pairs, and exact copies left out."""

import numpy as np

from bedside.audit.checks.near_copies import near_copies_across_parts, near_copies_within_parts

from .cohorts import alike_pictures, altered, as_samples, binary, evidence, given_parts


def with_copies(pairs, **words):
    """120 films (60 train, 30 validation, 30 test); the second of a pair is the first, altered."""
    pictures = alike_pictures(120)
    for first, second in pairs:
        pictures[second] = altered(pictures[first], "jpeg")
    return evidence(as_samples(pictures), **words)


def test_pairs_across_parts_warn_and_say_how_many_touch_the_test():
    own = with_copies([(0, 100), (1, 70), (5, 6)], parts=given_parts(120))
    (finding,) = near_copies_across_parts(own)
    assert (finding.severity, finding.count) == ("warn", 2)
    assert set(finding.pairs) == {(2, 102), (3, 72)}
    assert finding.rows == tuple(row for pair in finding.pairs for row in pair)
    assert finding.details == tuple(
        {2: "train", 3: "train", 102: "test", 72: "validation"}[row] for row in finding.rows
    )
    assert finding.message.startswith(
        "2 pairs of cases show nearly the same image in different parts (1 with a test case)"
    )
    (inside,) = near_copies_within_parts(own)
    assert (inside.pairs, inside.count) == (((7, 8),), 1)
    assert inside.message == (
        "1 pair of cases shows nearly the same image within one part. 1 of them has different "
        "labels."
    )


def test_labels_that_contradict_are_counted_where_both_are_known():
    truth = np.zeros(120)
    truth[[100, 70]] = 1
    known = np.arange(120) != 70
    own = with_copies([(0, 100), (1, 70)], parts=given_parts(120), targets=binary(truth, known))
    (finding,) = near_copies_across_parts(own)
    assert finding.message.endswith("1 of them has different labels.")


def test_exact_copies_are_left_to_their_own_check():
    pictures = alike_pictures(120)
    pictures[100] = pictures[0]
    own = evidence(as_samples(pictures), parts=given_parts(120))
    assert own.copies["xray"][0].tolist() == [0, 100]
    assert near_copies_across_parts(own) == []


def test_before_a_split_pairs_are_in_the_data():
    own = with_copies([(0, 100)])
    assert near_copies_across_parts(own) == []
    (finding,) = near_copies_within_parts(own)
    assert "nearly the same image in the data." in finding.message
    assert finding.details == ()


def test_of_very_many_some_test_cases_are_compared_and_the_note_says_so(monkeypatch):
    monkeypatch.setattr("bedside.audit.evidence.MOST_COMPARED", 100)
    monkeypatch.setattr("bedside.audit.evidence.DRAWN", 25)
    own = with_copies([(0, 100), (101, 1), (5, 6)], parts=given_parts(120))
    drawn = set(own._drawn_for_copies(own.small["xray"].rows).tolist())
    assert len(drawn) == 25
    assert min(drawn) >= 90
    note = near_copies_within_parts(own)[0]
    assert (note.severity, note.count) == ("note", 25)
    assert note.message.startswith("25 of 120 images, drawn from the test part by lot, were")
    (finding,) = near_copies_across_parts(own)
    seen = {(2, 102): 100, (3, 103): 101}
    assert set(finding.pairs) == {pair for pair, row in seen.items() if row in drawn}
