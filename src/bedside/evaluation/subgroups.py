"""The same metrics within subgroups: does the model serve everyone alike?

Enters: the answers of a model, and attributes of the cases (sex, age, hospital).
Leaves: attribute -> value -> counts and a short list of metrics with intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.evaluation.bootstrap import interval
from bedside.evaluation.kinds import Grouping, kind_of
from bedside.evaluation.multiplicity import corrected, two_sided
from bedside.evaluation.scoring import Entry, tabulate
from bedside.schema import Array, Arrays

if TYPE_CHECKING:
    from bedside.evaluation.kinds import Answers

SMALLEST = 20
"""Fewer cases are counted but not measured: their intervals would span almost everything."""
MOST_VALUES = 50
"""An attribute with more values keeps the commonest and pools the rest."""
DISTINCT_NUMBERS = 10
"""A column of more distinct numbers than this is cut into bands."""
UNKNOWN = "unknown"
OTHER = "other"
_BLANKS = frozenset({"", "nan", "none", "null", "na", "n/a", "<na>", "nat"})


def score_subgroups(
    answers: Answers,
    attributes: Mapping[str, Array],
    *,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Measure each subgroup, resampling the patients within it.

    Args:
        answers: as in `scoring.score`.
        attributes: name -> (N,) values; blanks become "unknown", numbers with many
            distinct values are cut into `bands`. Groups that the kind of target brings
            of its own (the hour of the day) follow them.
        confidence: of the intervals.
        replicates: R, number of resamples.
        seed: of the resamples.

    Returns:
        attribute -> value -> ``{"cases", "patients", ..., "metrics"}``, with the kind's
        counts between, and ``gap``: the first metric less that of all other cases, with
        interval, p-value and Holm's correction for all groups that were looked at (a patient
        with cases in the group and outside counts as two there). Metrics are None in groups
        of under 20 cases, and where they are not defined (one class only).
    """
    kind = kind_of(answers.targets)
    kind.check(answers)
    named = {name: _grouping(values) for name, values in attributes.items()}
    table: dict[str, dict[str, dict[str, Any]]] = {}
    for name, grouping in {**named, **kind.groupings(answers.targets, answers.state)}.items():
        table[name] = {}
        for label in grouping.order:
            inside = answers.take(np.flatnonzero(grouping.labels == label))
            about: dict[str, Any] = {
                "cases": int(inside.groups.size),
                "patients": int(np.unique(inside.groups).size),
                **kind.counts(inside.targets),
                "metrics": {m: {"value": None, "low": None, "high": None} for m in kind.summary},
                "gap": None,
            }
            if inside.groups.size >= SMALLEST and kind.measurable(inside.targets):
                about["metrics"], drawn, _ = tabulate(
                    kind.measurer(inside, metrics=kind.summary, brief=True),
                    kind.evidence(inside),
                    confidence=confidence,
                    replicates=replicates,
                    seed=seed,
                )
                rest = answers.take(np.flatnonzero(grouping.labels != label))
                about["gap"] = (
                    None
                    if _other(table[name], grouping)
                    else _gap(about["metrics"], drawn, rest, confidence=confidence, seed=seed + 1)
                )
            table[name][label] = about
        _mirror(table[name])
    _correct(table)
    return table


def _gap(
    inside: Mapping[str, Entry], drawn: Arrays, rest: Answers, *, confidence: float, seed: int
) -> dict[str, str | float | None] | None:
    """The first metric of a group less that of all other cases; None where these are too few."""
    kind = kind_of(rest.targets)
    if rest.groups.size < SMALLEST or not kind.measurable(rest.targets):
        return None
    metric = kind.summary[0]
    others, drawn_others, _ = tabulate(
        kind.measurer(rest, metrics=(metric,), brief=True),
        kind.evidence(rest),
        confidence=confidence,
        replicates=len(drawn[metric]),
        seed=seed,
    )
    ours, theirs = inside[metric]["value"], others[metric]["value"]
    if ours is None or theirs is None:
        return {"metric": metric, "value": None, "low": None, "high": None, "p": None}
    apart, value = drawn[metric] - drawn_others[metric], ours - theirs
    low, high = interval(apart, confidence, estimate=value) or (None, None)
    p = two_sided(value, apart)
    return {"metric": metric, "value": value, "low": low, "high": high, "p": p}


def _other(groups: Mapping[str, dict[str, Any]], grouping: Grouping) -> bool:
    """Whether this is the second of two groups, whose gap is that of the first turned round."""
    return len(grouping.order) == 2 and any(about["gap"] for about in groups.values())


def _mirror(groups: Mapping[str, dict[str, Any]]) -> None:
    """Give the second of two groups the first one's gap, turned round: it is one look."""
    if len(groups) != 2:
        return
    first, second = groups.values()
    gap = first["gap"]
    if gap is None or second["metrics"][gap["metric"]]["value"] is None:
        return
    turned = {key: None if gap[end] is None else -gap[end]
              for key, end in (("value", "value"), ("low", "high"), ("high", "low"))}  # fmt: skip
    second["gap"] = {**gap, **turned}


