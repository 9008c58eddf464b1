"""Notes to predict: cells of a table, and text files."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.deployment.intake import find_cases
from bedside.errors import DataError
from bedside.modalities.text import Text
from bedside.schema import Reference

CELLS = {"note": Text(column="note")}
FILES = {"note": Text(column="note", files=True)}


def table(folder: Path, text: str) -> Path:
    path = folder / "notes.csv"
    path.write_bytes(text.encode())
    return path


def test_cells_are_the_texts_blank_ones_too(tmp_path: Path) -> None:
    found = find_cases(table(tmp_path, 'case_id,note\nc1,"No, ""clear"".\r\nx"\nc2,\n'), CELLS)
    assert [case.name for case in found] == ["c1", "c2"]
    assert found[0].inputs["note"] == Reference("row 2 of notes.csv", 'No, "clear".\r\nx')
    assert found[1].inputs["note"] == Reference("row 3 of notes.csv", "")


def test_a_cell_may_hold_a_megabyte(tmp_path: Path) -> None:
    note = "Kein Erguss. " * 80_000
    (case,) = find_cases(table(tmp_path, f"note\n{note}\n"), CELLS)
    assert case.inputs["note"].content == note  # type: ignore[union-attr]


@pytest.mark.parametrize("row", ['"Frau Meier', '"Frau" Meier'])
def test_broken_quoting_is_one_sentence_and_swallows_no_row(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataError) as caught:
        find_cases(table(tmp_path, f"note\nfirst\n{row}\nthird\nfourth\n"), CELLS)
    assert str(caught.value) == (
        "notes.csv, after row 2: expected cells quoted in pairs, got a quote that is not closed or "
        "stands free, or a cell without an end. Write it again with a spreadsheet, as CSV in UTF-8."
    )


def test_files_are_read_by_either_kind_of_package(tmp_path: Path) -> None:
    file = tmp_path / "meier.txt"
    file.write_text("No effusion.")
    for modalities in (CELLS, FILES):
        (case,) = find_cases(file, modalities)
        assert case.where == "file 1 of 1"
        assert modalities["note"].read(case.inputs["note"]).values == "No effusion."  # type: ignore[arg-type]
        (case,) = find_cases(tmp_path, modalities)
        assert case.inputs["note"] == Reference("file 1 of 1", file)
    (case,) = find_cases(table(tmp_path, "note\nmeier.txt\n"), FILES)
    assert case.inputs["note"] == Reference("row 2 of notes.csv", file.resolve())
