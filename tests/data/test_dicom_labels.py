import pytest

from bedside.data.dicom_labels import join_labels, key_column
from bedside.data.dicom_source import read_dicom_source
from bedside.errors import DataError, StudyError

from .dicom_made import folder, image


@pytest.fixture
def joined(tmp_path):
    cases = read_dicom_source(folder(tmp_path / "d")).cases

    def join(text, key=None):
        (tmp_path / "labels.csv").write_text(text)
        return join_labels(cases, tmp_path / "labels.csv", key=key)

    return join


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("SOPInstanceUID", lambda n: image(n).SOPInstanceUID),
        ("File", lambda n: f"s{n % 2}/im{n}" + (".dcm" if n % 3 else "")),
        ("file name", lambda n: f"im{n}" + (".dcm" if n % 3 else "")),
        ("Image Index", lambda n: f"im{n}.png"),
        ("path", lambda n: f".\\s{n % 2}\\im{n}" + (".dcm" if n % 3 else "")),
        ("Patient ID", lambda n: f"P{n}"),
        ("image_id", lambda n: f"im{n}"),
        ("dicom_id", lambda n: f"im{n}"),
    ],
)
def test_joined_by(joined, column, value):
    text = f"{column},finding\n" + "".join(f"{value(n)},f{n}\n" for n in (5, 3, 1, 0, 2, 4))
    cases, notes = joined(text)
    assert list(cases["finding"]) == ["f0", "f2", "f4", "f1", "f3", "f5"]
    assert notes == [notes[0]]
    assert f"(column '{column}')" in notes[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("SeriesInstanceUID", lambda n: image(n).SeriesInstanceUID),
        ("study_uid", lambda n: image(n).StudyInstanceUID),
        ("accession_number", lambda n: f"A{n // 2}"),
    ],
)
def test_a_label_of_a_series_study_or_order_belongs_to_all_its_images(joined, column, value):
    text = f"{column},finding\n" + "".join(f"{value(n)},f{n // 2}\n" for n in (0, 2, 4))
    cases, _ = joined(text)
    numbers = [0, 2, 4, 1, 3, 5]
    assert list(cases["finding"]) == [f"f{n // 2}" for n in numbers]


def test_the_finest_column_that_matches_is_taken(joined):
    text = "PatientID,file,finding\n" + "".join(f"P{n},other{n}.png,{n}\n" for n in range(6))
    cases, notes = joined(text)
    assert notes[0] == "Labels of labels.csv are joined by PatientID (column 'PatientID')."
    assert list(cases["finding"]) == ["0", "2", "4", "1", "3", "5"]


def test_what_has_no_partner_is_counted(joined):
    cases, notes = joined("file,finding\nim1.dcm,a\nnowhere.dcm,b\nim4.dcm,c\nlost,d\n")
    assert list(cases["file"]) == ["s0/im4.dcm", "s1/im1.dcm"]
    assert list(cases.index) == [0, 1]
    assert notes[1:] == [
        "4 of 6 images (files 1, 2, 5 and 6 of the sorted images) have no label there and are left "
        "out.",
        "2 rows of labels.csv (rows 3 and 5) have no image.",
    ]


def test_columns_of_one_name_the_table_stands(joined):
    text = "file,sex,finding\n" + "".join(f"im{n},M,{n}\n" for n in range(6))
    cases, _ = joined(text)
    assert set(cases["sex"]) == {"M"}
    assert set(cases["header_sex"]) == {"F"}
    assert cases["file"].iloc[0] == "s0/im0"


def test_a_stated_key(joined):
    text = "who,file,finding\n" + "".join(f"im{n},x,{n}\n" for n in range(6))
    cases, notes = joined(text, key="who")
    assert len(cases) == 6
    assert notes == ["Labels of labels.csv are joined by file (column 'who')."]
    with pytest.raises(StudyError, match=r"data.labels_key: expected a column of labels.csv, got"):
        joined(text, key="whom")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,finding\nim1,a\nim1,b\n", "expected each value once, got 1 repeated (row 3)"),
        ("file,finding\nim1,a\n,b\n", "expected a value in every row, got 1 blank (row 3)"),
        (
            "file,finding\nx,a\ny,b\n",
            "got 2 rows that name none of them (tried 'file'). Name files by their path",
        ),
    ],
)
def test_labels_that_do_not_fit(joined, text, said):
    with pytest.raises(DataError) as caught:
        joined(text)
    assert said in str(caught.value)


def test_a_table_without_a_key_or_no_table(joined, tmp_path):
    with pytest.raises(StudyError, match="expected a column called SOPInstanceUID, file, Series"):
        joined("who,finding\nim1,a\n")
    cases = read_dicom_source(tmp_path / "d").cases
    with pytest.raises(StudyError, match=r"data.labels no.csv: expected an existing .csv"):
        join_labels(cases, tmp_path / "no.csv", key=None)


def test_of_two_files_of_one_name_neither_is_meant(tmp_path):
    folder(tmp_path / "d", 2)
    (tmp_path / "d" / "s0" / "im1.dcm").write_bytes((tmp_path / "d/s1/im1.dcm").read_bytes())
    cases = read_dicom_source(tmp_path / "d").cases
    (tmp_path / "labels.csv").write_text("file,finding\nim1.dcm,a\nim0,b\n")
    joined, _ = join_labels(cases, tmp_path / "labels.csv", key=None)
    assert list(joined["file"]) == ["s0/im0"]


def test_key_column():
    assert key_column(["age", "PatientID", "file"]) == "file"
    assert key_column(["age"]) is None
