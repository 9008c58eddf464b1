"""The runner of the Decathlon: all ten layouts, folds by patient, and going on where it was."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner

from bedside.audit.gathering import gather, split_cases
from bedside.cli import app
from bedside.decathlon import PUBLISHED, Asked, _record, fold_parts, table_of, write_study
from bedside.errors import BedsideError
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.study import Study

from .outlines_made import volume_and_mask

LAYOUTS: dict[str, tuple[int, tuple[str, ...]]] = {
    "Task01_BrainTumour": (4, ("edema", "non-enhancing tumor", "enhancing tumour")),
    "Task02_Heart": (1, ("left atrium",)),
    "Task03_Liver": (1, ("liver", "cancer")),
    "Task04_Hippocampus": (1, ("Anterior", "Posterior")),
    "Task05_Prostate": (2, ("PZ", "TZ")),
    "Task06_Lung": (1, ("cancer",)),
    "Task07_Pancreas": (1, ("pancreas", "cancer")),
    "Task08_HepaticVessel": (1, ("Vessel", "Tumour")),
    "Task09_Spleen": (1, ("spleen",)),
    "Task10_Colon": (1, ("colon cancer primaries",)),
}
"""Channels and structures of the ten tasks."""
TINY = (
    "target.patch=[8,16,8]", "training.epochs=1", "training.cases_per_epoch=4",
    "training.batch_size=2", "training.precision=float32", "baselines=[mean-atlas]",
    "evaluation.bootstrap=100", "threads=1",
)  # fmt: skip


def made_task(root: Path, name: str, *, cases: int = 8) -> Path:
    """A folder in the task's layout; each third case comes as .nii where the list says .nii.gz."""
    channels, structures = LAYOUTS[name]
    folder, rng = root / name, np.random.default_rng(1)
    for place in ("imagesTr", "labelsTr"):
        (folder / place).mkdir(parents=True)
    listed = []
    for number in range(cases):
        values, mask = volume_and_mask(rng, (10, 18, 10))
        labels = np.zeros_like(mask)
        for label in range(1, 1 + len(structures)):  # slices of the body, one a structure
            labels[(mask > 0) & (np.arange(18)[:, None] % len(structures) == label - 1)] = label
        image = np.stack([values] * channels, axis=-1) if channels > 1 else values
        ending = ".nii" if number % 3 == 2 else ".nii.gz"
        case = f"case_{number:03d}"
        for place, array in (("imagesTr", image), ("labelsTr", labels)):
            nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), folder / place / f"{case}{ending}")
        listed.append({"image": f"./imagesTr/{case}.nii.gz", "label": f"./labelsTr/{case}.nii.gz"})
    words = {
        "modality": {str(n): f"channel {n}" for n in range(channels)},
        "labels": {"0": "background", **{str(n): s for n, s in enumerate(structures, start=1)}},
        "numTraining": cases,
        "training": listed,
        "test": ["./imagesTs/case_900.nii.gz"],
    }
    (folder / "dataset.json").write_text(json.dumps(words))
    return folder


