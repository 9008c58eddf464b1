"""Whether answers follow attributes among cases of the same truth."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from bedside.evaluation.follows import FIFTHS, RISING, answers_that_follow, looks_at
from bedside.evaluation.kinds import Answers
from bedside.schema import Array, Kind, Prediction, Targets

N = 240


def answers(
    truth: Array, probability: Array, kind: Kind = "binary", groups: Array | None = None
) -> Answers:
    names = ("normal", "pneumonia") if kind == "binary" else ("a", "b", "c")
    known = np.ones(truth.shape, dtype=bool)
    return Answers(
        Targets({"truth": truth.astype(np.float32), "known": known}, names, kind),
        Prediction({"probability": probability, "decision": probability > 0.5}, names),
        np.arange(len(truth)) if groups is None else groups,
    )


def found(own: Answers, **attributes: Array) -> dict[str, Any]:
    return answers_that_follow(own, attributes, confidence=0.95, replicates=200, seed=3)


def cohort(rng: np.random.Generator, *, planted: float) -> tuple[Answers, Array]:
    """Site B has more disease; its scores are higher by `planted`, whatever the label."""
    site = rng.random(N) < 0.5
    truth = rng.random(N) < np.where(site, 0.8, 0.2)
    logit = 1.5 * truth + planted * site + rng.normal(0, 1, N) - 1
    own = answers(truth[:, None], 1 / (1 + np.exp(-logit))[:, None])
    return own, np.where(site, "B", "A")


def chance(number: Array, level: Array) -> float:
    """By every pair of cases whose levels differ."""
    wins = [
        (np.sign(number[i] - number[j]) + 1) / 2
        for i, j in product(range(len(number)), repeat=2)
        if level[i] > level[j]
    ]
    return float(np.mean(wins))


def test_a_score_that_follows_the_site_is_told(rng: np.random.Generator) -> None:
    own, site = cohort(rng, planted=1.0)
    entry = found(own, site=site)["site"]["A"]["pneumonia"]
    assert (entry["cases"], entry["others"], entry["than"]) == (
        (site == "A").sum(),
        (site == "B").sum(),
        "B",
    )
    assert entry["p_corrected"] < 0.001
    assert entry["low"] < entry["value"] < entry["high"] < 0.5
    truth, score = own.targets.arrays["truth"][:, 0], own.prediction.arrays["probability"][:, 0]
    sides = {name: truth == place for place, name in enumerate(("normal", "pneumonia"))}
    each = {name: chance(score[side], site[side] == "A") for name, side in sides.items()}
    assert {name: one["value"] for name, one in entry["among"].items()} == pytest.approx(each)
    pairs = [np.prod(np.unique(site[side], return_counts=True)[1]) for side in sides.values()]
    assert entry["value"] == pytest.approx(np.average(list(each.values()), weights=pairs))


def test_a_site_with_more_disease_alone_is_no_fault(rng: np.random.Generator) -> None:
    """The score follows the site over all cases, and not where the label is the same."""
    own, site = cohort(rng, planted=0.0)
    score = own.prediction.arrays["probability"][:, 0]
    assert chance(score, site == "B") > 0.6
    entry = found(own, site=site)["site"]["A"]["pneumonia"]
    assert entry["low"] < 0.5 < entry["high"]
    assert entry["p_corrected"] > 0.05


def test_numbers_rise_in_fifths(rng: np.random.Generator) -> None:
    own, _ = cohort(rng, planted=0.0)
    score = own.prediction.arrays["probability"][:, 0]
    age = (60 + 8 * score + rng.normal(0, 3, N)).round(1)
    (look,) = looks_at("age", age)
    assert np.bincount(look.level).tolist() == pytest.approx([N // FIFTHS] * FIFTHS, abs=3)
    entry = found(own, age=age)["age"][RISING]["pneumonia"]
    normal = own.targets.arrays["truth"][:, 0] == 0
    assert entry["among"]["normal"]["value"] == pytest.approx(
        chance(score[normal], look.level[normal])
    )
    assert entry["low"] > 0.5
    assert (entry["cases"], entry["others"]) == (N, 0)


def test_of_several_values_each_is_a_look_and_all_are_counted(rng: np.random.Generator) -> None:
    own, site = cohort(rng, planted=1.2)
    three = np.where(np.arange(N) % 3 == 0, "C", site).astype(object)
    three[:7] = ""
    entries = found(own, site=three, sex=np.where(rng.random(N) < 0.5, "f", "m"))
    assert list(entries["site"]) == ["A", "B", "C"]
    assert list(entries["sex"]) == ["f"]
    told = [one["pneumonia"] for values in entries.values() for one in values.values()]
    least = min(told, key=lambda one: one["p"])
    assert least["p_corrected"] == pytest.approx(4 * least["p"])
    assert entries["site"]["A"]["pneumonia"]["cases"] == (three == "A").sum()
    assert {one["than"] for one in told[:3]} == {None}


def test_classes_are_asked_among_their_true_class(rng: np.random.Generator) -> None:
    label, site = rng.integers(0, 3, N), rng.random(N) < 0.5
    logits = 2.0 * np.eye(3)[label] + rng.normal(0, 1, (N, 3))
    logits[:, 2] += 1.5 * site
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    entries = found(
        answers(np.eye(3)[label], probability, "classes"), site=np.where(site, "B", "A")
    )
    own = entries["site"]["A"]
    assert list(own) == list(own["c"]["among"]) == ["a", "b", "c"]
    assert own["c"]["high"] < 0.5 < own["a"]["low"]


def test_labels_are_asked_by_their_own_truth(rng: np.random.Generator) -> None:
    truth, site = rng.random((N, 3)) < 0.4, rng.random(N) < 0.5
    probability = np.clip(0.3 * truth + 0.5 * rng.random((N, 3)), 0, 1)
    probability[:, 1] += 0.2 * site
    own = answers(truth, probability, "labels")
    own.targets.arrays["known"][:200, 2] = False
    entries = found(own, site=np.where(site, "B", "A"))["site"]["A"]
    assert entries["b"]["p_corrected"] < 0.01 < entries["a"]["p_corrected"]
    assert list(entries["b"]["among"]) == ["no", "yes"]
    assert "c" not in entries or entries["c"]["cases"] + entries["c"]["others"] <= 40


def test_of_forecasts_the_error_is_asked(rng: np.random.Generator) -> None:
    device = rng.random(N) < 0.5
    truth = rng.normal(120, 20, (N, 4))
    point = truth + rng.normal(0, np.where(device, 20, 5)[:, None], (N, 4))
    known = np.ones((N, 4), dtype=bool)
    known[0] = False
    own = Answers(
        Targets({"truth": truth, "known": known}, tuple("1234"), "forecast"),
        Prediction({"point": point}, tuple("1234")),
        np.arange(N) // 4,
    )
    entry = found(own, device=np.where(device, "new", "old"))["device"]["new"]["error"]
    assert entry["cases"] + entry["others"] == N - 1
    assert entry["low"] > 0.8
    assert list(entry["among"]) == ["all windows"]


def test_a_perfect_order_has_an_exact_bound() -> None:
    site = np.arange(60) < 30
    truth = np.arange(60) % 2 == 0
    own = answers(truth[:, None], (0.2 + 0.5 * site + 0.001 * np.arange(60))[:, None])
    entry = found(own, site=np.where(site, "A", "B"))["site"]["A"]["pneumonia"]
    assert (entry["value"], entry["high"]) == (1, 1)
    assert entry["low"] == pytest.approx(0.025 ** (1 / 30))  # 15 pairs of patients in either truth
    assert entry["p"] == pytest.approx(2 * 0.5**30)


def test_patients_are_drawn_whole(rng: np.random.Generator) -> None:
    own, site = cohort(rng, planted=0.3)
    copies = np.repeat(np.arange(N), 5)
    many = own.take(copies)
    alone = found(own, site=site)["site"]["A"]["pneumonia"]
    entry = found(many, site=site[copies])["site"]["A"]["pneumonia"]
    assert entry["value"] == pytest.approx(alone["value"])
    assert entry["high"] - entry["low"] == pytest.approx(alone["high"] - alone["low"], rel=0.25)


def test_few_cases_and_other_kinds_are_not_asked(rng: np.random.Generator) -> None:
    own, site = cohort(rng, planted=1.0)
    assert found(own) == {}
    assert found(own, site=np.where(np.arange(N) < 9, "A", "B")) == {}
    assert found(own, site=np.full(N, "A")) == {}
    assert found(own, site=np.arange(N).astype(str).astype(object) + "x") == {}
    masks = Answers(Targets({}, ("liver",), "mask"), Prediction({}, ("liver",)), np.arange(N))
    assert found(masks, site=site) == {}
