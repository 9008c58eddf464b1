"""The benchmark of report summaries, on a made-up table of the same form."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import openi
import openi_networks
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


def test_the_network_is_measured_with_cases_and_alone_and_a_seed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(tmp_path)
    words = ["openi_networks.py", str(tmp_path), str(tmp_path / "out"), "--seeds", "1"]
    sets = ["training.epochs=1", "target.drawn=2", "target.longest=8", "evaluation.bootstrap=100"]
    words += [word for change in sets for word in ("--set", change)]
    monkeypatch.setattr(sys, "argv", words)
    assert openi_networks.main() == 0
    said = capsys.readouterr().out
    rows = {line.split(" | ")[0] for line in said.splitlines() if line.startswith("| ")}
    assert {"| carried", "| alone", "| neighbour-consensus"} <= rows
    assert "carried - neighbour-consensus rougeL: " in said
    (line,) = (tmp_path / "out" / "found.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert found["ranking"]["alone"]["neighbours"] == 0
    assert openi_networks.main() == 0  # nothing is trained again
    again = capsys.readouterr().out
    assert said.endswith(again)