def _correct(table: Mapping[str, Mapping[str, dict[str, Any]]]) -> None:
    """Add to each gap its p-value for as many looks as there are: of two groups one look."""
    looks: list[list[dict[str, Any]]] = []
    for groups in table.values():
        gaps = [about["gap"] for about in groups.values() if about["gap"] is not None]
        looks += [gaps] if len(gaps) == len(groups) == 2 else [[gap] for gap in gaps]
    for gaps, p in zip(looks, corrected([gaps[0]["p"] for gaps in looks]), strict=True):
        for gap in gaps:
            gap["p_corrected"] = p


def bands(values: Array) -> Array:
    """Cut numbers near their quartiles, at bounds that one would say aloud.

    Whole numbers give labels such as "under 40", "40-59", "60-69", "70 and over";
    others "under 2.5", "2.5 to <3", "3 and over"; what is not finite "unknown".

    Args:
        values: (N,) numbers.

    Returns:
        (N,) str.
    """
    values = np.asarray(values, dtype=np.float64)
    labels = np.full(values.shape, UNKNOWN, dtype=object)
    finite = np.isfinite(values)
    if not finite.any():
        return labels.astype(str)
    bounds = _round_quartiles(values[finite])
    names = _band_names(bounds, whole=bool(np.all(values[finite] % 1 == 0)))
    labels[finite] = np.asarray(names, dtype=object)[
        np.searchsorted(bounds, values[finite], side="right")
    ]
    return labels.astype(str)


def _round_quartiles(values: Array) -> list[float]:
    """Quartiles, rounded to a step of 1, 2 or 5 times a power of ten near a quarter of them."""
    quartiles = np.quantile(values, [0.25, 0.5, 0.75])
    spread = float(quartiles[2] - quartiles[0]) or float(np.ptp(values))
    if spread == 0:
        return []
    power = 10.0 ** np.floor(np.log10(spread / 3))
    step = power * max((m for m in (1, 2, 5) if m * power <= spread / 3), default=1)
    if np.all(values % 1 == 0):
        step = max(step, 1.0)
    bounds = {round(float(np.round(q / step) * step), 10) for q in quartiles}
    return sorted(b for b in bounds if values.min() < b <= values.max())


def _band_names(bounds: list[float], *, whole: bool) -> list[str]:
    """Names of the intervals that `bounds` cut, lowest first."""
    if not bounds:
        return ["all"]
    between = [_between(low, high, whole=whole) for low, high in pairwise(bounds)]
    return [f"under {bounds[0]:.10g}", *between, f"{bounds[-1]:.10g} and over"]


def _between(low: float, high: float, *, whole: bool) -> str:
    if not whole:
        return f"{low:.10g} to <{high:.10g}"
    return f"{low:.10g}-{high - 1:.10g}" if high - 1 > low else f"{low:.10g}"


def _grouping(values: Array) -> Grouping:
    """One label a case, and the labels in the order to show: rising, then other, unknown."""
    words, blank, numbers = words_and_numbers(values)
    if numbers is not None:
        labels = bands(numbers)
        rising = numbers[~blank].argsort(kind="stable")
        order = list(dict.fromkeys(labels[~blank][rising].tolist()))
    else:
        names, counts = np.unique(words[~blank], return_counts=True)
        kept = np.sort(names[np.argsort(-counts, kind="stable")][:MOST_VALUES])
        labels = np.where(np.isin(words, kept), words, OTHER).astype(object)
        order = [*kept.tolist(), *([OTHER] if names.size > kept.size else [])]
    labels = np.where(blank, UNKNOWN, labels)
    last = [UNKNOWN] if blank.any() and UNKNOWN not in order else []
    return Grouping(labels, [*order, *last])


def words_and_numbers(values: Array) -> tuple[Array, Array, Array | None]:
    """Values of an attribute as text, which are blank, and as numbers where they are such.

    Args:
        values: (N,) of any type.

    Returns:
        (N,) str, blank ones empty; (N,) bool; (N,) numbers, NaN where blank, or None where
        they are words or few numbers differ.
    """
    words = np.asarray([str(v).strip() for v in values], dtype=str)
    blank = np.asarray([word.lower() in _BLANKS for word in words], dtype=bool)
    words[blank] = ""
    return words, blank, _numbers(words, blank)


def _numbers(words: Array, blank: Array) -> Array | None:
    """The words as numbers, NaN where blank, if all are numbers and many differ."""
    numbers = np.full(words.shape, np.nan)
    try:
        numbers[~blank] = words[~blank].astype(np.float64)
    except ValueError:
        return None
    distinct = np.unique(numbers[~blank])
    return numbers if np.isfinite(distinct).all() and distinct.size > DISTINCT_NUMBERS else None
