"""An input is explained by the best method that passes its test."""

from __future__ import annotations

import numpy as np
import pytest

from bedside.errors import StudyError
from bedside.explanation import explainer
from bedside.explanation.drawn_weights import randomised
from bedside.explanation.explainer import Explained, chosen_for_tests, explain_input, suiting
from bedside.explanation.surface import Surface

from .spot_made import pictures, spot_question, spot_surface


def explained(method: str = "auto", count: int = 16) -> Explained:
    arrays = {name: values.numpy() for name, values in pictures(count).items()}
    question = spot_question()
    drawn = question.of_other(randomised(question.network, seed=7))
    return explain_input(
        (question, drawn), spot_surface(), tests=arrays, groups=np.arange(count), shown=arrays,
        cases=[2, 5], method=method,
    )  # fmt: skip


def test_auto_tests_all_and_shows_one_that_passed() -> None:
    found = explained()
    assert [one.name for one in found.tested] == ["grad-cam", "integrated-gradients"]
    (shown,) = (one for one in found.tested if one.name == found.method)
    assert shown.verdict.gains["deletion"][1] > 0
    assert [look.case for look in found.looks] == [2, 5]
    assert found.looks[0].map.shape == (32, 32)
    assert found.looks[0].answer > 0.9
    assert found.cohort.shape == (16, 32, 32)
    assert found.cohort_cases.tolist() == list(range(16))


def test_the_same_seed_says_the_same() -> None:
    one, other = explained("grad-cam"), explained("grad-cam")
    assert one.tested[0].verdict == other.tested[0].verdict
    np.testing.assert_array_equal(one.looks[0].map, other.looks[0].map)


def test_a_method_that_does_not_suit_is_refused() -> None:
    surface = Surface("x", "values", "table", (3,), (0.0, 0.0, 0.0))
    with pytest.raises(StudyError, match=r"expected one that suits a table.*got grad-cam"):
        suiting(spot_question(), surface, method="grad-cam")
    with pytest.raises(StudyError, match=r"Unknown explanation 'oclusion'. .*occlusion"):
        suiting(spot_question(), surface, method="oclusion")


def test_methods_are_tested_on_the_surest_cases_and_fewer_where_these_are_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arrays = {name: values.numpy().copy() for name, values in pictures(40).items()}
    arrays["x.values"][:10] = 0
    rows = chosen_for_tests(spot_question(), arrays, spot_surface())
    assert len(rows) == explainer.TESTED
    assert not set(range(10)) & set(rows.tolist())
    monkeypatch.setattr(explainer, "BLOCK", 7)
    monkeypatch.setattr(explainer, "MOST_LOOKED_AT", 30)
    few = chosen_for_tests(spot_question(), arrays, spot_surface())
    assert set(range(10, 30)) <= set(few.tolist()) <= set(range(30))
    monkeypatch.setattr(explainer, "PLAIN_ELEMENTS", 400)
    assert len(chosen_for_tests(spot_question(), arrays, spot_surface())) == 9
