"""The catalogue as it is: every entry whole, every study readable, none unlike its example."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bedside.data.public.catalogue import PublicSet, find_set, public_sets
from bedside.data.public.converting import CONVERTERS
from bedside.data.public.written_study import study_text, study_words
from bedside.errors import StudyError
from bedside.study import Study
from bedside.training.preparation import build_modalities, build_task
from bedside.yaml_words import read_yaml

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
OF_EXAMPLES = {
    "pneumoniamnist": "pneumoniamnist",
    "adrenalmnist3d": "adrenalmnist3d",
    "decathlon-hippocampus": "hippocampus",
    "mts-dialog": "mts_dialog",
    "ncbi-disease": "ncbi_disease",
    "glucose-broll": "glucose",
}
READABLE = [name for name, entry in public_sets().items() if entry.data is not None]


def test_there_are_sets() -> None:
    assert len(public_sets()) > 30
    assert {"pneumoniamnist", "decathlon-spleen", "ptb-xl", "openi"} <= set(public_sets())


@pytest.mark.parametrize("name", public_sets())
def test_files_are_named_once_and_converters_exist(name: str) -> None:
    entry = public_sets()[name]
    names = [file.name for file in entry.files]
    assert len(set(names)) == len(names)
    if entry.convert is not None:
        CONVERTERS.check(entry.convert["how"])
    says_none = "no checksum is known" in entry.checked
    assert says_none == all(file.known is None for file in entry.files)


@pytest.mark.parametrize("name", READABLE)
def test_the_study_beside_the_data_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(study_text(name, public_sets()[name]))
    study = Study.load(tmp_path / "study.yaml")
    assert set(build_modalities(study)) == set(study.inputs)
    assert build_task(study).task == study.target.task


@pytest.mark.parametrize("name", OF_EXAMPLES)
def test_the_study_is_that_of_the_example(name: str) -> None:
    ours = study_words(name, public_sets()[name])
    example = read_yaml(EXAMPLES / f"{OF_EXAMPLES[name]}.yaml")
    assert ours["data"].items() >= example.pop("data").items()
    assert {key: value for key, value in ours.items() if key != "data"} == example


def test_an_unknown_set_names_the_nearest() -> None:
    with pytest.raises(StudyError, match=r"^here: no open data set is called so\. Did you mean"):
        find_set("pneumonia-mnist", where="here")


def test_an_entry_needs_a_study_or_a_reason() -> None:
    words = public_sets()["uci-heart"].model_dump()
    with pytest.raises(ValidationError, match="expected data and study, or unread alone"):
        PublicSet.model_validate({**words, "unread": None})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/a"])
def test_only_the_web_is_a_source(url: str) -> None:
    words = public_sets()["uci-heart"].model_dump()
    with pytest.raises(ValidationError, match="url"):
        PublicSet.model_validate({**words, "files": [{"url": url, "name": "a"}]})


def test_a_files_name_cannot_leave_the_folder() -> None:
    words = public_sets()["uci-heart"].model_dump()
    with pytest.raises(ValidationError, match="name"):
        PublicSet.model_validate({**words, "files": [{"url": "https://e.org", "name": "../a"}]})
