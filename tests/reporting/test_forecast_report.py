"""The report of a forecast: the verdict first, the numbers of the run, no word of another kind."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from bedside.reporting.figures import write_figures
from bedside.reporting.forecast_examples import PER_GROUP
from bedside.reporting.kinds.forecast import DRAWERS, FORECAST
from bedside.reporting.model_card import write_model_card
from bedside.reporting.notices import find_notices
from bedside.reporting.record import Record, read_record
from bedside.reporting.report import write_report
from bedside.reporting.warning_figures import warning_words
from bedside.run_folder import RunFolder

from .made_forecast import HELD_OUT, PATIENTS, SECRET, make_forecast_run
from .test_report import Page

OTHER_KINDS = (
    "AUROC",
    "classif",
    "threshold",
    "probabilit",
    "the finding",
    "confusion",
    "test case",
)


@pytest.fixture(scope="module")
def record(runs: dict[str, RunFolder]) -> Record:
    return read_record(runs["forecast"])


@pytest.fixture(scope="module")
def page(runs: dict[str, RunFolder]) -> Page:
    return Page(write_report(runs["forecast"]).read_text(encoding="utf-8"))


def value(record: Record, model: str, metric: str, part: str | None = None) -> float:
    estimate = record.estimate(model, metric, part=part)
    assert estimate is not None
    return float(estimate["value"])


def changed(tmp_path: Path, runs: dict[str, RunFolder], **changes: Any) -> Record:
    """The same run with other words in its metrics."""
    folder = RunFolder(tmp_path)
    for name in ("study.yaml", "metrics.json"):
        (tmp_path / name).write_text((runs["forecast"].root / name).read_text())
    metrics = json.loads(folder.metrics.read_text())
    folder.metrics.write_text(json.dumps(metrics | changes))
    return read_record(folder)


def test_no_word_of_another_kind_of_target(page: Page) -> None:
    text = page.text.split("The resolved study file")[0]
    assert [word for word in OTHER_KINDS if word.lower() in text.lower()] == []


@pytest.mark.parametrize(
    ("verdict", "first"),
    [
        ("deep not shown better", "The deep model was not shown to be better at forecasting than "
         "the best simple model (least squares on the last values, "),
        ("deep worse", "The deep model was worse at forecasting than the best simple model ("),
        ("deep better", "Over the next hour, the deep model's forecasts of glucose had an error"),
    ],
)  # fmt: skip
def test_the_first_sentence_says_the_verdict(
    tmp_path: Path, runs: dict[str, RunFolder], verdict: str, first: str
) -> None:
    found = FORECAST.answer(changed(tmp_path, runs, verdict=verdict))
    assert found.headline.startswith(first)
    assert "mg/dL" in found.headline
    said = " ".join([found.headline, *found.details])
    assert f"On {HELD_OUT} patients never seen before its error was" in said


def test_the_first_page_speaks_of_people(page: Page, record: Record) -> None:
    text = page.text.replace("\xa0", " ")
    half, hour = (value(record, "lstm", f"mae_pooled_{m}min") for m in (30, 60))
    assert f"off on average half an hour ahead by {half:.1f} mg/dL (" in text
    assert f"and an hour ahead by {hour:.1f} mg/dL (" in text
    assert re.search(r"Of \d+ episodes? below 70 mg/dL \(\d+ patients?\), [\d.]+ %", text)
    assert "zones A and B of Clarke's grid" in text


def test_tables_hold_the_numbers_of_both_test_parts(page: Page, record: Record) -> None:
    for part in (None, "held_out_patients"):
        for model in ("lstm", "least-squares", "persistence"):
            for metric in ("rmse_pooled_60min", "mae_pooled", "rmse_median_window"):
                estimate = record.estimate(model, metric, part=part)
                assert estimate is not None
                ends = f"{estimate['low']:.1f} to {estimate['high']:.1f}"
                assert f"{estimate['value']:.1f} {ends}" in page.text
    assert f"of {PATIENTS} patients" in page.text
    assert "Patients never seen before" in page.text


def test_the_copy_to_share_shows_no_one(runs: dict[str, RunFolder]) -> None:
    folder = runs["forecast"]
    whole = write_report(folder).read_text(encoding="utf-8")
    copy = write_report(folder, cases=False).read_text(encoding="utf-8")
    assert SECRET not in whole
    assert re.search(r"segment \d+ of glucose\.csv, \d\d:\d\d; off by", whole)
    for secret in (SECRET, "of glucose.csv", "secretfolder", "secrethost", "Typical"):
        assert secret not in copy
    assert copy.count("<img") == len(DRAWERS)


def test_every_figure_is_drawn_and_the_same_twice(runs: dict[str, RunFolder]) -> None:
    folder = runs["forecast"]
    assert write_figures(folder) == list(DRAWERS)
    first = {name: (folder.figures / f"{name}.svg").read_bytes() for name in DRAWERS}
    for text in first.values():
        ElementTree.fromstring(text)
        assert len(text) < 200_000
        assert SECRET.encode() not in text
    write_figures(folder)
    assert {name: (folder.figures / f"{name}.svg").read_bytes() for name in DRAWERS} == first
    assert set(FORECAST.figure_words(read_record(folder))) == set(DRAWERS)


def test_the_past_of_a_forecast_is_what_the_other_windows_say(record: Record) -> None:
    forecasts = record.forecasts()
    assert forecasts is not None
    late = int(np.flatnonzero(forecasts.row == 0)[-1])
    before = forecasts.before(late, steps=24)
    assert np.isfinite(before).all()
    assert before[-1] == forecasts.last[late]
    earlier = int(
        np.flatnonzero((forecasts.row == 0) & (forecasts.minute == forecasts.minute[late] - 60))[0]
    )
    assert before[12:] == pytest.approx([forecasts.last[earlier], *forecasts.truth[earlier]])
    first = int(np.flatnonzero(forecasts.row == 0)[0])
    assert np.isnan(forecasts.before(first, steps=3)[:-1]).all()


def test_examples_are_chosen_by_rule(runs: dict[str, RunFolder], record: Record) -> None:
    place = runs["forecast"].root / "explanations"
    groups = {
        g["title"]: g["cases"] for g in json.loads((place / "cases.json").read_text())["groups"]
    }
    assert list(groups)[:2] == ["Typical", "Among the worst"]
    forecasts = record.forecasts()
    assert forecasts is not None
    error = np.sqrt(((forecasts.point - forecasts.truth) ** 2).mean(axis=1))
    middling = float(np.quantile(error, 0.5))
    for case in groups["Typical"]:
        assert case["error"] == pytest.approx(middling, rel=0.35)
    assert min(c["error"] for c in groups["Among the worst"]) > 1.5 * middling
    for cases in groups.values():
        assert len({case["row"] for case in cases}) == len(cases) <= PER_GROUP
        assert all((place / case["picture"]).exists() for case in cases)


def test_nothing_better_than_the_last_value_is_a_red_box(
    tmp_path: Path, runs: dict[str, RunFolder], record: Record
) -> None:
    assert "last value" not in str([n.title for n in find_notices(record)])
    models = json.loads(json.dumps(record.metrics["models"]))
    models["lstm"]["rmse_pooled"]["value"] = models["persistence"]["rmse_pooled"]["value"] + 0.1
    notices = find_notices(changed(tmp_path, runs, models=models))
    assert notices[0].title == "No better than the last value carried forward"
    assert notices[0].tone == "red"


def test_few_patients_are_said(record: Record) -> None:
    found = {notice.title: notice.text for notice in find_notices(record)}
    few = found["Few patients to test on"]
    assert few.startswith(f"Patients never seen before: {HELD_OUT} patients. Intervals are made by")
    assert "Of one patient" not in few
    assert re.match(r"In the test part began \d+ episodes", found["Few episodes to be warned of"])


def test_what_the_model_is_told_of_the_time_to_come_is_said(
    tmp_path: Path, runs: dict[str, RunFolder], record: Record
) -> None:
    assert "it can only guess" in " ".join(FORECAST.limits(record))
    told = changed(tmp_path, runs)
    words = json.loads(told.folder.study.read_text())
    words["inputs"]["glucose"]["known_ahead"] = ["carbohydrate_g", "insulin"]
    told.folder.study.write_text(json.dumps(words))
    said = " ".join(FORECAST.limits(read_record(told.folder)))
    assert "the model was told carbohydrate g and insulin, as planned or recorded" in said


def test_of_one_patient_there_is_no_interval(tmp_path: Path, runs: dict[str, RunFolder]) -> None:
    parts = json.loads(read_record(runs["forecast"]).folder.metrics.read_text())["other_parts"]
    parts["held_out_patients"]["patients"] = 1
    notices = find_notices(changed(tmp_path, runs, other_parts=parts))
    few = next(n.text for n in notices if n.title == "Few patients to test on")
    assert few == (
        "Patients never seen before: 1 patient. Of one patient no interval can be made. Another "
        "patient may be quite other."
    )


def test_a_smaller_alarm_level_announces_more_and_cries_wolf_more(record: Record) -> None:
    said = warning_words(record).replace("\xa0", " ")
    rates = re.findall(r"from (\d+) % on: (\d+) % announced, ([\d.]+) false a day", said)
    assert [level for level, *_ in rates] == ["5", "10", "20", "30"]
    found, false = ([float(rate[k]) for rate in rates] for k in (1, 2))
    assert found == sorted(found, reverse=True)
    assert false == sorted(false, reverse=True)
    assert false[0] > false[-1]


def test_the_model_card_stands_by_itself(runs: dict[str, RunFolder], record: Record) -> None:
    text = write_model_card(runs["forecast"])
    assert text.count("## ") >= 8
    assert "glucose over the next hour, in mg/dL" in text
    assert f"{value(record, 'persistence', 'rmse_pooled', 'held_out_patients'):.1f} (" in text
    assert SECRET not in text
    assert [word for word in OTHER_KINDS if word.lower() in text.lower()] == []


def test_mmol_and_no_held_out_patients(tmp_path: Path) -> None:
    folder = make_forecast_run(tmp_path, unit="mmol/L", held_out=False)
    folder.figures.mkdir()
    (folder.figures / "clarke.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    text = Page(write_report(folder).read_text(encoding="utf-8")).text
    assert "mg/dL (" not in text
    assert re.search(r"RMSE\) of \d\.\d\d\Wmmol/L", text)
    assert "below 3.9 mmol/L" in text
    assert "All patients of the test were seen in training" in text
