"""Which ways of training a study asks for, and which are refused before anything is read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from bedside.errors import StudyError
from bedside.modalities.image import Image
from bedside.modalities.signal import Signal
from bedside.modalities.text import Text
from bedside.modalities.volume import Volume
from bedside.study import Study
from bedside.tasks.classify import Classify
from bedside.tasks.forecast import Forecast
from bedside.tasks.segment import Segment
from bedside.training.ways import PLAIN, Way, check_aids, differing, ways_of

SIGNAL = Signal(column="gl", unit="mg/dL")


def study_of(start: str | None = None, **training: Any) -> Study:
    return Study.parse(
        {
            "data": {"table": "cases.csv"},
            "inputs": {"xray": {"modality": "image"}},
            "target": {"task": "classify"},
            "model": {"start_from": start},
            "training": training,
        }
    )


def names(study: Study) -> list[str]:
    return [way.of("resnet") for way in ways_of(study)]


def test_nothing_asked_is_plain_training_alone() -> None:
    assert ways_of(study_of()) == [PLAIN]
    assert ways_of(study_of(augment=False)) == [PLAIN]


def test_each_aid_stands_beside_plain_training_and_all_of_them_together() -> None:
    assert names(study_of(pretrain=True)) == ["resnet", "resnet+pretrain"]
    assert names(study_of("runs/a", pretrain=True, pseudo_labels=True)) == [
        "resnet",
        "resnet+start-from",
        "resnet+pretrain",
        "resnet+pseudo-labels",
        "resnet+start-from+pretrain+pseudo-labels",
    ]


def test_without_judgement_only_a_teacher_stands_beside() -> None:
    assert names(study_of("runs/a", aids="always")) == ["resnet"]
    found = ways_of(study_of("runs/a", pretrain=True, pseudo_labels=True, aids="always"))
    assert [way.of("cnn") for way in found] == ["cnn", "cnn+pseudo-labels"]
    teacher, student = found
    assert teacher.aids == {"start-from", "pretrain"}
    assert teacher.may_teach(student)


def test_a_teacher_uses_no_aid_that_its_student_does_not_and_no_pseudo_labels() -> None:
    plain, start, pretrain, student, every = ways_of(
        study_of("runs/a", pretrain=True, pseudo_labels=True)
    )
    assert plain.may_teach(student)
    assert not start.may_teach(student)
    assert [way.may_teach(every) for way in (plain, start, pretrain, student)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert not Way("augment-2", strength=2.0).may_teach(every)


def test_a_search_tries_weaker_and_stronger_augmentation() -> None:
    found = ways_of(study_of(augment="search"))
    assert [way.of("m") for way in found] == ["m", "m+augment-0", "m+augment-0.5", "m+augment-2"]
    varied = found[3].vary({"xray": Image(augment_strength=1.5), "history": SIGNAL})
    assert varied["xray"].augment_strength == 3.0  # type: ignore[attr-defined]
    assert varied["history"] is SIGNAL
    assert found[0].vary({"xray": Image()}) == {"xray": Image()}


def test_strength_stays_where_pictures_keep_their_frame() -> None:
    assert Image(augment_strength=4).strengthened(3).augment_strength == 5
    assert Volume().strengthened(0).augment_strength == 0
    assert Text().strengthened(2).drop_tokens == pytest.approx(0.2)
    assert Text(drop_tokens=0.3).strengthened(9).drop_tokens == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("training", "task", "inputs", "words"),
    [
        ({"pretrain": True}, Segment(), {"a": Volume()}, "training.pretrain: expected a task"),
        ({"augment": "search"}, Segment(), {"a": Volume()}, "training.augment: expected a task"),
        (
            {"pretrain": True},
            Classify(),
            {"a": Image(), "b": SIGNAL},
            "training.pretrain: expected inputs of which several views",
        ),
        ({"augment": "search"}, Classify(), {"b": SIGNAL}, "training.augment: expected inputs"),
        ({"pseudo_labels": True}, Forecast(), {"b": SIGNAL}, "pseudo_labels: expected task class"),
    ],
)
def test_aids_that_do_not_suit_are_refused_in_words(
    training: dict[str, Any], task: Any, inputs: dict[str, Any], words: str
) -> None:
    with pytest.raises(StudyError, match=words):
        check_aids(study_of(**training), task, inputs)


def test_a_search_needs_one_input_that_can_be_varied_and_views_need_all() -> None:
    mixed = {"a": Image(), "b": SIGNAL}
    check_aids(study_of(augment="search"), Classify(), mixed)
    check_aids(study_of(pretrain=True, pseudo_labels=True), Classify(), {"a": Image()})
    with pytest.raises(StudyError, match=r"training\.pretrain"):
        check_aids(study_of(augment="search", pretrain=True), Classify(), mixed)


def test_a_pretrained_model_takes_no_aid() -> None:
    study = study_of(pseudo_labels=True)
    whole = study.model.model_copy(update={"pretrained": "somewhere"})
    with pytest.raises(StudyError, match=r"model\.pretrained: expected no pretrain"):
        check_aids(study.model_copy(update={"model": whole}), Classify(), {"a": Image()})


def test_a_strength_that_changes_nothing_is_not_tried() -> None:
    ways = ways_of(study_of(augment="search"))
    texts = [way.name for way in differing(ways, {"note": Text()})]
    assert texts == ["", "augment-0.5", "augment-2"], "of texts none is usual"
    assert differing(ways, {"xray": Image(augment_strength=0)}) == [PLAIN]
    assert differing(ways, {"xray": Image()}) == ways


def test_a_search_goes_on_from_the_aids_that_are_used_anyway() -> None:
    first, *searched = ways_of(study_of("runs/a", augment="search", aids="always"))
    assert first.aids == {"start-from"}
    assert {way.aids for way in searched} == {first.aids}


@pytest.mark.parametrize("modality", [Image(outlined=True), Volume(size="whole")])
def test_where_masks_follow_no_strength_is_taken(modality: Any) -> None:
    words = {**modality.model_dump(exclude_defaults=True), "augment_strength": 0.5}
    with pytest.raises(ValidationError, match="expected no augment_strength"):
        type(modality)(**words)
