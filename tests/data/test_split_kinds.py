"""Splits by case, site and time, and parts that came with the data."""

from typing import Any

import numpy as np
import pytest

from bedside.data.cohort import Cohort
from bedside.data.split import make_split
from bedside.errors import LeakageError
from bedside.schema import PARTS
from bedside.study import SplitSection

from .split_cohorts import cohort_of, many, patients_of, refused

# --- by case, site, time ------------------------------------------------------------


def test_by_case_says_what_it_risks() -> None:
    split = make_split(cohort_of(None, x=[0] * 20), SplitSection(by="case"))
    assert [len(split.rows(part)) for part in PARTS] == [13, 3, 4]
    assert split.notes == (
        "Patients are unknown: one patient may have cases in more than one part.",
    )
    cohort = cohort_of(["one"] * 10 + ["two"] * 10)
    assert make_split(cohort, SplitSection(by="case")).notes == (
        "Split by case: 2 patients have cases in more than one part.",
    )


def test_named_test_sites_are_the_test_part() -> None:
    sites = [("north", "south", "east")[i // 2 % 3] for i in range(60)]
    cohort = cohort_of(many(30), site=sites)
    split = make_split(cohort, SplitSection(by="site", test_sites=["south"]))
    assert set(np.array(sites)[split.rows("test")]) == {"south"}
    assert len(split.rows("test")) == 20
    assert len(split.rows("validation")) == 2 * round(20 * 0.15 / 0.8)
    assert not patients_of(split, cohort, "train") & patients_of(split, cohort, "validation")
    assert split.notes == ("The test part is 1 of 3 sites.",)


def test_drawn_sites_come_near_the_test_share() -> None:
    sites = [f"s{i // 2 % 10}" for i in range(200)]
    drawn = set()
    for seed in range(5):
        split = make_split(cohort_of(many(), site=sites), SplitSection(by="site", seed=seed))
        assert len(split.rows("test")) == 40
        drawn.add(tuple(sorted(set(np.array(sites)[split.rows("test")]))))
    assert len(drawn) > 1


def test_when_no_site_fits_the_smallest_is_the_test_part() -> None:
    sites = ["big"] * 60 + ["small"] * 40
    split = make_split(cohort_of(many(50), site=sites), SplitSection(by="site", test=0.1))
    assert set(np.array(sites)[split.rows("test")]) == {"small"}


def test_a_patient_of_two_sites_goes_wholly_to_the_test_part() -> None:
    patients = [*many(20, 1), "p000"]
    sites = ["a", "b"] * 10 + ["b"]
    cohort = cohort_of(patients, site=sites)
    split = make_split(cohort, SplitSection(by="site", test_sites=["b"]))
    assert split.parts[0] == split.parts[-1] == "test"
    assert split.notes[1] == (
        "1 patients were seen at test sites and at others; "
        "their 1 cases from other sites are in the test part too."
    )


@pytest.mark.parametrize(
    ("sites", "words", "message"),
    [
        (None, {}, "split.by: 'site' needs a site column, got none. Name it as data.site."),
        (["a", None] * 5, {}, "expected a site in every row, got 5 blank (rows 3, 5, 7, 9 and 11)"),
        (["a"] * 10, {}, "column 'site' of cases.csv: expected at least two sites, got one."),
        (
            ["a", "b"] * 5,
            {"test_sites": ["c"]},
            "expected some of the 2 sites in column 'site', got 'c',",
        ),
        (["a", "b"] * 5, {"test_sites": ["a", "b"]}, "in column 'site', got all of them."),
    ],
)
def test_sites_that_cannot_be_split_are_refused(
    sites: list[Any] | None, words: dict[str, Any], message: str
) -> None:
    columns = {} if sites is None else {"site": sites}
    error = str(refused(cohort_of(many(10, 1), **columns), by="site", **words))
    assert message in error


def test_a_site_without_a_second_class_is_refused() -> None:
    sites, strata = ["a"] * 10 + ["b"] * 10, np.array([0, 1] * 5 + [0] * 10)
    error = str(refused(cohort_of(many(20, 1), site=sites), strata, by="site", test_sites=["b"]))
    assert error.startswith("test part: expected cases of at least 2 of 2 classes, got 1.")


@pytest.mark.parametrize("form", ["{:.1f}", "2024-01-{:02.0f}", "2024-01-{:02.0f}T10:00:00+01:00"])
def test_the_latest_patients_are_the_test_part(form: str) -> None:
    days = np.random.default_rng(1).permutation(20) + 1
    cohort = cohort_of(many(20, 1), time=[form.format(day) for day in days])
    split = make_split(cohort, SplitSection(by="time", validation=0.2, test=0.25))
    assert sorted(days[split.rows("test")]) == [16, 17, 18, 19, 20]
    assert sorted(days[split.rows("validation")]) == [12, 13, 14, 15]


def test_a_patient_goes_to_the_part_of_the_latest_case() -> None:
    cohort = cohort_of([*many(10, 1), "p009"], time=[str(i) for i in range(1, 11)] + ["0"])
    split = make_split(cohort, SplitSection(by="time"))
    assert split.parts[9] == split.parts[10] == "test"
    assert split.notes == (
        "1 test cases are earlier than the test period; their patients have later ones.",
    )


def test_times_that_cannot_be_sorted_are_refused_and_not_shown() -> None:
    error = str(refused(cohort_of(many(3, 1), time=["2024-01-31", "31.01.2024", None]), by="time"))
    assert error == (
        "column 'time' of cases.csv: expected numbers only, or dates such as 2024-01-31 only, "
        "got 2 others (rows 3 and 4). Write the dates in that form."
    )
    assert str(refused(cohort_of(many(3, 1)), by="time")).startswith(
        "split.by: 'time' needs a time"
    )


# --- given parts --------------------------------------------------------------------


def given_parts(parts: list[str], patients: list[str] | None) -> Cohort:
    return cohort_of(patients, part=parts)


def test_given_parts_are_respected() -> None:
    parts = ["train", "train", "validation", "test", "test"]
    split = make_split(given_parts(parts, many(5, 1)), SplitSection(column="part"))
    assert split.parts.tolist() == parts
    assert split.given
    assert split.notes == ()


def test_patients_in_two_given_parts_are_counted_and_never_named() -> None:
    parts = ["train", "test", "validation", "test", "train"]
    error = refused(given_parts(parts, ["ann", "ann", "bob", "bob", "cyd"]), column="part")
    assert isinstance(error, LeakageError)
    assert str(error) == (
        "split of cases.csv: expected each patient in one part, got 2 patients with cases in more "
        "than one part. Use bedside's own split: remove split.column, or correct the column."
    )


def test_a_missing_validation_part_is_carved_out_of_train_by_patient() -> None:
    cohort = given_parts(["train"] * 80 + ["test"] * 20, many(50))
    split = make_split(cohort, SplitSection(column="part"), strata=np.arange(100) // 2 % 2)
    assert (split.parts[80:] == "test").all()
    assert len(patients_of(split, cohort, "validation")) in {7, 8}
    assert split.notes == (
        "The data came without a validation part; it was drawn from train by patients.",
    )


def test_overlap_is_found_before_and_after_carving() -> None:
    cohort = given_parts(["train"] * 19 + ["test"], [*many(19, 1), "p000"])
    assert "got 1 patient with cases" in str(refused(cohort, column="part"))


@pytest.mark.parametrize("missing", ["train", "test"])
def test_a_missing_train_or_test_part_is_refused(missing: str) -> None:
    parts = [part for part in ("train", "validation", "test") if part != missing] * 3
    error = str(refused(given_parts(parts, None), by="case", column="part"))
    assert error.startswith(
        f"column 'part' of cases.csv: expected cases for train and test, got none for {missing}."
    )


def test_given_parts_by_case_may_share_patients_and_say_so() -> None:
    cohort = given_parts(["train", "test", "validation"], ["a", "a", "b"])
    split = make_split(cohort, SplitSection(by="case", column="part"))
    assert split.notes == ("Split by case: 1 patients have cases in more than one part.",)


def test_given_parts_go_with_patient_or_case_only() -> None:
    cohort = given_parts(["train", "test", "validation"], many(3, 1))
    assert "expected patient or case beside split.column, got 'site'" in str(
        refused(cohort, by="site", column="part")
    )


def test_a_given_part_that_lacks_a_class_is_noted_and_one_of_one_class_refused() -> None:
    parts = ["train"] * 3 + ["validation"] * 2 + ["test"] * 3
    cohort = given_parts(parts, many(8, 1))
    split = make_split(cohort, SplitSection(column="part"), strata=np.array(list("abcababc")))
    assert split.notes == ("The validation part holds 2 of 3 classes.",)
    error = str(refused(cohort, np.array(list("ababbaab")), column="part"))
    assert error.startswith("validation part: expected cases of at least 2 of 2 classes, got 1.")
    assert make_split(cohort, SplitSection(column="part"), strata=np.zeros(8)).notes == ()
