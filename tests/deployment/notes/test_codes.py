"""A user's dictionary of codes: what it finds, and what is wrong with its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.deployment.notes.codes import read_codes
from bedside.errors import DataError, StudyError


def book(folder: Path, text: str, name: str = "codes.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_terms_and_their_codes(tmp_path: Path) -> None:
    codes = read_codes(
        book(
            tmp_path,
            "\ufeffsystem;term;code\nICD-10;Type 2 diabetes;E11\nICD-10;diabetes;E14\n"
            "SNOMED;type 2 Diabetes;44054006\nICD-10;Type 2 diabetes;E11\n\n",
        )
    )
    text = "TYPE 2 diabetes; diabetes, prediabetes"
    assert codes.matches(text) == [
        (0, 15, (("E11", "ICD-10"), ("44054006", "SNOMED"))),
        (17, 25, (("E14", "ICD-10"),)),
    ]
    assert read_codes(book(tmp_path, "term\tcode\tsystem\na\tb\tc\n", "c.tsv")).matches("A") == [
        (0, 1, (("b", "c"),))
    ]


def test_faults_are_told_by_row(tmp_path: Path) -> None:
    faults = {
        "term,code\na,b\n": "--codes: no column 'system'. Did you mean 'term'?",
        "term,code,system\n": "--codes: expected at least one term, got none. Add terms.",
        "": "--codes: no column 'term'. None is known here.",
        'term,code,system\n"a"b,c,d\n': "--codes: expected cells quoted in pairs, got others.",
    }
    for content, told in faults.items():
        with pytest.raises(StudyError) as error:
            read_codes(book(tmp_path, content))
        assert str(error.value).startswith(told)
    with pytest.raises(StudyError) as error:
        read_codes(book(tmp_path, "term,code,system\na,,x\n ,b,x\nc\n"))
    assert [line.split(". ")[0] for line in str(error.value).splitlines()[-3:]] == [
        "--codes, row 2: expected a term, its code and the code's system, got no code",
        "--codes, row 3: expected a term, its code and the code's system, got no term",
        "--codes, row 4: expected a term, its code and the code's system, got no code",
    ]
    with pytest.raises(StudyError, match="got no such file"):
        read_codes(tmp_path / "none.csv")
    with pytest.raises(DataError, match="each column name once"):
        read_codes(book(tmp_path, "term,term,code,system\n"))
