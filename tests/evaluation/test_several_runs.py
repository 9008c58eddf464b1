"""Runs together: pairs with Holm's correction, seeds apart from sampling, a new site."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from bedside.errors import RunError
from bedside.evaluation.kinds import Answers
from bedside.evaluation.multiplicity import corrected, two_sided
from bedside.evaluation.replicates import JudgedRun
from bedside.evaluation.scoring import Scores, score
from bedside.evaluation.several_runs import (
    mean_over,
    pairwise,
    seeds_together,
    shared_metric,
    sites_together,
)
from bedside.schema import Array, Prediction, Targets

NAMES = ("healthy", "ill")
N = 200


def scored(truth: Array, logit: Array, *, seed: int = 7) -> Scores:
    known = np.ones((len(truth), 1), dtype=bool)
    probability = (1 / (1 + np.exp(-logit)))[:, None]
    answers = Answers(
        Targets({"truth": truth[:, None].astype(np.float32), "known": known}, NAMES),
        Prediction({"probability": probability, "decision": probability >= 0.5}, NAMES),
        np.arange(len(truth)) // 2,
    )
    return score(answers, replicates=200, seed=seed)


def run_of(truth: Array, deep: Array, peer: Array, **facts: Any) -> JudgedRun:
    scores = {"resnet": scored(truth, deep), "logistic": scored(truth, peer)}
    metrics = {
        "study": "s", "primary": "auroc", "confidence": 0.95, "seed": 7, "deep": "resnet",
        "best_baseline": "logistic", "models": {"resnet": {}, "logistic": {}},
        "cases": len(truth), "patients": len(truth) // 2, "verdict": "deep better",
        "difference": {"metric": "auroc", "value": 0.1, "low": 0.0, "high": 0.2}, **facts,
    }  # fmt: skip
    return JudgedRun(metrics, scores)


@pytest.fixture
def truth(rng: np.random.Generator) -> Array:
    return rng.random(N) < 0.4


def test_pairs_are_told_apart_and_corrected_for_how_many_they_are(
    truth: Array, rng: np.random.Generator
) -> None:
    noise = rng.normal(size=N)
    named = [
        ("strong", scored(truth, noise + 3 * truth)),
        ("weak", scored(truth, rng.normal(size=N) + 0.5 * truth)),
        ("same", scored(truth, noise + 3 * truth)),
    ]
    first, second, third = pairwise(named, metric="auroc", confidence=0.95)
    assert (first["a"], first["b"], first["verdict"]) == ("strong", "weak", "better")
    assert second == {
        "a": "strong", "b": "same", "metric": "auroc", "value": 0.0, "low": 0.0, "high": 0.0,
        "p": None, "verdict": "not shown to differ", "p_corrected": None,
    }  # fmt: skip
    assert third["verdict"] == "worse"
    assert first["p"] < first["p_corrected"] <= 2 * third["p"]


def test_runs_on_other_cases_are_refused(truth: Array, rng: np.random.Generator) -> None:
    logit = rng.normal(size=N)
    for other in (scored(~truth, logit), scored(truth, logit, seed=8)):
        with pytest.raises(RunError, match="a and b: expected runs on the same test cases"):
            pairwise([("a", scored(truth, logit)), ("b", other)], metric="auroc", confidence=0.95)


def test_p_and_holm() -> None:
    draws = np.array([-1.0, 1.0, np.nan])
    assert two_sided(1.96 * np.std([-1, 1], ddof=1), draws) == pytest.approx(0.05, abs=1e-3)
    assert two_sided(None, draws) is None
    assert two_sided(0.0, np.zeros(5)) is None
    # by hand: .01 x 3, then .03 x 2, then .04 at least as large as the one before
    assert corrected([0.03, None, 0.01, 0.04]) == pytest.approx([0.06, None, 0.03, 0.06])
    assert corrected([None]) == [None]
    assert corrected([]) == []


def test_holm_equals_an_independent_implementation(rng: np.random.Generator) -> None:
    many = [*rng.random(30), *(rng.random(5) / 1000), 0.5, 0.5]
    found = corrected(many)
    assert found == pytest.approx(multipletests(many, method="holm")[1].tolist())


def test_seeds_are_averaged_on_the_same_patients_and_their_spread_kept_apart(
    truth: Array, rng: np.random.Generator
) -> None:
    peer = rng.normal(size=N) + truth
    runs = [
        run_of(truth, rng.normal(size=N) + strength * truth, peer, seed=seed)
        for seed, strength in ((7, 1.0), (8, 2.0), (9, 3.0))
    ]
    found = seeds_together(runs)
    each = [run.scores["resnet"].table["auroc"]["value"] for run in runs]
    deep = found["models"]["deep"]["auroc"]
    assert [one["value"] for one in deep["each"]] == each
    assert deep["value"] == pytest.approx(np.mean(each))
    assert deep["seed_sd"] == pytest.approx(np.std(each, ddof=1))
    assert deep["high"] - deep["low"] < max(each) - min(each), "spread of seeds is not in it"
    assert found["models"]["best_baseline"]["auroc"]["seed_sd"] == 0
    assert found["difference"]["value"] == pytest.approx(
        np.mean(each) - runs[0].peer.table["auroc"]["value"]
    )
    assert found["verdict"] == "deep better"
    with pytest.raises(RunError, match="seeds: expected runs of one study"):
        seeds_together([runs[0], run_of(~truth, peer, peer)])


def test_a_mean_of_what_is_unknown_is_unknown(truth: Array, rng: np.random.Generator) -> None:
    good, constant = scored(truth, rng.normal(size=N)), scored(truth, np.full(N, -1.0))
    table = mean_over([good, constant], confidence=0.95).table
    assert table["ppv"] == {"value": None, "low": None, "high": None}
    assert table["auroc"]["value"] is not None


def test_perfect_seeds_keep_the_exact_bound_of_so_many_patients(truth: Array) -> None:
    perfect = scored(truth, 10.0 * truth - 5)
    mean = mean_over([perfect, perfect], confidence=0.95).table["auroc"]
    assert mean == perfect.table["auroc"]
    assert mean["low"] < mean["value"] == 1


def test_a_new_site_is_less_certain_than_the_mean_one(rng: np.random.Generator) -> None:
    runs = {}
    for site, strength in (("A", 0.5), ("B", 1.5), ("C", 3.0), ("D", 1.2)):
        truth = rng.random(N) < 0.4
        runs[site] = run_of(truth, rng.normal(size=N) + strength * truth, rng.normal(size=N))
    found = sites_together(runs)
    pooled = found["pooled"]["deep"]
    assert pooled["new_low"] < pooled["low"] < pooled["value"] < pooled["high"] < pooled["new_high"]
    assert pooled["new_low"] > 0
    assert pooled["new_high"] < 1
    assert found["sites"]["C"]["deep"]["value"] > found["sites"]["A"]["deep"]["value"]
    two = {name: runs[name] for name in "AB"}
    assert sites_together(two)["pooled"] == {"deep": None, "best_baseline": None}


@pytest.mark.parametrize("strengths", [(0.2, 1.5, 4.0), (1.0, 1.0, 1.0)])
def test_the_mean_site_equals_an_independent_implementation(
    strengths: tuple[float, ...], rng: np.random.Generator
) -> None:
    runs, effects, variances = {}, [], []
    for site, strength in zip("ABC", strengths, strict=True):
        truth = rng.random(N) < 0.4
        runs[site] = run_of(truth, rng.normal(size=N) + strength * truth, rng.normal(size=N))
        own = runs[site].deep
        effects.append(stats.logistic.ppf(own.table["auroc"]["value"]))
        variances.append(np.var(stats.logistic.ppf(own.replicates["auroc"]), ddof=1))
    with np.errstate(invalid="ignore"):
        other = combine_effects(np.array(effects), np.array(variances), method_re="dl", use_t=True)
    pooled = sites_together(runs)["pooled"]["deep"]
    if other.tau2 > 0:
        mean, error = other.mean_effect_re, np.sqrt(max(other.var_hksj_re, other.var_eff_w_re))
    else:  # theirs would go on with a negative variance
        mean, error = other.mean_effect_fe, other.sd_eff_w_fe
    reach = stats.t.ppf(0.975, 2) * error
    assert pooled["value"] == pytest.approx(stats.logistic.cdf(mean))
    assert pooled["low"] == pytest.approx(stats.logistic.cdf(mean - reach))


def test_a_metric_that_is_not_shared_is_refused(truth: Array, rng: np.random.Generator) -> None:
    one = run_of(truth, rng.normal(size=N), rng.normal(size=N))
    other = run_of(truth, rng.normal(size=N), rng.normal(size=N), primary="rougeL")
    assert shared_metric({"a": one}, None) == "auroc"
    assert shared_metric({"a": one, "b": other}, "f1") == "f1"
    with pytest.raises(RunError, match="one primary metric, got auroc and rougeL"):
        shared_metric({"a": one, "b": other}, None)
    with pytest.raises(RunError, match=r"a: no metric 'aurocc'. Did you mean 'auroc'"):
        shared_metric({"a": one}, "aurocc")
