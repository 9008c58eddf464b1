"""Several runs together: which is better, how much the seed matters, what holds at each site.

Enters: `JudgedRun`s. Leaves: plain mappings for JSON and pages. The spread between
training seeds is kept apart from the interval of sampling patients: the first says how
much another training would differ, the second how much another sample of patients would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import expit, logit

from bedside.errors import RunError, nearest, sentence
from bedside.evaluation import is_share, lower_is_better
from bedside.evaluation.comparison import compare, verdict
from bedside.evaluation.multiplicity import corrected, two_sided
from bedside.evaluation.replicates import JudgedRun
from bedside.evaluation.scoring import Entry, Scores, interval_of
from bedside.schema import Array

Named = tuple[str, Scores]
WORDS = {
    "deep better": "better",
    "deep worse": "worse",
    "deep not shown better": "not shown to differ",
}


def pairwise(named: Sequence[Named], *, metric: str, confidence: float) -> list[dict[str, Any]]:
    """Every pair of models on the same resamples, each difference first minus second.

    Args:
        named: name and scores of at least two models.
        metric: a plain metric that all have.
        confidence: of the intervals, each on its own.

    Returns:
        ``a, b, metric, value, low, high, p, p_corrected, verdict`` of each pair; positive
        means that `a` is better. `p_corrected` is Holm's, for as many looks as pairs.

    Raises:
        RunError: two were not scored on the same test cases and resamples.
    """
    pairs: list[dict[str, Any]] = []
    p_values: list[float | None] = []
    for (a, ours), (b, theirs) in combinations(named, 2):
        if ours.resamples != theirs.resamples:
            raise RunError(
                sentence(
                    f"{a} and {b}",
                    expected="runs on the same test cases, with the same split.seed and "
                    "evaluation.bootstrap",
                    got="others",
                    remedy="Run both studies on one split",
                )
            )
        found = compare(ours, theirs, metric=metric, confidence=confidence)
        drawn = ours.replicates[metric] - theirs.replicates[metric]
        p_values.append(two_sided(found["value"], drawn))
        pairs.append({"a": a, "b": b, **found, "p": p_values[-1], "verdict": WORDS[verdict(found)]})
    for pair, p in zip(pairs, corrected(p_values), strict=True):
        pair["p_corrected"] = p
    return pairs


def shared_metric(runs: Mapping[str, JudgedRun], metric: str | None) -> str:
    """The metric to compare by: the one that is asked for, else the primary that all share.

    Raises:
        RunError: the runs have different ones, or one lacks it.
    """
    primaries = {run.metrics["primary"] for run in runs.values()}
    if metric is None and len(primaries) > 1:
        raise RunError(
            sentence(
                "comparison",
                expected="runs with one primary metric",
                got=" and ".join(sorted(primaries)),
                remedy="Compare runs of one task, or name a --metric that all have",
            )
        )
    wanted = metric or primaries.pop()
    for name, run in runs.items():
        if wanted not in run.deep.table:
            raise RunError(f"{name}: no metric '{wanted}'. {nearest(wanted, run.deep.table)}")
    return wanted


def seeds_together(runs: Sequence[JudgedRun]) -> dict[str, Any]:
    """What several training seeds of one study say together.

    Args:
        runs: on the same test cases and resamples, each with another seed.

    Returns:
        ``metric``, ``seeds``, ``confidence``; ``models``: ``deep`` and ``best_baseline``, and
        every model that all runs have, each with metric -> ``value`` (mean over seeds),
        ``low, high`` (of the mean, over patients), ``seed_sd`` and ``each``; ``difference``
        likewise, and its ``verdict``.

    Raises:
        RunError: the runs do not share test cases and resamples.
    """
    first = runs[0].metrics
    if len({run.deep.resamples for run in runs}) > 1:
        raise RunError(
            sentence(
                "seeds",
                expected="runs of one study on the same test cases",
                got="others",
                remedy="Repeat them with one study file",
            )
        )
    confidence, primary = first["confidence"], first["primary"]
    shared = [name for name in first["models"] if all(name in run.scores for run in runs)]
    rows = {
        "deep": [run.deep for run in runs],
        "best_baseline": [run.peer for run in runs],
        **{name: [run.scores[name] for run in runs] for name in shared},
    }
    means = {name: mean_over(scores, confidence=confidence) for name, scores in rows.items()}
    difference = compare(
        means["deep"], means["best_baseline"], metric=primary, confidence=confidence
    )
    each = [run.metrics["difference"]["value"] for run in runs]
    return {
        "study": first["study"],
        "metric": primary,
        "seeds": [run.metrics["seed"] for run in runs],
        "confidence": confidence,
        "models": {
            name: {
                metric: {
                    **entry,
                    "seed_sd": _spread([one.table[metric]["value"] for one in rows[name]]),
                    "each": [one.table[metric] for one in rows[name]],
                }
                for metric, entry in mean.table.items()
            }
            for name, mean in means.items()
        },
        "difference": {**difference, "seed_sd": _spread(each), "each": each},
        "verdict": verdict(difference),
    }


def mean_over(scores: Sequence[Scores], *, confidence: float) -> Scores:
    """The mean of several trainings of one model, with the interval of sampling patients.

    In each resample all trainings meet the same patients, so that their mean there is a
    replicate of the mean.

    Args:
        scores: on the same resamples.
        confidence: of the intervals.
    """
    replicates = {m: np.mean([s.replicates[m] for s in scores], axis=0) for m in scores[0].table}
    left_out = {m: np.mean([s.left_out[m] for s in scores], axis=0) for m in scores[0].table}
    table: dict[str, Entry] = {}
    for metric in scores[0].table:
        known = [s.table[metric]["value"] for s in scores]
        value = None if None in known else float(np.mean(np.asarray(known, dtype=np.float64)))
        draws = (replicates[metric], left_out[metric])
        ends = interval_of(metric, value, draws, confidence=confidence)
        low, high = ends or (None, None)
        if value in (0.0, 1.0) and ends == (value, value):  # the exact bounds of each
            low = _outermost([s.table[metric]["low"] for s in scores], min)
            high = _outermost([s.table[metric]["high"] for s in scores], max)
        table[metric] = {"value": value, "low": low, "high": high}
    return Scores(table, replicates, left_out, scores[0].resamples)


def _outermost(
    ends: Sequence[float | None], choose: Callable[[list[float]], float]
) -> float | None:
    known = [end for end in ends if end is not None]
    return choose(known) if len(known) == len(ends) else None


def _spread(values: Sequence[float | None]) -> float | None:
    """Standard deviation of what is known, None where fewer than two are."""
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def sites_together(runs: Mapping[str, JudgedRun]) -> dict[str, Any]:
    """What leaving out one site after another says of a site that nobody has seen.

    Each site's estimate is pooled by a random-effects model (DerSimonian and Laird 1986,
    doi:10.1016/0197-2456(86)90046-2, with the interval of Hartung and Knapp 2001,
    doi:10.1002/sim.1009), metrics from 0 to 1 on the scale of log-odds (Snell et al. 2018,
    doi:10.1177/0962280217705678), and the interval of prediction says where the model may
    be expected at a further site (Riley et al. 2011, doi:10.1136/bmj.d549).

    Args:
        runs: site that was left out -> run.

    Returns:
        ``metric``, ``confidence``, ``sites`` (site -> counts, ``deep``, ``best_baseline``,
        ``difference``, ``verdict``), and ``pooled`` for ``deep`` and ``best_baseline``:
        ``value, low, high`` of the mean site and ``new_low, new_high`` of a new one; None
        with fewer than three sites that could be measured.
    """
    metric = shared_metric(runs, None)
    confidence = next(iter(runs.values())).metrics["confidence"]
    sites = {
        site: {
            "cases": run.metrics["cases"],
            "patients": run.metrics["patients"],
            "deep": run.deep.table[metric],
            "best_baseline": run.peer.table[metric],
            "difference": run.metrics["difference"],
            "verdict": run.metrics["verdict"],
        }
        for site, run in runs.items()
    }
    pooled = {
        "deep": _pooled([run.deep for run in runs.values()], metric, confidence),
        "best_baseline": _pooled([run.peer for run in runs.values()], metric, confidence),
    }
    study = next(iter(runs.values())).metrics["study"]
    return {
        "study": study, "metric": metric, "confidence": confidence,
        "lower_is_better": lower_is_better(metric), "sites": sites, "pooled": pooled,
    }  # fmt: skip


def _pooled(scores: Sequence[Scores], metric: str, confidence: float) -> dict[str, float] | None:
    from scipy.stats import t

    values = [score.table[metric]["value"] for score in scores]
    drawn = [score.replicates[metric] for score in scores]
    shares = is_share(metric)
    effects, variances = [], []
    for value, replicates in zip(values, drawn, strict=True):
        found = replicates[np.isfinite(replicates)]
        if value is None or found.size < 2:
            continue
        scale = _log_odds if shares else np.asarray
        variance = float(np.var(scale(found), ddof=1))
        if variance > 0:
            effects.append(float(scale(np.array(value))))
            variances.append(variance)
    if len(effects) < 3:
        return None
    mean, spread, between = _random_effects(np.array(effects), np.array(variances))
    reach = float(t.ppf((1 + confidence) / 2, len(effects) - 1)) * spread
    # one degree of freedom goes to the mean, one to the variance between sites
    apart = float(t.ppf((1 + confidence) / 2, len(effects) - 2))
    new = apart * float(np.sqrt(between + spread**2))
    back: Callable[[float], float] = (lambda at: float(expit(at))) if shares else float
    return {
        "value": back(mean), "low": back(mean - reach), "high": back(mean + reach),
        "new_low": back(mean - new), "new_high": back(mean + new),
        "sites": len(effects),
    }  # fmt: skip


def _random_effects(effects: Array, variances: Array) -> tuple[float, float, float]:
    """Mean, its standard error, and the variance between sites.

    Hartung and Knapp's error is never let below that of the model itself: few sites that
    agree by chance would make it tiny (Roever, Knapp and Friede 2015,
    doi:10.1186/s12874-015-0091-1).
    """
    own = 1 / variances
    fixed = float((own * effects).sum() / own.sum())
    excess = float((own * (effects - fixed) ** 2).sum()) - (len(effects) - 1)
    between = max(0.0, excess / float(own.sum() - (own**2).sum() / own.sum()))
    weights = 1 / (variances + between)
    mean = float((weights * effects).sum() / weights.sum())
    scale = float((weights * (effects - mean) ** 2).sum()) / (len(effects) - 1)
    return mean, float(np.sqrt(max(1.0, scale) / weights.sum())), between


def _log_odds(share: Any) -> Any:
    return logit(np.clip(share, 1e-4, 1 - 1e-4))
