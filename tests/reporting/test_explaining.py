"""A run's explanations: its files, its section of the report, the page of one case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bedside.errors import StudyError
from bedside.reporting import style
from bedside.reporting.explained_case import explain_case
from bedside.reporting.look_figures import Ahead, draw_series
from bedside.reporting.look_pictures import FOR, SIDE, heat_over, image_look, volume_look
from bedside.reporting.look_words import verdict_words
from bedside.reporting.report import write_report

if TYPE_CHECKING:
    from ..made_study import Finished


def record_of(finished: Finished) -> dict:  # type: ignore[type-arg]
    found: dict = json.loads(  # type: ignore[type-arg]
        (finished.root / "explanations" / "explanation.json").read_text(encoding="utf-8")
    )
    return found


def test_a_run_explains_cases_and_tests_the_method(finished: Finished) -> None:
    record = record_of(finished)
    (own,) = record["inputs"]
    assert (own["input"], own["form"], own["method"]) == ("xray", "image", "grad-cam")
    assert len(record["cases"]) == len(own["looks"]) == 3
    for look in own["looks"]:
        assert (
            (finished.root / "explanations" / look["picture"]).read_bytes().startswith(b"\x89PNG")
        )
        assert 0 <= look["answer"] <= 1
    (tested,) = own["tested"]
    assert set(tested["gains"]) == {"deletion", "insertion"}
    assert len(tested["curves"]["deletion"]) == len(record["shares"])
    assert (finished.root / "explanations" / own["curves"]).read_text().startswith("<?xml")


def test_neighbours_are_training_cases(finished: Finished) -> None:
    lines = (finished.root / "splits.csv").read_text(encoding="utf-8").splitlines()[1:]
    part = {line.split(",")[0]: line.rsplit(",", 1)[1] for line in lines}
    for case in record_of(finished)["cases"]:
        assert part[case["case"]] == "test"
        assert [part[near["case"]] for near in case["nearest"]] == ["train"] * 3


def test_the_copy_to_share_keeps_the_test_and_drops_the_cases(
    finished: Finished, tmp_path: Path
) -> None:
    whole = write_report(finished.run.folder, output=tmp_path / "whole.html").read_text()
    shared = write_report(
        finished.run.folder, cases=False, output=tmp_path / "shared.html"
    ).read_text()
    for page in (whole, shared):
        assert "What the model looks at" in page
        assert "Is it true? Hide what is marked" in page
    case = record_of(finished)["cases"][0]
    near = case["nearest"][0]["row"]
    assert f">{case['row']}<" in whole
    assert near in whole
    assert case["case"] not in whole
    assert f">{case['row']}<" not in shared
    assert "Most alike in training" not in shared


def test_one_case_is_explained_from_the_run_as_the_run_did(
    finished: Finished, tmp_path: Path
) -> None:
    record = record_of(finished)
    case = record["cases"][0]
    page = explain_case(finished.run.folder, case["case"], output=tmp_path / "case.html")
    text = page.read_text(encoding="utf-8")
    assert f"{record['inputs'][0]['looks'][0]['answer']:.2f}" in text
    assert all(near["case"] in text for near in case["nearest"])
    assert "data:image/png;base64," in text
    assert "holds patient data" in text


def test_an_unknown_case_is_refused_without_quoting_it(finished: Finished) -> None:
    with pytest.raises(StudyError, match=r"--case: expected the id of one of the 72") as caught:
        explain_case(finished.run.folder, "Nobody-17")
    assert "Nobody" not in str(caught.value)


def test_a_case_that_is_no_window_has_no_time(finished: Finished) -> None:
    case = record_of(finished)["cases"][0]["case"]
    with pytest.raises(StudyError, match=r"--time: expected none, since every case .* got one"):
        explain_case(finished.run.folder, case, time="2026-01-31T07:45")


def test_beside_a_history_stand_the_forecast_and_what_came() -> None:
    values, marks = np.linspace(100, 140, 13), np.zeros(13)
    with style.drawing():
        figure = draw_series(
            values, marks, every_minutes=5, unit="mg/dL", ahead=Ahead(30, 155.0, came=149.0)
        )
    (axes,) = figure.axes
    joined, forecast, came = axes.lines[1:]
    assert joined.get_xydata().tolist() == [[0, 140], [30, 155]]
    assert forecast.get_xydata().tolist() == [[30, 155]]
    assert came.get_xydata().tolist() == [[30, 149]]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("mg/dL", "Minutes from the last reading")
    assert axes.get_xlim()[1] > 30


def test_marks_are_coloured_where_they_are_strongest() -> None:
    values = np.full((1, 20, 20), 100, dtype=np.uint8)
    marks = np.zeros((20, 20), dtype=np.float32)
    marks[4, 15] = 2.0
    drawn = image_look(values, marks)
    assert drawn.shape == (SIDE, 2 * SIDE + 6, 3)
    at = int(4.5 / 20 * SIDE), SIDE + 6 + int(15.5 / 20 * SIDE)
    assert abs(drawn[at].astype(int) - np.array(FOR)).sum() < 200
    assert (drawn[200, 20] == 100).all()
    assert (heat_over(values[0], np.zeros((20, 20))) == 100).all()


def test_a_volume_is_shown_in_three_planes() -> None:
    values = np.random.default_rng(0).normal(size=(1, 8, 10, 12)).astype(np.float32)
    marks = np.zeros((8, 10, 12), dtype=np.float32)
    marks[2, 3, 4] = 1.0
    assert volume_look(values, marks).ndim == 3


def test_verdicts_are_told_in_plain_words() -> None:
    record = {"shares": [0.0, 0.05, 1.0], "unit": ""}
    tested = {
        "method": "occlusion", "fit": True, "why": "it holds", "cases": 24,
        "curves": {"deletion": [0.9, 0.2, 0.1], "deletion_lot": [0.9, 0.85, 0.1]},
    }  # fmt: skip
    own = {"form": "image", "method": "occlusion", "tested": [tested]}
    good = verdict_words(record, own)
    assert good.tone == "green"
    assert "goes from 0.90 to 0.20; with as much hidden by lot, to 0.85" in good.text
    bad = verdict_words(record, {**own, "tested": [{**tested, "fit": False, "why": "it fails"}]})
    assert (bad.tone, bad.text.startswith("Do not trust them: it fails (24 cases)")) == (
        "red",
        True,
    )
    assert verdict_words(record, None).tone == "amber"
