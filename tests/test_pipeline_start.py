"""A study that starts from another run, whole: what is taken, told and refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bedside.errors import LeakageError, RunError, StudyError
from bedside.pipeline import Run, run
from bedside.reporting.notices import find_notices
from bedside.reporting.record import read_record
from bedside.study import Study
from bedside.training.loop import Trainer

from .made_study import (
    SECRET,
    Finished,
    best_weights,
    contents,
    log_of,
    read_csv,
    same_weights,
    skip_package_and_report,
    without_timing,
)


@pytest.fixture(autouse=True)
def _early_stages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    skip_package_and_report(monkeypatch)


def started(
    finished: Finished, folder: Path, *changes: str, of: Path | None = None, **options: Any
) -> Run:
    """The finished run's study once more, started from that run (or from `of`)."""
    place = [f"model.start_from={of or finished.root}", "training.aids=always"]
    study = Study.load(finished.folder / "study.yaml", overrides=[*place, *changes])
    return run(study, folder, **options)


def first_weights(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Filled with what every network holds when its training begins."""
    seen = []
    usual = Trainer.__init__

    def watched(self: Trainer, job: Any) -> None:
        seen.append({f"best/{k}": v.clone().numpy() for k, v in job.network.state_dict().items()})
        usual(self, job)

    monkeypatch.setattr(Trainer, "__init__", watched)
    return seen


def test_training_begins_with_the_other_runs_best_weights_and_says_so(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = first_weights(monkeypatch)
    again = started(finished, tmp_path / "second")
    assert same_weights(began[0], best_weights(finished.root))
    assert not same_weights(best_weights(tmp_path / "second"), best_weights(finished.root))
    environment = json.loads(again.folder.environment.read_text())
    told = environment["training"]["cnn"]["start_from"]
    validation = [r for r in read_csv(finished.root / "splits.csv") if r["part"] == "validation"]
    assert told["run"] == "run"
    assert told["taken"] == ["encoder of xray", "head"]
    assert told["compared"]["chosen_by"] == len(validation)
    assert told["compared"]["patients"] == len(
        {r["patient_id"] for r in read_csv(finished.root / "splits.csv") if r["part"] != "train"}
    )
    (event,) = [e for e in log_of(tmp_path / "second") if e["event"] == "start_from"]
    assert event["words"] == (
        "starts from network 'cnn' of run 'run' (10 tensors): encoder of xray, head"
    )
    (notice,) = [n for n in find_notices(read_record(again.folder)) if "Started" in n.title]
    assert "weights of run 'run' (encoder of xray and head of its network cnn)" in notice.text
    assert f"{told['compared']['patients']} patients by their ids" in notice.text
    assert "Started from another run" in again.folder.model_card.read_text()
    assert (
        "start_from"
        not in json.loads((finished.root / "environment.json").read_text())["training"]["cnn"]
    )


def test_the_same_start_twice_ends_the_same(finished: Finished, tmp_path: Path) -> None:
    one, two = (started(finished, tmp_path / name) for name in ("one", "two"))
    assert without_timing(one.metrics) == without_timing(two.metrics)
    assert same_weights(best_weights(tmp_path / "one"), best_weights(tmp_path / "two"))


def test_other_parts_of_the_same_patients_are_refused_before_training(
    finished: Finished, tmp_path: Path
) -> None:
    with pytest.raises(LeakageError) as refused:
        started(finished, tmp_path / "second", "split.seed=8")
    assert "that the network of run 'run' has not seen, got" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert not (tmp_path / "second" / "checkpoint").exists()
    # mended, the same folder serves
    started(finished, tmp_path / "second")


def test_weights_that_do_not_fit_a_later_network_leave_no_run_behind(
    finished: Finished, tmp_path: Path
) -> None:
    both = "model.encoders={xray: [cnn, resnet]}"
    with pytest.raises(StudyError, match="expected a network with the encoder 'resnet'"):
        started(finished, tmp_path / "second", both)
    assert not (tmp_path / "second" / "checkpoint").exists()


def test_copied_files_under_other_names_are_refused(finished: Finished, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(finished.folder / "pictures", elsewhere / "pictures")
    table = (finished.folder / "cases.csv").read_text().replace(f"{SECRET}-", "other-")
    table = table.replace("pictures/other-", f"pictures/{SECRET}-")
    (elsewhere / "cases.csv").write_text(table)
    with pytest.raises(LeakageError, match=r"rows \d+, .* of cases\.csv"):
        started(
            finished, tmp_path / "second", f"data.table={elsewhere / 'cases.csv'}", "split.seed=3"
        )


def test_a_resumed_run_does_not_begin_anew(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = started(finished, tmp_path / "whole", "training.epochs=3")
    first = tmp_path / "first"
    shutil.copytree(finished.root, first)
    stop = Trainer.save

    def stopped(self: Trainer) -> None:
        stop(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", stopped)
        with pytest.raises(KeyboardInterrupt):
            started(finished, tmp_path / "cut", "training.epochs=3", of=first)
    shutil.rmtree(first)  # what has begun needs it no more
    resumed = started(finished, tmp_path / "cut", "training.epochs=3", of=first, resume=True)
    assert same_weights(best_weights(tmp_path / "cut"), best_weights(tmp_path / "whole"))
    assert without_timing(resumed.metrics) == without_timing(whole.metrics)
    told = json.loads(resumed.folder.environment.read_text())["training"]["cnn"]["start_from"]
    assert told["run"] == "first"
    assert told["tensors"] == 10


def test_a_start_whose_weights_changed_is_not_gone_on_with(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "first"
    shutil.copytree(finished.root, first)

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bedside.training.trained.train", dies)
        with pytest.raises(KeyboardInterrupt):
            started(finished, tmp_path / "cut", of=first)
    shutil.rmtree(first)
    started(finished, first)  # other weights under the same name
    with pytest.raises(RunError, match="expected the weights of run 'first' as when this run"):
        started(finished, tmp_path / "cut", of=first, resume=True)


def test_what_was_seen_two_runs_ago_is_refused_too(finished: Finished, tmp_path: Path) -> None:
    second = started(finished, tmp_path / "second")
    assert (second.folder.root / "seen_before.csv").exists()
    # a cohort of what the first run learnt from, of which the second says nothing itself
    learnt = {r["case_id"] for r in read_csv(finished.root / "splits.csv") if r["part"] == "train"}
    table = read_csv(finished.folder / "cases.csv")
    others = tmp_path / "others"
    shutil.copytree(finished.folder / "pictures", others / "pictures")
    lines = [",".join(row.values()) for row in table if row["case_id"] in learnt]
    (others / "cases.csv").write_text("\n".join([",".join(table[0]), *lines]) + "\n")
    (second.folder.root / "splits.csv").write_text("case_id,part\n")
    place = f"data.table={others / 'cases.csv'}"
    with pytest.raises(LeakageError, match="run 'second'"):
        started(finished, tmp_path / "third", place, of=second.folder.root)


def test_patients_stand_in_the_tables_that_are_said_to_hold_them(
    finished: Finished, tmp_path: Path
) -> None:
    second = started(finished, tmp_path / "second")
    named = {name for name, data in contents(second.folder.root).items() if SECRET.encode() in data}
    allowed = {"splits.csv", "seen_before.csv", "predictions.csv"}
    allowed |= {"explanations/explanation.json"}
    assert {name for name in named if not name.startswith("predictions/")} <= allowed
