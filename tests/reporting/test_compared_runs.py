"""Runs side by side: what is said of pairs, and where a dashboard leads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bedside.reporting.compared_runs import comparison_sheet, dashboard_sheet, pair_verdict
from bedside.reporting.overview import write_sheet

from .test_report import Page


def pair(a: str, b: str, *, p: float, corrected: float, verdict: str = "better") -> dict[str, Any]:
    found = {"value": 0.009, "low": 0.002, "high": 0.02}
    return {"a": a, "b": b, "p": p, "p_corrected": corrected, "verdict": verdict, **found}


def models(*names: str) -> dict[str, Any]:
    estimate = {"value": 0.9, "low": 0.8, "high": 0.95}
    return {name: {"model": name, "estimate": estimate, "changes": []} for name in names}


def test_what_the_correction_takes_back_is_not_called_better() -> None:
    found = pair("a", "b", p=0.039, corrected=0.118)
    assert pair_verdict(found, looks=3) == "better, but not after the correction"
    assert pair_verdict(found, looks=1) == "better"
    assert pair_verdict(pair("a", "b", p=0.001, corrected=0.003), looks=3) == "better"


def test_the_first_sentence_counts_what_the_correction_leaves() -> None:
    pairs = [
        pair("a", "b", p=0.039, corrected=0.078),
        pair("a", "c", p=0.0001, corrected=0.0003),
        pair("b", "c", p=0.5, corrected=0.5, verdict="not shown to differ"),
    ]
    sheet = comparison_sheet(models("a", "b", "c"), pairs, metric="auroc")
    assert sheet.answer.headline.startswith("1 of 3 pairs differ in AUROC after a correction")
    assert sheet.answer.details[0].startswith("Before it, 2 did")
    assert [row[3].text for row in sheet.tables[0].rows] == ["0.078", "< 0.001", "0.500"]


def test_one_pair_is_told_by_name_and_amount() -> None:
    found = [pair("mine", "theirs", p=0.01, corrected=0.01)]
    sheet = comparison_sheet(models("mine", "theirs"), found, metric="auroc")
    said = "In AUROC, mine is 0.009 better than theirs (0.002 to 0.020 better)."
    assert sheet.answer.headline == said


def test_a_dashboard_shows_the_verdict_early_and_opens_the_reports(tmp_path: Path) -> None:
    run = {
        "study": "glucose", "task": "forecast", "primary": "rmse_pooled", "unit": "mg/dL",
        "deep": "dense", "best_baseline": "persistence", "verdict": "deep not shown better",
        "cases": 1431, "patients": None,
        "models": {
            "dense": {"rmse_pooled": {"value": 17.84, "low": 14.0, "high": 20.4}},
            "persistence": {"rmse_pooled": {"value": 18.8, "low": 15.6, "high": 22.5}},
        },
    }  # fmt: skip
    sheet = dashboard_sheet({"runs/a": run}, [("runs/a", "runs/a/report.html")])
    page = Page(write_sheet(tmp_path / "index.html", sheet).read_text(encoding="utf-8"))
    assert [link["href"] for link in page.all("a")] == ["runs/a/report.html"]
    row = [cell.text for cell in sheet.tables[0].rows[0]]
    assert row[:3] == ["runs/a", "deep not shown better", "RMSE, mg/dL"]
    assert row[3:] == [
        "17.8 (14.0 to 20.4)", "18.8 (15.6 to 22.5)", "1,431 cases, patients unknown",
    ]  # fmt: skip
