"""The benchmark of de-identification: no template in both parts, counts worked by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import deidentify
import pytest

Capture = pytest.CaptureFixture[str]


def row(text: str, template: int, *spans: tuple[str, str]) -> dict[str, Any]:
    """A sentence in the form of the file."""
    found = [
        {
            "entity_type": kind,
            "start_position": text.index(words),
            "end_position": text.index(words) + len(words),
        }
        for kind, words in spans
    ]
    return {"full_text": text, "template_id": template, "spans": found}


def test_no_template_is_in_both_parts() -> None:
    rows = [row("x", n % 10) for n in range(100)]
    develop, held = deidentify.halves(rows)
    assert len(develop) + len(held) == 100
    assert len({r["template_id"] for r in held}) == 2
    assert not {r["template_id"] for r in develop} & {r["template_id"] for r in held}


def test_tokens_are_counted_as_said() -> None:
    rows = [
        row("Dr. Okafor came.", 1, ("TITLE", "Dr."), ("PERSON", "Okafor")),
        row("I met qwxz, 44.", 2, ("PERSON", "qwxz"), ("AGE", "44")),
    ]
    found = deidentify.measure(rows)
    assert dict(found["kinds"]) == {"TITLE": [2, 2], "PERSON": [2, 1], "AGE": [1, 0]}
    assert (found["total"]["hits"], found["total"]["missed"], found["total"]["wrong"]) == (3, 2, 0)
    assert (found["replaced"]["hits"], found["replaced"]["missed"]) == (1, 1)
    assert deidentify.f2(8, 2, 2) == pytest.approx((0.8, 0.8, 0.8))
    assert deidentify.f2(1, 0, 1) == pytest.approx((1.0, 0.5, 5 * 0.5 / 4.5))
    assert deidentify.shape("Ab9é") == "Xx9x"


def test_it_prints_and_says_whether_the_limit_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    rows = [row(f"Dr. Okafor came {n}.", n, ("PERSON", "Okafor")) for n in range(10)]
    (tmp_path / "text").mkdir()
    (tmp_path / "text/presidio_synthetic.json").write_text(json.dumps(rows))
    monkeypatch.setattr(sys, "argv", ["deidentify.py", str(tmp_path)])
    assert deidentify.main() == 1  # the title counts as wrong: nobody marked it
    said = capsys.readouterr().out
    assert "2 sentences of 2 templates" in said
    assert "| PERSON | 2 | 1.000 |" in said
    assert "Okafor" not in said
