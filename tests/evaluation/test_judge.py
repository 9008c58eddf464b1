"""One protocol for all models: what is chosen on validation, what is measured on test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.errors import DataError
from bedside.evaluation.judge import (
    Exam,
    Judged,
    best_on_validation,
    judge_model,
    judge_models,
    refuse_unjudgeable,
)
from bedside.evaluation.scoring import Scores
from bedside.schema import Array, Arrays, Kind, Targets
from bedside.study import EvaluationSection
from bedside.tasks.classify import Classify

N = 120
SECTION = EvaluationSection(bootstrap=100)


def targets(
    truth: Array, *, kind: Kind = "binary", names: tuple[str, ...] = ("no", "yes")
) -> Targets:
    known = np.ones(truth.shape, dtype=bool)
    return Targets({"truth": truth.astype(np.float32), "known": known}, names, kind)


def exam_of(rng: np.random.Generator, **changes: Any) -> Exam:
    """Binary, 120 cases a part, two a patient."""
    truth = {part: targets(rng.integers(0, 2, (N, 1))) for part in ("train", "validation", "test")}
    task = Classify(positive="yes")
    exam = Exam(
        task=task,
        state=task.fit(truth["train"]),
        targets=truth,
        rows={"validation": np.arange(N), "test": np.arange(N, 2 * N)},
        groups={"validation": np.arange(N) // 2, "test": np.arange(N) // 2},
        attributes={"test": {}},
        ids=np.arange(N).astype(str),
        section=SECTION,
        seed=3,
    )
    return replace(exam, **changes)


def outputs_of(
    exam: Exam, rng: np.random.Generator, *, validation: float, test: float, scale: float = 1.0
) -> dict[str, Arrays]:
    """Logits whose sign tells the truth as clearly as asked for on each part."""
    answers = {}
    for part, signal in (("validation", validation), ("test", test)):
        truth = exam.targets[part].arrays["truth"]
        answers[part] = {
            "logits": scale * (signal * (2 * truth - 1) + rng.normal(0, 1, truth.shape))
        }
    return answers


def test_the_better_on_validation_is_chosen_whatever_the_test_says(
    rng: np.random.Generator,
) -> None:
    exam = exam_of(rng)
    deep = {
        "lucky": outputs_of(exam, rng, validation=0.2, test=3),
        "chosen": outputs_of(exam, rng, validation=1.5, test=0.5),
    }
    peers = {
        "peer": outputs_of(exam, rng, validation=1, test=0.2),
        "other": outputs_of(exam, rng, validation=0, test=3),
    }
    found = judge_models(exam, deep, peers)
    assert (found.deep, found.best_baseline) == ("chosen", "peer")
    metrics = found.metrics
    assert list(metrics["models"]) == ["lucky", "chosen", "peer", "other"]
    value = {name: table["auroc"]["value"] for name, table in metrics["models"].items()}
    assert metrics["difference"]["value"] == pytest.approx(value["chosen"] - value["peer"])
    truth = exam.targets["test"].arrays["truth"]
    assert value["chosen"] == pytest.approx(
        roc_auc_score(truth[:, 0], deep["chosen"]["test"]["logits"][:, 0])
    )
    assert metrics["verdict"] in {"deep better", "deep not shown better"}
    assert metrics["thresholds"] == found.models["chosen"].state["thresholds"]


def test_a_constant_answer_is_no_peer_where_there_is_another(rng: np.random.Generator) -> None:
    exam = exam_of(rng)
    deep = {"net": outputs_of(exam, rng, validation=1.0, test=1.0)}
    constant = {part: {"logits": np.full((N, 1), 0.3)} for part in ("validation", "test")}
    unlucky = outputs_of(exam, rng, validation=-0.3, test=0.8)
    judgement = judge_models(exam, deep, {"majority": constant, "unlucky": unlucky})
    assert judgement.metrics["validation"]["unlucky"] < 0.5
    assert judgement.best_baseline == "unlucky"
    alone = judge_models(exam, deep, {"majority": constant})
    assert alone.best_baseline == "majority"


def test_a_worse_network_is_called_worse(rng: np.random.Generator) -> None:
    exam = exam_of(rng)
    weak = {"weak": outputs_of(exam, rng, validation=0, test=0)}
    strong = {"strong": outputs_of(exam, rng, validation=3, test=3)}
    metrics = judge_models(exam, weak, strong).metrics
    assert metrics["difference"]["value"] < 0
    assert metrics["difference"]["high"] < 0
    assert metrics["verdict"] == "deep worse"
    assert judge_models(exam, strong, weak).metrics["verdict"] == "deep better"


def test_calibration_and_threshold_see_validation_only(rng: np.random.Generator) -> None:
    exam = exam_of(rng)
    outputs = outputs_of(exam, rng, validation=1, test=1, scale=4)
    judged = judge_model(exam, outputs)
    other_test = outputs_of(exam, rng, validation=1, test=-2)["test"]
    flipped = targets(1 - exam.targets["test"].arrays["truth"])
    altered = replace(exam, targets={**exam.targets, "test": flipped})
    again = judge_model(altered, {"validation": outputs["validation"], "test": other_test})
    assert again.state == judged.state
    assert again.validation == judged.validation
    assert again.scores["test"].table != judged.scores["test"].table
    (temperature,) = judged.state["temperature"]
    # signal 1 in noise 1 is worth a logit of twice itself; ours are four times themselves
    assert temperature == pytest.approx(2, rel=0.3)
    calibrated = outputs["test"]["logits"] / temperature
    probability = judged.answers["test"].prediction.arrays["probability"]
    assert probability == pytest.approx(1 / (1 + np.exp(-calibrated)))
    (threshold,) = judged.state["thresholds"]
    assert np.array_equal(
        judged.answers["test"].prediction.arrays["decision"], probability >= threshold
    )


def test_a_fixed_threshold_is_kept(rng: np.random.Generator) -> None:
    exam = exam_of(rng, section=EvaluationSection(bootstrap=100, threshold=0.3))
    judged = judge_model(exam, outputs_of(exam, rng, validation=1, test=1))
    assert judged.state["thresholds"] == [0.3]


def test_several_classes_keep_the_largest_probability(rng: np.random.Generator) -> None:
    names = ("a", "b", "c")

    def part() -> Targets:
        return targets(np.eye(3)[rng.integers(0, 3, N)], kind="classes", names=names)

    truth = {"train": part(), "validation": part(), "test": part()}
    task = Classify()
    exam = exam_of(rng, task=task, state=task.fit(truth["train"]), targets=truth)
    found = judge_models(
        exam,
        {"deep": outputs_of(exam, rng, validation=2, test=2)},
        {"peer": outputs_of(exam, rng, validation=0, test=0)},
    )
    prediction = found.models["deep"].answers["test"].prediction.arrays
    chosen = prediction["probability"].argmax(axis=1)
    assert np.array_equal(prediction["decision"].argmax(axis=1), chosen)
    assert found.metrics["classes"] == ["a", "b", "c"]
    assert "auroc_b" in found.metrics["models"]["deep"]


def test_subgroups_are_of_the_deep_model(rng: np.random.Generator) -> None:
    sex = np.where(np.arange(N) // 2 % 2, "F", "M")
    exam = exam_of(rng, attributes={"test": {"sex": sex}})
    deep = outputs_of(exam, rng, validation=1, test=1)
    peer = outputs_of(exam, rng, validation=0, test=0)
    women = judge_models(exam, {"deep": deep}, {"peer": peer}).metrics["subgroups"]["sex"]["F"]
    truth = exam.targets["test"].arrays["truth"]
    reference = roc_auc_score(truth[sex == "F"], deep["test"]["logits"][sex == "F"])
    assert women["metrics"]["auroc"]["value"] == pytest.approx(reference)
    assert (women["cases"], women["patients"]) == (60, 30)


def judged_with(validation: float) -> Judged:
    return Judged({}, {}, {"test": Scores({}, {}, {}, "")}, validation)


@pytest.mark.parametrize(("primary", "best"), [("auroc", "high"), ("brier", "low")])
def test_a_model_without_a_metric_loses_to_every_other(primary: str, best: str) -> None:
    models = {
        "none": judged_with(float("nan")),
        "low": judged_with(0.1),
        "high": judged_with(0.9),
        "high again": judged_with(0.9),
    }
    assert best_on_validation(models, among=list(models), primary=primary) == best
    assert best_on_validation(models, among=["none"], primary=primary) == "none"


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(DataError, match=r"^models: expected at least one, got none\."):
        best_on_validation({}, among=[], primary="auroc")


def test_an_undefined_metric_on_validation_is_null(rng: np.random.Generator) -> None:
    exam = exam_of(rng, section=EvaluationSection(bootstrap=100, threshold=0.5))
    lone = targets(np.ones((N, 1)))
    exam = replace(exam, targets={**exam.targets, "validation": lone})
    deep = outputs_of(exam, rng, validation=1, test=1)
    metrics = judge_models(exam, {"deep": deep}, {"peer": deep}).metrics
    assert metrics["validation"] == {"deep": None, "peer": None}
    assert metrics["difference"]["value"] == 0


def test_a_validation_part_without_a_threshold_is_refused(rng: np.random.Generator) -> None:
    truth = np.ones((N, 2))
    truth[:60, 0] = 0
    both = targets(truth, kind="labels", names=("a", "b"))
    exam = exam_of(rng)
    exam = replace(exam, targets={**exam.targets, "validation": both})
    with pytest.raises(
        DataError,
        match=r"^threshold for label 'b': expected positive and negative cases in validation, "
        r"got 120 positive among 120\. Enlarge the validation part, or set evaluation\.threshold",
    ):
        refuse_unjudgeable(exam)
    refuse_unjudgeable(replace(exam, section=EvaluationSection(threshold=0.5)))
