"""Spans: what overlaps is settled without losing a letter, what is wrong is refused."""

from __future__ import annotations

import pytest

from bedside.errors import DataError
from bedside.privacy.spans import Span, checked_spans, settle


def test_the_surer_span_wins_and_the_rest_of_the_other_stays() -> None:
    text = "Mary Smith, 12 Oak Street"
    sure, weak = Span(5, 10, "name", 0.9, "a"), Span(0, 14, "address", 0.5, "b")
    assert settle([weak, sure], text) == [
        Span(0, 4, "address", 0.5, "b"),
        sure,
        Span(12, 14, "address", 0.5, "b"),
    ]


def test_of_equally_sure_ones_the_longer_wins() -> None:
    long, short = Span(0, 10, "name", 0.9, "a"), Span(3, 6, "place", 0.9, "b")
    assert settle([short, long], "0123456789") == [long]


@pytest.mark.parametrize(
    ("span", "got"),
    [
        (Span(0, 6, "name", 0.5, "t"), "0 to 6 of 5 characters"),
        (Span(-1, 2, "name", 0.5, "t"), "-1 to 2 of 5 characters"),
        (Span(2, 2, "name", 0.5, "t"), "2 to 2 of 5 characters"),
        (Span(0, 2, "beast", 0.5, "t"), "an unknown kind"),  # type: ignore[arg-type]
        (Span(0, 2, "name", 1.5, "t"), "a confidence of 1.5"),
    ],
)
def test_spans_that_cannot_be_are_refused(span: Span, got: str) -> None:
    good = Span(0, 2, "name", 0.5, "t")
    assert checked_spans([good], "Smith", where="tagger") == [good]
    with pytest.raises(DataError) as caught:
        checked_spans([good, span], "Smith", where="tagger")
    assert "tagger: span 2: expected a stretch inside the text" in str(caught.value)
    assert got in str(caught.value)
    assert "Smith" not in str(caught.value)
