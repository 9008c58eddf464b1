"""A cohort too large for memory: the same answer to the last digit, and nothing is read twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedside.errors import RunError
from bedside.modalities import reading
from bedside.modalities.image import Image
from bedside.pipeline import audit_study, run
from bedside.schema import Reference, Sample
from bedside.study import Study
from bedside.training import prepared_arrays

from .made_study import (
    SECRET,
    WORDS,
    Finished,
    best_weights,
    contents,
    log_of,
    make_cases,
    run_in,
    same_weights,
    skip_package_and_report,
    without_timing,
    write_study,
)

CASES = 72


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whatever is read from now on; nothing fits into memory."""
    for module in (reading, prepared_arrays):
        monkeypatch.setattr(module, "fits_in_memory", lambda _: False)
    monkeypatch.setattr(reading, "SLICE", 16)
    monkeypatch.setattr(prepared_arrays, "BLOCK", 10)
    found: list[str] = []
    read = Image.read

    def counted(self: Image, reference: Reference) -> Sample:
        found.append(reference.where)
        return read(self, reference)

    monkeypatch.setattr(Image, "read", counted)
    return found


def dies_at(stage: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the study in a folder and interrupt it at a stage."""

    def dies(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"bedside.pipeline.{stage}", dies)
        with pytest.raises(KeyboardInterrupt):
            run_in(folder)


def kept(folder: Path) -> list[Path]:
    return [path for path in (folder / ".bedside-cache").iterdir() if path.is_dir()]


def test_the_answer_is_the_same_to_the_last_digit(
    finished: Finished, tmp_path: Path, reads: list[str]
) -> None:
    folder = make_cases(tmp_path)
    run = run_in(folder)
    assert len(reads) == CASES
    assert without_timing(run.metrics) == without_timing(finished.run.metrics)
    ours, theirs = contents(run.folder.root), contents(finished.root)
    assert set(ours) == set(theirs)
    same = ("audit.json", "splits.csv", "predictions.csv", "explanations/cases.json")
    for name in (*same, *(n for n in theirs if n.startswith(("predictions/", "figures/")))):
        assert ours[name] == theirs[name], name
    assert same_weights(best_weights(run.folder.root), best_weights(finished.root))
    facts = [json.loads(c["package/package.json"])["facts"]["data_version"] for c in (ours, theirs)]
    assert facts[0] == facts[1]
    assert not run.folder.prepared.exists()


def test_a_second_run_reads_no_file_again(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    folder = make_cases(tmp_path)
    first = run_in(folder)
    assert len(kept(folder)) == 1
    reads.clear()
    second = run_in(folder, into="again")
    assert reads == []
    assert without_timing(second.metrics) == without_timing(first.metrics)
    (line,) = [line for line in log_of(second.folder.root) if line["event"] == "kept"]
    assert line["what"] == "'xray' as it was read"
    assert line["bytes"] > CASES * 24 * 24


def test_an_audit_alone_leaves_it_for_the_run(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    folder = make_cases(tmp_path)
    study = Study.load(write_study(folder, {**WORDS, "cache": "elsewhere"}))
    audit_study(study)
    assert len(reads) == CASES
    assert not (folder / ".bedside-cache").exists()
    assert [path.name for path in (folder / "elsewhere").iterdir()] == [".bedside-cache"]
    assert len(kept(folder / "elsewhere")) == 1
    reads.clear()
    run_in(folder, {**WORDS, "cache": "elsewhere"})
    assert reads == []


def test_a_changed_picture_is_seen(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    folder = make_cases(tmp_path)
    run_in(folder)
    make_cases(folder, seed=1)
    reads.clear()
    run_in(folder, into="again")
    assert len(reads) == CASES
    assert len(kept(folder)) == 1, "the old pictures gave way"


def test_a_run_that_died_finds_its_arrays_again(
    finished: Finished, tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    folder = make_cases(tmp_path)

    dies_at("judge_models", folder, monkeypatch)
    left = folder / "run" / "prepared" / "arrays"
    stamps = {path.name: path.stat().st_mtime_ns for path in left.iterdir()}
    assert {"train-xray.values.npy", "validation-xray.values.npy", "test-xray.values.npy"} < set(
        stamps
    )
    reads.clear()
    study = Study.load(folder / "study.yaml")
    written: list[object] = []
    monkeypatch.setattr(prepared_arrays, "_write", lambda *_: written.append(1))
    resumed = run(study, folder / "run", resume=True)
    assert (reads, written) == ([], [])
    assert without_timing(resumed.metrics) == without_timing(finished.run.metrics)
    assert not resumed.folder.prepared.exists()


def test_a_run_that_stopped_before_training_may_be_repeated(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_package_and_report(monkeypatch)
    folder = make_cases(tmp_path)

    dies_at("train_candidates", folder, monkeypatch)
    assert (folder / "run" / "prepared").exists()
    assert run_in(folder).metrics["cases"]


def test_a_full_disk_is_one_sentence(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_cases(tmp_path)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device", f"{SECRET}.bin")

    monkeypatch.setattr(reading, "write_samples", full)
    with pytest.raises(RunError) as caught:
        run_in(folder)
    assert str(caught.value) == (
        "'xray' as it was read, in .bedside-cache/: expected room on the disk, got a full disk. "
        "Make room there, or name a folder on another disk as cache in the study file."
    )
    assert kept(folder) == []
