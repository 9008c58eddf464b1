import pytest

from bedside.data.cohort import Cohort
from bedside.data.dicom_source import HEADER_COLUMNS, is_keyword, read_dicom_source
from bedside.data.sources import load_cohort
from bedside.errors import DataError, StudyError
from bedside.study import Study

from .dicom_made import folder, image, save

WORDS = {
    "inputs": {"xray": {"modality": "image", "column": "file"}},
    "target": {"task": "classify", "column": "finding"},
}


def labels(place):
    path = place / "labels.csv"
    path.write_text("file,finding\n" + "".join(f"im{n},{n % 2}\n" for n in range(6)))
    return path


def cohort(place, *, split=None, **data) -> Cohort:
    words = {"data": {"dicom": place / "d", **data}, **WORDS, "split": split or {}}
    return load_cohort(Study.parse(words))


def test_the_labels_among_the_files_are_no_stray_file(tmp_path):
    place = folder(tmp_path / "d")
    own = cohort(tmp_path, labels=labels(place))
    assert not any("not DICOM" in note for note in own.notes)
    (place / "notes.txt").write_text("hello")
    own = cohort(tmp_path, labels=labels(place))
    assert "1 file(s) that are not DICOM were ignored." in own.notes


def test_files_are_found_by_content_in_the_order_of_their_paths(tmp_path):
    folder(tmp_path / "d")
    raw = read_dicom_source(tmp_path / "d")
    assert list(raw.cases["file"]) == [
        "s0/im0", "s0/im2.dcm", "s0/im4.dcm", "s1/im1.dcm", "s1/im3", "s1/im5.dcm",
    ]  # fmt: skip
    assert raw.source == "the sorted files of d"
    assert raw.first_row == 1
    assert raw.patient == "patient_id"
    assert raw.root == tmp_path / "d"
    assert set(HEADER_COLUMNS) <= set(raw.cases.columns)


def test_headers_become_columns(tmp_path):
    save(
        tmp_path / "d" / "a",
        image(
            7,
            ImageLaterality="L",
            Manufacturer="Acme",
            ManufacturerModelName="DX 9",
            PatientSex="M",
        ),
    )
    odd = save(tmp_path / "d" / "b", image(8, PatientSex="X", StudyDate="", PatientID=" "))
    odd.write_bytes(odd.read_bytes().replace(b"038Y", b"81  "))  # without a unit: not guessed
    cases = read_dicom_source(tmp_path / "d").cases
    first = cases.iloc[0]
    assert (first.patient_id, first.modality, first.body_part) == ("P7", "DX", "CHEST")
    assert (first.view_position, first.laterality, first.sex) == ("PA", "L", "M")
    assert (first.age_years, first.study_date, first.manufacturer) == ("37", "2024-01-31", "Acme")
    assert first.manufacturer_model == "DX 9"
    blank = ["patient_id", "laterality", "sex", "age_years", "study_date", "manufacturer"]
    assert cases.iloc[1][blank].isna().all()
    assert "Doe" not in cases.to_csv()


def test_what_is_left_out_is_counted(tmp_path):
    place = folder(tmp_path / "d", 2)
    (place / "readme.txt").write_text("hello")
    (place / ".hidden").write_text("")
    (place / "empty.dcm").write_bytes(b"")
    report = image(9)
    del report.Rows, report.Columns, report.PixelData
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"  # basic text report
    save(place / "report.dcm", report)
    assert read_dicom_source(place).notes == (
        "1 hidden file(s) were ignored.",
        "1 file(s) that are not DICOM were ignored.",
        "1 file(s) named .dcm are not DICOM, or are empty, and were ignored.",
        "1 DICOM file(s) without an image (reports, indices and the like) were ignored.",
    )


def test_copies_of_one_instance_are_noted(tmp_path):
    place = folder(tmp_path / "d", 3)
    save(place / "again", image(0))
    assert read_dicom_source(place).notes == (
        "2 files share their SOP instance UID with another: they are copies, or were made from "
        "one another.",
    )


def test_damaged_files_are_all_named_by_number(tmp_path):
    place = folder(tmp_path / "d", 3)
    whole = (place / "s0" / "im0").read_bytes()
    for name in ("a_Doe_Jane", "z_Doe_Jane"):
        (place / name).write_bytes(whole[:140] + b"\xff" * 30)
    with pytest.raises(DataError) as caught:
        read_dicom_source(place)
    first, second = str(caught.value).splitlines()
    assert first.startswith("file 1 of the sorted files of d: expected a whole DICOM file")
    assert second.startswith("file 5 of the sorted files of d")
    assert "Doe" not in str(caught.value)


