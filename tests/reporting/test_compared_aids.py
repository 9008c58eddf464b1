"""What was tried against scarce labels, as the report tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bedside.reporting.compared_aids import aided, aids_table
from bedside.reporting.record import Record

from .test_compared_networks import _record


def found(low: float, *, kept: bool) -> dict[str, Any]:
    difference = {"metric": "auroc", "value": 0.02, "low": low, "high": 0.04}
    return {"against": "resnet", "difference": difference, "confidence": 0.975, "kept": kept}


def record_with(tmp_path: Path, **aids: dict[str, Any]) -> Record:
    named = {f"resnet+{name}": own for name, own in aids.items()}
    return _record(tmp_path, aids=named)


def test_nothing_tried_is_no_table(tmp_path: Path) -> None:
    assert aids_table(_record(tmp_path)) is None


def test_each_aid_has_its_gain_with_interval_and_its_verdict(tmp_path: Path) -> None:
    record = record_with(tmp_path, a=found(0.01, kept=True), b=found(-0.01, kept=False))
    table = aids_table(record)
    assert table is not None
    texts = [[cell.text for cell in row] for row in table.rows]
    assert texts[0] == ["resnet+a", "resnet", "+0.020 (0.010 to 0.040)", "may be chosen"]
    assert texts[1][2:] == ["+0.020 (\N{MINUS SIGN}0.010 to 0.040)", "not kept"]
    assert "97.5 % each" in table.note


def test_the_first_page_says_which_cases_without_a_label_were_learnt_from(tmp_path: Path) -> None:
    record = _record(tmp_path)
    assert aided(record) == []
    told = record.environment["training"][record.deep]
    told["pretrain"] = {"cases": 4708}
    told["pseudo-labels"] = {"cases": 4708, "teacher": "cnn"}
    (notice,) = aided(record)
    assert "4,708 cases without looking at their labels" in notice.text
    assert "the answers of network 'cnn'" in notice.text
