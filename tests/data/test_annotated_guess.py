"""`init` on texts with entities: a tag study that can be audited, whatever their form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedside.data.annotated_guess import annotated_files
from bedside.data.guess import guess_study
from bedside.errors import StudyError
from bedside.pipeline import audit_study
from bedside.study import Study

IOB = "APC\tB-Gene\ncancer\tB-Disease\n.\tO\n\nNo\tO\ngout\tB-Disease\n\nGood\tO\n"


def guessed(folder: Path, data: str) -> tuple[Study, dict[str, Any], str]:
    """The study that init writes, its words, and its text; the audit reads all of its texts."""
    written = guess_study(folder / data, relative_to=folder)
    (folder / "study.yaml").write_text(written, encoding="utf-8")
    lines = [line for line in written.splitlines() if line.strip()]
    assert all("#" in line for line in lines)
    study = Study.load(folder / "study.yaml")
    assert study.inputs["text"].model_dump()["spelling"] is True
    assert study.target.task == "tag"
    return study, yaml.safe_load(written), written


def test_iob_files_with_their_parts(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("train", "devel", "test"):
        (folder / f"{name}.tsv").write_text(IOB)
    (folder / "readme.txt").write_text("Three files.")
    study, words, text = guessed(tmp_path, "corpus")
    files = [f"corpus/{name}.tsv" for name in ("train", "devel", "test")]
    assert words["data"] == {"annotated": files}
    assert (words["split"]["by"], words["split"]["column"]) == ("case", "part")
    assert "# labels: [Disease, Gene]" in text
    assert "# overlapping: longest" in text
    report = audit_study(study)
    assert report.facts["cases"] == 9
    assert not report.blocking
    _, words, text = guessed(tmp_path, "corpus/train.tsv")
    assert words["data"]["annotated"] == ["corpus/train.tsv"]
    assert "column: part" not in text


def test_a_folder_of_brat(tmp_path: Path) -> None:
    folder = tmp_path / "brat"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text("He has gout and fever.")
        (folder / f"{name}.ann").write_text("T1\tDisease 7 11\tgout\nR1\tx Arg1:T1\n")
    _, words, text = guessed(tmp_path, "brat")
    assert words["data"] == {"annotated": ["brat"]}
    assert "# patient: document" in text
    assert "# 3 lines that are no entities" in text


def test_spans_of_json_with_patients_and_overlaps(tmp_path: Path) -> None:
    spans = [
        {"start_position": 0, "end_position": 3, "entity_type": "A"},
        {"start_position": 2, "end_position": 6, "entity_type": "B"},
    ]
    entries = [{"full_text": "Anna B.", "spans": spans, "patient": n // 2} for n in range(6)]
    (tmp_path / "s.json").write_text(json.dumps(entries))
    _, words, _ = guessed(tmp_path, "s.json")
    assert words["data"] == {"annotated": ["s.json"], "patient": "patient"}
    assert words["target"]["overlapping"] == "longest"
    assert words["split"]["by"] == "patient"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("table.tsv", "file\tlabel\na.png\tB\nb.png\tO\n"),
        ("other.json", '[{"text": "a"}]'),
        ("broken.json", "[{"),
        ("notes.txt", "He has gout.\nNo fever.\n"),
        ("none.conll", "a O\nb O\n"),
        ("empty.iob", ""),
    ],
)
def test_what_is_not_annotated(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert annotated_files(tmp_path / name) == []
    if name.endswith("json"):
        with pytest.raises(StudyError):
            guess_study(tmp_path / name)
