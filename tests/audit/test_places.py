"""Rows in words: short, complete as a count, and told together where the same is said."""

from bedside.audit.places import LINES, row_words


def test_rows_alone():
    assert row_words([]) == []
    assert row_words([7]) == ["row 7"]
    assert row_words([7, 8]) == ["rows 7, 8"]
    assert row_words(range(20), shown=3) == ["rows 0, 1, 2 and 17 more"]


def test_rows_of_which_the_same_is_said_share_a_line():
    words = row_words([2, 5, 7], details=["left", "right", "left"])
    assert words == ["rows 2, 7: left", "row 5: right"]
    many = row_words(range(20), details=[str(n) for n in range(20)])
    assert len(many) == LINES + 1
    assert many[-1] == "and 14 more"


def test_pairs_come_with_their_words():
    assert row_words([4, 9], pairs=[(4, 9)]) == ["rows 4 and 9"]
    words = row_words([4, 9, 5], pairs=[(4, 9), (5, 9)], details=["train", "test", ""])
    assert words == ["rows 4 (train) and 9 (test), 5 and 9 (test)"]
    assert row_words([], pairs=[(1, 2)] * 9) == [
        "rows 1 and 2, 1 and 2, 1 and 2, 1 and 2, and 5 pairs more"
    ]
