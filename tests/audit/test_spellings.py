"""One word in two spellings is told, by column and row and without the word."""

import unicodedata

import numpy as np
import pytest

from bedside.audit.checks.spellings import varied_spellings

from .cohorts import cohort, evidence


def found(cells, name="ward"):
    return varied_spellings(
        evidence(table=cohort(60, **{name: np.resize(np.array(cells, object), 60)}))
    )


@pytest.mark.parametrize(
    "other", ["north", "North ", " NORTH", unicodedata.normalize("NFD", "Nörth")]
)
def test_capitals_blanks_and_accents(other):
    usual = "Nörth" if "o" + "\u0308" in other else "North"
    (finding,) = found([usual] * 9 + [other] + ["South"] * 10)
    assert (finding.severity, finding.rows) == ("warn", (11, 31, 51))
    assert "by column: 'ward' 3;" in finding.message
    assert "orth" not in finding.message


def test_decimals_that_mean_the_same():
    assert found(["1", "0", "1", "1.0"])[0].count == 15


@pytest.mark.parametrize("cells", [["a", "b"], ["1", "10"], [str(n) for n in range(60)]])
def test_words_that_differ_are_left_alone(cells):
    assert found(cells) == []


def test_ids_and_free_text_are_left_alone():
    assert varied_spellings(evidence(table=cohort(patients=["p1", "P1"] * 30))) == []
    assert found([f"note {n}" for n in range(55)] + ["NOTE 1"] * 5) == []
