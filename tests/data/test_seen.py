"""What networks have seen: named by content and patient, and refused where it would be judged."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.data.contents import Contents, name_contents
from bedside.data.seen import (
    CONTENTS,
    PATIENTS,
    Overlap,
    Seen,
    place_of,
    read_seen,
    refuse_overlap,
    seen_by,
    write_seen,
)
from bedside.data.split import Split
from bedside.errors import LeakageError, RunError
from bedside.run_folder import RunFolder
from bedside.study import DataSection

PARTS = np.array(["train", "train", "validation", "test"])
HERE, THERE = "/data/here", "/data/there"


def cohort(seed: int = 0, *, patients: str | None = "abcd", n: int = 4) -> Cohort:
    """Cases of arrays drawn by a seed, one patient each."""
    cases = pd.DataFrame({"case_id": [f"case-{i}" for i in range(n)]})
    if patients:
        cases["who"] = list(patients)
    values = np.random.default_rng(seed).integers(0, 255, (n, 8, 9), dtype=np.uint8)
    who = "who" if patients else None
    return Cohort(cases, "cases.csv", first_row=2, patient=who, arrays={"image": values})


def split(parts: Any = PARTS) -> Split:
    return Split(np.asarray(parts), "patient", seed=1)


def contents(of: Cohort, parts: Any = PARTS) -> Contents:
    return name_contents(of, split(parts), ["image"])


def refuse(seen: Seen, of: Cohort, parts: Any = PARTS, *, by: str = "patient") -> Overlap:
    return refuse_overlap(seen, of, contents(of, parts), by=by, place=HERE, run="first")


def seen_people(*people: tuple[str, str], place: str = HERE) -> Seen:
    nothing = np.zeros(0, dtype="S16")
    return Seen(
        {"train": nothing, "validation": nothing},
        frozenset((part, place, patient) for part, patient in people),
    )


def test_training_and_validation_cases_are_kept_and_read_again(tmp_path: Path) -> None:
    of = cohort()
    own = seen_by(contents(of))
    assert {part: len(found) for part, found in own.contents.items()} == {
        "train": 2, "validation": 1,
    }  # fmt: skip
    folder = RunFolder(tmp_path / "run")
    write_seen(folder, own)
    split().write(folder.splits, of)
    again = read_seen(folder, place=HERE)
    for part, found in own.contents.items():
        assert (again.contents[part] == found).all()
    assert again.patients == {
        ("train", HERE, "a"), ("train", HERE, "b"), ("validation", HERE, "c"),
    }  # fmt: skip
    assert not (folder.root / PATIENTS).exists()


def test_the_checkpoint_folder_says_nothing_of_patients(tmp_path: Path) -> None:
    of = cohort(patients=["SECRET-1", "SECRET-2", "SECRET-3", "SECRET-4"])  # type: ignore[arg-type]
    folder = RunFolder(tmp_path / "run")
    older = Seen(seen_by(contents(of)).contents, frozenset({("train", HERE, "SECRET-9")}))
    write_seen(folder, seen_by(contents(of)), before=older)
    data = (folder.checkpoint / CONTENTS).read_bytes()
    assert b"SECRET" not in data
    assert b"case-" not in data
    assert len(data) < 200 + 3 * 16


def test_what_was_seen_before_goes_on_from_run_to_run(tmp_path: Path) -> None:
    first, second = cohort(0), cohort(1, patients="efgh")
    older = Seen(seen_by(contents(first)).contents, frozenset({("train", THERE, "a")}))
    folder = RunFolder(tmp_path / "run")
    write_seen(folder, seen_by(contents(second)), before=older)
    split().write(folder.splits, second)
    again = read_seen(folder, place=HERE)
    assert len(again.contents["train"]) == 4
    assert ("train", THERE, "a") in again.patients
    assert ("train", HERE, "e") in again.patients
    with (folder.root / PATIENTS).open() as stream:
        assert list(csv.reader(stream)) == [["part", "source", "patient_id"], ["train", THERE, "a"]]
    (folder.root / PATIENTS).unlink()
    with pytest.raises(RunError, match=r"run 'run' without a whole seen_before\.csv"):
        read_seen(folder, place=HERE)


@pytest.mark.parametrize("damage", ["missing", "cut", "no splits"])
def test_a_run_that_does_not_say_what_it_saw_is_refused(tmp_path: Path, damage: str) -> None:
    folder = RunFolder(tmp_path / "run")
    write_seen(folder, seen_by(contents(cohort())))
    path = folder.checkpoint / CONTENTS
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(RunError, match="expected a run that says which cases its network has seen"):
        read_seen(folder, place=HERE)


@pytest.mark.parametrize(
    ("there", "here", "told"),
    [
        (["train"] * 4, ["validation", "train", "train", "train"], "1 validation case that"),
        (["train"] * 4, ["test", "test", "train", "train"], "2 test cases that"),
        (["validation"] * 4, ["test", "validation", "train", "train"], "1 test case that"),
        (["train"] * 4, ["test", "validation", "train", "train"], "1 test and 1 validation cases"),
    ],
)
def test_equal_content_is_refused(there: list[str], here: list[str], told: str) -> None:
    of = cohort(patients=None)
    seen = seen_by(contents(of, there))
    with pytest.raises(LeakageError) as refused:
        refuse(seen, of, here)
    assert told in str(refused.value)
    assert "of cases.csv" in str(refused.value)
    assert "case-" not in str(refused.value)


def test_a_refusal_names_rows_as_a_spreadsheet_counts_them() -> None:
    of = cohort(patients=None)
    with pytest.raises(LeakageError, match=r"\(rows 3, 5 of cases\.csv\)"):
        refuse(seen_by(contents(of, ["train"] * 4)), of, ["train", "test", "train", "test"])


def test_the_same_parts_may_go_on_and_shared_validation_is_counted() -> None:
    of = cohort()
    seen = seen_by(contents(of))
    assert refuse(seen, of) == Overlap("case", cases=2, patients=None, chosen_by=1, namesakes=0)
    # what was tested there, or is learnt from here, leaks nothing
    assert refuse(seen, of, ["train", "train", "train", "validation"]).chosen_by == 0


@pytest.mark.parametrize("part", ["train", "validation"])
def test_a_patient_of_the_same_source_is_refused(part: str) -> None:
    of = cohort()
    with pytest.raises(LeakageError, match=r"1 test case .* or of such a patient"):
        refuse(seen_people((part, "d")), of)
    assert refuse(seen_people((part, "a")), of).patients == 2
    if part == "train":
        with pytest.raises(LeakageError, match="1 validation case"):
            refuse(seen_people((part, "c")), of)
    else:
        assert refuse(seen_people((part, "c")), of).patients == 2


def test_the_same_id_in_another_source_is_another_person_and_counted() -> None:
    of = cohort()
    seen = seen_people(("train", "d"), ("train", "x"), place=THERE)
    assert refuse(seen, of) == Overlap("case", cases=2, patients=None, chosen_by=0, namesakes=1)
    # unless a case of this study stands there too: then the two sources are one
    own = contents(of).names[0]
    shared = Seen({"train": own, "validation": own[:0]}, seen.patients)
    with pytest.raises(LeakageError, match="1 test case"):
        refuse(shared, of)


def test_a_split_by_case_compares_cases_alone() -> None:
    assert refuse(seen_people(("train", "d")), cohort(), by="case").patients is None
    assert refuse(seen_people(("train", "d")), cohort(patients=None)).patients is None


def test_two_sources_are_one_where_a_folder_holds_both(tmp_path: Path) -> None:
    of = cohort()
    with pytest.raises(LeakageError):
        refuse(seen_people(("train", "d"), place=f"{HERE}/deeper"), of)
    assert refuse(seen_people(("train", "d"), place=f"{HERE}-else"), of).namesakes == 1
    made = {
        "table": DataSection(table=tmp_path / "cases.csv"),
        "root": DataSection(table=tmp_path / "cases.csv", root=tmp_path / "images"),
        "npz": DataSection(npz=tmp_path / "set.npz"),
        "files": DataSection(dicom=[tmp_path / "one.dcm", tmp_path / "two.dcm"]),
        "dicom": DataSection(dicom=tmp_path / "export"),
        "made": DataSection(synthetic="chest-xray", seed=4),
    }
    assert {name: place_of(data) for name, data in made.items()} == {
        "table": str(tmp_path), "root": str(tmp_path / "images"),
        "npz": str(tmp_path / "set.npz"), "files": str(tmp_path),
        "dicom": str(tmp_path / "export"), "made": "synthetic chest-xray 4",
    }  # fmt: skip


def test_hours_are_refused_as_hours_and_segments_are_named() -> None:
    of = cohort()
    hours = Contents(
        np.array([0, 0, 3, 3]),
        np.array(["train", "validation", "test", "held_out_patients"]),
        np.array([[b"a" * 16], [b"b" * 16], [b"c" * 16], [b"d" * 16]]),
        noun="hour of readings",
    )

    def judged(seen: Seen) -> Overlap:
        return refuse_overlap(seen, of, hours, by="time_within_patient", place=HERE, run="first")

    # earlier hours of the same patient are what such a split trains on
    own = Seen(seen_by(hours).contents, frozenset({("train", HERE, "a")}))
    assert judged(own) == Overlap("hour of readings", cases=3, patients=1, chosen_by=1)
    later = Seen({"train": hours.names[2], "validation": hours.names[:0, 0]})
    with pytest.raises(LeakageError, match=r"1 test hour of readings that .*\(rows 5 of cases"):
        judged(later)
    # but a patient who was held out whole must be new
    with pytest.raises(LeakageError, match="1 test hour of readings"):
        judged(seen_people(("train", "d")))
