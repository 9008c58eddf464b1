from pathlib import Path
from typing import Any

import pytest

from bedside.reporting.notices import Notice, find_notices, limits
from bedside.reporting.record import read_record

from .made_run import Made, make_run


def _notices(root: Path, **changes: Any) -> list[Notice]:
    made = Made(changes=changes, examples=False)
    return find_notices(read_record(make_run(root, made)))


def test_a_clean_run_has_no_notice(tmp_path: Path) -> None:
    assert _notices(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "title", "words"),
    [
        (
            {"split_by": "case", "patients": None, "split_notes": ["A note of the split."]},
            "Split by case, not by patient",
            ["not known which cases are one patient's", "A note of the split."],
        ),
        (
            {"split_by": "case", "split_notes": ["12 patients stand in two parts."]},
            "Split by case, not by patient",
            ["one patient may stand in training and in test", "12 patients stand in two parts."],
        ),
        ({"split_by": "site", "patients": None}, "Split by site, patients unknown", ["one may"]),
        ({"looks": 3}, "Test part looked at 3 times", ["3 times", "nobody has looked at"]),
        (
            {"waived": [{"check": "copies", "message": "4 exact copies.", "count": 4}, "near"]},
            "2 audit findings waived",
            ["4 exact copies and near"],
        ),
    ],
)
def test_red_notices(tmp_path: Path, changes: dict[str, Any], title: str, words: list[str]) -> None:
    found = _notices(tmp_path, **changes)
    assert [(n.tone, n.title) for n in found] == [("red", title)]
    for word in words:
        assert word in found[0].text


def test_looks_may_stand_with_the_environment(tmp_path: Path) -> None:
    folder = make_run(tmp_path, Made(examples=False, changes={"looks": None}))
    folder.environment.write_text('{"looks": 4}')
    assert [n.title for n in find_notices(read_record(folder))] == ["Test part looked at 4 times"]


def test_few_test_cases_are_red_and_named(tmp_path: Path) -> None:
    found = find_notices(read_record(make_run(tmp_path, Made(cases=45, examples=False))))
    assert [n.title for n in found] == ["Few cases to test on"]
    assert "normal (" in found[0].text


def test_a_note_on_a_patient_split_is_amber(tmp_path: Path) -> None:
    found = _notices(tmp_path, split_notes=["Site B has no training case."])
    assert [(n.tone, n.text) for n in found] == [("amber", "Site B has no training case.")]


def test_made_up_data_is_named(tmp_path: Path) -> None:
    made = Made(examples=False, study={"data": {"synthetic": "chest-xray"}})
    found = find_notices(read_record(make_run(tmp_path, made)))
    assert [n.title for n in found] == ["Made-up patients"]


def test_limits_always_say_what_it_is_not(tmp_path: Path) -> None:
    made = Made(cases=150, examples=False, changes={"subgroups": {}}, study={"about": {}})
    found = " ".join(limits(read_record(make_run(tmp_path, made))))
    for words in ("One data set", "not a medical device", "states no intended use",
                  "Fewer than 100 test cases for", "No subgroup"):  # fmt: skip
        assert words in found
