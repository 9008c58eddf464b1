import json
from pathlib import Path

import numpy as np
import pytest

from bedside.errors import RunError
from bedside.reporting.glossary import split_class
from bedside.reporting.record import read_record
from bedside.reporting.scores import read_scores
from bedside.run_folder import RunFolder

from .made_run import Made, make_run


def test_parts_count_cases_and_distinct_patients(tmp_path: Path) -> None:
    folder = make_run(tmp_path, Made(cases=40, examples=False))
    rows = ["case_id,patient_id,part", "a,p,train", "b,p,train", "c,q,test"]
    folder.splits.write_text("\n".join(rows))
    assert read_record(folder).parts == {
        "train": {"cases": 2, "patients": 1},
        "test": {"cases": 1, "patients": 1},
    }
    folder.splits.write_text("case_id,part\na,train\n")
    assert read_record(folder).parts == {"train": {"cases": 1, "patients": None}}


def test_half_written_log_line_and_repeated_epochs(tmp_path: Path) -> None:
    folder = make_run(tmp_path, Made(cases=40, examples=False))
    lines = [
        {"event": "epoch", "model": "resnet", "epoch": 1, "train_loss": 9, "validation_loss": 9},
        {"event": "epoch", "model": "cnn", "epoch": 1, "train_loss": 0, "validation_loss": 0},
        {"event": "epoch", "model": "resnet", "epoch": 2.0, "train_loss": 2, "validation_loss": 3},
        {"event": "epoch", "model": "resnet", "epoch": 1, "train_loss": 4, "validation_loss": 5},
    ]
    folder.log.write_text("\n".join(json.dumps(line) for line in lines) + '\n{"event": "epo')
    environment = json.loads(folder.environment.read_text())
    folder.environment.write_text(json.dumps({**environment, "training": {}}))
    record = read_record(folder)
    assert [(e.number, e.validation_loss) for e in record.epochs()] == [(1, 5), (2, 3)]
    assert record.chosen_epoch() == 2
    trained = {"resnet": {"best_epoch": 1}, "cnn": {"best_epoch": 7}}
    folder.environment.write_text(json.dumps({**environment, "training": trained}))
    assert read_record(folder).chosen_epoch() == 1


def test_missing_metrics_and_damaged_study_say_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"metrics\.json: no such file"):
        read_record(RunFolder(tmp_path))
    folder = make_run(tmp_path, Made(cases=40, examples=False))
    folder.study.write_text("inputs: [unclosed")
    with pytest.raises(RunError, match=r"study\.yaml: damaged, not valid YAML"):
        read_record(folder)
    folder.metrics.write_text("{}")
    with pytest.raises(RunError, match=r"metrics\.json: names no deep model"):
        read_record(folder)


def test_binary_scores_keep_unknown_apart_from_no(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("case_id,truth,probability,decision\n1,NA,0.9,NA\n2,,0.2,no\n3,no,0.1,no\n")
    scores = read_scores(path, kind="binary", classes=["no", "NA"])
    assert scores is not None
    np.testing.assert_array_equal(scores.truth[:, 0], [1, np.nan, 0])
    np.testing.assert_array_equal(scores.decision[:, 0], [True, False, False])
    assert [len(part) for part in scores.known(0)] == [2, 2, 2]


def test_label_scores_read_blanks_as_unknown(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "truth_a,probability_a,decision_a,truth_b,probability_b,decision_b\n"
        "1,0.9,1,,0.4,0\n0,0.2,0,1.0,0.6,1\n"
    )
    scores = read_scores(path, kind="labels", classes=["a", "b"])
    assert scores is not None
    np.testing.assert_array_equal(scores.truth, [[1, np.nan], [0, 1]])
    np.testing.assert_array_equal(scores.decision, [[True, False], [False, True]])
    assert (scores.positives(0), scores.positives(1)) == (1, 1)


def test_predictions_without_a_column_name_it(tmp_path: Path) -> None:
    path = tmp_path / "resnet-test.csv"
    path.write_text("truth,decision\na,a\n")
    with pytest.raises(RunError, match=r"resnet-test\.csv: expected a column 'probability_a'"):
        read_scores(path, kind="classes", classes=["a", "b"])
    path.write_text("truth,probability,decision\na,high,a\n")
    with pytest.raises(RunError, match=r"column 'probability': expected numbers, got text"):
        read_scores(path, kind="binary", classes=["a", "b"])
    assert read_scores(tmp_path / "none.csv", kind="binary", classes=["a", "b"]) is None


def test_metric_of_a_class_is_told_from_a_plain_one() -> None:
    classes = ["accuracy", "b_c"]
    assert split_class("balanced_accuracy", classes) is None
    assert split_class("balanced_accuracy_b_c", classes) == ("balanced_accuracy", "b_c")
    assert split_class("f1_accuracy", classes) == ("f1", "accuracy")
    assert split_class("auroc_other", classes) is None
