"""The report says in plain words whether the score follows hospital, device, age or sex."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedside.reporting.follows_words import follows_notices, follows_sentences, follows_table
from bedside.reporting.record import Record, read_record
from bedside.reporting.report import write_report

from .made_run import Made, make_run


def entry(value: float, low: float, high: float, p: float, **among: float) -> dict[str, Any]:
    each = {truth: {"value": v, "low": v - 0.1, "high": v + 0.1} for truth, v in among.items()}
    return {
        "cases": 80, "others": 120, "than": "A", "value": value, "low": low, "high": high,
        "p": p / 2, "p_corrected": p, "among": each,
    }  # fmt: skip


FOLLOWS = {
    "hospital": {"B": {"pneumonia": entry(0.7, 0.62, 0.78, 0.001, normal=0.74, pneumonia=0.55)}},
    "age": {"rising": {"pneumonia": entry(0.48, 0.4, 0.56, 0.9, normal=0.47, pneumonia=0.5)}},
}

LOWER = entry(0.3, 0.2, 0.4, 0.01, no=0.2, yes=0.4)


def record_of(root: Path, follows: Any, **changes: Any) -> Record:
    made = Made(cases=200, changes={"follows": follows, **changes}, examples=False, figures=False)
    return read_record(make_run(root, made))


def test_what_follows_is_told_where_the_truth_is_the_same(tmp_path: Path) -> None:
    record = record_of(tmp_path, FOLLOWS)
    first, told, last = follows_sentences(record)
    assert first == (
        "Does the score go along with hospital and age among cases of the same truth? 2 looks, "
        "corrected for their number (Holm): 1 of them shows that it does."
    )
    assert told == (
        "Among cases whose truth is normal the score for pneumonia is higher where hospital is B: "
        "of two such, one of B and one of A, the first has the higher score in 74 (64 to 84) of "
        "100 pairs; among cases whose truth is pneumonia in 55 (45 to 65)."
    )
    assert "not why" in last
    assert [notice.title for notice in follows_notices(record)] == ["Its score follows hospital"]
    table = follows_table(record)
    assert table is not None
    assert [row[0].text for row in table.rows] == ["hospital: B", "age"]
    assert [row[3].tone for row in table.rows] == ["best", ""]


def test_numbers_rise_or_fall(tmp_path: Path) -> None:
    falls = entry(0.44, 0.41, 0.47, 0.01, normal=0.47, pneumonia=0.40)
    record = record_of(tmp_path, {"age": {"rising": {"pneumonia": falls}}})
    told = follows_sentences(record)[1]
    assert told.startswith(
        "Among cases whose truth is pneumonia the score for pneumonia falls with age: of two such, "
        "of different fifths, the one with more of it has the higher score in 40 (30 to 50)"
    )
    assert follows_notices(record) == []  # shown, but weak


@pytest.mark.parametrize("follows", [{}, None])
def test_nothing_asked_nothing_said(tmp_path: Path, follows: Any) -> None:
    record = record_of(tmp_path, follows)
    assert follows_sentences(record) == []
    assert follows_table(record) is None
    assert follows_notices(record) == []


def test_that_nothing_follows_is_no_proof(tmp_path: Path) -> None:
    record = record_of(tmp_path, {"age": FOLLOWS["age"]})
    (told,) = follows_sentences(record)
    assert told.endswith("none shows that it does, which does not prove that it does not.")


def test_it_stands_in_the_report_beside_subgroups(tmp_path: Path) -> None:
    made = Made(
        cases=200, changes={"follows": FOLLOWS, "subgroups": {}}, examples=False, figures=False
    )
    page = write_report(make_run(tmp_path, made)).read_text(encoding="utf-8")
    section = page.split('<h2 id="subgroups-title">')[1].split("</section>")[0]
    assert "is higher where hospital is B" in section
    assert "0.700 (0.620 to 0.780)" in section
    assert "Its score follows hospital" in page.split("All models, all metrics")[0]


def test_labels_are_cases_with_and_without(tmp_path: Path) -> None:
    made = Made(
        kind="labels", cases=200, examples=False, figures=False,
        changes={"follows": {"hospital": {"B": {"effusion": LOWER}}}},
    )  # fmt: skip
    told = follows_sentences(read_record(make_run(tmp_path, made)))[1]
    assert told.startswith("Among cases without effusion the score for effusion is lower where")
    assert told.endswith("; among cases with effusion in 40 (30 to 50).")
