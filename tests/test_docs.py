"""The reference pages say what the code does: keys, defaults, examples, commands, files."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.main import get_command

from bedside.audit.examination import BLOCKING, CHECKS, NEVER_WAIVED
from bedside.baselines import REGISTRY as BASELINES
from bedside.cli import app
from bedside.data.study_text import MEANING, flow
from bedside.evaluation import (
    OF_FINDINGS,
    OF_FORECASTS,
    OF_GLUCOSE,
    OF_GLUCOSE_EVENTS,
    OF_LANGUAGE,
    OF_MASKS,
    OF_SUMMARIES,
)
from bedside.evaluation import REGISTRY as METRICS
from bedside.modalities.image import Image
from bedside.modalities.signal import Signal
from bedside.modalities.table import Table
from bedside.modalities.text import Text
from bedside.models import ENCODERS, FUSIONS
from bedside.run_folder import RunFolder
from bedside.study import InputSection, Study, TargetSection, TrainingSection
from bedside.tasks.classify import Classify
from bedside.tasks.forecast import Forecast
from bedside.tasks.language import Language
from bedside.tasks.segment import Segment
from bedside.tasks.summarise import Summarise
from bedside.training.preparation import build_modalities, build_task
from bedside.training.recipe import make_recipe

if TYPE_CHECKING:
    from .made_study import Finished

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    [*DOCS.rglob("*.md"), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", ROOT / "README.md",
     ROOT / "benchmarks" / "README.md"]
)  # fmt: skip
SECTIONS: dict[str, tuple[type[BaseModel], ...]] = {
    "Top level": (Study,),
    "inputs": (InputSection, Image),
    "Signal inputs": (InputSection, Signal),
    "Table inputs": (InputSection, Table),
    "Text inputs": (InputSection, Text),
    "target": (TargetSection, Classify),
    "Forecast target": (TargetSection, Forecast),
    "Summarise target": (TargetSection, Summarise),
    "Segment target": (TargetSection, Segment),
    "Language target": (TargetSection, Language),
} | {
    name: (form.annotation,)
    for name, form in Study.model_fields.items()
    if isinstance(form.annotation, type)
    and issubclass(form.annotation, BaseModel)
    and name != "target"
}
BASE: dict[str, Any] = {
    "data": {"table": "cases.csv", "patient": "patient_id"},
    "inputs": {"xray": {"modality": "image"}},
    "target": {"task": "classify"},
}
SOURCES = ("table", "folder", "npz", "dicom", "decathlon", "annotated", "public", "synthetic")


@dataclass(frozen=True)
class Row:
    """One key of a table of the page: its default and its example as they stand there."""

    default: str
    example: str
    whole: str


def section_text(page: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    found = re.search(rf"^## `?{re.escape(heading)}`?\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    assert found, f"no heading '## {heading}'"
    return found[1]


def key_rows(heading: str) -> dict[str, Row]:
    """Key -> row, of the first table of a section."""
    text = section_text((DOCS / "study-file.md").read_text(), heading)
    table = text[text.index("| key |") :].split("\n\n")[0]
    cells = [[c.strip() for c in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
    assert all(len(row) == 5 for row in cells), heading
    return {row[0].strip("| `"): Row(row[2], row[4].strip("| "), " ".join(row)) for row in cells}


def fields(heading: str) -> dict[str, Any]:
    """Key -> field of the models of a section."""
    return {name: f for model in SECTIONS[heading] for name, f in model.model_fields.items()}


def test_sections_are_found() -> None:
    assert set(SECTIONS) >= {"data", "split", "model", "training", "evaluation", "audit", "about"}


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_page_names_every_key_and_no_other(heading: str) -> None:
    assert set(key_rows(heading)) == set(fields(heading))


@pytest.mark.parametrize("heading", SECTIONS)
def test_defaults_and_choices_are_those_of_the_code(heading: str) -> None:
    rows = key_rows(heading)
    told = {key: rows[key].default for key in fields(heading)}
    assert told == {key: default_told(key, field) for key, field in fields(heading).items()}
    allowed = {key: choices(field.annotation) for key, field in fields(heading).items()}
    assert [(k, c) for k, words in allowed.items() for c in words if c not in rows[k].whole] == []


def default_told(key: str, field: Any) -> str:
    """The default as the page writes it."""
    default = field.get_default(call_default_factory=True)
    if default is PydanticUndefined or key in ("modality", "task"):  # the plug-in's own name
        return "required"
    if isinstance(default, BaseModel):
        return "its defaults"
    return "—" if default is None else f"`{flow(default)}`"


def choices(form: Any) -> list[str]:
    """Every word that a field's type allows."""
    if get_origin(form) is Literal:
        return [str(word) for word in get_args(form)]
    return [word for part in get_args(form) for word in choices(part)]


