import json
from pathlib import Path

from bedside.reporting.compared_networks import candidates_table
from bedside.reporting.record import Record, read_record

from .made_run import Made, make_run

TRAINED = {
    "resnet": {"best_epoch": 9, "epochs_done": 16, "parameters": 302833, "train_seconds": 77.4},
    "cnn": {"best_epoch": 3, "epochs_done": 3, "parameters": 1000, "train_seconds": 5.0},
}


def _record(root: Path, **changes: object) -> Record:
    found = {"candidates": ["cnn", "resnet"], "validation": {"cnn": 0.9, "resnet": 0.95}} | changes
    folder = make_run(root, Made(changes=found, examples=False, figures=False))
    folder.environment.write_text(json.dumps({"training": TRAINED}))
    return read_record(folder)


def test_one_network_needs_no_table(tmp_path: Path) -> None:
    assert candidates_table(_record(tmp_path, candidates=["resnet"])) is None


def test_the_chosen_stands_first_with_what_validation_said(tmp_path: Path) -> None:
    table = candidates_table(_record(tmp_path))
    assert table is not None
    first, second = ([cell.text for cell in row] for row in table.rows)
    assert (first[0], first[1], *first[3:]) == (
        "resnet",
        "0.950",
        "302,833",
        "9 of 16",
        "1 min 17 s",
    )
    assert (second[0], second[1], second[2]) == ("cnn", "0.900", "n/a")
    assert [row[0].small for row in table.rows] == ["chosen", ""]
    assert "'resnet' has the highest AUROC on the validation part" in table.note
    assert "would make the test part a second validation part" in table.note


def test_of_errors_the_lowest_wins(tmp_path: Path) -> None:
    table = candidates_table(_record(tmp_path, primary="rmse_pooled"))
    assert table is not None
    assert "'resnet' has the lowest" in table.note


def test_roles_tell_networks_from_simple_models(tmp_path: Path) -> None:
    record = _record(tmp_path)
    roles = {name: record.role(name) for name in ("resnet", "cnn", "logistic", "majority")}
    assert roles == {
        "resnet": "deep", "cnn": "deep, not chosen",
        record.best_baseline: "best simple", "majority": "simple",
    }  # fmt: skip


def test_a_run_of_an_earlier_version_tells_its_networks_by_its_environment(tmp_path: Path) -> None:
    assert _record(tmp_path, candidates=None).candidates == ["resnet", "cnn"]