def test_an_image_cut_short_within_its_header_is_damaged_and_no_report(tmp_path):
    place = folder(tmp_path / "d", 1)
    cut = image(1)
    del cut.Rows, cut.Columns, cut.PixelData
    cut.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"  # digital radiograph
    save(place / "cut", cut)
    with pytest.raises(DataError, match=r"file 1 of the sorted files of d: expected a whole"):
        read_dicom_source(place)


def test_a_list_of_files(tmp_path):
    place = folder(tmp_path / "d", 3)
    files = [place / "s1" / "im1.dcm", place / "s0" / "im0"]
    raw = read_dicom_source(files)
    assert list(raw.cases["file"]) == ["s1/im1.dcm", "s0/im0"]  # as listed
    assert raw.root == place.resolve()
    (place / "text").write_text("hello")
    with pytest.raises(
        DataError, match=r"file 2 of data.dicom: expected a DICOM image, got a file"
    ):
        read_dicom_source([files[0], place / "text"])
    with pytest.raises(
        StudyError, match=r"data.dicom, item 2: expected an existing file, got none"
    ):
        read_dicom_source([files[0], place / "nowhere"])


def test_a_folder_without_images_or_no_folder(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "text").write_text("hello")
    with pytest.raises(DataError, match="expected at least one DICOM image, got none among 1 file"):
        read_dicom_source(tmp_path / "d")
    with pytest.raises(StudyError, match="expected an existing folder or a list of files, got non"):
        read_dicom_source(tmp_path / "elsewhere")


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    place = folder(tmp_path / "d", 2)
    outside = save(tmp_path / "outside", image(5))
    (place / "link").symlink_to(outside)
    with pytest.raises(DataError, match=r"got 1 symbolic link\(s\)"):
        read_dicom_source(place)


def test_patients_come_from_the_headers(tmp_path):
    folder(tmp_path / "d")
    own = cohort(tmp_path, labels=labels(tmp_path))
    assert own.patient == "patient_id"
    assert own.patients().tolist() == ["P0", "P2", "P4", "P1", "P3", "P5"]
    assert own.where(0) == "row 1 of the sorted files of d"
    assert own.reference(0, "file").content == (tmp_path / "d" / "s0" / "im0").resolve()
    named = cohort(tmp_path, labels=labels(tmp_path), patient="accession_number")
    assert named.patient == "accession_number"


def test_a_blank_patient_is_an_error_by_row_unless_cases_are_split(tmp_path):
    folder(tmp_path / "d")
    save(tmp_path / "d" / "s0" / "im2.dcm", image(2, PatientID=""))
    with pytest.raises(DataError) as caught:
        cohort(tmp_path, labels=labels(tmp_path))
    assert "column 'patient_id' of the sorted files of d: expected a patient in every row" in str(
        caught.value
    )
    assert "got 1 blank (row 2)" in str(caught.value)
    assert cohort(tmp_path, labels=labels(tmp_path), split={"by": "case"}).patient is None


def test_site_by_its_dicom_keyword_only_if_asked(tmp_path):
    folder(tmp_path / "d", 5)
    save(tmp_path / "d" / "s1" / "im5.dcm", image(5, InstitutionName="St Elsewhere"))
    assert "Elsewhere" not in cohort(tmp_path, labels=labels(tmp_path)).cases.to_csv()
    own = cohort(tmp_path, labels=labels(tmp_path), site="InstitutionName")
    assert own.cases["InstitutionName"].iloc[5] == "St Elsewhere"
    assert own.site == "InstitutionName"
    assert is_keyword("InstitutionName")
    assert not is_keyword("hospital")
    with pytest.raises(StudyError, match=r"data.site: expected a column of the sorted files of d"):
        cohort(tmp_path, labels=labels(tmp_path), site="hospital")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"dicom": "d", "labels_key": "x"}, "expected dicom with files and labels_key with labels"),
        ({"dicom": []}, "expected dicom with files"),
        ({"table": "t.csv", "labels": "l.csv"}, "expected labels with dicom only, got it with"),
        ({"dicom": "d", "npz": "x.npz"}, "expected exactly one of table, folder, npz, dicom"),
    ],
)
def test_keys_that_do_not_go_together(data, said):
    with pytest.raises(StudyError) as caught:
        Study.parse({"data": data, **WORDS})
    assert said in str(caught.value)


def test_paths_are_relative_to_the_study_file(tmp_path):
    study = Study.parse({"data": {"dicom": ["a", "b"], "labels": "l.csv"}, **WORDS})
    anchored = study.anchored(tmp_path).data
    assert anchored.dicom == [tmp_path / "a", tmp_path / "b"]
    assert anchored.labels == tmp_path / "l.csv"
    assert Study.parse({"data": {"dicom": "d"}, **WORDS}).anchored(tmp_path).data.dicom == (
        tmp_path / "d"
    )
