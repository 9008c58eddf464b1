"""A table of text is read in the form that people's programs give it."""

import pytest

from bedside.data.csv_form import separator_of
from bedside.data.table_source import read_table

ROWS = [("a.png", "40.5", "1"), ("b.png", "7", "0"), ("c.png", "-3.25", "1")]


def written(tmp_path, *, separator=",", newline="\n", point="."):
    lines = [("file", "age", "label"), *ROWS]
    text = newline.join(separator.join(cells) for cells in lines) + newline
    (tmp_path / "cases.csv").write_bytes(text.replace(".5", f"{point}5").replace(
        ".25", f"{point}25").encode())  # fmt: skip
    return read_table(tmp_path / "cases.csv").cases


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines(tmp_path, separator, newline):
    cases = written(tmp_path, separator=separator, newline=newline)
    assert list(cases.columns) == ["file", "age", "label"]
    assert cases["age"].tolist() == ["40.5", "7", "-3.25"]


def test_a_decimal_comma_becomes_a_point_in_columns_of_numbers(tmp_path):
    assert written(tmp_path, separator=";", point=",")["age"].tolist() == ["40.5", "7", "-3.25"]
    (tmp_path / "words.csv").write_text("a;b\n1,5;x\nfew, or 2;y\n3,5;z\n")
    assert read_table(tmp_path / "words.csv").cases["a"].tolist() == ["1,5", "few, or 2", "3,5"]


def test_a_mark_inside_quotes_separates_nothing():
    assert separator_of('file;"finding, main";age', ".csv") == ";"
    assert separator_of("file", ".csv") == ","
    assert separator_of("a,b", ".tsv") == "\t"
