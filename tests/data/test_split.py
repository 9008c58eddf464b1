"""Splits keep patients whole, keep their shares and classes, and follow the seed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedside.data.allotment import class_codes
from bedside.data.split import Split, check_split, make_split, read_split
from bedside.errors import DataError, LeakageError, RunError, StudyError
from bedside.schema import PARTS
from bedside.study import SplitSection

from .split_cohorts import cohort_of, many, patients_of, refused

# --- by patient ---------------------------------------------------------------------


def test_patients_stay_whole_and_shares_are_of_patients() -> None:
    cohort = cohort_of(many())
    split = make_split(cohort, SplitSection(validation=0.15, test=0.2))
    held = [patients_of(split, cohort, part) for part in PARTS]
    assert [len(names) for names in held] == [65, 15, 20]
    assert not held[0] & held[1]
    assert not held[0] & held[2]
    assert not held[1] & held[2]
    assert (split.by, split.seed, split.given, split.notes) == ("patient", 7, False, ())


def test_each_class_keeps_its_share_in_every_part() -> None:
    strata = np.repeat(np.arange(100) < 20, 2).astype(int)
    split = make_split(cohort_of(many()), SplitSection(), strata=strata)
    assert [int(strata[split.rows(part)].sum()) // 2 for part in PARTS] == [13, 3, 4]


def test_many_small_classes_do_not_bend_the_shares() -> None:
    strata = np.repeat(np.arange(200) // 5, 1)
    split = make_split(cohort_of(many(200, 1)), SplitSection(), strata=strata)
    counts = [len(split.rows(part)) for part in PARTS]
    assert all(len(set(strata[split.rows(part)])) == 40 for part in PARTS)
    assert sum(counts) == 200
    assert abs(counts[2] - 40) <= 1
    assert counts[1] >= 40


def test_a_patient_counts_for_the_rarest_class() -> None:
    patients = [f"p{i:02d}" for i in range(30) for _ in range(4)]
    strata = np.array(["sick" if i < 3 and j == 0 else "well" for i in range(30) for j in range(4)])
    split = make_split(cohort_of(patients), SplitSection(), strata=strata)
    assert [(strata[split.rows(part)] == "sick").sum() for part in PARTS] == [1, 1, 1]


def test_the_same_seed_gives_the_same_parts_whatever_the_order_of_rows() -> None:
    patients, strata = many(40, 3), np.arange(120) // 3 % 2
    shuffled = np.random.default_rng(0).permutation(120)
    first = make_split(cohort_of(patients), SplitSection(seed=3), strata=strata)
    moved = cohort_of([patients[i] for i in shuffled])
    second = make_split(moved, SplitSection(seed=3), strata=strata[shuffled])
    other = make_split(cohort_of(patients), SplitSection(seed=4), strata=strata)
    assert (first.parts[shuffled] == second.parts).all()
    assert (first.parts != other.parts).any()


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 5), min_size=12, max_size=40),
    seed=st.integers(0, 99),
    validation=st.floats(0.05, 0.4),
    test=st.floats(0.05, 0.4),
)
def test_any_cohort_is_split_whole(
    sizes: list[int], seed: int, validation: float, test: float
) -> None:
    patients = [f"p{i}" for i, size in enumerate(sizes) for _ in range(size)]
    strata = np.array([int(name[1:]) % 3 for name in patients])
    cohort = cohort_of(patients)
    section = SplitSection(seed=seed, validation=validation, test=test)
    split = make_split(cohort, section, strata=strata)
    for part in PARTS:
        assert set(strata[split.rows(part)].tolist()) == {0, 1, 2}
    assert sum(len(patients_of(split, cohort, part)) for part in PARTS) == len(sizes)
    got = len(patients_of(split, cohort, "test"))
    assert abs(got - test * len(sizes)) <= 3


def test_patients_must_be_known_or_the_study_says_by_case() -> None:
    error = refused(cohort_of(None, x=[1] * 9))
    assert isinstance(error, StudyError)
    assert str(error) == (
        "split.by: expected a patient column for 'patient' (the default), got none. Name it as "
        "data.patient, or write split.by: case and accept that one patient may stand in two parts."
    )


def test_too_few_patients_are_refused() -> None:
    error = refused(cohort_of(["a", "b", "b", "a"]))
    assert str(error).startswith("split, patients: expected at least 3, got 2.")


def test_too_few_patients_of_a_class_are_refused() -> None:
    strata = np.array([1, 1] + [0] * 18)
    error = refused(cohort_of(many(10)), strata)
    assert isinstance(error, DataError)
    assert str(error).startswith(
        "split, patients: expected at least 3 of each class, one for each part, "
        "got fewer for 1 of 2 classes. Add data, merge rare classes"
    )


def test_classes_tied_to_others_are_found_or_refused() -> None:
    patients = ["a", "a", "b", "b", "c", "c", "d", "d"]
    strata = np.array(list("xyxyxyzz"))
    assert "fewer for 1 of 3 classes" in str(refused(cohort_of(patients), strata))


def test_unknown_classes_are_spread_and_not_demanded() -> None:
    strata = np.array([0, 1] * 10 + [-1])
    split = make_split(cohort_of(many(21, 1)), SplitSection(), strata=strata)
    assert len(split.parts) == 21
    codes = class_codes(np.array(["b", "", "nan", "a", None, -3.0], dtype=object), 6)
    assert codes.tolist() == [1, -1, -1, 0, -1, -1]
    assert class_codes(np.array([np.nan, 2.0, 5.0]), 3).tolist() == [-1, 0, 1]
    assert class_codes(None, 2).tolist() == [-1, -1]


# --- check, write, read -------------------------------------------------------------


def test_a_tampered_split_is_refused() -> None:
    cohort = cohort_of(many(3))
    whole = Split(
        np.array(["train", "train", "validation", "validation", "test", "test"]), "patient", seed=1
    )
    check_split(whole, cohort)
    for parts, kind, message in [
        (
            ["train", "test", "validation", "validation", "test", "test"],
            LeakageError,
            "got 1 patient with",
        ),
        (["train"] * 4 + ["test"] * 2, DataError, "got none in validation"),
        (
            ["train", "train", "validation", "validation", "test", "?"],
            DataError,
            "got 5 such parts",
        ),
        (["train"], DataError, "for each of 6 cases"),
    ]:
        with pytest.raises(kind, match=message):
            check_split(Split(np.array(parts), "patient", seed=1), cohort)


def test_a_split_is_written_and_read_back(tmp_path: Path) -> None:
    cohort = cohort_of(many(20))
    split = make_split(cohort, SplitSection())
    path = tmp_path / "run" / "splits.csv"
    split.write(path, cohort)
    lines = path.read_text().splitlines()
    assert lines[:2] == ["case_id,patient_id,part", f"c0,p000,{split.parts[0]}"]
    assert [p.name for p in path.parent.iterdir()] == ["splits.csv"]
    back = read_split(path, cohort, section=SplitSection())
    assert (back.parts == split.parts).all()
    assert (back.by, back.seed, back.given) == ("patient", 7, False)


def test_without_patients_the_file_has_no_patient_column(tmp_path: Path) -> None:
    cohort = cohort_of(None, x=[0] * 9)
    section = SplitSection(by="case")
    split = make_split(cohort, section)
    split.write(tmp_path / "splits.csv", cohort)
    assert (tmp_path / "splits.csv").read_text().startswith("case_id,part\n")
    assert read_split(tmp_path / "splits.csv", cohort, section=section).notes == split.notes


def test_a_split_of_other_cases_is_refused(tmp_path: Path) -> None:
    cohort, path = cohort_of(many(4)), tmp_path / "splits.csv"
    make_split(cohort, SplitSection()).write(path, cohort)
    with pytest.raises(
        RunError, match=r"expected the 10 cases of cases.csv, got 8 rows, 2 cases in"
    ):
        read_split(path, cohort_of(many(5)), section=SplitSection())
    text = path.read_text()
    path.write_text(text + text.splitlines()[1] + "\n")
    with pytest.raises(RunError, match=r"got 9 rows, 0 cases in only one of the two"):
        read_split(path, cohort, section=SplitSection())


@pytest.mark.parametrize("text", ["a,b\n1,2\n", b"\xff\xfe"])
def test_a_damaged_split_file_is_refused(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "splits.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RunError, match=r"^splits.csv: damaged, not a table of case_id and part"):
        read_split(path, cohort_of(many(4)), section=SplitSection())


def test_a_missing_or_edited_split_file_is_refused(tmp_path: Path) -> None:
    cohort, path = cohort_of(many(9)), tmp_path / "splits.csv"
    with pytest.raises(RunError, match=r"^splits.csv: no such file"):
        read_split(path, cohort, section=SplitSection())
    make_split(cohort, SplitSection()).write(path, cohort)
    first, *rest = path.read_text().splitlines()[1:]
    swapped = (
        first.replace("train", "test") if "train" in first else first.rsplit(",", 1)[0] + ",train"
    )
    path.write_text("\n".join(["case_id,patient_id,part", swapped, *rest]) + "\n")
    with pytest.raises(LeakageError, match="1 patient with cases in more than one part"):
        read_split(path, cohort, section=SplitSection())
