"""Annotated texts: IOB lines, brat folders, JSON, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedside.data.annotated_source import read_annotated
from bedside.errors import DataError, StudyError

SECRET = "Zyxwvski"
LINES = "APC\tB-Gene\ncancer\tB-Disease\nrisk\tI-Disease\n.\tO\n\nNo\tO\ngout\tB-Disease\n"


def written(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode())
    return path


def test_iob_files_become_texts_with_their_parts(tmp_path: Path) -> None:
    paths = [written(tmp_path, f"{name}.tsv", LINES) for name in ("train", "devel", "test")]
    raw = read_annotated(paths)
    assert raw.cases["text"].tolist()[:2] == ["APC cancer risk .", "No gout"]
    assert json.loads(raw.cases["entities"][0]) == [[0, 3, "Gene"], [4, 15, "Disease"]]
    assert raw.cases["part"].tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    assert raw.notes == ()
    assert "part" not in read_annotated(paths[:1]).cases


@pytest.mark.parametrize(
    ("lines", "entities", "notes"),
    [
        ("a I-X\nb I-X\nc I-Y\n", [[0, 3, "X"], [4, 5, "Y"]], 2),
        ("a S-X\nb B-X\nc E-X\n", [[0, 1, "X"], [2, 5, "X"]], 0),
        ("a B\nb I\nc O\n", [[0, 3, "entity"]], 0),
        ("a NN x B-X\r\nb NN x I-X\r\n", [[0, 3, "X"]], 0),
        ("-DOCSTART- O\n\na B-X\nb O\nc I-X", [[0, 1, "X"], [4, 5, "X"]], 1),
    ],
)
def test_all_schemes_are_read(
    tmp_path: Path, lines: str, entities: list[object], notes: int
) -> None:
    raw = read_annotated([written(tmp_path, "a.iob", lines)])
    assert json.loads(raw.cases["entities"][0]) == entities
    assert len(raw.notes) == (notes > 0)
    assert all(note.startswith(f"{notes} entities of a.iob begin") for note in raw.notes)


def test_lines_that_are_none_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, "a.tsv", f"a\tO\n{SECRET}\nb\tX-Y\nc\tO\n")
    with pytest.raises(DataError) as error:
        read_annotated([path])
    assert "a.tsv, line 2" in str(error.value)
    assert "a.tsv, line 3" in str(error.value)
    assert SECRET not in str(error.value)
    with pytest.raises(DataError, match="lines of a word and its tag, got none"):
        read_annotated([written(tmp_path, "b.tsv", "\n\n")])
    (tmp_path / "c.tsv").write_bytes("Größe\tO\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"c\.tsv, byte 2: expected text in UTF-8"):
        read_annotated([tmp_path / "c.tsv"])
    with pytest.raises(StudyError, match="none at entry 2"):
        read_annotated([written(tmp_path, "d.tsv", LINES), tmp_path / "missing"])


def test_brat_folders_are_read(tmp_path: Path) -> None:
    text = "Kein Krebs.\r\nAber Gicht, die links rechts sitzt.\n"
    gout = text.index("Gicht")
    marks = (
        f"T1\tDisease 5 10\tKrebs\nT2\tDisease {gout} {gout + 5}\tGicht\n"
        f"T3\tSite {text.index('links')} {text.index('links') + 5};{text.index('sitzt')} "
        f"{text.index('sitzt') + 5}\tlinks sitzt\nR1\tof Arg1:T1 Arg2:T2\n#1\tNote T1\tx\n"
    )
    written(tmp_path, "b/one.txt", text)
    written(tmp_path, "b/one.ann", marks)
    written(tmp_path, "b/two.txt", "alone")
    raw = read_annotated([tmp_path / "b"])
    found = json.loads(raw.cases["entities"][0])
    assert [text[start:end] for start, end, _ in found] == ["Krebs", "Gicht", "links rechts sitzt"]
    assert raw.cases["document"].tolist() == ["one"]
    assert raw.notes == (
        "1 texts without an .ann file were left out.",
        "1 entities in several pieces were read from the first to the last letter.",
        "2 lines that are no entities (relations, events, remarks) were left out.",
    )
    written(tmp_path, "b/one.ann", f"T1 Disease 5 10 {SECRET}\n")
    with pytest.raises(DataError, match=r"line 1 of its \.ann") as error:
        read_annotated([tmp_path / "b"])
    assert SECRET not in str(error.value)


def test_json_files_are_read_with_their_other_keys(tmp_path: Path) -> None:
    entries = [
        {"full_text": "Call Ann.", "spans": [{"start_position": 5, "end_position": 8,
         "entity_type": "PERSON", "entity_value": "Ann"}], "template_id": 3},
        {"full_text": "Nobody.", "spans": [], "template_id": 4},
    ]  # fmt: skip
    raw = read_annotated([written(tmp_path, "a.json", json.dumps(entries))])
    assert raw.cases["text"].tolist() == ["Call Ann.", "Nobody."]
    assert raw.cases["template_id"].tolist() == [3, 4]
    assert json.loads(raw.cases["entities"][0])[0]["entity_type"] == "PERSON"
    for content in ("{", "3", "[3]", '[{"text": "a"}]', '[{"text": "a", "spans": []}, {}]', "[]"):
        with pytest.raises(DataError, match=r"a\.json"):
            read_annotated([written(tmp_path, "a.json", content)])
