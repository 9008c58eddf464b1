"""Checklists: the forms whole, every pointer leads somewhere, and nothing is made up."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from bedside.cli import app
from bedside.errors import RunError, StudyError
from bedside.reporting.checklist.answering import REGISTRY
from bedside.reporting.checklist.evidence import Answer, Evidence, Pointer, at
from bedside.reporting.checklist.filling import Line, as_markdown, fill, write_checklist
from bedside.reporting.checklist.forms import FORMS, Item, load_form
from bedside.reporting.record import read_record
from bedside.run_folder import RunFolder

SECRET = "Zyxwvski"
"""In every id and file name of the finished run."""
NUMBERS = (
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 "
    "16 17 18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
)
TRIPOD = NUMBERS.split(" ")
ALONE = {
    "tripod-ai": "2 3c 5b 6b 6c 8b 8c 9c 17 18a 18b 18c 18d 18e 19 27b 27c",
    "claim": "2 5 8 10 11 15 16 17 18 34 44",
}
UNKNOWABLE = {name: numbers.split(" ") for name, numbers in ALONE.items()}
"""Items that no run can answer."""


def test_the_forms_have_the_official_items() -> None:
    tripod, claim = load_form("tripod-ai"), load_form("claim")
    assert [item.number for item in tripod.items] == TRIPOD
    assert len(TRIPOD) == 52
    assert len({number.rstrip("abcdefg") for number in TRIPOD}) == 27
    assert [item.number for item in claim.items] == [str(n) for n in range(1, 45)]
    assert "e078378" in tripod.source
    assert "ryai.240300" in claim.source


@pytest.mark.parametrize("name", FORMS)
def test_items_name_answers_that_there_are_and_leave_the_rest_to_authors(name: str) -> None:
    for item in load_form(name).items:
        assert item.answers or item.author, item.number
        assert set(item.answers) <= set(REGISTRY.names()), item.number
    alone = [item.number for item in load_form(name).items if not item.answers]
    assert alone == UNKNOWABLE[name]


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(StudyError, match="unknown form 'tripod'"):
        load_form("tripod")


def value_at(folder: RunFolder, pointer: Pointer) -> Any:
    """An independent way to follow a pointer."""
    path = folder.root / pointer.file
    assert path.is_file(), pointer
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".html":
        return all(f'id="{key}"' in text for key in pointer.keys)
    if path.suffix == ".csv":
        return all(key in text.splitlines()[0].split(",") for key in pointer.keys)
    if path.suffix not in (".json", ".yaml"):
        return text
    found = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    for key in pointer.keys:
        found = found[key]
    return found


@pytest.mark.parametrize("name", FORMS)
def test_every_pointer_of_a_real_run_leads_somewhere(finished: Any, name: str) -> None:
    folder = finished.run.folder
    filled = fill(load_form(name), read_record(folder))
    pointers = [p for line in filled.lines for answer in line.answers for p in answer.pointers]
    assert len(pointers) > 40
    for pointer in pointers:
        assert value_at(folder, pointer), str(pointer)
    kinds = {pointer.file for pointer in pointers}
    assert kinds >= {"metrics.json", "audit.json", "study.yaml", "splits.csv", "report.html"}


@pytest.mark.parametrize("name", FORMS)
def test_nothing_is_made_up_where_the_study_says_nothing(finished: Any, name: str) -> None:
    """The tiny study has no ``about``: no question, no intended use."""
    filled = fill(load_form(name), read_record(finished.run.folder))
    told = " ".join(answer.text for line in filled.lines for answer in line.answers)
    assert "Question:" not in told
    assert not re.search(r"Intended use: (?!None)", told)
    states = {line.item.number: line.state for line in filled.lines}
    for number in UNKNOWABLE[name]:
        assert states[number] == "author", number
    background = "3b" if name == "tripod-ai" else "3"
    assert states[background] == "author"
    for line in filled.lines:
        assert line.author.startswith("author: ") == (line.state != "filled")
    total = filled.count("filled") + filled.count("in part") + filled.count("author")
    assert total == len(filled.lines) == {"tripod-ai": 52, "claim": 44}[name]


def test_what_the_study_says_is_told(finished: Any, tmp_path: Path) -> None:
    folder = RunFolder(shutil.copytree(finished.root, tmp_path / "run"))
    words = yaml.safe_load(folder.study.read_text())
    words["about"] = {"question": "Ill or <b>well</b>?", "intended_use": "None | yet."}
    folder.study.write_text(yaml.safe_dump(words, sort_keys=False))
    filled = fill(load_form("tripod-ai"), read_record(folder))
    lines = {line.item.number: line for line in filled.lines}
    assert lines["3b"].answers[0].text == "Intended use: None | yet."
    assert lines["3b"].evidence == ["study.yaml: about > intended_use"]
    text = as_markdown(filled)
    assert "Ill or &lt;b>well" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 54
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


def test_numbers_are_those_of_the_run(finished: Any) -> None:
    filled = fill(load_form("claim"), read_record(finished.run.folder))
    lines = {line.item.number: " ".join(a.text for a in line.answers) for line in filled.lines}
    metrics = finished.run.metrics
    value = metrics["models"]["cnn"]["auroc"]["value"]
    assert f"AUROC {value:.3f}" in lines["37"]
    assert f"{metrics['cases']} cases of {metrics['patients']} patients" in lines["32"]
    assert "No patient is in two parts" in lines["20"]
    assert "seed 7" in lines["24"]
    assert "torch 2" in lines["23"]
    assert f"{metrics['bootstrap']} bootstrap resamples of patients" in lines["29"]
    assert lines["33"] == ""  # no hospital was held out, and the run knows of no other data


def test_an_answer_without_evidence_is_none(finished: Any, tmp_path: Path) -> None:
    folder = RunFolder(shutil.copytree(finished.root, tmp_path / "run"))
    shutil.rmtree(folder.package)
    folder.environment.unlink()
    folder.audit.write_text("{")
    with pytest.raises(RunError, match=r"audit\.json: damaged"):
        fill(load_form("claim"), read_record(folder))
    folder.audit.unlink()
    filled = fill(load_form("claim"), read_record(folder))
    states = {line.item.number: line.state for line in filled.lines}
    assert states["23"] == states["12"] == "author"
    assert {line.item.number: line.author for line in filled.lines}["23"] == (
        "author: this run does not hold it."
    )
    evidence = Evidence(folder)
    assert not evidence.holds(at("package/package.json", "facts"))
    assert not evidence.holds(at("report.html", "nowhere"))
    assert not evidence.holds(at("metrics.json", "models", "cnn", "auroc", "value", "deeper"))
    assert evidence.holds(at("metrics.json", "models", "cnn"))


def test_states_follow_from_answers_and_what_is_left() -> None:
    def item(author: str) -> Item:
        return Item(number="1", section="S", topic="T", asks="A", author=author)

    answer = Answer("Yes.", (at("metrics.json", "deep"), at("metrics.json", "deep")))
    assert Line(item(""), [answer]).state == "filled"
    assert Line(item("say why."), [answer]).author == "author: say why."
    assert Line(item("say why."), [answer]).state == "in part"
    assert Line(item(""), []).state == "author"
    assert Line(item(""), [answer]).evidence == ["metrics.json: deep"]
    assert str(at("splits.csv", "part")) == "splits.csv: column part"
    assert str(at("report.html", "data")) == "report.html#data"


def test_the_command_writes_markdown_and_a_page_without_cases(
    finished: Any, tmp_path: Path
) -> None:
    page, text = tmp_path / "c.html", tmp_path / "c.md"
    root = str(finished.root)
    said = CliRunner().invoke(app, ["checklist", root, "--form", "claim", "-o", str(page)])
    assert said.exit_code == 0, said.output
    assert re.match(r"claim: filled \d+ of 44, in part \d+, for the author \d+\n", said.output)
    assert CliRunner().invoke(app, ["checklist", root, "-o", str(text)]).exit_code == 0
    for path in (page, text):
        content = path.read_text(encoding="utf-8")
        assert SECRET not in content
        assert str(finished.folder) not in content
        assert "author: " in content
    assert page.read_text().count("<tr>") == 44 + len({i.section for i in load_form("claim").items})
    with pytest.raises(StudyError, match=r"expected a file ending in \.md or \.html, got '\.pdf'"):
        write_checklist(finished.run.folder, "claim", tmp_path / "c.pdf")


@pytest.mark.parametrize("kind", ["classes", "labels", "forecast", "summary"])
@pytest.mark.parametrize("name", FORMS)
def test_every_kind_of_target_can_be_asked(
    runs: dict[str, RunFolder], kind: str, name: str, tmp_path: Path
) -> None:
    filled, path = write_checklist(runs[kind], name, tmp_path / "c.md")
    assert filled.count("filled") >= 6
    assert "None" not in re.sub(r"None(:| was|\.)", "", path.read_text())
