"""The benchmark of triage, on made-up reports of the same form."""

from __future__ import annotations

import sys
from pathlib import Path

import openi_triage
import pandas as pd
import pytest


def reports() -> pd.DataFrame:
    rows = []
    for n in range(60):
        odd = n % 2 == 1
        rows.append(
            {
                "MeSH": "Opacity/lung;normal" if odd else "normal",
                "findings": f"Opacity number {n}." if odd else f"Clear lungs, number {n}.",
                "indication": "Cough" if n % 3 else None,
            }
        )
    rows += [
        {"MeSH": "normal", "findings": None, "indication": "left out"},
        {"MeSH": "No Indexing", "findings": "Not looked at.", "indication": "left out"},
        {
            "MeSH": "Technical Quality of Image Unsatisfactory ",
            "findings": "Dark.",
            "indication": "x",
        },
        {
            "MeSH": "normal;Technical Quality of Image Unsatisfactory ",
            "findings": "CLEAR  lungs number 0",
        },
    ]
    return pd.DataFrame(rows)


def test_what_the_indexers_say_is_the_answer_and_equal_texts_are_one() -> None:
    table = openi_triage.triage_table(reports())
    assert len(table) == 61
    assert table["triage"].tolist() == ["normal", "abnormal"] * 30 + ["normal"]
    assert table["same_text"].iloc[-1] == table["same_text"].iloc[0] == 0
    assert table["same_text"].nunique() == 60
    assert (table["indication"] == "").sum() == 21


def test_the_study_is_run_beside_counted_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "text" / "openi"
    place.mkdir(parents=True)
    reports().to_csv(place / "indiana_reports.csv", index=False)
    words = ["openi_triage.py", str(tmp_path), str(tmp_path / "runs"), "--seeds", "3"]
    monkeypatch.setattr(sys, "argv", [*words, "--write", str(tmp_path / "only.csv")])
    assert openi_triage.main() == 0
    assert len(pd.read_csv(tmp_path / "only.csv")) == 61
    assert not (tmp_path / "runs" / "seed-3").exists()
    sets = ["training.epochs=1", "evaluation.bootstrap=100"]
    words += [word for change in sets for word in ("--set", change)]
    monkeypatch.setattr(sys, "argv", words)
    assert openi_triage.main() == 0
    said = capsys.readouterr().out
    assert "61 reports, 60 different, 0.492 abnormal" in said
    assert "| 3 | `tfidf-logistic` | 1.000" in said
    assert "difference in AUROC" in said
