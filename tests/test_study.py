from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bedside.errors import StudyError
from bedside.study import Study

WORDS: dict[str, Any] = {
    "data": {"table": "cases.csv", "patient": "patient_id"},
    "inputs": {"xray": {"modality": "image", "column": "file", "size": [128, 128]}},
    "target": {"task": "classify", "column": "label", "positive": "pneumonia"},
}
TEXT = yaml.safe_dump(WORDS)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study file in a folder of its own."""
    path = tmp_path / "pneumonia.yaml"
    path.write_text(TEXT)
    return path


def refused(**sections: Any) -> str:
    with pytest.raises(StudyError) as caught:
        Study.parse({**WORDS, **sections}, where="s.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"trainning": {}}, "s.yaml: trainning: unknown key. Did you mean 'training'?"),
        (
            {"training": {"epoch": 5}},
            "s.yaml: training.epoch: unknown key. Did you mean 'epochs'?",
        ),
        (
            {"evaluation": {"bootstraps": 5}},
            "s.yaml: evaluation.bootstraps: unknown key. Did you mean 'bootstrap'?",
        ),
        (
            {"data": {"table": "a.csv", "pateint": "id"}},
            "s.yaml: data.pateint: unknown key. Did you mean 'patient'?",
        ),
        (
            {"privacy": {"zzz": 1}},
            "s.yaml: privacy.zzz: unknown key. Known are: epsilon.",
        ),
    ],
)
def test_an_unknown_key_names_its_place_and_the_nearest(
    sections: dict[str, Any], message: str
) -> None:
    assert refused(**sections) == message


def test_every_fault_is_named_at_once() -> None:
    lines = refused(traning={}, split={"sed": 1, "validation": 2.0}).splitlines()
    assert [line.split(":")[1].strip() for line in lines] == [
        "split.validation",
        "split.sed",
        "traning",
    ]


def test_a_heading_without_a_value_counts_as_not_written(file: Path) -> None:
    bare = Study.load(file)
    file.write_text(TEXT + "training:\nabout:\n")
    assert Study.load(file) == bare
    assert Study.load(file, overrides=["training.epochs=5"]).training.epochs == 5
    words = {**WORDS, "target": {"task": "classify", "positive": None}}
    assert Study.parse(words).target.model_extra == {}


def test_findings_are_waived_by_name() -> None:
    assert Study.parse(WORDS).audit.waive == []
    study = Study.parse({**WORDS, "audit": {"waive": ["exact-copies"]}})
    assert study.audit.waive == ["exact-copies"]
    assert "waive:\n  - exact-copies\n" in study.dump()
    assert refused(audit={"waive": "all"}) == (
        "s.yaml: audit.waive: expected a list of text, got text. "
        "Correct it in the study file or the --set."
    )


def test_a_missing_section_is_asked_for() -> None:
    words = {key: value for key, value in WORDS.items() if key != "target"}
    with pytest.raises(StudyError) as caught:
        Study.parse(words, where="s.yaml")
    assert str(caught.value) == "s.yaml: target: missing. Add it to the study file."


def test_an_input_says_its_modality() -> None:
    message = refused(inputs={"xray": {"column": "file"}})
    assert message == "s.yaml: inputs.xray.modality: missing. Add it to the study file."


def test_the_words_of_plug_ins_are_kept_for_them() -> None:
    study = Study.parse(WORDS)
    assert study.inputs["xray"].model_extra == {"column": "file", "size": [128, 128]}
    assert study.target.model_extra == {"column": "label", "positive": "pneumonia"}


@pytest.mark.parametrize(
    ("data", "got"),
    [
        ({}, "none"),
        ({"patient": "id"}, "none"),
        ({"table": "a.csv", "npz": "a.npz"}, "table and npz"),
        ({"folder": "a/", "synthetic": "chest-xray"}, "folder and synthetic"),
    ],
)
def test_the_data_have_exactly_one_source(data: dict[str, str], got: str) -> None:
    message = refused(data=data)
    sources = "table, folder, npz, dicom, decathlon, annotated, public, synthetic"
    assert message.startswith(f"s.yaml: data: expected exactly one of {sources}")
    assert f", got {got}. " in message


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            {"data": {"npz": "a", "root": "b"}},
            "data: expected root with table only, got it with npz",
        ),
        (
            {"data": {"table": "a", "patients": 400}},
            "data: expected patients with synthetic only, got it with table",
        ),
        (
            {"data": {"folder": "a", "seed": 1}},
            "data: expected seed with synthetic only, got it with folder",
        ),
        (
            {"data": {"table": "a", "labels_key": "b"}},
            "data: expected labels_key with dicom only, got it with table",
        ),
        (
            {"split": {"test_sites": ["A"]}},
            "split: expected test_sites with by: site only, got it with by: patient",
        ),
    ],
)
def test_a_key_that_would_do_nothing_is_refused(sections: dict[str, Any], message: str) -> None:
    told = refused(**sections)
    assert told == f"s.yaml: {message}. Correct it in the study file or the --set."


def test_keys_of_other_sources_are_not_saved_with_a_run(file: Path) -> None:
    assert yaml.safe_load(Study.load(file).dump())["data"].keys() == {"table", "patient"}
    words = {**WORDS, "data": {"synthetic": "chest-xray"}}
    saved = yaml.safe_load(Study.parse(words).dump())
    assert saved["data"] == {"synthetic": "chest-xray", "patients": 400, "seed": 7}
    assert Study.parse(saved) == Study.parse(words)


def test_privacy_that_is_not_there_is_not_promised() -> None:
    assert Study.parse({**WORDS, "privacy": {"epsilon": None}}).privacy.epsilon is None
    assert refused(privacy={"epsilon": 8}).startswith(
        "s.yaml: privacy.epsilon: expected null: this version has no differential privacy."
    )


@pytest.mark.parametrize("source", ["table", "folder", "npz", "synthetic"])
def test_the_source_is_named(source: str) -> None:
    assert Study.parse({**WORDS, "data": {source: "a"}}).data.source == source


def test_encoders_name_inputs() -> None:
    message = refused(model={"encoders": {"xry": "cnn"}})
    assert "model.encoders names input 'xry'" in message
    assert message.endswith("Did you mean 'xray'?")


@pytest.mark.parametrize("threshold", ["youden", 0.3, {"sensitivity": 0.95}, {"specificity": 0.9}])
def test_the_forms_of_a_threshold(threshold: object) -> None:
    study = Study.parse({**WORDS, "evaluation": {"threshold": threshold}})
    assert study.evaluation.threshold == threshold


@pytest.mark.parametrize(
    "threshold",
    [
        "yuden",
        0.0,
        1.0,
        -0.2,
        {},
        {"recall": 0.9},
        {"sensitivity": 1.5},
        {"sensitivity": 0.9, "specificity": 0.9},
    ],
)
def test_other_thresholds_are_refused(threshold: object) -> None:
    assert refused(evaluation={"threshold": threshold}).startswith("s.yaml: evaluation")


@pytest.mark.parametrize(
    "split", [{"validation": 0.6, "test": 0.4}, {"validation": 0.0}, {"test": 1.0}]
)
def test_a_split_leaves_room_to_train(split: dict[str, float]) -> None:
    assert refused(split=split).startswith("s.yaml: split")


def test_patients_are_kept_apart_unless_the_user_says_otherwise() -> None:
    assert Study.parse(WORDS).split.by == "patient"


def test_a_study_is_frozen() -> None:
    study = Study.parse(WORDS)
    with pytest.raises(ValueError, match="frozen"):
        study.split.seed = 1  # type: ignore[misc]


def test_paths_are_relative_to_the_study_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    study = Study.load("../pneumonia.yaml", overrides=["data.root=images"])
    assert study.data.table == tmp_path / "cases.csv"
    assert study.data.root == tmp_path / "images"


def test_absolute_paths_stay(file: Path) -> None:
    study = Study.load(file, overrides=["data.table=/data/cases.csv"])
    assert study.data.table == Path("/data/cases.csv")


def test_the_name_follows_the_file_unless_given(file: Path) -> None:
    assert Study.load(file).name == "pneumonia"
    assert Study.load(file, overrides=["name=other"]).name == "other"


def test_the_study_keeps_the_place_of_its_file(file: Path, tmp_path: Path) -> None:
    study = Study.load(file)
    assert study.path == file.resolve()
    assert study.anchored(tmp_path / "other").path == file.resolve()
    made = Study.parse(yaml.safe_load(study.dump()))
    assert made.path is None
    assert made == study, "where the file lies is no part of the question"
    assert str(file) not in study.dump()
    assert study != Study.load(file, overrides=["split.seed=8"])
    with pytest.raises(ValueError, match="frozen"):
        study.path = tmp_path  # type: ignore[misc]


def test_overrides_reach_sections_the_file_does_not_have(file: Path) -> None:
    study = Study.load(
        file,
        overrides=[
            "training.epochs=5",
            "training.learning_rate=1e-3",
            "evaluation.threshold={sensitivity: 0.95}",
            "evaluation.subgroups=[sex, age]",
            "inputs.xray.size=[64, 64]",
        ],
    )
    assert study.training.epochs == 5
    assert study.training.learning_rate == pytest.approx(0.001)
    assert study.evaluation.threshold == {"sensitivity": 0.95}
    assert study.evaluation.subgroups == ["sex", "age"]
    assert study.inputs["xray"].model_extra == {"column": "file", "size": [64, 64]}


def test_the_last_override_wins(file: Path) -> None:
    assert Study.load(file, overrides=["split.seed=1", "split.seed=2"]).split.seed == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.epochs", "--set: expected key=value such as training.epochs=5"),
        ("=5", "--set: expected key=value"),
        ("name.first=5", "pneumonia.yaml: name: "),
        ("data.table.x=5", "--set data.table.x: 'table' is a value, not a section."),
        ("training.epochs=[1", "--set training.epochs: the value is not valid YAML. Quote it."),
        ("training.epcohs=5", "training.epcohs: unknown key. Did you mean 'epochs'?"),
    ],
)
def test_a_wrong_override_says_so(file: Path, override: str, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        Study.load(file, overrides=[override])
    assert message in str(caught.value)


def test_every_default_is_visible(file: Path) -> None:
    words = yaml.safe_load(Study.load(file).dump())
    assert words["training"]["epochs"] == "auto"
    assert words["training"]["weight_decay"] == 0.05
    assert words["split"] == {"by": "patient", "validation": 0.15, "test": 0.2, "seed": 7}
    assert words["evaluation"]["bootstrap"] == 1000
    assert words["evaluation"]["threshold"] == "youden"
    assert words["baselines"] == words["device"] == words["threads"] == "auto"


def test_dump_and_load_are_a_round_trip(file: Path) -> None:
    study = Study.load(
        file,
        overrides=[
            "evaluation.threshold={specificity: 0.9}",
            "model.encoders={xray: [cnn, resnet]}",
            "about.question=Größer als 3 mm?",
            "baselines=[majority]",
        ],
    )
    again = file.parent / "again.yaml"
    again.write_text(study.dump(), encoding="utf-8")
    assert Study.load(again) == study
    assert "Größer" in again.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "value",
    ["true", "'true'", "yes", "007", "'007'", "2024-01-31", "1e-3", "1.5", ".nan", "'a: b'", "''"],
)
def test_every_kind_of_value_survives_the_dump(file: Path, value: str) -> None:
    study = Study.load(file, overrides=[f"target.positive={value}", f"target.unknown=[{value}]"])
    again = file.parent / "again.yaml"
    again.write_text(study.dump(), encoding="utf-8")
    assert repr(Study.load(again)) == repr(study)


def test_a_study_made_in_python_survives_the_dump(tmp_path: Path) -> None:
    size = (64, 64)
    words = {
        "data": {"table": Path("a.csv"), "root": Path("deep/images")},
        "inputs": {name: {"modality": "image", "size": size} for name in ("front", "side")},
        "target": {"task": "classify", "unknown": [-1, "?"]},
    }
    study = Study.parse(words).anchored(tmp_path)
    assert study.data.root == tmp_path / "deep" / "images"
    assert "&id" not in study.dump(), "YAML references are for machines"
    again = Study.parse(yaml.safe_load(study.dump()))
    assert again.data == study.data
    assert again.dump() == study.dump()


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        Study.load(tmp_path / "none.yaml")
    assert str(caught.value) == (
        "none.yaml: no such study file. Write one with 'bedside init DATA -o none.yaml'."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"data: {table: a\ninputs: [", "s.yaml line 2: not valid YAML. Check indents and quotes."),
        (
            b"\xff\xfe\xfa",
            "s.yaml: expected a study file (YAML text), got a file that is not UTF-8 text. "
            "Name the study file, or write one with 'bedside init DATA'.",
        ),
        (b"", "s.yaml: expected a study file with data, inputs and target, got NoneType."),
        (b"- a\n- b\n", "s.yaml: expected a study file with data, inputs and target, got list."),
        (
            b"data: {table: a}\ntraining:\n  seed: 1\n  seed: 2\n",
            "s.yaml line 4: expected each key once, got 'seed' again. Remove one of the two.",
        ),
        (b"a: 1\n'a': 2\n", "s.yaml line 2: expected each key once, got 'a' again."),
        (b"data: {day: 2024-02-31}", "s.yaml: not valid YAML."),
        (b"[" * 5000, "s.yaml: not valid YAML."),
        (b"a: !!python/object/apply:os.getcwd []", "s.yaml line 1: not valid YAML."),
    ],
)
def test_a_file_that_is_no_study_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(content)
    with pytest.raises(StudyError) as caught:
        Study.load(path)
    assert str(caught.value).startswith(message)


def test_merged_keys_may_be_written_anew(file: Path) -> None:
    file.write_text(
        TEXT
        + """
training: &common {seed: 1, epochs: 3}
split: {<<: {seed: 4, test: 0.3}, seed: 5}
"""
    )
    study = Study.load(file)
    assert (study.split.seed, study.split.test) == (5, 0.3)


def test_a_folder_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(
        StudyError, match=r"expected a study file \(YAML text\), got a folder\. Name"
    ):
        Study.load(tmp_path)
