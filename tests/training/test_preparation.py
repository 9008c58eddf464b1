"""Preparation: nothing but training cases is ever fitted on, and cases stay together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.errors import DataError, StudyError
from bedside.modalities.image import Image
from bedside.modalities.reading import Readings
from bedside.schema import Sample, Targets
from bedside.study import Study
from bedside.training.preparation import (
    Preparation,
    build_modalities,
    build_task,
    prepare_parts,
)

N = 12
PARTS = np.array(["train", "validation", "train", "test"] * 3)
NAMES = ("front", "side")


def modalities() -> dict[str, Any]:
    return {"front": Image(size=(16, 16)), "side": Image(column="b", size=(16, 20))}


def samples(seed: int = 0) -> dict[str, list[Sample | None]]:
    rng = np.random.default_rng(seed)
    return {name: list(each.fake(rng, N)) for name, each in modalities().items()}


def targets(unknown: tuple[int, ...] = ()) -> Targets:
    truth = (np.arange(N) // 2 % 2).astype(np.float32)[:, None]
    known = ~np.isin(np.arange(N), unknown)[:, None]
    return Targets({"truth": truth * known, "known": known}, ("a", "b"))


def readings(found: dict[str, list[Sample | None]]) -> dict[str, Readings]:
    return {
        name: Readings(own, {row: "unreadable" for row, sample in enumerate(own) if not sample})
        for name, own in found.items()
    }


def prepare(found: dict[str, list[Sample | None]], unknown: tuple[int, ...] = ()) -> Preparation:
    return prepare_parts(modalities(), readings(found), targets(unknown), parts=PARTS)


def test_every_case_goes_to_its_part() -> None:
    found = prepare(samples())
    assert {part: own.rows.tolist() for part, own in found.parts.items()} == {
        "train": [0, 2, 4, 6, 8, 10],
        "validation": [1, 5, 9],
        "test": [3, 7, 11],
    }
    for own in found.parts.values():
        assert list(own.arrays) == ["front.values", "side.values"]
        assert own.arrays["side.values"].shape == (len(own), 1, 16, 20)
        assert len(own.targets.arrays["truth"]) == len(own)
        for name in NAMES:
            for array, row in zip(own.arrays[f"{name}.values"], own.rows, strict=True):
                sample = samples()[name][row]
                assert sample is not None
                assert np.array_equal(array[0], sample.values)


def test_what_lies_outside_training_never_changes_the_state() -> None:
    before = prepare(samples())
    other = samples()
    for name, own in other.items():
        for row in np.flatnonzero(PARTS != "train"):
            colour = np.full((*modalities()[name].size, 3), row, dtype=np.uint8)
            colour[..., 0] += 9
            own[row] = Sample(colour.astype(np.float32) / 255)
    after = prepare(other)
    assert after.states == before.states
    train, same = before.parts["train"].arrays, after.parts["train"].arrays
    assert all(np.array_equal(train[key], same[key]) for key in train)
    assert after.parts["test"].arrays["front.values"].dtype == np.uint8


def test_each_training_case_does_change_it() -> None:
    before = prepare(samples()).states
    for row in np.flatnonzero(PARTS == "train"):
        other = samples()
        other["front"][row] = Sample(np.zeros((16, 16), dtype=np.uint8))
        assert prepare(other).states["front"] != before["front"]
        assert prepare(other).states["side"] == before["side"]


def test_cases_without_a_known_target_are_left_out_of_fit_and_parts() -> None:
    found = prepare(samples(), unknown=(0, 3))
    assert found.parts["train"].rows.tolist() == [2, 4, 6, 8, 10]
    assert found.parts["test"].rows.tolist() == [7, 11]
    other = samples()
    other["front"][0] = Sample(np.zeros((16, 16), dtype=np.uint8))
    assert prepare(other, unknown=(0, 3)).states == found.states


def test_a_case_known_for_one_label_stays() -> None:
    known = np.ones((N, 2), dtype=bool)
    known[0] = [False, True]
    known[2] = False
    truth = np.zeros((N, 2), dtype=np.float32)
    labels = Targets({"truth": truth, "known": known}, ("x", "y"), "labels")
    found = prepare_parts(modalities(), readings(samples()), labels, parts=PARTS)
    assert found.parts["train"].rows.tolist() == [0, 4, 6, 8, 10]
    assert known[0].tolist() == [False, True], "the targets themselves stay as they were"


def test_an_unreadable_input_takes_its_whole_case_with_it() -> None:
    broken = samples()
    broken["side"][4] = None
    found = prepare(broken)
    train = found.parts["train"]
    assert train.rows.tolist() == [0, 2, 6, 8, 10]
    assert {len(array) for array in train.arrays.values()} == {5}
    assert train.targets.arrays["truth"].ravel().tolist() == [0, 1, 1, 0, 1]
    front = samples()["front"][6]
    assert front is not None
    assert np.array_equal(train.arrays["front.values"][2, 0], front.values)


def test_a_part_without_cases_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        prepare(samples(), unknown=(1, 3, 5, 7, 9, 11))
    assert str(caught.value).splitlines() == [
        f"{part} part: expected at least one case with a known target, got none. "
        "Add cases, or split otherwise."
        for part in ("validation", "test")
    ]


WORDS: dict[str, Any] = {
    "data": {"table": "a.csv"},
    "inputs": {"xray": {"modality": "image", "size": [32, 48]}},
    "target": {"task": "classify", "column": "y", "positive": "ill"},
}


def test_plug_ins_are_built_from_the_studys_words() -> None:
    study = Study.parse(WORDS)
    assert build_modalities(study) == {"xray": Image(size=(32, 48))}
    task = build_task(study)
    assert (task.columns_used(), task.primary) == (["y"], "auroc")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"inputs": {"x": {"modality": "imgae"}}},
            "Unknown modality 'imgae'. Did you mean 'image'",
        ),
        (
            {"inputs": {"x": {"modality": "image", "sise": 3}}},
            "inputs.x.sise: unknown key. Did you mean 'size'?",
        ),
        ({"target": {"task": "classfy"}}, "Unknown task 'classfy'. Did you mean 'classify'?"),
        (
            {"target": {"task": "classify", "postive": 1}},
            "target.postive: unknown key. Did you mean 'positive'?",
        ),
    ],
)
def test_unknown_plug_ins_and_words_say_the_nearest(section: dict[str, Any], message: str) -> None:
    study = Study.parse({**WORDS, **section})
    build = build_modalities if "inputs" in section else build_task
    with pytest.raises(StudyError) as caught:
        build(study)
    assert str(caught.value).startswith(message)
