"""Few labels and many pictures: aids tried beside plain training, judged, told and resumed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bedside.errors import LeakageError, StudyError
from bedside.pipeline import Run, run
from bedside.study import Study

from .made_study import (
    SECRET,
    best_weights,
    contents,
    make_cases,
    part_rows,
    read_csv,
    run_in,
    same_weights,
    skip_package_and_report,
    table_of,
    without_timing,
    words_with,
    write_study,
    write_table,
)

TARGET = {"task": "classify", "column": "label", "positive": "ill", "unknown": [""]}
NAMES = ["cnn", "cnn+pretrain", "cnn+pseudo-labels", "cnn+pretrain+pseudo-labels"]
WORDS = words_with(
    target=TARGET,
    training={
        "epochs": 2,
        "precision": "float32",
        "pretrain": True,
        "pseudo_labels": True,
    },
    baselines=["majority"],
)


def few_labels(folder: Path) -> Path:
    """The made-up cases, every third of which keeps its label."""
    header, *rows = table_of(make_cases(folder))
    place = header.index("label")
    for number, row in enumerate(rows):
        row[place] = row[place] if number // 2 % 3 == 0 else ""
    write_table(folder, [header, *rows])
    return folder


@pytest.fixture(scope="module")
def aided(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """No test may change it."""
    return run_in(few_labels(tmp_path_factory.mktemp("aided")), WORDS)


def unlabelled_of(finished: Run, part: str) -> set[str]:
    """Ids of a part's cases without a label."""
    own = set(part_rows(finished.folder.root, part))
    cases = read_csv(finished.folder.root.parent / "cases.csv")
    return {row["case_id"] for row in cases if row["case_id"] in own and not row["label"]}


def test_every_aid_is_judged_against_plain_training_on_validation(aided: Run) -> None:
    metrics = aided.metrics
    assert metrics["candidates"] == NAMES
    assert list(metrics["aids"]) == NAMES[1:]
    assert {found["against"] for found in metrics["aids"].values()} == {"cnn"}
    may = ["cnn", *(name for name, found in metrics["aids"].items() if found["kept"])]
    assert metrics["deep"] == max(may, key=metrics["validation"].__getitem__)
    for name, found in metrics["aids"].items():
        gain = metrics["validation"][name] - metrics["validation"]["cnn"]
        assert found["difference"]["value"] == pytest.approx(gain, abs=1e-5)


def test_what_was_learnt_from_stands_with_the_run(aided: Run) -> None:
    told = json.loads(aided.folder.environment.read_text())["training"]
    unlabelled = unlabelled_of(aided, "train")
    cases = len(part_rows(aided.folder.root, "train"))
    assert 0 < len(unlabelled) < cases
    assert "pretrain" not in told["cnn"]
    assert told["cnn+pretrain"]["pretrain"]["cases"] == cases
    assert told["cnn+pseudo-labels"]["pseudo-labels"] == {"teacher": "cnn", "cases": cases}
    both = told["cnn+pretrain+pseudo-labels"]
    assert both["pseudo-labels"]["teacher"] in {"cnn", "cnn+pretrain"}
    assert both["pretrain"] == told["cnn+pretrain"]["pretrain"], "learnt once for both"


def test_only_labelled_cases_are_scored(aided: Run) -> None:
    for part in ("validation", "test"):
        scored = {row["case_id"] for row in _predictions(aided, part)}
        assert scored == set(part_rows(aided.folder.root, part)) - unlabelled_of(aided, part)


def _predictions(finished: Run, part: str) -> list[dict[str, str]]:
    return read_csv(finished.folder.root / "predictions" / f"cnn-{part}.csv")


def test_the_report_shows_what_was_tried_and_what_was_kept(aided: Run) -> None:
    html = aided.folder.report.read_text(encoding="utf-8")
    assert "Aids against scarce labels" in html
    assert all(name in html for name in NAMES)
    assert SECRET not in html.split("Aids against scarce labels")[1][:2000]


def test_a_run_that_died_goes_on_with_the_same_result(
    aided: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    few_labels(tmp_path)
    study = Study.load(write_study(tmp_path, WORDS))

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bedside.training.trained.with_pseudo_labels", dies)
        with pytest.raises(KeyboardInterrupt):
            run(study, tmp_path / "run")
    again = run(study, tmp_path / "run", resume=True)
    assert without_timing(again.metrics) == without_timing(aided.metrics)
    for name in NAMES:
        one, other = (best_weights(own.folder.root, name) for own in (again, aided))
        assert same_weights(one, other), name


def test_without_judgement_the_aids_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    training = {**WORDS["training"], "aids": "always"}
    found = run_in(few_labels(tmp_path), {**WORDS, "training": training})
    metrics = found.metrics
    names = ["cnn", "cnn+pseudo-labels"]
    assert metrics["candidates"] == names
    assert metrics["aids"] == {}
    assert metrics["deep"] == max(names, key=metrics["validation"].__getitem__)
    told = json.loads(found.folder.environment.read_text())["training"]
    cases = len(part_rows(found.folder.root, "train"))
    assert [told[name]["pretrain"]["cases"] for name in names] == [cases, cases]
    assert told["cnn+pseudo-labels"]["pseudo-labels"]["teacher"] == "cnn"


def test_a_search_tries_other_strengths_of_augmentation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    training = {"epochs": 1, "precision": "float32", "augment": "search"}
    found = run_in(make_cases(tmp_path), words_with(training=training, baselines=["majority"]))
    names = ["cnn", "cnn+augment-0", "cnn+augment-0.5", "cnn+augment-2"]
    assert found.metrics["candidates"] == names
    plain = best_weights(found.folder.root)
    for name in names[1:]:
        assert not same_weights(plain, best_weights(found.folder.root, name)), name


def test_pseudo_labels_need_cases_without_a_label(tmp_path: Path) -> None:
    study = Study.load(write_study(make_cases(tmp_path), WORDS))
    with pytest.raises(StudyError, match=r"training\.pseudo_labels: expected training cases whose"):
        run(study, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoint").exists()


def test_a_patient_seen_in_pretraining_counts_as_seen(
    aided: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cases that were learnt from without a label cannot test a network that starts there."""
    skip_package_and_report(monkeypatch)
    seen = unlabelled_of(aided, "train")
    shutil.copytree(aided.folder.root.parent / "pictures", tmp_path / "pictures")
    header, *rows = table_of(make_cases(tmp_path / "whole"))  # by now they have all labels
    write_table(tmp_path, [header, *(row for row in rows if row[0] in seen)])
    words = words_with(
        model={"encoders": {"xray": "cnn"}, "start_from": str(aided.folder.root)},
        baselines=["majority"],
    )
    study = Study.load(write_study(tmp_path, words))
    with pytest.raises(LeakageError, match="has not seen"):
        run(study, tmp_path / "run")
    assert not any("checkpoint" in name for name in contents(tmp_path / "run"))
