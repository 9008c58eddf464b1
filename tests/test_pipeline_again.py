"""The same study twice, interrupted and resumed, and on a disk that fills up."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bedside.errors import RunError
from bedside.pipeline import run
from bedside.run_folder import Log
from bedside.study import Study

from .made_study import (
    WORDS,
    Finished,
    best_weights,
    contents,
    log_of,
    make_cases,
    part_rows,
    run_in,
    same_weights,
    skip_package_and_report,
    table_of,
    without_timing,
    write_study,
    write_table,
)


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    return make_cases(tmp_path)


def test_the_same_study_gives_the_same_metrics_twice(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    again = run(Study.load(finished.folder / "study.yaml"), tmp_path / "again")
    assert without_timing(again.metrics) == without_timing(finished.run.metrics)
    assert same_weights(best_weights(tmp_path / "again"), best_weights(finished.root))
    assert (
        contents(tmp_path / "again")["predictions.csv"]
        == (contents(finished.root)["predictions.csv"])
    )


def test_another_seed_gives_another_network(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    study = Study.load(finished.folder / "study.yaml", overrides=["training.seed=8"])
    other = run(study, tmp_path / "other")
    assert not same_weights(best_weights(tmp_path / "other"), best_weights(finished.root))
    assert part_rows(tmp_path / "other", "test") == part_rows(finished.root, "test")
    assert other.metrics["seed"] == 8


def die_after_one_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    write = Log.write

    def write_and_die(self: Log, event: str, **facts: Any) -> None:
        write(self, event, **facts)
        if event == "epoch":
            raise KeyboardInterrupt

    monkeypatch.setattr(Log, "write", write_and_die)


def test_a_run_interrupted_after_an_epoch_resumes_to_the_same_metrics(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    study = Study.load(finished.folder / "study.yaml")
    with monkeypatch.context() as dying:
        die_after_one_epoch(dying)
        with pytest.raises(KeyboardInterrupt):
            run(study, tmp_path / "run")
    assert not (tmp_path / "run" / "metrics.json").exists()
    resumed = run(study, tmp_path / "run", resume=True)
    assert without_timing(resumed.metrics) == without_timing(finished.run.metrics)
    assert same_weights(best_weights(tmp_path / "run"), best_weights(finished.root))
    events = log_of(tmp_path / "run")
    assert [e["epoch"] for e in events if e["event"] == "epoch"] == [1, 2]
    assert [e["error"] for e in events if e.get("state") == "failed"] == ["KeyboardInterrupt"]


def test_a_run_that_died_later_does_not_train_again(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    study = Study.load(finished.folder / "study.yaml")

    def die(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as dying:
        dying.setattr("bedside.pipeline.judge_models", die)
        with pytest.raises(MemoryError):
            run(study, tmp_path / "run")
    trained = contents(tmp_path / "run" / "checkpoint")
    resumed = run(study, tmp_path / "run", resume=True)
    assert without_timing(resumed.metrics) == without_timing(finished.run.metrics)
    after = contents(tmp_path / "run" / "checkpoint")
    judged = {f"baselines/{name}/state.json" for name in ("majority", "logistic")}
    assert after.keys() - trained.keys() == judged  # of simple models, known once they are judged
    assert {name: after[name] for name in trained} == trained


def test_a_finished_run_is_never_overwritten_unasked(finished: Finished) -> None:
    before = contents(finished.root)
    study = Study.load(finished.folder / "study.yaml")
    with pytest.raises(RunError, match=r"got one that holds a run\. Add --resume to go on"):
        run(study, finished.root)
    other = Study.load(finished.folder / "study.yaml", overrides=["training.epochs=3"])
    for resume in (False, True):
        refused = r"Name another folder with -o, or repeat the same --set|name another with -o"
        with pytest.raises(RunError, match=refused):
            run(other, finished.root, resume=resume)
    assert contents(finished.root) == before


def test_a_network_is_not_resumed_on_other_parts(
    cases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    with monkeypatch.context() as dying:
        die_after_one_epoch(dying)
        with pytest.raises(KeyboardInterrupt):
            run_in(cases)
    before = contents(cases / "run" / "checkpoint")
    table = table_of(cases)
    for row in table[1:25]:
        row[1] = table[1][1]  # twelve patients turn out to be one
    write_table(cases, table)
    with pytest.raises(
        RunError,
        match=r"^splits\.csv: expected every case in the part it was in when .*, got other parts\.",
    ):
        run(Study.load(cases / "study.yaml"), cases / "run", resume=True)
    write_table(cases, table[:-2])
    with pytest.raises(RunError, match=r"^splits\.csv: expected the 70 cases of cases\.csv"):
        run(Study.load(cases / "study.yaml"), cases / "run", resume=True)
    assert contents(cases / "run" / "checkpoint") == before


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A disk of 3 MB; what it is mounted on, and a function that makes it larger."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip("this machine lets nobody mount a small disk")

    def enlarge() -> None:
        subprocess.run([mount, "-o", "remount,size=64m", str(place)], check=True)

    yield place, enlarge
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_costs_no_epoch_that_was_done(
    finished: Finished, small_disk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    place, enlarge = small_disk
    study = Study.load(finished.folder / "study.yaml")
    with pytest.raises(RunError, match=r"the disk is full\. Free some space and repeat the"):
        run(study, place / "run")
    left = contents(place / "run")
    assert not [name for name in left if name.endswith(".partial")]
    assert "checkpoint/cnn/training.safetensors" in left
    enlarge()
    resumed = run(study, place / "run", resume=True)
    assert without_timing(resumed.metrics) == without_timing(finished.run.metrics)


def test_words_are_whole_after_a_failed_write(cases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_package_and_report(monkeypatch)
    write = Path.write_text

    def full(self: Path, *args: Any, **options: Any) -> int:
        if "metrics.json" in self.name:
            raise OSError(28, "No space left on device")
        return write(self, *args, **options)

    with monkeypatch.context() as filled:
        filled.setattr(Path, "write_text", full)
        with pytest.raises(RunError, match=r"^metrics\.json: the disk is full\."):
            run_in(cases)
    assert not (cases / "run" / "metrics.json").exists()
    study = Study.load(write_study(cases, WORDS))
    assert run(study, cases / "run", resume=True).metrics["study"] == "tiny"
