"""The benchmark of texts joins its files right and prints what it measured."""

from __future__ import annotations

import csv
from pathlib import Path

import text_sections


def test_parts_are_joined_and_the_test_set_is_the_one_asked_for(tmp_path: Path) -> None:
    names = [text_sections.TRAINING, text_sections.VALIDATION, *text_sections.TESTS.values()]
    for name in names:
        with (tmp_path / name).open("w", newline="", encoding="utf-8-sig") as stream:
            table = csv.writer(stream)
            table.writerow(["ID", "section_header", "section_text", "dialogue"])
            table.writerow([0, "CC", "x", f"Doctor: {name}\nPatient: yes"])
    for test, name in text_sections.TESTS.items():
        path = text_sections.write_table(tmp_path, tmp_path / "joined.csv", test=test)
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        assert [row["part"] for row in rows] == ["train", "validation", "test"]
        assert rows[2]["dialogue"] == f"Doctor: {name}\nPatient: yes"
        assert list(rows[0]) == list(text_sections.COLUMNS)


def test_a_line_a_model_with_its_intervals() -> None:
    def estimate(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.05, "high": value + 0.05}

    models = {n: {"accuracy": estimate(0.6), "auroc": estimate(0.9)} for n in ("bag", "tfidf")}
    metrics = {
        "deep": "bag",
        "best_baseline": "tfidf",
        "models": models,
        "difference": {"value": -0.01, "low": -0.03, "high": 0.01},
    }
    deep, peer = text_sections._lines(metrics, 2, 7)
    assert deep == (
        "| 2 | 7 | `bag` | 0.600 (0.550 to 0.650) | 0.900 (0.850 to 0.950) | "
        "-0.010 (-0.030 to +0.010) |"
    )
    assert peer.endswith("0.900 (0.850 to 0.950) |  |")