def benchmark(*words: object, tiny: bool = True) -> str:
    settings = [word for setting in TINY for word in ("--set", setting)] if tiny else []
    done = CliRunner().invoke(app, ["benchmark", "decathlon", *map(str, words), *settings, "-q"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0
    return done.stdout


def test_folds_deal_each_unit_into_one_test_part_and_keep_it_whole() -> None:
    units = np.array([f"p{n // 2}" for n in range(23)])
    dealt = fold_parts(units, 5)
    tested = np.stack([parts == "test" for parts in dealt])
    assert (tested.sum(axis=0) == 1).all()
    assert sorted(len(set(units[own])) for own in tested) == [2, 2, 2, 3, 3]
    for parts in dealt:
        assert set(parts) == {"train", "validation", "test"}
        for unit in set(units):
            assert len(set(parts[units == unit])) == 1
    assert all((a == b).all() for a, b in zip(dealt, fold_parts(units, 5), strict=True))


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_of_the_ten_layouts_becomes_cases_with_masks(name: str, tmp_path: Path) -> None:
    made_task(tmp_path, name, cases=6)
    out, quiet = tmp_path / "out", Progress(quiet=True)
    write_study(Asked(name, tmp_path, folds=3), out, progress=quiet)
    study = Study.load(out / "study.yaml", overrides=["split.column=part_of_fold_2"])
    materials = gather(study, threads=1, progress=quiet, beside=out)
    assert materials.targets.names == tuple(
        s.lower().replace(" ", "_").replace("-", "_") for s in LAYOUTS[name][1]
    )
    found = materials.prepared(split_cases(materials), folder=RunFolder(out), progress=quiet)
    assert {part: len(own.rows) for part, own in found.parts.items()} == {
        "train": 3, "validation": 1, "test": 2,
    }  # fmt: skip
    assert found.states["scan"]["channels"] == LAYOUTS[name][0]
    grid = found.parts["train"].targets.arrays["grid"]
    assert set(np.unique(grid.one(0))) == set(range(1 + len(LAYOUTS[name][1])))


def test_a_fold_of_several_channels_runs_to_its_table(tmp_path: Path) -> None:
    name, out = "Task01_BrainTumour", tmp_path / "out"
    made_task(tmp_path, name)
    table = benchmark("--task", name, "--root", tmp_path, "--folds", 4, "--fold", 0, "-o", out)
    record = json.loads((out / "decathlon.json").read_text())
    assert record["structures"] == ["edema", "non_enhancing_tumor", "enhancing_tumour"]
    assert list(record["finished"]) == ["0"]
    own = record["finished"]["0"]["metrics"]
    assert all(0 <= own[f"dice_{structure}"] <= 1 for structure in record["structures"])
    assert table.strip() == (out / "decathlon.md").read_text().strip()
    assert "1 of 4 folds finished" in table
    state = json.loads((out / "fold-0" / "package" / "state" / "scan.json").read_text())
    assert state["channels"] == 4


def test_it_goes_on_with_what_is_missing_and_keeps_patients_together(tmp_path: Path) -> None:
    folder = made_task(tmp_path, "Task09_Spleen", cases=10)
    with (folder / "groups.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [("case", "patient"), *((f"case_{n:03d}", f"p{n // 2}") for n in range(10))]
        )
    words = ("--task", "Task09_Spleen", "--root", folder, "--folds", 2, "-o", tmp_path / "out")
    benchmark(*words, "--fold", 1)
    before = (tmp_path / "out" / "fold-1" / "report.html").stat().st_mtime_ns
    table = benchmark(*words)
    assert (tmp_path / "out" / "fold-1" / "report.html").stat().st_mtime_ns == before
    assert "2 of 2 folds finished" in table
    (tmp_path / "out" / "fold-0" / "study.yaml").rename(tmp_path / "kept.yaml")
    asked = Asked("Task09_Spleen", folder, folds=2, overrides=TINY)
    assert list(_record(asked, tmp_path / "out")["finished"]) == ["1"]  # the other's is unknown
    (tmp_path / "kept.yaml").rename(tmp_path / "out" / "fold-0" / "study.yaml")
    record = json.loads((tmp_path / "out" / "decathlon.json").read_text())
    dice = [record["finished"][fold]["metrics"]["dice"] for fold in "01"]
    assert record["mean"]["dice"] == pytest.approx(np.mean(dice))
    assert record["sd"]["dice"] == pytest.approx(np.std(dice, ddof=1))
    assert f"| mean (sd) | | {record['mean']['dice']:.3f} (" in table
    seen: list[str] = []
    for fold in "01":
        with (tmp_path / "out" / f"fold-{fold}" / "predictions.csv").open(newline="") as stream:
            seen += [row["case_id"] for row in csv.DictReader(stream)]
    assert sorted(seen) == [f"case_{n:03d}" for n in range(10)]
    folder.joinpath("groups.csv").unlink()
    with pytest.raises(BedsideError, match=r"cases\.csv: expected the cases, folds and study"):
        benchmark(*words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--task", "Task9_Spleen"), "--task: no 'Task9_Spleen' with dataset.json there"),
        (("--task", "Task09_Spleen", "--fold", 5), "--fold: expected folds from 0 to 4"),
        (("--task", "Task09_Spleen", "--folds", 8), "--folds: expected 2 to 7"),
    ],
)
def test_what_cannot_be_run_is_said(words: Any, message: str, tmp_path: Path) -> None:
    made_task(tmp_path, "Task09_Spleen")
    with pytest.raises(BedsideError, match=message):
        benchmark(*words, "--root", tmp_path, "-o", tmp_path / "out")


def test_the_table_says_what_is_not_known() -> None:
    record = {
        "task": "Task99", "folds": 5, "settings": [], "structures": ["a"], "mean": {}, "sd": {},
        "finished": {
            "2": {
                "cases": 3, "train_seconds": 61.4, "best_baseline": "mean-atlas",
                "best_baseline_dice": 0.5, "metrics": {"dice_a": 0.75, "hd95_mm": 2.0,
                "assd_mm": None},
            }
        },
        "published": [],
    }  # fmt: skip
    table = table_of(record)
    with_others = table_of(
        {**record, "structures": ["a"], "published": PUBLISHED["Task04_Hippocampus"]}
    )
    assert "| nnU-Net | | n/a |" in with_others
    assert "Isensee 2021" in with_others
    assert "| 2 | 3 | 0.750 | 2.000 | n/a | mean-atlas 0.500 | 61 |" in table
    assert "No published numbers" in table
