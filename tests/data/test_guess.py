"""The guessed study file loads, says what every line means, and fits the data."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from bedside.data.column_roles import find_roles, negative_first, negative_of
from bedside.data.guess import guess_study
from bedside.data.raw_cases import RawCases
from bedside.data.sources import load_cohort
from bedside.data.split import make_split
from bedside.data.study_text import MEANING, StudyText, flow, scalar
from bedside.errors import DataError, StudyError
from bedside.study import (
    AboutSection,
    AuditSection,
    EvaluationSection,
    ModelSection,
    PrivacySection,
    SplitSection,
    Study,
    TrainingSection,
)


def picture(path: Path, size: tuple[int, int] = (32, 48)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(size, np.uint8)).save(path)


def table_of(tmp_path: Path, columns: dict[str, list[Any]], *, folder: str = "images") -> Path:
    count = len(next(iter(columns.values())))
    for i in range(count):
        picture(tmp_path / folder / f"{i}.png")
    columns = {"file": [f"images/{i}.png" for i in range(count)]} | columns
    path = tmp_path / "cases.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def loaded(text: str, tmp_path: Path) -> Study:
    for line in text.splitlines():
        assert not line.strip() or "# " in line, line
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    return Study.load(tmp_path / "study.yaml")


def test_a_table_is_read_by_names_and_values(tmp_path: Path) -> None:
    path = table_of(
        tmp_path,
        {
            "Patient ID": [f"{i // 2:03d}" for i in range(12)],
            "hospital": ["north", "south"] * 6,
            "study_date": ["2024-01-01"] * 12,
            "diagnosis": ["normal", "pneumonia"] * 6,
            "sex": ["F", "M"] * 6,
            "age": list(range(12)),
            "remark": [f"text {i}" for i in range(12)],
        },
    )
    study = loaded(guess_study(path, name="chest"), tmp_path)
    assert study.name == "chest"
    data = study.data
    assert (data.patient, data.site, data.time) == ("Patient ID", "hospital", "study_date")
    assert study.inputs["image"].model_dump() == {
        "modality": "image", "column": "file", "size": [32, 48],
    }  # fmt: skip
    assert study.target.model_dump() == {
        "task": "classify", "column": "diagnosis", "positive": "pneumonia",
    }  # fmt: skip
    assert study.evaluation.subgroups == ["sex", "age", "hospital"]
    assert study.split == SplitSection()
    cohort = load_cohort(study)
    assert (
        make_split(cohort, study.split, strata=np.asarray(cohort.cases["diagnosis"])).by
        == "patient"
    )


def test_the_file_written_holds_every_default(tmp_path: Path) -> None:
    text = guess_study(table_of(tmp_path, {"label": ["a", "b"] * 3, "mrn": list("abcdef")}))
    words = yaml.safe_load(text)
    for name, section in {"training": TrainingSection(), "model": ModelSection()}.items():
        assert words[name] == section.model_dump(exclude_none=True)
    assert words["evaluation"] == EvaluationSection().model_dump(exclude_none=True)
    assert words["split"] == SplitSection().model_dump(exclude_none=True)
    assert (words["privacy"], words["audit"]) == ({"epsilon": None}, {"waive": []})
    assert (words["device"], words["threads"], words["baselines"]) == ("auto", "auto", "auto")


def test_every_field_of_the_study_has_its_meaning() -> None:
    sections = {
        "split": SplitSection, "model": ModelSection, "training": TrainingSection,
        "evaluation": EvaluationSection, "privacy": PrivacySection, "about": AboutSection,
        "audit": AuditSection,
    }  # fmt: skip
    fields = {f"{name}.{key}" for name, section in sections.items() for key in section.model_fields}
    assert fields - set(MEANING) == {"split.column"}
    assert set(MEANING) - fields == {"device", "threads"}


def test_without_patients_it_splits_by_case_and_warns(tmp_path: Path) -> None:
    text = guess_study(table_of(tmp_path, {"label": ["a", "b"] * 3}))
    assert "# WARNING: no patient column is known" in text
    study = loaded(text, tmp_path)
    assert study.split.by == "case"
    assert study.data.patient is None


def test_blank_patients_are_announced(tmp_path: Path) -> None:
    text = guess_study(table_of(tmp_path, {"label": ["a", "b"] * 3, "mrn": [1, None, 2, 3, 4, 5]}))
    assert "patient: mrn" in text
    assert "1 blank cells there must be filled in" in text


def test_given_parts_are_used_when_no_patient_straddles(tmp_path: Path) -> None:
    parts = ["train", "train", "valid", "valid", "test", "test"]
    columns = {"label": ["a", "b"] * 3, "pid": [1, 1, 2, 2, 3, 3], "split": parts}
    study = loaded(guess_study(table_of(tmp_path, columns)), tmp_path)
    assert study.split.column == "split"
    assert study.split.by == "patient"


def test_given_parts_that_share_patients_are_switched_off_with_the_reason(tmp_path: Path) -> None:
    parts = ["train", "train", "valid", "valid", "test", "test"]
    columns = {"label": ["a", "b"] * 3, "pid": [1, 1, 1, 2, 2, 3], "fold": parts}
    text = guess_study(table_of(tmp_path, columns))
    assert "# Not used: 2 patients have cases in more than one of these parts." in text
    assert "  # column: fold" in text
    assert loaded(text, tmp_path).split.column is None


def test_numbered_folds_are_no_parts(tmp_path: Path) -> None:
    columns = {"label": ["a", "b"] * 3, "pid": list("abcdef"), "fold": [1, 2, 3] * 2}
    assert loaded(guess_study(table_of(tmp_path, columns)), tmp_path).split.column is None


def test_lists_of_findings_are_asked_against_no_finding(tmp_path: Path) -> None:
    findings = ["No Finding", "Mass", "Mass|Edema", "Edema", "No Finding", "Nodule"]
    text = guess_study(table_of(tmp_path, {"Finding Labels": findings, "pid": list("abcdef")}))
    target = loaded(text, tmp_path).target.model_dump()
    assert target == {"task": "classify", "column": "Finding Labels", "negative": "No Finding"}


def test_several_classes_are_told_apart(tmp_path: Path) -> None:
    text = guess_study(table_of(tmp_path, {"class": ["normal", "viral", "bacterial"] * 2}))
    assert loaded(text, tmp_path).target.model_dump() == {"task": "classify", "column": "class"}
    assert "# 3 classes were found; each is told from all others." in text
    assert "  # negative: normal" in text


def test_flag_columns_become_several_labels(tmp_path: Path) -> None:
    columns = {"Edema": [1, 0, -1, 0, 1, 0], "Mass": ["1.0", "", "0.0", "1.0", "", "0.0"]}
    target = loaded(guess_study(table_of(tmp_path, columns)), tmp_path).target.model_dump()
    assert target == {"task": "classify", "columns": ["Edema", "Mass"], "unknown": ["", -1]}


def test_blank_labels_are_unknown_and_not_negative(tmp_path: Path) -> None:
    text = guess_study(table_of(tmp_path, {"label": ["a", "b", None, "a", "b", "a"]}))
    assert loaded(text, tmp_path).target.model_dump()["unknown"] == [""]


def test_uncertain_flags_are_listed_as_they_are_written(tmp_path: Path) -> None:
    columns = {"Edema": ["1.0", "0.0", "-1.0"] * 2, "Mass": ["1.0", "0.0"] * 3}
    target = loaded(guess_study(table_of(tmp_path, columns)), tmp_path).target.model_dump()
    assert target["unknown"] == ["-1.0"]


def test_of_two_unnamed_classes_the_rarer_is_to_be_found(tmp_path: Path) -> None:
    text = guess_study(table_of(tmp_path, {"kind": ["x", "y", "x", "x", "y", "x"]}))
    assert loaded(text, tmp_path).target.model_dump()["positive"] == "y"
    assert "(33% of cases)" in text


def test_files_in_a_subfolder_and_other_file_columns_are_found(tmp_path: Path) -> None:
    path = table_of(tmp_path, {"label": ["a", "b"] * 3}, folder="pictures/images")
    study = loaded(guess_study(path), tmp_path)
    assert study.data.root == tmp_path / "pictures"
    table = pd.read_csv(path)
    table["mask"] = "none.png"
    table.to_csv(path, index=False)
    assert '# Column "mask" names files, too.' in guess_study(path)


def test_files_that_are_not_there_are_announced(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("image,label\n1.dcm,a\n2.dcm,b\n3.dcm,b\n")
    text = guess_study(path)
    assert "# The files were not found beside the table: name their folder as root." in text
    assert loaded(text, tmp_path).inputs["image"].model_dump()["size"] == [128, 128]


@pytest.mark.parametrize("size", [(129, 20), (300, 300), (15, 40)])
def test_images_of_other_sizes_get_the_default_size(tmp_path: Path, size: tuple[int, int]) -> None:
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        picture(tmp_path / "set" / name, size)
    words = yaml.safe_load(guess_study(tmp_path / "set"))
    assert words["inputs"]["image"]["size"] == [128, 128]


def test_a_folder_per_class(tmp_path: Path) -> None:
    for i in range(6):
        picture(tmp_path / "set" / ("NORMAL" if i % 2 else "PNEUMONIA") / f"{i}.png")
    text = guess_study(tmp_path / "set")
    study = loaded(text, tmp_path)
    assert study.name == "set"
    assert study.data.folder == tmp_path / "set"
    assert study.target.model_dump()["positive"] == "PNEUMONIA"
    assert study.split.by == "case"
    assert "WARNING" in text
    assert len(load_cohort(study)) == 6


def test_a_folder_with_parts(tmp_path: Path) -> None:
    for i, part in enumerate(("train", "val", "test") * 2):
        picture(tmp_path / "set" / part / "ab"[i // 3] / f"{i}.png")
    study = loaded(guess_study(tmp_path / "set"), tmp_path)
    assert study.split.column == "part"
    cohort = load_cohort(study)
    assert make_split(cohort, study.split).given


def npz(tmp_path: Path, shape: tuple[int, ...], labels: int = 1) -> Path:
    arrays: dict[str, Any] = {}
    for prefix in ("train", "val", "test"):
        arrays[f"{prefix}_images"] = np.zeros((6, *shape), np.uint8)
        arrays[f"{prefix}_labels"] = np.arange(6 * labels).reshape(6, labels) % 2
    path = tmp_path / "set.npz"
    np.savez(path, **arrays)
    return path


def test_a_medmnist_file(tmp_path: Path) -> None:
    study = loaded(guess_study(npz(tmp_path, (28, 28))), tmp_path)
    assert study.inputs["image"].model_dump() == {
        "modality": "image", "column": "image", "size": [28, 28],
    }  # fmt: skip
    assert study.target.model_dump() == {"task": "classify", "column": "label", "positive": "1"}
    assert (study.split.by, study.split.column) == ("case", "part")
    assert make_split(load_cohort(study), study.split).given


def test_medmnist_in_colour_large_and_with_several_labels(tmp_path: Path) -> None:
    study = loaded(guess_study(npz(tmp_path, (224, 224, 3), labels=2)), tmp_path)
    assert study.inputs["image"].model_dump()["size"] == [128, 128]
    assert study.target.model_dump()["columns"] == ["label_0", "label_1"]


def test_volumes_in_an_npz_keep_their_size(tmp_path: Path) -> None:
    study = loaded(guess_study(npz(tmp_path, (28, 26, 24))), tmp_path)
    words = study.inputs["volume"].model_dump()
    assert (words["modality"], words["size"]) == ("volume", [28, 26, 24])
    assert len(load_cohort(study)) > 0


def test_a_decathlon_folder_is_written_and_announced(tmp_path: Path) -> None:
    task = tmp_path / "Task04"
    task.mkdir()
    words = {
        "modality": {"0": "MRI"},
        "labels": {"0": "background", "1": "Anterior", "2": "Posterior"},
        "training": [{"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"}],
    }
    (task / "dataset.json").write_text(json.dumps(words))
    (task / "groups.csv").write_text("case,patient\na,p\n")
    text = guess_study(task)
    guessed = yaml.safe_load(text)
    assert guessed["data"] == {"decathlon": "Task04", "groups": "Task04/groups.csv"}
    assert guessed["inputs"] == {"mri": {"modality": "volume"}}
    structures = {"anterior": 1, "posterior": 2}
    assert guessed["target"] == {"task": "segment", "structures": structures}
    assert guessed["split"]["by"] == "patient"
    assert guess_study(task / "dataset.json") == text
    (task / "groups.csv").unlink()
    assert yaml.safe_load(guess_study(task))["split"]["by"] == "case"
    (task / "dataset.json").write_text('{"labels": []}')
    with pytest.raises(
        DataError, match=r"^Task04/dataset.json: expected the keys modality, labels"
    ):
        guess_study(task)


def test_volumes_in_a_table_are_an_input(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("scan,label\na.nii.gz,x\nb.nii.gz,y\nc.nii.gz,x\n")
    text = guess_study(tmp_path / "t.csv")
    words = {"modality": "volume", "column": "scan", "size": [48, 48, 48]}
    assert yaml.safe_load(text)["inputs"] == {"volume": words}
    loaded(text, tmp_path)


def test_paths_are_relative_to_where_the_study_will_lie(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "studies").mkdir()
    path = table_of(tmp_path / "data", {"label": ["a", "b"] * 3})
    text = guess_study(path, relative_to=tmp_path / "studies")
    assert yaml.safe_load(text)["data"]["table"] == "../data/cases.csv"
    assert len(load_cohort(loaded(text, tmp_path / "studies"))) == 6


def test_strange_names_survive_the_yaml(tmp_path: Path) -> None:
    columns = {
        "yes # no: [x]": ["a"] * 6,
        "label": ["null", "~", "null"] * 2,
        "mrn": list("abcdef"),
    }
    path = table_of(tmp_path, columns)
    table = pd.read_csv(path, keep_default_na=False).rename(
        columns={"mrn": "Patient  ID", "file": "é file"}
    )
    table.to_csv(path, index=False)
    study = loaded(guess_study(path), tmp_path)
    assert study.data.patient == "Patient  ID"
    assert study.inputs["image"].model_dump()["column"] == "é file"
    assert study.target.model_dump()["positive"] in {"null", "~"}


@pytest.mark.parametrize(
    "value", ["yes", "1", "a b", "a: b", "#x", "", "null", "é", 'q"q', "x" * 200]
)
def test_scalars_come_back_as_they_went(value: str) -> None:
    text = scalar(value)
    assert "\n" not in text
    assert yaml.safe_load(text) == value
    assert yaml.safe_load(flow({"k": [value, 1, 0.5, True]})) == {"k": [value, 1, 0.5, True]}


def test_lines_line_up_with_their_comments() -> None:
    text = StudyText()
    text.open("data", means="where")
    text.add("table", "a.csv", means="which")
    assert [line.index("#") for line in text.lines if line] == [41, 41]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name,sex,label\nAda,F,a\nBob,M,b\n",
            "t.csv: expected columns of numbers, categories or texts, or one that names a file",
        ),
        (
            "file,age\n1.png,3.5\n2.png,4.5\n3.png,5.5\n",
            "t.csv: expected a column with two or more classes",
        ),
    ],
)
def test_a_table_that_cannot_be_a_study_says_what_is_missing(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(StudyError) as caught:
        guess_study(tmp_path / "t.csv")
    assert str(caught.value).startswith(message)


def test_unknown_forms_and_missing_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        StudyError, match=r"^no.csv: expected a file or folder of data, got none there"
    ):
        guess_study(tmp_path / "no.csv")
    (tmp_path / "a.xlsx").write_bytes(b"x")
    with pytest.raises(
        StudyError, match=r"^a.xlsx: expected a folder per class, .* suffix '.xlsx'"
    ):
        guess_study(tmp_path / "a.xlsx")
    (tmp_path / "empty").mkdir()
    with pytest.raises(StudyError, match="expected two or more sub-folders with images"):
        guess_study(tmp_path / "empty")


def test_roles_follow_names_however_they_are_written() -> None:
    frame = pd.DataFrame(
        {"SUBJECT-ID": ["1", "2", "3", "4"], "Centre": ["a", "a", "b", "b"]}, dtype="str"
    )
    roles = find_roles(RawCases(frame, "t", first_row=2))
    assert (roles.patient, roles.site, roles.file) == ("SUBJECT-ID", "Centre", None)
    assert negative_of(["Sick", "No Finding"]) == "No Finding"
    assert negative_of(["Sick", "Ill"]) is None
    assert negative_first(["b", "a", "Healthy"]) == ("Healthy", "a", "b")


@pytest.mark.parametrize("name", ["chest_xray_synthetic", "pneumoniamnist", "nih_chest_xray"])
def test_the_examples_are_valid_studies(name: str) -> None:
    study = Study.load(Path(__file__).parents[2] / "examples" / f"{name}.yaml")
    assert study.name == name


def test_the_synthetic_example_loads_and_splits() -> None:
    path = Path(__file__).parents[2] / "examples" / "chest_xray_synthetic.yaml"
    study = Study.load(path, overrides=["data.patients=30"])
    cohort = load_cohort(study)
    assert set(cohort.cases["label"].dropna()) >= {"nodule"}
    split = make_split(cohort, study.split, strata=np.asarray(cohort.cases["label"]))
    assert all(len(split.rows(part)) for part in ("train", "validation", "test"))
