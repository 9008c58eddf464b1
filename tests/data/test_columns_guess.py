"""Which columns of a table a model can learn from, and what in them seems to mean missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from bedside.data.columns_guess import find_columns, missing_code
from bedside.data.guess import guess_study
from bedside.data.sources import load_cohort
from bedside.study import Study
from bedside.training.preparation import build_modalities

N = 60


def texts(values: object) -> pd.Series:
    return pd.Series(np.asarray(values).astype(str), dtype="str")


@pytest.fixture
def cases(rng: np.random.Generator) -> pd.DataFrame:
    ill = np.arange(N) % 2
    chol = np.where(np.arange(N) % 6 == 0, 0, rng.integers(150, 300, N))
    return pd.DataFrame(
        {
            "row": texts(np.arange(N)),
            "person": texts([f"Person {n}" for n in range(N)]),
            "age": texts(rng.integers(30, 80, N)),
            "chol": texts(chol),
            "pain": texts(rng.integers(1, 5, N)),
            "drug": texts(rng.choice(["yes", "no"], N)),
            "stage": texts(np.where(ill == 1, 3, 1)),
            "same": texts([1] * N),
            "disease": texts(ill),
        }
    )


def test_ids_names_and_answers_are_left_out(cases: pd.DataFrame) -> None:
    found = find_columns(cases, taken={"disease"}, label="disease")
    assert found.columns == ("age", "chol", "pain", "drug")
    assert found.categories == ("pain", "drug")
    assert found.missing == {"chol": 0.0}
    assert found.answers == ("stage",)


def test_the_study_that_is_written_reads_them(cases: pd.DataFrame, tmp_path: Path) -> None:
    cases.to_csv(tmp_path / "heart.csv", index=False)
    text = guess_study(tmp_path / "heart.csv")
    words = yaml.safe_load(text)
    assert words["inputs"]["history"] == {
        "modality": "table",
        "columns": ["age", "chol", "pain", "drug"],
        "categories": ["pain", "drug"],
        "missing": {"chol": [0]},
    }
    assert '# Column "stage" alone says the label: no input.' in text
    study = Study.parse(words).anchored(tmp_path)
    assert len(load_cohort(study)) == N
    assert build_modalities(study)["history"].columns_used() == ["age", "chol", "pain", "drug"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ([0] * 6 + list(range(150, 210)), 0.0),
        ([0] * 4 + list(range(150, 210)), None),  # too few to be a habit
        ([0] * 6 + [n / 10 for n in range(1, 60)], None),  # numbers that begin there
        ([-9] * 6 + list(range(60)), None),  # nearer than half the way to the median
        ([-99] * 6 + list(range(60)), -99.0),
        ([999] * 6 + list(range(60)), 999.0),
        ([99] * 6 + list(range(60, 120)), None),  # among the others
        ([0] * 6 + [3] * 50, None),  # few different numbers: codes themselves
    ],
)
def test_a_code_lies_far_from_all_others(values: list[float], code: float | None) -> None:
    assert missing_code(texts(values)) == code
