"""Texts come in in one form, whatever wrote them, and no error quotes them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bedside.errors import DataError
from bedside.modalities import text_files
from bedside.modalities.text_files import clean_text, read_text
from bedside.schema import Reference

WHERE = "row 3 of notes.csv"
SECRET = "Erika Mustermann"


def write(folder: Path, raw: bytes) -> Reference:
    path = folder / "mustermann.txt"
    path.write_bytes(raw)
    return Reference(WHERE, path)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xef\xbb\xbfNo effusion.", "No effusion."),
        (b"One.\r\nTwo.\rThree.", "One.\nTwo.\nThree."),
        ("Ödem über der Lunge, derrame pequeño, ß, 漢".encode(), "Ödem über der Lunge, derrame "
         "pequeño, ß, 漢"),
        ("O\u0308dem".encode(), "Ödem"),
        (b"  \n a\tb \n", "a\tb"),
        (b"", ""),
        (b" \r\n ", ""),
    ],
)  # fmt: skip
def test_a_file_is_read(tmp_path: Path, raw: bytes, text: str) -> None:
    assert read_text(write(tmp_path, raw)).values == text


def test_what_is_replaced_is_counted() -> None:
    sample = clean_text("a\x07b\x1b[0m\x9f lost\ufffd \ud800", where=WHERE)
    assert sample.values == "a b [0m  lost\ufffd \ufffd"
    assert sample.geometry.source == {"characters": 16, "control": 3, "replaced": 2}
    assert sample.geometry.shape == (16,)


@pytest.mark.parametrize(
    ("raw", "got"),
    [
        ("Ödem".encode("latin-1"), "got other bytes (Latin-1 or Windows-1252, if it is a text)"),
        ("Ödem".encode("utf-16"), "got UTF-16"),
        (b"a\0b", "got NUL bytes (another kind of file, or UTF-16)"),
    ],
)
def test_other_bytes_are_refused_in_one_sentence(tmp_path: Path, raw: bytes, got: str) -> None:
    with pytest.raises(DataError) as caught:
        read_text(write(tmp_path, raw + SECRET.encode()))
    assert str(caught.value) == (
        f"{WHERE}: expected a text file in UTF-8, {got}. "
        "Save it as UTF-8; a guess could turn letters into others."
    )


def test_a_cell_with_a_nul_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"row 3 of notes\.csv: expected plain text, got a NUL"
    ) as c:
        read_text(Reference(WHERE, f"{SECRET}\0"))
    assert SECRET not in str(c.value)


@pytest.mark.parametrize(
    ("content", "got"),
    [(Path("mustermann.txt"), "got no such file"), (Path(), "got a folder"), (3, "got int")],
)
def test_what_is_no_text_is_refused(content: object, got: str) -> None:
    with pytest.raises(DataError, match=f"^{WHERE}: .*{got}") as caught:
        read_text(Reference(WHERE, content))  # type: ignore[arg-type]
    assert "mustermann" not in str(caught.value)


def test_a_text_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "LONGEST", 10)
    for reference in (write(tmp_path, b"x" * 11), Reference(WHERE, "x" * 11)):
        with pytest.raises(DataError, match="expected a text of at most 10 characters, got 11"):
            read_text(reference)


def test_a_note_of_a_megabyte_takes_no_time(tmp_path: Path) -> None:
    raw = "Der Patient hatte Fieber über 39.5°.\r\n".encode() * 27_000
    assert len(raw) > 1_000_000
    start = time.process_time()
    text = read_text(write(tmp_path, raw)).values
    assert time.process_time() - start < 1
    assert text.count("\n") == 26_999


def test_what_was_read_is_read_alike_again() -> None:
    once = clean_text(" A\r\n\x07b\u0308 \ufeff", where=WHERE)
    assert clean_text(once.values, where=WHERE).values == once.values  # type: ignore[arg-type]