@pytest.mark.parametrize("heading", SECTIONS)
def test_examples_are_read(heading: str) -> None:
    for key, row in key_rows(heading).items():
        example = yaml.safe_load(row.example.strip("`"))
        assert key in example
        parse(with_section(heading, example))


def with_section(heading: str, words: dict[str, Any]) -> dict[str, Any]:
    if heading == "Top level":
        return {**BASE, **words}
    if heading == "inputs":
        return {**BASE, "inputs": {"xray": {"modality": "image", **words}}}
    if heading == "Table inputs":
        return {**BASE, "inputs": {"history": {"modality": "table", **words}}}
    if heading == "Text inputs":
        return {**BASE, "inputs": {"findings": {"modality": "text", **words}}}
    if heading == "Signal inputs":
        return {**BASE, "inputs": {"glucose": {"modality": "signal", **words}}}
    if heading == "Forecast target":
        return {**BASE, "target": {"task": "forecast", **words}}
    if heading == "Summarise target":
        return {**BASE, "target": {"task": "summarise", "column": "impression", **words}}
    if "pretrained" in words:
        texts = {"findings": {"modality": "text", "column": "findings"}}
        target = {"task": "summarise", "column": "impression"}
        return {**BASE, "inputs": texts, "target": target, heading: words}
    if heading == "Segment target":
        return {**BASE, "target": {"task": "segment", **words}}
    if heading == "Language target":
        texts = {"note": {"modality": "text", "column": "findings"}}
        return {**BASE, "inputs": texts, "target": {"task": "language", **words}}
    if heading == "target":
        return {**BASE, "target": {"task": "classify", **words}}
    if heading == "data":
        source = {} if set(words) & set(SOURCES) else {"table": "cases.csv"}
        return {**BASE, "data": {**source, **words}}
    return {**BASE, heading: words}


def parse(words: dict[str, Any]) -> Study:
    """Read a study as a run would, plug-ins included."""
    study = Study.parse(words)
    build_modalities(study)
    build_task(study)
    for encoders in study.model.encoders.values():
        for name in [encoders] if isinstance(encoders, str) else encoders:
            ENCODERS.check(name)
    for name in [] if study.baselines == "auto" else study.baselines:
        BASELINES.check(name)
    assert set(study.audit.waive) <= set(CHECKS.names()) - set(NEVER_WAIVED)
    return study


@pytest.mark.parametrize(
    "block", re.findall(r"^```yaml\n(.*?)^```", (DOCS / "study-file.md").read_text(), re.M | re.S)
)
def test_whole_examples_are_studies(block: str) -> None:
    assert parse(yaml.safe_load(block)).inputs


def test_plug_ins_and_checks_are_named() -> None:
    page = (DOCS / "study-file.md").read_text()
    names = [*ENCODERS.table, *FUSIONS.table, *BASELINES.table, *CHECKS.table]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_what_blocks_is_told_as_such() -> None:
    section = section_text((DOCS / "study-file.md").read_text(), "audit")
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    told = {
        name for row in rows if "blocks" in row[-1] for name in re.findall(r"`([^`]+)`", row[0])
    }
    assert told - {"split"} == BLOCKING | set(NEVER_WAIVED)


def test_what_auto_becomes_is_told() -> None:
    page = (DOCS / "study-file.md").read_text()
    rows = []
    for cases in (50, 200, 1000, 5000, 50_000):
        r = make_recipe(cases, TrainingSection())
        cells = f"{r.epochs} | {r.batch_size} | {r.learning_rate:.2g} | {r.patience}"
        rows.append(f"| {cases:,} | {cells} |")
    assert "\n".join(rows) in page


def test_what_auto_becomes_for_windows_is_told() -> None:
    page = (DOCS / "study-file.md").read_text()
    rows = []
    for windows in (1000, 5000, 50_000, 5_000_000):
        r = make_recipe(windows, TrainingSection(), kind="forecast")
        drawn = r.cases_per_epoch or windows
        cells = f"{drawn:,} | {r.epochs} | {r.batch_size} | {r.learning_rate:.2g} | {r.patience}"
        rows.append(f"| {windows:,} | {cells} |")
    assert "\n".join(rows) in page


