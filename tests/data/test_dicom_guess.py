import pytest

from bedside.data.dicom_guess import find_dicom_study
from bedside.data.guess import guess_study
from bedside.data.sources import load_cohort
from bedside.errors import StudyError
from bedside.study import Study

from .dicom_made import folder, image, save


def labels(n=6, head="file,finding,comment"):
    return f"{head}\n" + "".join(f"im{i},{'no' if i % 2 else 'yes'},c{i}\n" for i in range(n))


@pytest.mark.parametrize("inside", [True, False])
def test_a_folder_with_labels_in_it_or_beside_it(tmp_path, inside):
    place = folder(tmp_path / "d")
    save(place / "s0" / "im0", image(0, PatientSex="M"))
    (place if inside else tmp_path).joinpath("labels.csv").write_text(labels())
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    text = guess_study(place)
    (tmp_path / "study.yaml").write_text(text)
    study = Study.load(tmp_path / "study.yaml")
    assert str(study.data.dicom) == str(tmp_path / "d")
    assert study.data.labels.resolve() == ((place if inside else tmp_path) / "labels.csv").resolve()
    assert study.target.model_dump() == {
        "task": "classify", "column": "finding", "positive": "yes",
    }  # fmt: skip
    assert study.split.by == "patient"
    assert study.evaluation.subgroups == ["sex"]
    assert len(load_cohort(study)) == 6
    assert "# Labels of labels.csv are joined by file (column 'file')." in text


def test_unknown_patients_are_split_case_by_case_with_a_warning(tmp_path):
    place = folder(tmp_path / "d")
    save(place / "s0" / "im0", image(0, PatientID=""))
    (tmp_path / "labels.csv").write_text(labels())
    text = guess_study(place)
    assert "by: case" in text
    assert "WARNING: no patient column is known" in text


def test_a_folder_without_labels_says_what_is_missing(tmp_path):
    place = folder(tmp_path / "d" / "scans")
    with pytest.raises(StudyError) as caught:
        guess_study(place.parent)
    assert "expected a table in the folder or beside it that names the DICOM files" in str(
        caught.value
    )
    assert "Write labels.csv with the columns file and label" in str(caught.value)


def test_a_folder_per_class_of_dicom_stays_one(tmp_path):
    for number in range(6):
        save(tmp_path / "d" / f"class{number % 2}" / f"{number}.dcm", image(number))
    assert find_dicom_study(tmp_path / "d") is None
    assert "folder: d/" in guess_study(tmp_path / "d")


def test_a_folder_of_other_files_is_none(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(b"\x89PNG")
    assert find_dicom_study(tmp_path) is None
