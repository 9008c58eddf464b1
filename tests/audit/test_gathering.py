"""Everything of a study's data, gathered once; what is refused before anything is read."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bedside.audit.gathering import (
    Materials,
    examine_before_split,
    gather,
    keep_split,
    pass_audit,
    split_cases,
)
from bedside.data.split import Split
from bedside.errors import DataError, LeakageError, RunError, StudyError
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.study import Study

QUIET = Progress(quiet=True)
N = 24


def made(folder: Path, **sections: Any) -> Study:
    """24 pictures of 12 patients, columns for given parts, one without a shared patient."""
    rng = np.random.default_rng(0)
    with (folder / "cases.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["who", "file", "label", "good", "leaky"])
        for n in range(N):
            Image.fromarray(rng.integers(0, 256, (20, 16), dtype=np.uint8)).save(
                folder / f"{n}.png"
            )
            parts = ["train", "val", "test"]
            label = ["well", "ill"][n % 2]
            table.writerow([f"p{n // 2}", f"{n}.png", label, parts[n // 2 % 3], parts[n % 3]])
    words: dict[str, Any] = {
        "data": {"table": "cases.csv", "patient": "who"},
        "inputs": {"xray": {"modality": "image", "column": "file", "size": [16, 16]}},
        "target": {"task": "classify", "column": "label", "positive": "ill"},
    }
    return Study.parse({**words, **sections}).anchored(folder)


def gathered(folder: Path, **sections: Any) -> Materials:
    return gather(made(folder, **sections), threads=2, progress=QUIET, beside=folder)


def test_samples_and_targets_stand_in_the_tables_order(tmp_path: Path) -> None:
    materials = gathered(tmp_path)
    samples = materials.readings["xray"].samples
    assert len(samples) == len(materials.cohort) == N
    assert materials.targets.arrays["truth"][:, 0].tolist() == [0, 1] * (N // 2)
    sample = samples[5]
    assert sample is not None
    assert sample.geometry.shape == (20, 16)
    resized = np.asarray(sample.values)
    original = np.asarray(Image.open(tmp_path / "5.png"))
    assert resized.shape == (16, 16)
    assert resized.mean() == pytest.approx(original.mean(), abs=4)


def test_an_unreadable_file_is_kept_as_a_problem(tmp_path: Path) -> None:
    study = made(tmp_path)
    (tmp_path / "3.png").write_bytes(b"")
    materials = gather(study, threads=1, progress=QUIET, beside=tmp_path)
    assert materials.readings["xray"].samples[3] is None
    assert list(materials.readings["xray"].problems) == [3]


def test_every_bad_path_is_named_at_once(tmp_path: Path) -> None:
    study = made(tmp_path)
    text = (tmp_path / "cases.csv").read_text()
    (tmp_path / "cases.csv").write_text(text.replace(",3.png", ",../3.png").replace(",7.png", ","))
    with pytest.raises(DataError) as refused:
        gather(study, threads=1, progress=QUIET, beside=tmp_path)
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [
        "row 5 of cases.csv, column 'file'",
        "row 9 of cases.csv, column 'file'",
    ]


@pytest.mark.parametrize(
    ("sections", "sentences"),
    [
        (
            {
                "model": {"encoders": {"xray": ["resnet", "cn"]}},
                "baselines": ["majorty"],
                "audit": {"waive": ["unreadable"]},
            },
            [
                "audit.waive: unknown audit check 'unreadable'. Did you mean 'unreadable-files'?",
                "Unknown encoder 'cn'.",
                "Unknown baseline 'majorty'. Did you mean 'majority'?",
            ],
        ),
        (
            {"model": {"encoders": {"xray": []}, "fusion": "sum"}, "baselines": []},
            [
                "model.encoders.xray: expected at least one name, got none. Name one.",
                "baselines: expected at least one name, got none. Name one.",
                "Unknown fusion 'sum'.",
            ],
        ),
    ],
)
def test_wrong_names_are_refused_together_before_the_table_is_opened(
    tmp_path: Path, sections: dict[str, Any], sentences: list[str]
) -> None:
    study = made(tmp_path, **sections)
    (tmp_path / "cases.csv").unlink()
    with pytest.raises(StudyError) as refused:
        gather(study, threads=1, progress=QUIET, beside=tmp_path)
    lines = str(refused.value).splitlines()
    assert len(lines) == len(sentences)
    for line, sentence in zip(lines, sentences, strict=True):
        assert line.startswith(sentence)


def test_a_drawn_split_keeps_patients_whole_and_classes_even(tmp_path: Path) -> None:
    materials = gathered(tmp_path)
    split = split_cases(materials)
    assert (split.parts[::2] == split.parts[1::2]).all()
    assert set(split.parts) == {"train", "validation", "test"}
    assert split_cases(materials).parts.tolist() == split.parts.tolist()


def test_given_parts_are_taken_and_leaking_ones_refused(tmp_path: Path) -> None:
    split = split_cases(gathered(tmp_path, split={"column": "good"}))
    assert split.given
    assert split.parts[:6].tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    leaky = gathered(tmp_path, split={"column": "leaky"})
    with pytest.raises(LeakageError, match="12 patients with cases in more than one part"):
        split_cases(leaky)
    report = examine_before_split(leaky)
    (finding,) = report.blocking
    assert (finding.check, finding.count) == ("patients-across-parts", 12)


def test_a_split_that_cannot_be_made_is_a_finding_beside_the_others(tmp_path: Path) -> None:
    data = {"table": "cases.csv", "patient": "who", "site": "good"}
    report = examine_before_split(
        gathered(tmp_path, data=data, split={"by": "site", "test_sites": ["Nowhere"]})
    )
    (finding,) = report.blocking
    assert finding.check == "split"
    assert finding.message.startswith("split.test_sites")
    assert "class-balance" in {other.check for other in report.findings}


def test_leaking_parts_are_refused_before_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a file was read")

    monkeypatch.setattr("bedside.audit.gathering.read_cohort", never)
    study = made(tmp_path, split={"column": "leaky"})
    with pytest.raises(LeakageError, match="12 patients"):
        gather(study, threads=1, progress=QUIET, beside=tmp_path, check_split=True)
    with pytest.raises(AssertionError, match="a file was read"):
        gather(study, threads=1, progress=QUIET, beside=tmp_path)


def test_a_blocking_finding_stops_with_its_remedy_and_is_written(tmp_path: Path) -> None:
    study = made(tmp_path)
    (tmp_path / "3.png").write_bytes(b"")
    materials = gather(study, threads=1, progress=QUIET, beside=tmp_path)
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(DataError) as refused:
        pass_audit(materials, split_cases(materials), folder=folder, progress=QUIET)
    first, *_, last = str(refused.value).splitlines()
    assert first.startswith("1 case cannot be read. row 5: expected a PNG")
    assert first.endswith("Repair these files, or leave their rows out.")
    assert last == "Rows are those of cases.csv. The audit stopped the run; nothing was trained."
    found = json.loads(folder.audit.read_text())["findings"]
    assert [f["check"] for f in found if f["severity"] == "block"] == ["unreadable-files"]


def test_a_waived_finding_warns_and_is_kept_in_the_facts(tmp_path: Path) -> None:
    study = made(tmp_path, split={"column": "good"}, audit={"waive": ["copies-across-parts"]})
    (tmp_path / "4.png").write_bytes((tmp_path / "0.png").read_bytes())  # test and training
    materials = gather(study, threads=1, progress=QUIET, beside=tmp_path)
    folder = RunFolder(tmp_path / "run")
    report = pass_audit(materials, split_cases(materials), folder=folder, progress=QUIET)
    assert report.blocking == ()
    assert [waived["check"] for waived in report.facts["waived"]] == ["copies-across-parts"]


def test_a_split_is_kept_and_never_moved_under_a_trained_network(tmp_path: Path) -> None:
    materials = gathered(tmp_path, split={"column": "good"})
    split = split_cases(materials)
    folder = RunFolder(tmp_path / "run")
    keep_split(materials, split, folder=folder)
    written = folder.splits.read_text()
    turned = Split(split.parts[::-1].copy(), "patient", seed=7)
    keep_split(materials, turned, folder=folder)  # nothing is trained yet
    assert folder.splits.read_text() != written
    keep_split(materials, split, folder=folder)
    folder.checkpoint.mkdir()
    keep_split(materials, split, folder=folder)
    with pytest.raises(
        RunError,
        match=r"^splits\.csv: expected every case in the part it was in when training began, "
        r"got other parts\. The data changed since then: start a new run with -o\.$",
    ):
        keep_split(materials, turned, folder=folder)
    assert folder.splits.read_text() == written
