import json
from pathlib import Path
from typing import Any

import pytest

from bedside.reporting.class_wording import answer
from bedside.reporting.notices import find_notices, limits
from bedside.reporting.record import read_record
from bedside.reporting.telling import Notice

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


@pytest.mark.parametrize(
    ("low", "high", "title"),
    [
        (0.51, 0.7, None),
        (0.5, 0.7, "Not shown to be better than chance"),
        (0.3, 0.65, "Not shown to be better than chance"),
        (None, None, "Not shown to be better than chance"),
        (0.2, 0.49, "Worse than chance"),
    ],
)
def test_a_model_that_may_tell_nothing_is_called_so(
    tmp_path: Path, low: float | None, high: float | None, title: str | None
) -> None:
    folder = make_run(tmp_path, Made(examples=False))
    metrics = json.loads(folder.metrics.read_text())
    metrics["models"][metrics["deep"]]["auroc"] |= {"low": low, "high": high}
    folder.metrics.write_text(json.dumps(metrics))
    assert [notice.title for notice in find_notices(read_record(folder))] == [title][: bool(title)]


@pytest.mark.parametrize(
    ("deep_low", "simple_low", "words"),
    [
        (0.6, 0.6, "use the simple one."),
        (0.4, 0.6, "use the simple one."),
        (0.6, 0.4, "the deep model alone was shown to be better than chance."),
        (0.4, 0.4, "The simple model was not shown to be better than chance either."),
    ],
)
def test_no_simple_model_is_advised_that_may_tell_nothing(
    tmp_path: Path, deep_low: float, simple_low: float, words: str
) -> None:
    folder = make_run(tmp_path, Made(examples=False, changes={"verdict": "deep not shown better"}))
    metrics = json.loads(folder.metrics.read_text())
    metrics["models"][metrics["deep"]]["auroc"]["low"] = deep_low
    metrics["models"][metrics["best_baseline"]]["auroc"]["low"] = simple_low
    folder.metrics.write_text(json.dumps(metrics))
    assert answer(read_record(folder)).details[-1].endswith(words)
