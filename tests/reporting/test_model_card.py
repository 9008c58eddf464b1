import re
from pathlib import Path

import pytest

from bedside.reporting.model_card import write_model_card
from bedside.run_folder import RunFolder

from .made_run import CASE, PATIENT, Made, make_run

HEADINGS = [
    "Model details", "Intended use", "Out of scope", "Data", "Metrics", "Subgroups",
    "Calibration", "Limits and ethical considerations", "Licence", "How it was made",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["binary", "classes", "labels"])
def test_card_has_its_headings_and_no_patient(runs: dict[str, RunFolder], kind: str) -> None:
    text = write_model_card(runs[kind])
    assert runs[kind].model_card.read_text() == text
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert [h for h in headings if h != "Warnings"] == HEADINGS
    assert ("### Each class" in text) == (kind != "binary")
    for secret in (PATIENT, CASE, "secretfolder", "secrethost"):
        assert secret not in text
    assert "tiny" not in text
    assert re.search(r"Made by:\*\* bedside \S+, torch 2\.13\.0$", text, re.M)


def test_tables_are_whole_and_carry_intervals(runs: dict[str, RunFolder]) -> None:
    lines = write_model_card(runs["binary"]).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| Metric |"))
    table = lines[start : start + 13]
    assert {line.count("|") for line in table} == {6}
    assert table[2].startswith("| AUROC (decides the verdict) | 0.9")
    assert " to " in table[2]


def test_a_verdict_against_the_deep_model_comes_first(tmp_path: Path) -> None:
    changes = {"verdict": "deep worse", "looks": 2}
    text = write_model_card(make_run(tmp_path, Made(cases=80, changes=changes, examples=False)))
    assert text.splitlines()[2].startswith("The deep model was worse than the best simple model")
    assert "**Test part looked at 2 times.**" in text


def test_names_cannot_break_out_of_the_markdown(tmp_path: Path) -> None:
    made = Made(cases=80, classes=("no|rmal", "<script>alert(1)</script>"), examples=False)
    text = write_model_card(make_run(tmp_path, made))
    assert "<script>" not in text
    assert "no\\|rmal" in text
