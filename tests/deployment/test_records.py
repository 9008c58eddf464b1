"""Predictions on disk: CSV and JSON say the same, whole or not at all."""

import csv
import json

import pytest

from bedside.deployment.records import check_output, write_predictions
from bedside.errors import DataError, RunError

RECORDS = [
    {"case": 'Ä "1",.png', "model": "m", "error": "file 1: bad."},
    {"case": "b", "probability": 0.25, "decision": "ill", "model": "m", "error": None},
]


def test_csv_has_the_columns_in_order_and_blanks_where_nothing_is_known(tmp_path):
    write_predictions(RECORDS, tmp_path / "deep" / "p.CSV")
    with (tmp_path / "deep" / "p.CSV").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["case", "probability", "decision", "model", "error"]
    assert list(rows[0].values()) == ['Ä "1",.png', "", "", "m", "file 1: bad."]
    assert list(rows[1].values()) == ["b", "0.25", "ill", "m", ""]


def test_json_keeps_the_records(tmp_path):
    write_predictions(RECORDS, str(tmp_path / "p.json"))
    assert json.loads((tmp_path / "p.json").read_text("utf-8")) == RECORDS


def test_a_dash_is_standard_output(capsys):
    write_predictions(RECORDS[1:], "-")
    assert capsys.readouterr().out == "case,probability,decision,model,error\nb,0.25,ill,m,\n"


@pytest.mark.parametrize(("name", "got"), [("p.xlsx", r"'\.xlsx'"), ("p", "no suffix")])
def test_another_suffix_is_refused_before_any_work(tmp_path, name, got):
    message = rf"{name}: expected a file ending in \.csv or \.json.*got {got}\."
    with pytest.raises(DataError, match=message):
        check_output(tmp_path / name)
    with pytest.raises(DataError, match=message):
        write_predictions(RECORDS, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_failure_keeps_the_old_file(tmp_path):
    path = tmp_path / "p.json"
    write_predictions(RECORDS, path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_predictions([{"case": "a", "probability": float("nan")}], path)
    assert path.read_bytes() == before
    (tmp_path / "p.csv").mkdir()
    with pytest.raises(RunError, match="cannot be written"):
        write_predictions(RECORDS, tmp_path / "p.csv")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["p.csv", "p.json"]
