"""An aid is kept only where validation's whole interval says that it helped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bedside.evaluation.judge import Exam, judge_models
from bedside.schema import Arrays

from .test_judge import exam_of, outputs_of


def auroc(exam: Exam, outputs: dict[str, Arrays]) -> float:
    """On validation."""
    truth = exam.targets["validation"].arrays["truth"]
    return float(roc_auc_score(truth[:, 0], outputs["validation"]["logits"][:, 0]))


def a_little_better(exam: Exam, plain: dict[str, Arrays], rng: np.random.Generator) -> Any:
    """Another network, above this one by less than chance could do."""
    drawn = (outputs_of(exam, rng, validation=0.4, test=0.4) for _ in range(200))
    return next(own for own in drawn if 0 < auroc(exam, own) - auroc(exam, plain) < 0.02)


def test_a_clear_gain_may_be_chosen_and_a_gain_within_noise_may_not(
    rng: np.random.Generator,
) -> None:
    exam = exam_of(rng)
    plain = outputs_of(exam, rng, validation=0.4, test=0.4)
    clear = outputs_of(exam, rng, validation=2, test=0.1)
    better = a_little_better(exam, plain, rng)
    peers = {"peer": outputs_of(exam, rng, validation=0.1, test=0.1)}
    against = {"net+a": "net", "net+b": "net"}
    found = judge_models(
        exam, {"net": plain, "net+a": clear, "net+b": better}, peers, against=against
    )
    aids = found.metrics["aids"]
    assert found.deep == "net+a"
    assert aids["net+a"]["kept"]
    assert not aids["net+b"]["kept"]
    assert found.metrics["validation"]["net+b"] > found.metrics["validation"]["net"]
    assert aids["net+b"]["difference"]["low"] <= 0 < aids["net+b"]["difference"]["value"]

    alone = judge_models(exam, {"net": plain, "net+b": better}, peers, against={"net+b": "net"})
    assert alone.deep == "net", "the better on validation, but not shown to be"


def test_a_worse_network_is_never_kept(rng: np.random.Generator) -> None:
    exam = exam_of(rng)
    deep = {
        "net": outputs_of(exam, rng, validation=2, test=0.1),
        "net+a": outputs_of(exam, rng, validation=0.2, test=3),
    }
    peers = {"peer": outputs_of(exam, rng, validation=0.1, test=0.1)}
    found = judge_models(exam, deep, peers, against={"net+a": "net"})
    assert found.deep == "net"
    assert found.metrics["aids"]["net+a"]["difference"]["high"] < 0


def test_intervals_widen_with_the_number_of_aids(rng: np.random.Generator) -> None:
    exam = exam_of(rng)
    plain, aided = (outputs_of(exam, rng, validation=v, test=1) for v in (0.4, 0.9))
    peers = {"peer": outputs_of(exam, rng, validation=0.1, test=0.1)}
    one = judge_models(exam, {"n": plain, "n+a": aided}, peers, against={"n+a": "n"})
    names = [f"n+{letter}" for letter in "abcde"]
    deep = {"n": plain, **dict.fromkeys(names, aided)}
    five = judge_models(exam, deep, peers, against=dict.fromkeys(names, "n"))
    first, among = one.metrics["aids"]["n+a"], five.metrics["aids"]["n+a"]
    assert first["confidence"] == pytest.approx(0.95)
    assert among["confidence"] == pytest.approx(0.99)
    assert among["difference"]["value"] == first["difference"]["value"]
    assert among["difference"]["low"] < first["difference"]["low"]


def test_without_aids_nothing_is_said_and_nothing_changes(rng: np.random.Generator) -> None:
    exam = exam_of(rng)
    deep = {"net": outputs_of(exam, rng, validation=1, test=1)}
    peers = {"peer": outputs_of(exam, rng, validation=0.1, test=0.1)}
    assert judge_models(exam, deep, peers).metrics["aids"] == {}
