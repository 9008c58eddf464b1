"""A package that writes: what the trained network writes, and what it carries or does not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bedside.cli import app
from bedside.deployment.intake import find_cases
from bedside.deployment.package import Contents, Facts, read_package
from bedside.deployment.packing import write_package, write_words
from bedside.deployment.precision import Choice
from bedside.deployment.predictor import load
from bedside.deployment.unsupported import lexicon_for, with_unsupported
from bedside.errors import InstallError, StudyError
from bedside.models.network import as_callable
from bedside.schema import Sample

from ..tasks.writer_made import Made, made, reports, trained

FACTS = Facts(
    study="reports",
    model="text-lstm",
    created="2026-01-01T00:00:00+00:00",
    data_version="f00d",
    training_cases=36,
    split="by patient",
)


def contents_of(writer: Made) -> Contents:
    return Contents({"findings": writer.modality}, writer.states, writer.task, writer.state, FACTS)


def packed(writer: Made, folder: Path) -> Path:
    contents = contents_of(writer)
    real = {name: values[:17] for name, values in writer.arrays.items()}
    write_package(folder, writer.task.networks(writer.network), contents, real=real)
    return folder


@pytest.fixture(scope="module")
def writer() -> Made:
    return trained(made(36), steps=30)


@pytest.fixture(scope="module")
def folder(writer: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packed(writer, tmp_path_factory.mktemp("writer") / "package")


def test_without_the_extra_it_says_so_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert json.loads((folder / "package.json").read_text())["requires"] == ["text"]
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(InstallError, match=r'^Package: .*pip install "bedside\[text\]"\.$'):
        load(folder)


def test_it_writes_what_the_trained_network_writes_on_100_new_cases(
    writer: Made, folder: Path
) -> None:
    texts, _ = reports(100, seed=3)
    records = load(folder).predict([Sample(text) for text in texts])
    parts = writer.task.networks(writer.network)
    networks = {name: as_callable(part) for name, part in parts.items()}
    own = [writer.modality.prepare(Sample(text), writer.states["findings"]) for text in texts]
    arrays = {f"findings.{k}": v for k, v in writer.modality.collate(own).items()}
    wanted = writer.task.infer(networks, arrays, writer.state).arrays
    assert [record["summary"] for record in records] == wanted["text"].tolist()
    assert len(set(wanted["text"])) > 5
    first = json.loads(records[0]["support"])
    assert first == json.loads(wanted["support"][0])
    assert records[0]["neighbours"] == " ".join(map(str, wanted["neighbours"][0]))
    _, summaries = reports(36)
    shown = [summaries[case].lower() for case in wanted["neighbours"][0]]
    assert json.loads(records[0]["nearest"]) == shown[:3]


def test_carried_cases_are_named_and_lie_in_a_file_of_their_own(writer: Made, folder: Path) -> None:
    words = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    assert words["carried_cases"] == 36
    assert "cases" not in words["task"]["state"]
    assert json.loads((folder / "cases.json").read_text()) == writer.state["cases"]
    assert read_package(folder).contents.task_state == writer.state
    assert sorted(words["networks"]) == ["remember", "step"]


def test_without_carrying_no_summary_of_training_is_in_the_package(tmp_path: Path) -> None:
    writer = made(12, carry=False)
    contents = contents_of(writer)
    write_words(tmp_path, contents, networks=["remember", "step"], choice=Choice())
    assert not (tmp_path / "cases.json").exists()
    written = "".join(p.read_text() for p in tmp_path.rglob("*.json"))
    assert '"carried_cases": 0' in written
    assert "in the left apex" not in written


def test_the_check_of_a_machine_stays_small(folder: Path) -> None:
    assert (folder / "selfcheck" / "expected.json").stat().st_size < 1_000_000
    found = json.loads((folder / "selfcheck" / "expected.json").read_text())
    assert {name.split("/")[0] for name in found} == {"remember", "step"}


@pytest.mark.parametrize(
    "text", ["", "\x07\x1b[31m", "a" * 1_000_000, "Kein Erguß.\r\nHerz groß.", "左肺正常"]
)
def test_whatever_the_note_says_there_is_an_answer(folder: Path, text: str) -> None:
    record = load(folder).predict([Sample(text)])[0]
    assert isinstance(record["summary"], str)
    assert np.isfinite(len(record["support"]))


LEXICON = {
    "negation": ["no"],
    "findings": {name: [name] for name in ("opacity", "nodule", "effusion", "scar")},
}


def test_findings_that_the_text_lacks_are_flagged(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words.json").write_text(json.dumps(LEXICON))
    said = iter(["Nodule in the left base. Scar. No effusion.", "Opacity.", ""])
    texts = ["There is a scar in the left base.", "An opacity.", "Nothing."]
    contents = read_package(folder).contents
    cases = find_cases([Sample(text) for text in texts], contents.modalities)
    records = [{"case": case.name, "summary": next(said), "model": "m"} for case in cases]
    records[2] = {"case": "3", "error": "It cannot be read."}
    lexicon = lexicon_for(contents, tmp_path / "words.json")
    found = with_unsupported(records, cases, contents, lexicon=lexicon)
    assert [record.get("unsupported") for record in found] == ["nodule", "", None]
    assert list(found[0]) == ["case", "summary", "unsupported", "model"]


def test_the_command_flags_them_in_a_column(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "words.json").write_text(json.dumps(LEXICON))
    (tmp_path / "note.txt").write_text("The heart is normal. There is a scar in the left base.")
    words = ["predict", folder, tmp_path / "note.txt", "-q", "-o", tmp_path / "out.json"]
    done = CliRunner().invoke(app, [*map(str, words), "--lexicon", str(tmp_path / "words.json")])
    assert done.exit_code == 0, done.output
    (record,) = json.loads((tmp_path / "out.json").read_text())
    stated = {word for word in LEXICON["findings"] if word in record["summary"]}
    assert set(filter(None, record["unsupported"].split("; "))) == stated - {"scar"}


def test_a_lexicon_is_for_summaries_alone(package_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"^--lexicon: expected a package that summarises"):
        lexicon_for(read_package(package_folder).contents, tmp_path / "none.json")