def test_what_auto_becomes_for_summaries_is_told() -> None:
    page = (DOCS / "study-file.md").read_text()
    rows = []
    for cases in (50, 200, 1000, 5000, 50_000):
        r = make_recipe(cases, TrainingSection(), kind="summary")
        cells = f"{r.epochs} | {r.batch_size} | {r.learning_rate:.2g} | {r.patience}"
        rows.append(f"| {cases:,} | {cells} |")
    assert "\n".join(rows) in page


def test_the_comments_of_init_belong_to_keys() -> None:
    known = {f"{heading}.{key}" for heading in SECTIONS for key in fields(heading)}
    assert {key if "." in key else f"Top level.{key}" for key in MEANING} <= known


def commands() -> Mapping[str, Any]:
    """Every command by its words; a group's own commands as ``group command``."""
    found = {"": get_command(app)}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {own}": each for own, each in (inner or {}).items()}
        found |= {} if inner else {name: command}
    return found


@pytest.mark.parametrize("name", commands())
def test_the_command_page_names_every_option_and_default(name: str) -> None:
    text = (DOCS / "command.md").read_text()
    heading = re.search(rf"^## `(bedside ?{name}(?: .*)?)`$", text, re.M)
    assert heading
    section = section_text(text, heading[1])
    for parameter in commands()[name].params:
        if parameter.param_type_name == "argument":
            assert str(parameter.metavar) in heading[1]
            continue
        options = [*parameter.opts, *parameter.secondary_opts]
        rows = [line for line in section.splitlines() if f"`{options[0]}`" in line.split(" | ")[0]]
        assert len(rows) == 1, options
        assert [option for option in options if f"`{option}`" not in rows[0]] == []
        if isinstance(parameter.default, str | int | Path) and not parameter.is_flag:
            assert f"`{parameter.default}`" in rows[0]


def test_every_file_of_a_run_is_told(finished: Finished) -> None:
    page = (DOCS / "run-folder.md").read_text()
    properties = {name for name, kind in vars(RunFolder).items() if isinstance(kind, property)}
    named = {getattr(finished.run.folder, name).name for name in properties}
    found = {path.name for path in finished.root.iterdir()}
    assert [name for name in sorted(named | found) if f"`{name}" not in page] == []


def test_the_example_of_metrics_has_the_keys_of_a_run(finished: Finished) -> None:
    page = (DOCS / "run-folder.md").read_text()
    told = json.loads(re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)[0])
    metrics = json.loads((finished.root / "metrics.json").read_text())
    assert list(told) == list(metrics)
    for key in ("difference", "timing", "calibration"):
        assert set(told[key]) == set(metrics[key])
    assert set(told["models"]["resnet"]) == set(metrics["models"]["cnn"])
    ours, theirs = first_group(told), first_group(metrics)
    assert set(ours) == set(theirs)
    assert set(ours["metrics"]) == set(theirs["metrics"])
    assert [key for key in metrics if f"`{key}`" not in page] == []


def first_group(metrics: dict[str, Any]) -> dict[str, Any]:
    """What is said of the first group of the first subgroup column."""
    groups = next(iter(metrics["subgroups"].values()))
    return dict(next(iter(groups.values())))


def test_every_metric_is_told() -> None:
    page = (DOCS / "run-folder.md").read_text()
    tables = (
        METRICS,
        OF_FORECASTS,
        OF_GLUCOSE,
        OF_GLUCOSE_EVENTS,
        OF_SUMMARIES,
        OF_FINDINGS,
        OF_MASKS,
        OF_LANGUAGE,
    )
    names = [name for table in tables for name in table.table]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_environment_and_log_are_told(finished: Finished) -> None:
    page = (DOCS / "run-folder.md").read_text()
    environment = json.loads((finished.root / "environment.json").read_text())
    events = [json.loads(line) for line in (finished.root / "log.jsonl").read_text().splitlines()]
    words = {*environment, *(event["event"] for event in events)}
    assert [word for word in sorted(words) if f"`{word}`" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        if path.startswith(("http:", "https:")):
            continue
        place = (page.parent / path) if path else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_names_every_page() -> None:
    text = (DOCS / "README.md").read_text()
    pages = [p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if p.name != "README.md"]
    assert [page for page in pages if f"]({page})" not in text] == []
