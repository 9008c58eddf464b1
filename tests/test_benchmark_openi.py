"""The benchmark of report summaries, on a made-up table of the same form."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import openi
import pandas as pd
import pytest


def write_table(folder: Path) -> None:
    rows = []
    for part, count in (("train", 30), ("valid", 6), ("test", 9)):
        for n in range(count):
            odd = n % 3 == 0
            left_out = " No pneumothorax." if part == "train" else ""
            own = f"Film {n} shows a small left effusion and nothing else.{left_out}"
            rows.append(
                {
                    "split": part,
                    "findings": own if odd else f"Heart normal, lungs clear, number {n}.",
                    "impression": f"Effusion {n}." if odd else openi.CONSTANT,
                }
            )
    place = folder / "text" / "openi"
    place.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(place / "summaries.csv", index=False)


def test_peers_are_measured_and_a_wrong_constant_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(tmp_path)
    lexicon = tmp_path / "lexicon.json"
    lexicon.write_text(json.dumps({"findings": {"effusion": ["effusion*"]}}))
    monkeypatch.setattr(sys, "argv", ["openi.py", str(tmp_path), "--lexicon", str(lexicon)])
    assert openi.main() == 1
    said = capsys.readouterr().out
    assert said.startswith("train 30, validation 6, test 9; of the test part 0 unlike any of tra")
    rows = {line.split(" | ")[0]: line.split(" | ") for line in said.splitlines() if "| " in line}
    constant = rows[f'| "{openi.CONSTANT}"']
    assert constant[1:4] == ["66.67", "66.67", "66.67"]
    assert constant[-2] == "100.0"  # each of three findings is lost
    assert {"| lead", "| centroid", "| nearest-report", "| neighbour-consensus"} <= set(rows)
    assert "of 3 test reports whose summary stands once or twice in training, 3 have nearly" in said
    assert said.rstrip().endswith("NOT AS IT SHOULD")
