"""The report of summaries: the verdict first, the constant one beside it, facts, and examples."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bedside.reporting.figures import write_figures
from bedside.reporting.glossary import form_of, higher_is_better, label
from bedside.reporting.kinds.summary import DRAWERS, SUMMARY
from bedside.reporting.notices import find_notices
from bedside.reporting.record import Record, read_record
from bedside.reporting.report import write_report
from bedside.reporting.summary_examples import PER_GROUP, marked
from bedside.reporting.summary_figures import kept_findings
from bedside.reporting.summary_tables import cases_table, findings_table
from bedside.run_folder import RunFolder

from .made_summary import FINDINGS, SECRET, make_summary_run
from .test_report import Page

OTHER_KINDS = ("AUROC", "classif", "threshold", "probabilit", "glucose", "forecast", "confusion")


@pytest.fixture(scope="module")
def record(runs: dict[str, RunFolder]) -> Record:
    return read_record(runs["summary"])


@pytest.fixture(scope="module")
def page(runs: dict[str, RunFolder]) -> Page:
    return Page(write_report(runs["summary"]).read_text(encoding="utf-8"))


def changed(tmp_path: Path, runs: dict[str, RunFolder], **changes: Any) -> Record:
    """The same run with other words in its metrics."""
    for name in ("study.yaml", "metrics.json"):
        (tmp_path / name).write_text((runs["summary"].root / name).read_text())
    folder = RunFolder(tmp_path)
    folder.metrics.write_text(json.dumps(json.loads(folder.metrics.read_text()) | changes))
    return read_record(folder)


def with_values(record: Record, **values: float) -> dict[str, Any]:
    """All models, the deep one with other values."""
    models: dict[str, Any] = json.loads(json.dumps(record.metrics["models"]))
    for name, value in values.items():
        models[record.deep][name]["value"] = value
    return models


def test_no_word_of_another_kind_of_target(page: Page) -> None:
    text = page.text.split("The resolved study file")[0]
    assert [word for word in OTHER_KINDS if word.lower() in text.lower()] == []


@pytest.mark.parametrize(
    ("verdict", "first"),
    [
        ("deep not shown better", "The deep model was not shown to be better than the best simple "
         "model (what was written of the most similar training text, ROUGE-L 0."),
        ("deep worse", "The deep model was worse than the best simple model (what was written"),
        ("deep better", "The deep model's summaries had a ROUGE-L of 0."),
    ],
)  # fmt: skip
def test_the_first_sentence_says_the_verdict(
    tmp_path: Path, runs: dict[str, RunFolder], verdict: str, first: str
) -> None:
    found = SUMMARY.answer(changed(tmp_path, runs, verdict=verdict))
    assert found.headline.startswith(first)
    said = " ".join(found.details)
    assert re.search(r"One summary, the same for every case, scores 0\.4\d\d on all of them", said)
    assert "Of 100 cases with a finding, 35 (" in said


def test_the_constant_summary_stands_beside_on_each_kind_of_case(record: Record) -> None:
    table = cases_table(record)
    assert [cell.text for cell in table.header] == [
        *("Cases", "How many", "pointer-gru", "nearest-report", "commonest-summary"),
    ]
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert list(rows) == [
        *("All test cases", "Texts new to training"),
        *("Texts unlike any of training", "Uncommon references", "Reference states a finding"),
    ]
    for kind, metric in (("All test cases", "rougeL"), ("Uncommon references", "rougeL_uncommon")):
        estimate = record.estimate("commonest-summary", metric)
        assert estimate is not None
        assert rows[kind][3] == f"{estimate['value']:.3f}"
    assert rows["Reference states a finding"][0] == str(record.metrics["positive_cases"])


def test_the_first_page_warns_of_easy_scores_and_of_what_is_lost(
    tmp_path: Path, runs: dict[str, RunFolder], record: Record
) -> None:
    titles = [notice.title for notice in find_notices(record)]
    assert "The package carries training cases" in titles
    package = record.study.package.model_copy(update={"carry_cases": False})
    bare = replace(record, study=record.study.model_copy(update={"package": package}))
    assert "The package carries training cases" not in [n.title for n in find_notices(bare)]
    assert "A sentence that never changes scores high" in titles
    assert "Most findings are lost" not in titles
    poor = changed(tmp_path, runs, models=with_values(record, rougeL=0.2, dropped_all=0.6))
    found = {notice.title: notice for notice in find_notices(poor)}
    assert found["No better than always writing the same"].tone == "red"
    assert "60\xa0% have a summary that states none of them" in found["Most findings are lost"].text
    assert "A sentence that never changes scores high" not in found


def test_without_a_lexicon_the_report_says_so(tmp_path: Path) -> None:
    folder = make_summary_run(tmp_path / "plain", lexicon=False)
    write_figures(folder)
    record = read_record(folder)
    assert findings_table(record) is None
    assert kept_findings(record) == []
    assert not (folder.figures / "findings.svg").exists()
    page = Page(write_report(folder).read_text(encoding="utf-8"))
    assert "Facts were not measured" in page.text
    assert "Whether the summaries are true was not measured" in page.text
    assert "Not measured: the study names no lexicon" in folder.model_card.read_text()
    assert "Least alike" in page.text


def test_findings_are_counted_as_in_the_predictions(record: Record) -> None:
    found = {one.name: one for one in kept_findings(record)}
    assert set(found) == set(FINDINGS)
    wanted = sum(one.wanted for one in found.values())
    sensitivity = record.estimate(record.deep, "findings_sensitivity")
    assert sensitivity is not None
    assert sum(one.kept for one in found.values()) / wanted == pytest.approx(sensitivity["value"])


def test_every_figure_is_drawn_and_has_words(runs: dict[str, RunFolder], record: Record) -> None:
    assert write_figures(runs["summary"]) == list(DRAWERS)
    words = SUMMARY.figure_words(record)
    assert set(words) == set(DRAWERS)
    assert all(w.title and w.caption and w.alt for w in words.values())


def test_examples_show_where_words_come_from(runs: dict[str, RunFolder], page: Page) -> None:
    groups = json.loads((runs["summary"].root / "explanations" / "cases.json").read_text())[
        "groups"
    ]
    assert [group["title"] for group in groups] == [
        *("A finding that the text lacks", "Every finding lost", "Findings kept", "Typical"),
    ]
    assert all(1 <= len(group["cases"]) <= PER_GROUP for group in groups)
    made_up = groups[0]["cases"][0]
    flagged = [word["text"] for word in made_up["summary"] if word["flagged"]]
    assert [word.strip(".").lower() for word in flagged] == made_up["unsupported"]
    assert all(not case["unsupported"] and not case["lost"] for case in groups[2]["cases"])
    assert made_up["looked_at"] == len(made_up["nearest"]) == 2
    nearest = made_up["nearest"][0]
    assert "2 similar training cases, the nearest:" in page.text
    assert f"case {nearest['case']}: {nearest['summary']}" in page.text
    assert nearest["summary"].startswith(("no acute disease", "normal chest", "small "))
    assert made_up["source"] in page.text
    rows = [case["row"] for group in groups for case in group["cases"]]
    assert len(set(rows)) == len(rows)


def test_words_are_marked_by_the_models_account_or_by_the_text() -> None:
    told = [("No", "generated"), ("effusion.", "neighbour")]
    found = marked("No effusion.", "No mass.", support=told, flags=[(3, 11)])
    assert [(w["text"], w["origin"], w["flagged"]) for w in found] == [
        ("No", "generated", False),
        ("effusion.", "neighbour", True),
    ]
    for account in (None, told[:1]):  # none, or one that does not fit
        origins = [w["origin"] for w in marked("No effusion.", "no mass", support=account)]
        assert origins == ["copied", "generated"]
    assert marked("", "x") == []
    assert [w["origin"] for w in marked("... 2.5cm", "2 and 5cm")] == ["generated", "copied"]


def test_the_copy_to_share_holds_no_text_and_no_place(runs: dict[str, RunFolder]) -> None:
    path = write_report(runs["summary"], cases=False)
    text = path.read_text(encoding="utf-8")
    assert "Left out of this copy: texts are patient data." in text
    told = ("Film 2", "No acute disease", "Small left", SECRET, "secretfolder", "secrethost")
    assert [word for word in (*told, "row 2") if word in text] == []
    lexicon = str(runs["summary"].root.parent)
    assert lexicon not in text
    assert "summary-lexicon.json" in text


def test_the_card_shows_words_findings_and_groups(runs: dict[str, RunFolder]) -> None:
    card = runs["summary"].model_card.read_text(encoding="utf-8")
    assert (
        "- **Answer:** a summary as in the column impression, written from the input findings"
        in (card)
    )
    assert "| Every finding lost |" in card
    assert "| sex: F |" in card
    assert SECRET not in card


def test_metrics_have_names_forms_and_directions() -> None:
    assert label("rougeL_novel") == "ROUGE-L, texts new to training"
    assert label("words_positive") == "Words of a summary, with findings"
    assert form_of("dropped_all").text(0.123) == "12.3\xa0%"
    assert form_of("words").text(7.04) == "7.0"
    assert higher_is_better("rouge1_positive")
    assert not higher_is_better("unsupported_findings")
