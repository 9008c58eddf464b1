"""Windows of a study: which belong where, and that nothing learnt depends on what is later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bedside.audit.gathering import Materials, gather, split_cases
from bedside.data.series import Channel, Grid, Segment, Series
from bedside.errors import DataError, StudyError
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.study import Study
from bedside.training import windows as windows_module
from bedside.training.candidates import make_job
from bedside.training.loader import epoch_generator
from bedside.training.preparation import Preparation
from bedside.training.step import Stepper
from bedside.training.windows import window_places

from ..series_made import make_table, words


def prepared(folder: Path, **sections: Any) -> tuple[Preparation, Materials]:
    (folder / "study.yaml").write_text(yaml.safe_dump(words(**sections)))
    study = Study.load(folder / "study.yaml")
    quiet = Progress(quiet=True)
    materials = gather(study, threads=1, progress=quiet, beside=folder)
    split = split_cases(materials)
    return materials.prepared(split, folder=RunFolder(folder / "run"), progress=quiet), materials


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("windows")
    make_table(place)
    return place


def target_minutes(preparation: Preparation, part: str) -> set[tuple[int, int]]:
    """(segment, minute) of every point that a part forecasts."""
    own = preparation.parts[part]  # type: ignore[index]
    steps = [int(name) for name in own.targets.names]
    minute = own.targets.arrays["minute"][:]
    return {(int(row), int(m) + s) for row, m in zip(own.rows, minute, strict=True) for s in steps}


def test_no_point_is_forecast_in_two_parts(folder: Path) -> None:
    preparation, materials = prepared(folder)
    assert list(preparation.parts) == ["train", "validation", "test", "held_out_patients"]
    points = {part: target_minutes(preparation, part) for part in preparation.parts}
    for first in points:
        for second in points:
            assert first == second or not points[first] & points[second]
    patients = {
        part: set(materials.cohort.groups()[own.rows]) for part, own in preparation.parts.items()
    }
    assert patients["train"] == patients["validation"] == patients["test"]
    assert not patients["train"] & patients["held_out_patients"]


def test_a_training_window_lies_in_training_time_as_a_whole(folder: Path) -> None:
    preparation, materials = prepared(folder)
    series = materials.cohort.series
    assert series is not None
    (spans,) = [own for part, own in split_cases(materials).spans.items() if part == "train"]  # type: ignore[union-attr]
    ends = {int(row): int(series.minutes[row]) + 5 * (int(end) - 1) for row, _, end in spans}
    train = preparation.parts["train"]
    last = train.targets.arrays["minute"][:] + 15
    assert all(m <= ends[int(row)] for row, m in zip(train.rows, last, strict=True))
    validation = preparation.parts["validation"]
    first = validation.targets.arrays["minute"][:].min()
    assert first < max(ends.values()) + 60  # its history reaches back into training time


def test_arrays_and_targets_hang_together(folder: Path) -> None:
    preparation, materials = prepared(folder)
    test = preparation.parts["test"]
    values = test.arrays["glucose.values"][:]
    assert values.shape == (len(test), 1, 12)
    assert np.array_equal(values[:, 0, -1], test.targets.arrays["last"][:])
    assert np.array_equal(test.targets.arrays["patient"], materials.cohort.groups()[test.rows])
    minute = test.targets.arrays["minute"][:]
    clock = test.arrays["glucose.clock"][:]
    assert clock[:, 0] == pytest.approx(np.sin(2 * np.pi * minute / 1440), abs=1e-5)
    series = materials.cohort.series
    assert series is not None
    row, place = int(test.rows[7]), int(minute[7])
    at = int(series.begins[row]) + (place - int(series.minutes[row])) // 5
    assert (
        test.targets.arrays["truth"][7:8][0].tolist() == series.values[at + 1 : at + 4, 0].tolist()
    )
    state = preparation.states["glucose"]
    assert (state["horizon_steps"], state["patient_column"], state["time_column"]) == (
        3,
        "id",
        "time",
    )
    assert json.loads(json.dumps(state)) == state


def test_changing_later_readings_changes_nothing_that_is_learnt(
    folder: Path, tmp_path: Path
) -> None:
    """The sentinel: every reading of validation, test and held-out patients is altered."""
    before, materials = prepared(folder)
    series, split = materials.cohort.series, split_cases(materials)
    assert series is not None
    assert split.spans is not None
    lines = (folder / "readings.csv").read_text().splitlines()
    patients, later = materials.cohort.patients(), {}
    for part in ("validation", "test", "held_out_patients"):
        for row, begin, _ in split.spans[part]:
            minute = int(series.minutes[row]) + 5 * int(begin)
            assert patients is not None
            later[patients[row]] = min(minute, later.get(patients[row], minute))
    changed = [lines[0]]
    for line in lines[1:]:
        who, when, value = line.split(",")
        minute = int(np.datetime64(when.replace(" ", "T"), "m").astype(int))
        changed.append(f"{who},{when},{399 - float(value):g}" if minute >= later[who] else line)
    assert sum(a != b for a, b in zip(lines, changed, strict=True)) > 200
    (tmp_path / "readings.csv").write_text("\n".join(changed) + "\n")
    after, other = prepared(tmp_path)
    assert after.states == before.states
    one, two = before.parts["train"], after.parts["train"]
    assert one.fingerprint() == two.fingerprint()
    for name in one.arrays:
        assert np.array_equal(one.arrays[name][:], two.arrays[name][:])
    for name in ("truth", "known", "last", "minute"):
        assert np.array_equal(one.targets.arrays[name][:], two.targets.arrays[name][:])
    assert materials.task.fit(one.targets) == other.task.fit(two.targets)
    assert before.parts["test"].fingerprint() != after.parts["test"].fingerprint()


def test_parts_that_stand_beside_the_readings_are_used(tmp_path: Path) -> None:
    def parts(rng: np.random.Generator, steps: int) -> np.ndarray:
        del rng
        return np.arange(steps) // (steps / 4)

    path = make_table(tmp_path, patients=3, part=parts)
    text = path.read_text()
    for number, word in enumerate(("train", "", "validation", "test")):
        text = text.replace(f",{number}\n", f",{word}\n")
    path.write_text(text)
    split = {"by": "time_within_patient", "column": "part"}
    preparation, _ = prepared(tmp_path, split=split)
    assert set(preparation.parts) == {"train", "validation", "test"}
    assert len(preparation.parts["train"]) == 3 * (65 - 12 - 3 + 1)
    assert len(preparation.parts["validation"]) == 3 * (65 - 3 + 1)


def test_by_patient_whole_series_are_split(folder: Path) -> None:
    preparation, materials = prepared(folder, split={"by": "patient", "seed": 1})
    groups = materials.cohort.groups()
    owners = [set(groups[own.rows]) for own in preparation.parts.values()]
    assert len(owners) == 3
    assert not owners[0] & owners[1]
    assert not owners[1] & owners[2]


def test_scored_windows_may_lie_further_apart(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dense, _ = prepared(folder)
    sparse, _ = prepared(
        folder, target={"task": "forecast", "horizon_minutes": 15, "score_every_minutes": 20}
    )
    first = dense.parts["test"].targets.arrays["minute"][:]
    second = sparse.parts["test"].targets.arrays["minute"][:]
    rows = dense.parts["test"].rows
    kept = np.concatenate([first[rows == row][::4] for row in np.unique(rows)])
    assert second.tolist() == kept.tolist()
    assert len(sparse.parts["validation"]) == len(dense.parts["validation"])
    assert len(sparse.parts["train"]) == len(dense.parts["train"])
    monkeypatch.setattr(windows_module, "MOST_SCORED", 40)
    thinned, _ = prepared(folder)
    assert len(thinned.parts["validation"]) <= 43
    with pytest.raises(
        StudyError, match=r"score_every_minutes: expected a multiple of every_minute"
    ):
        prepared(
            folder, target={"task": "forecast", "horizon_minutes": 15, "score_every_minutes": 7}
        )


def test_a_part_too_short_for_a_window_is_refused(tmp_path: Path) -> None:
    make_table(tmp_path, patients=2, steps=30)
    with pytest.raises(DataError) as error:
        prepared(tmp_path, split={"by": "time_within_patient", "validation": 0.3, "test": 0.05})
    assert str(error.value) == (
        "test part: expected at least one window with a known value ahead, got none. Shorten "
        "inputs.<name>.history_minutes or target.horizon_minutes, or give that part more time or "
        "patients."
    )


def test_places_of_windows_worked_by_hand() -> None:
    grid = Grid(5, 10, 1, (Channel("gl"),))
    pieces = [
        Segment(0, np.zeros((n, 1), np.float32), np.ones(n, bool), np.zeros(n, np.uint16))
        for n in (10, 8)
    ]
    series = Series.joined(pieces, grid)
    spans = np.array([[0, 4, 10], [1, 0, 8]])
    starts, segments = window_places(series, spans, steps=(3, 2), stride=1, inside=False)
    assert starts.tolist() == [1, 2, 3, 4, 5, 10, 11, 12, 13]
    assert segments.tolist() == [0] * 5 + [1] * 4
    starts, _ = window_places(series, spans, steps=(3, 2), stride=2, inside=True)
    assert starts.tolist() == [4, 10, 12]


@pytest.mark.parametrize("augment", [True, False])
def test_training_shows_windows_as_other_people_could_have_had_them(
    folder: Path, augment: bool
) -> None:
    training = {"augment": augment, "precision": "float32"}
    preparation, materials = prepared(folder, training=training)
    study, task = materials.study, materials.task
    state = task.fit(preparation.parts["train"].targets)
    assert min(state["people"].values()) > 0
    job = make_job(
        study, {"glucose": "linear"}, modalities=materials.modalities,
        preparation=preparation, task=task, state=state,
    )  # fmt: skip
    stepper = Stepper(job, job.network)
    stepper.prepare("float32")
    first, again, other = (
        float(stepper.step(np.arange(64), epoch_generator(seed, 1), rate=0.0)) for seed in (1, 1, 2)
    )
    assert first == again
    assert (first != other) == augment
