"""The count of studies that have looked at one test part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bedside.errors import RunError
from bedside.evaluation.looks import LEDGER, count_look
from bedside.study import Study

IDS = np.array(["Jane-1", "Joe-2", "Jim-3"])


def study(**sections: Any) -> Study:
    words: dict[str, Any] = {
        "data": {"table": "cases.csv"},
        "inputs": {"xray": {"modality": "image"}},
        "target": {"task": "classify"},
    }
    return Study.parse({**words, **sections})


def test_distinct_studies_count_and_a_repeated_one_does_not(tmp_path: Path) -> None:
    assert count_look(study(), IDS, folder=tmp_path) == 1
    assert count_look(study(), IDS, folder=tmp_path) == 1
    assert count_look(study(training={"epochs": 9}), IDS, folder=tmp_path) == 2
    assert count_look(study(training={"seed": 9}), IDS, folder=tmp_path) == 3
    assert count_look(study(), IDS, folder=tmp_path) == 3


def test_name_words_and_machine_make_no_other_study(tmp_path: Path) -> None:
    count_look(study(), IDS, folder=tmp_path)
    same = study(name="other", about={"question": "?"}, device="cpu", threads=1)
    assert count_look(same, IDS, folder=tmp_path) == 1


def test_another_test_part_has_a_count_of_its_own(tmp_path: Path) -> None:
    count_look(study(), IDS, folder=tmp_path)
    assert count_look(study(training={"epochs": 9}), IDS[:2], folder=tmp_path) == 1
    assert count_look(study(training={"epochs": 9}), IDS[::-1], folder=tmp_path) == 2


def test_the_ledger_tells_no_id(tmp_path: Path) -> None:
    count_look(study(), IDS, folder=tmp_path)
    words = (tmp_path / LEDGER).read_text()
    assert not [name for name in IDS if name in words]
    ((part, seen),) = json.loads(words).items()
    assert (len(part), len(seen)) == (16, 1)


@pytest.mark.parametrize("words", ["[]", '{"a": 3}', '"x"'])
def test_a_ledger_of_another_form_is_never_begun_anew(tmp_path: Path, words: str) -> None:
    (tmp_path / LEDGER).write_text(words)
    with pytest.raises(RunError, match=r"^\.bedside-looks\.json: expected a ledger of looks"):
        count_look(study(), IDS, folder=tmp_path)
    assert (tmp_path / LEDGER).read_text() == words


def test_a_damaged_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / LEDGER).write_text("{")
    with pytest.raises(RunError, match=r"^\.bedside-looks\.json: damaged, not valid JSON\."):
        count_look(study(), IDS, folder=tmp_path)
