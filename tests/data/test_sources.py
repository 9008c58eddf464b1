"""Tables, folders, arrays and made-up cohorts become cohorts, or say what is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bedside.data.cohort import Cohort
from bedside.data.raw_cases import as_text, rows_named
from bedside.data.sources import load_cohort, require_columns
from bedside.errors import BedsideError, DataError, StudyError
from bedside.study import Study

GOOD = "id,mrn,file,label\na,007,1.png,yes\nb,7,2.png,no\nc,007,3.png,\n"


def study(data: dict[str, Any], **sections: Any) -> Study:
    return Study.parse(
        {
            "data": data,
            "inputs": {"image": {"modality": "image"}},
            "target": {"task": "classify"},
            **sections,
        }
    )


def load_csv(tmp_path: Path, text: str | bytes, *, name: str = "cases.csv", **data: Any) -> Cohort:
    sections = {key: data.pop(key) for key in ("split", "evaluation") if key in data}
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_cohort(study({"table": str(path), **data}, **sections))


def refused(tmp_path: Path, text: str | bytes, **data: Any) -> str:
    with pytest.raises(BedsideError) as caught:
        load_csv(tmp_path, text, **data)
    return str(caught.value)


# --- tables -------------------------------------------------------------------------


def test_a_table_keeps_cells_as_written(tmp_path: Path) -> None:
    cohort = load_csv(tmp_path, GOOD, patient="mrn", case="id")
    assert cohort.ids().tolist() == ["a", "b", "c"]
    assert cohort.cases["mrn"].tolist() == ["007", "7", "007"]
    assert cohort.cases["label"].isna().tolist() == [False, False, True]
    assert cohort.where(1) == "row 3 of cases.csv"
    assert cohort.root == tmp_path
    assert cohort.reference(0, "file").content == (tmp_path / "1.png").resolve()


def test_case_ids_are_row_numbers_unless_the_table_has_them(tmp_path: Path) -> None:
    assert load_csv(tmp_path, GOOD).ids().tolist() == ["row-2", "row-3", "row-4"]
    assert load_csv(tmp_path, GOOD.replace("id,", "case_id,", 1)).ids().tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["cases.csv", "cases.tsv"])
def test_other_separators_marks_and_quotes_are_read(tmp_path: Path, name: str) -> None:
    separator = "\t" if name.endswith("tsv") else ";"
    text = '\ufeffid,note\r\n1,"a ""b"", c"\r\n2,"two\nlines"\r\n3,é\r\n\r\n'
    cohort = load_csv(tmp_path, text.replace(",", separator), name=name)
    assert list(cohort.cases.columns) == ["case_id", "id", "note"]
    assert cohort.cases["note"].tolist() == [f'a "b"{separator} c', "two\nlines", "é"]


def test_identifiers_lose_blanks_around_and_are_composed(tmp_path: Path) -> None:
    cohort = load_csv(tmp_path, "mrn,x\n 12 ,1\n12,2\nJose\u0301,3\nJosé,4\n", patient="mrn")
    patients = cohort.patients()
    assert patients is not None
    assert patients.tolist() == ["12", "12", "José", "José"]


def test_a_root_and_a_blank_header_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    cohort = load_csv(tmp_path, ",a\n0,x\n1,y\n2,z\n", root=str(tmp_path / "images"))
    assert list(cohort.cases.columns) == ["case_id", "unnamed_1", "a"]
    assert cohort.root == tmp_path / "images"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "cases.csv: expected a table, got an empty file. Fill it in."),
        (b" \n\n", "cases.csv: expected a table, got an empty file. Fill it in."),
        ("a,b\n", "cases.csv: expected at least 3 cases, one for each part, got 0 cases."),
        ("a,b\n1,2\n", "cases.csv: expected at least 3 cases, one for each part, got 1 case."),
        (b"a,b\n1,\xe9\n", "cases.csv: expected UTF-8 text, got other bytes on line 2."),
        ("a,b\n1,2\n".encode("utf-16"), "cases.csv: expected UTF-8 text, got UTF-16."),
        (b"a,b\n1,2\n3,\x004\n", "cases.csv: expected plain text, got a NUL byte on line 3."),
        ("a,b,a\n1,2,3\n", "header of cases.csv: expected each column name once, got 'a' 2 times."),
        ("a,b\n1,2\n3\n4,5\n", "line 3 of cases.csv: expected 2 cells as in the header, got 1."),
        ("a,b\n1,2,3\n4,5\n", "line 2 of cases.csv: expected 2 cells as in the header, got 3."),
        (
            "a,b\n1,2\n\n4,5\n",
            "line 3 of cases.csv: expected a row, got a blank line between rows.",
        ),
        (
            'a,b\n1,2\n3,"x\n4,5\n',
            "line 3 of cases.csv: expected cells quoted in pairs, got a quote",
        ),
        ('a,b\n1,"x"y\n', "line 2 of cases.csv: expected cells quoted in pairs, got a quote"),
        (
            "a,b\n1," + "x" * 4_200_000,
            "line 2 of cases.csv: expected cells quoted in pairs, got a cell",
        ),
    ],
)
def test_a_damaged_table_is_refused_by_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    assert refused(tmp_path, text).startswith(message)


def test_every_ragged_line_is_named_at_once(tmp_path: Path) -> None:
    message = refused(tmp_path, "a,b\n1\n2,3\n4,5,6\n")
    assert [line.split(":")[0] for line in message.splitlines()] == [
        "line 2 of cases.csv",
        "line 4 of cases.csv",
    ]


def test_missing_columns_are_named_with_the_nearest_all_at_once(tmp_path: Path) -> None:
    message = refused(
        tmp_path,
        "patient_id,hospital,sex\na,b,c\na,b,c\na,b,c\n",
        patient="patient",
        site="hospitl",
        split={"column": "prt"},
        evaluation={"subgroups": ["sx"]},
    )
    assert message.splitlines() == [
        "data.patient: expected a column of cases.csv, got 'patient'. Did you mean 'patient_id'?",
        "data.site: expected a column of cases.csv, got 'hospitl'. Did you mean 'hospital'?",
        "split.column: expected a column of cases.csv, got 'prt'. "
        "Known are: hospital, patient_id, sex.",
        "evaluation.subgroups 'sx': expected a column of cases.csv, got 'sx'. Did you mean 'sex'?",
    ]


def test_blank_patients_are_named_by_row(tmp_path: Path) -> None:
    rows = ["p,x", "a,1", ",2", " ,3", "NA,4", "b,5", "nan,6", "None,7", ",8"]
    assert refused(tmp_path, "\n".join(rows), patient="p") == (
        "column 'p' of cases.csv: expected a patient in every row, got 6 blank "
        "(rows 3, 4, 5, 7, 8 and 1 more). Fill them in or leave these rows out."
    )


def test_repeated_or_blank_case_ids_are_named_by_row_and_never_shown(tmp_path: Path) -> None:
    message = refused(tmp_path, "id,x\nDOE,1\nDOE ,2\n,3\n", case="id")
    assert (
        "column 'id' of cases.csv: expected a case id in every row, got 1 blank (row 4)." in message
    )
    assert (
        "column 'id' of cases.csv: expected each case id once, got 1 repeated (row 3)." in message
    )
    assert "DOE" not in message


def test_a_second_case_id_column_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "id,case_id\n1,a\n2,b\n3,c\n", case="id")
    assert message.startswith("data.case 'id': expected no other column called 'case_id', got one.")


def test_given_parts_are_spelt_alike(tmp_path: Path) -> None:
    words = ["Training", " test", "VAL", "dev", "valid", "testing", "validation", "train"]
    cohort = load_csv(tmp_path, "part\n" + "\n".join(words) + "\n", split={"column": "part"})
    assert cohort.part == "part"
    assert cohort.cases["part"].tolist() == [
        "train", "test", "validation", "validation", "validation", "test", "validation", "train",
    ]  # fmt: skip


def test_other_words_for_parts_are_refused_by_row_and_never_shown(tmp_path: Path) -> None:
    text = "part,x\ntrain,1\nholdout,2\n,3\ntest,4\n"
    message = refused(tmp_path, text, split={"column": "part"})
    assert message == (
        "column 'part' of cases.csv: expected train, validation (val, valid, dev) or test in every "
        "row, got 2 blank or other words (rows 3 and 4). Correct them, or remove split.column to "
        "have bedside split."
    )


def test_missing_and_strange_files_are_refused(tmp_path: Path) -> None:
    for data, message in [
        ({"table": "no.csv"}, "data.table no.csv: expected an existing file, got none there."),
        (
            {"table": str(tmp_path) + "/d.csv"},
            "data.table d.csv: expected an existing file, got a f",
        ),
        ({"table": "cases.xlsx"}, "data.table cases.xlsx: expected a .csv, .tsv or .parquet file"),
        (
            {"table": "cases"},
            "data.table cases: expected a .csv, .tsv or .parquet file, got no suffix",
        ),
        ({"folder": "none/"}, "data.folder none: expected an existing folder, got none there."),
        ({"npz": "no.npz"}, "data.npz no.npz: expected an existing file, got none there."),
        (
            {"synthetic": "chest-xry"},
            "Unknown synthetic cohort 'chest-xry'. Did you mean 'chest-xray'?",
        ),
    ]:
        (tmp_path / "d.csv").mkdir(exist_ok=True)
        with pytest.raises(StudyError) as caught:
            load_cohort(study(data))
        assert str(caught.value).startswith(message)
    missing = refused(tmp_path, GOOD, root=str(tmp_path / "nowhere"))
    assert missing.startswith("data.root: expected an existing folder, got none there.")


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "mrn": ["007", "7", "8"],
            "label": [1, 0, None],
            "age": [61.5, 40.0, None],
            "flag": [True, False, True],
            "day": pd.to_datetime(["2024-01-31", "2024-02-01", None]),
            "kind": pd.Categorical(["a", "b", None]),
        }
    )
    path = tmp_path / "cases.parquet"
    table.to_parquet(path)
    cohort = load_cohort(study({"table": str(path), "patient": "mrn"}))
    cells = {name: cohort.cases[name].dropna().tolist() for name in table}
    assert cells == {
        "mrn": ["007", "7", "8"],
        "label": ["1", "0"],
        "age": ["61.5", "40.0"],
        "flag": ["True", "False", "True"],
        "day": ["2024-01-31T00:00:00", "2024-02-01T00:00:00"],
        "kind": ["a", "b"],
    }
    assert cohort.where(0) == "row 1 of cases.parquet"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match=r"^cases.parquet: expected a readable Parquet file"):
        load_cohort(study({"table": str(path)}))


def test_text_of_containers_is_left_alone() -> None:
    cells = pd.Series([b"x", b"y"])
    assert as_text(cells) is cells


def test_large_whole_numbers_stay_exact() -> None:
    assert as_text(pd.Series([2**62 + 1, 3])).tolist() == [str(2**62 + 1), "3"]
    assert as_text(pd.Series([1e300, 2.0])).tolist() == ["1e+300", "2.0"]


def test_rows_are_named_for_people() -> None:
    assert rows_named([0], 2) == "row 2"
    assert rows_named([0, 3], 2) == "rows 2 and 5"
    assert rows_named(list(range(7)), 1) == "rows 1, 2, 3, 4, 5 and 2 more"


def test_require_columns_counts_arrays(tmp_path: Path) -> None:
    cohort = Cohort(pd.DataFrame({"label": ["a"]}), "f.npz", arrays={"image": np.zeros((1, 2, 2))})
    require_columns(cohort, {"inputs.x.column": "image", "target.column": "label"})
    with pytest.raises(
        StudyError, match=r"^target.column: expected a column of f.npz, got 'lable'"
    ):
        require_columns(cohort, {"target.column": "lable"})


# --- made-up cohorts ----------------------------------------------------------------


def test_a_synthetic_cohort_follows_the_seed_and_the_patients() -> None:
    words = {"synthetic": "chest-xray", "patient": "patient_id", "patients": 3}
    first, again, other = (load_cohort(study({**words, "seed": seed})) for seed in (1, 1, 2))
    assert first.cases.equals(again.cases)
    image = next(iter(first.arrays))
    np.testing.assert_array_equal(first.arrays[image], again.arrays[image])
    assert not np.array_equal(first.arrays[image], other.arrays[image][: len(first)])
    patients = first.patients()
    assert patients is not None
    assert len(set(patients)) == 3
    assert len(first.arrays[image]) == len(first)


def test_an_array_is_no_patient_column() -> None:
    with pytest.raises(
        StudyError, match=r"^data.patient: expected a column of synthetic chest-xray"
    ):
        load_cohort(study({"synthetic": "chest-xray", "patient": "image", "patients": 3}))


def test_the_study_says_whether_cells_are_texts_or_paths(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("note,other,label\na,b,0\nc,d,1\ne,f,1\n")
    words = {"modality": "text", "column": "note"}
    for files, texts in ((False, {"note"}), (True, set())):
        made = study(
            {"table": tmp_path / "n.csv"},
            inputs={"a": {**words, "files": files}},
            split={"by": "case"},
        )
        assert load_cohort(made).texts == texts
