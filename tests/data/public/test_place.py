"""Reading a set from the local cache by ``data: {public: name}``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.data.public.place import RECEIPT, cache_folder, is_here, with_public_data
from bedside.data.sources import load_cohort
from bedside.errors import StudyError
from bedside.pipeline import audit_study, run
from bedside.study import Study

WORDS: dict[str, Any] = {
    "data": {"public": "breastmnist"},
    "inputs": {"image": {"modality": "image", "column": "image", "size": [28, 28]}},
    "target": {"task": "classify", "positive": "0"},
    "split": {"by": "case", "column": "part"},
}


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEDSIDE_DATA", str(tmp_path))
    return tmp_path


def put(folder: Path) -> None:
    place = folder / "breastmnist"
    place.mkdir()
    arrays = {}
    for part in ("train", "val", "test"):
        arrays[f"{part}_images"] = np.zeros((4, 28, 28), dtype=np.uint8)
        arrays[f"{part}_labels"] = np.array([[0], [1], [0], [1]], dtype=np.uint8)
    np.savez(place / "breastmnist.npz", **arrays)
    (place / RECEIPT).write_text("{}")


def test_the_cache_lies_where_the_variable_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BEDSIDE_DATA", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("BEDSIDE_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "bedside" / "data"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "bedside" / "data"


def test_a_set_in_the_cache_is_read(sets: Path) -> None:
    put(sets)
    assert is_here("breastmnist")
    cohort = load_cohort(Study.parse(WORDS))
    assert len(cohort) == 12
    assert cohort.cases["part"].tolist() == ["train"] * 4 + ["validation"] * 4 + ["test"] * 4


def test_the_studys_own_words_go_first_and_the_rest_stays(sets: Path) -> None:
    put(sets)
    study = Study.parse({**WORDS, "data": {"public": "breastmnist", "case": "part"}})
    placed = with_public_data(study)
    assert placed.data.npz == sets.resolve() / "breastmnist" / "breastmnist.npz"
    assert (placed.data.case, placed.data.public, placed.data.source) == ("part", None, "npz")
    assert placed.model_dump(exclude={"data"}) == study.model_dump(exclude={"data"})
    assert with_public_data(placed) is placed


@pytest.mark.parametrize("ask", [load_cohort, audit_study, run])
def test_a_missing_set_names_the_command_that_fetches_it(
    ask: Any, sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sets)
    with pytest.raises(
        StudyError,
        match=r"^data\.public 'breastmnist': expected the set in the local cache, got none there\. "
        r"Fetch it with: bedside data get breastmnist\.$",
    ):
        ask(Study.parse(WORDS))
    assert list(sets.iterdir()) == []


def test_a_set_without_its_receipt_is_not_whole(sets: Path) -> None:
    put(sets)
    (sets / "breastmnist" / RECEIPT).unlink()
    with pytest.raises(StudyError, match="bedside data get breastmnist"):
        load_cohort(Study.parse(WORDS))


def test_what_cannot_be_read_says_why(sets: Path) -> None:
    with pytest.raises(StudyError, match="got one it cannot: this version has no reader of WFDB"):
        load_cohort(Study.parse({**WORDS, "data": {"public": "ptb-xl"}}))


def test_a_wrong_name_names_the_nearest(sets: Path) -> None:
    with pytest.raises(StudyError, match=r"Did you mean 'breastmnist'\?"):
        load_cohort(Study.parse({**WORDS, "data": {"public": "brestmnist"}}))
