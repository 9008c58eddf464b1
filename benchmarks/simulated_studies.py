"""Are the statistics right? Simulated studies whose truth is known, and independent code.

    python benchmarks/simulated_studies.py --output results/statistics.md
    python benchmarks/simulated_studies.py --parts intervals --studies 1000

Enters: nothing but seeds. Leaves: a Markdown table of each part: `intervals` (how often 95 %
intervals cover the truth, patients with several correlated cases included, beside a bootstrap
that draws cases), `sets` (coverage of conformal sets over 200 splits), `calibration` (a planted
miscalibration found again), `delong` (against a definition by pairs, and the bootstrap), `follows`
(how often a score is said to follow a site, sex or age, where it does and where not), and
`speed` (1,000 resamples of 100,000 cases). Takes some minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit
from scipy.stats import binom

from bedside.evaluation.calibration_line import calibration_intercept, calibration_slope
from bedside.evaluation.classification import Column
from bedside.evaluation.delong import delong_areas
from bedside.evaluation.follows import answers_that_follow
from bedside.evaluation.kinds import Answers, kind_of
from bedside.evaluation.multiplicity import SIGNIFICANT
from bedside.evaluation.promises import promised
from bedside.evaluation.scoring import score, tabulate
from bedside.schema import Array, Prediction, Targets
from bedside.study import EvaluationSection
from bedside.tasks.sets import sets_of

METRICS = (
    *("auroc", "auprc", "sensitivity", "specificity", "ppv", "f1", "brier", "ece"),
    *("calibration_slope", "calibration_intercept"),
)
NAMES = ("well", "ill")


class Design(NamedTuple):
    """A kind of study: how many patients, cases of each at most, how well a model tells them."""

    name: str
    patients: int
    most: int
    strength: float


DESIGNS = (
    Design("150 patients, one case each", 150, 1, 1.5),
    Design("200 patients, 1 to 4 correlated cases", 200, 4, 1.5),
    Design("400 patients, 1 to 2 cases, a good model", 400, 2, 3.0),
)


def draw(design: Design, rng: np.random.Generator, patients: int | None = None) -> Answers:
    """One study: a patient's cases share most of their label and of what the model sees."""
    count = patients or design.patients
    groups = np.repeat(np.arange(count), rng.integers(1, design.most + 1, count))
    ill = (rng.random(count) < 0.3)[groups] ^ (rng.random(groups.size) < 0.15)
    seen = design.strength * ill + 0.7 * rng.normal(size=count)[groups]
    seen = seen + 0.71 * rng.normal(size=groups.size)
    share = 0.3 * 0.85 + 0.7 * 0.15
    # of two normal scores of one variance the true log-odds are a line; a slope of .8 is planted
    stated = expit(0.8 * design.strength * (seen - design.strength / 2) + logit(share))
    return answers(ill, stated, groups)


def answers(truth: Array, stated: Array, groups: Array) -> Answers:
    known = np.ones((truth.size, 1), dtype=bool)
    return Answers(
        Targets({"truth": truth[:, None].astype(np.float32), "known": known}, NAMES),
        Prediction({"probability": stated[:, None], "decision": stated[:, None] >= 0.4}, NAMES),
        groups,
        np.arange(truth.size),
        {"thresholds": [0.4]},
    )


def intervals(studies: int) -> list[str]:
    """Coverage of each metric's interval, drawing patients, and drawing cases."""
    rng = np.random.default_rng(7)
    lines = [
        f"## Coverage of 95 % intervals in {studies} simulated studies each",
        "",
        "Truth: the same model on 200,000 patients. `drawing cases` ignores whose a case is.",
        "",
        "| study | drawn | " + " | ".join(METRICS) + " |",
        "|---|---|" + "---|" * len(METRICS),
    ]
    for design in DESIGNS:
        truth = _values(draw(design, rng, 200_000))
        for drawn in ("patients", "cases") if design.most > 1 else ("patients",):
            covered = dict.fromkeys(METRICS, 0)
            counted = dict(covered)
            for number in range(studies):
                asked = draw(design, rng)
                if drawn == "cases":
                    asked = answers(
                        asked.targets.arrays["truth"][:, 0] > 0.5,
                        asked.prediction.arrays["probability"][:, 0],
                        np.arange(asked.groups.size),
                    )
                kind = kind_of(asked.targets)
                table, _, _ = tabulate(
                    kind.measurer(asked, metrics=METRICS, brief=True),
                    kind.evidence(asked),
                    confidence=0.95,
                    replicates=500,
                    seed=number,
                )
                for name in METRICS:
                    low, high = table[name]["low"], table[name]["high"]
                    if low is not None and high is not None:
                        counted[name] += 1
                        covered[name] += low <= truth[name] <= high
            cells = [f"{100 * covered[m] / max(counted[m], 1):.1f}" for m in METRICS]
            lines.append(f"| {design.name} | {drawn} | " + " | ".join(cells) + " |")
            print(lines[-1], file=sys.stderr, flush=True)
    return [*lines, ""]


def _values(asked: Answers) -> dict[str, float]:
    measure = kind_of(asked.targets).measurer(asked, metrics=METRICS, brief=True)
    return {name: float(v[0]) for name, v in measure(np.ones((1, asked.groups.size))).items()}


def sets(splits: int = 200) -> list[str]:
    """Coverage of sets of two and three classes on new patients, one case of each."""
    rng = np.random.default_rng(8)
    lines = [
        f"## Conformal sets over {splits} splits",
        "",
        "150 patients of validation with 1 to 3 cases each, 100 new ones, one case of each. The "
        "band holds 95 % of sums of as many draws at the promised coverage, each split's own draw "
        "of validation included (beta-binomial).",
        "",
        "| classes | promised | reached | splits inside their band |",
        "|---|---|---|---|",
    ]
    for classes in (2, 3):
        for promise in (0.8, 0.9):
            section = EvaluationSection(coverage=promise)
            shares, inside = [], 0
            for _ in range(splits):
                label, stated, groups = _cohort(rng, 150, classes)
                state = promised(_several(label, stated, groups), section)["sets"]
                label, stated, groups = _cohort(rng, 100, classes)
                first = np.unique(groups, return_index=True)[1]
                kind = "classes" if classes > 2 else "binary"
                held = sets_of(stated[first], state["largest"], kind=kind)
                right = int(held[np.arange(first.size), label[first]].sum())
                shares.append(right / first.size)
                inside += _band(first.size, promise, right)
            lines.append(
                f"| {classes} | {promise} | {np.mean(shares):.3f} (sd "
                f"{np.std(shares, ddof=1):.3f}) | {inside} of {splits} |"
            )
            print(lines[-1], file=sys.stderr, flush=True)
    return [*lines, ""]


def _band(n: int, promise: float, right: int) -> bool:
    """Whether so many right lie within 95 % of what chance allows, validation's included."""
    rng = np.random.default_rng(0)
    # a class of about 50 patients of validation; its level is a beta draw
    levels = rng.beta(np.ceil(51 * promise), 51 - np.ceil(51 * promise), 4000)
    low, high = np.quantile(binom.rvs(n, levels, random_state=rng), [0.025, 0.975])
    return bool(low <= right <= high)


def _cohort(rng: np.random.Generator, patients: int, classes: int) -> tuple[Array, Array, Array]:
    groups = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    label = rng.integers(0, classes, patients)[groups]
    logits = rng.normal(size=(patients, classes))[groups]
    logits = logits + 0.3 * rng.normal(size=logits.shape)
    logits[np.arange(groups.size), label] += 1.5
    stated = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return label, stated if classes > 2 else stated[:, 1:], groups


def _several(label: Array, stated: Array, groups: Array) -> Answers:
    width = stated.shape[1]
    if width == 1:
        return answers(label == 1, stated[:, 0], groups)
    truth = label[:, None] == np.arange(width)
    names = tuple(f"class {n}" for n in range(width))
    decision = np.arange(width) == stated.argmax(axis=1)[:, None]
    return Answers(
        Targets(
            {"truth": truth.astype(np.float32), "known": np.ones_like(truth)}, names, "classes"
        ),
        Prediction({"probability": stated, "decision": decision}, names),
        groups,
        np.arange(label.size),
        {},
    )


def calibration(studies: int = 100) -> list[str]:
    """Slopes and intercepts of 2,000 cases whose miscalibration was planted."""
    rng = np.random.default_rng(9)
    lines = [
        f"## A planted miscalibration, {studies} cohorts of 2,000 cases each",
        "",
        "| planted slope | found (sd) | planted intercept | found (sd) |",
        "|---|---|---|---|",
    ]
    one = np.ones((1, 2000))
    for slope, shift in ((0.5, -1.0), (1.0, 0.0), (2.0, 0.5)):
        found, large = [], []
        for _ in range(studies):
            x = rng.normal(size=2000)
            truth = rng.random(2000) < expit(slope * x)
            stated = expit(x)
            found.append(calibration_slope(Column.of(truth, stated, stated > 0.5), one)[0])
            truth = rng.random(2000) < expit(x + shift)
            large.append(calibration_intercept(Column.of(truth, stated, stated > 0.5), one)[0])
        lines.append(
            f"| {slope} | {np.mean(found):.3f} ({np.std(found, ddof=1):.3f}) | {shift} | "
            f"{np.mean(large):.3f} ({np.std(large, ddof=1):.3f}) |"
        )
    return [*lines, ""]


def delong(studies: int = 200) -> list[str]:
    """DeLong's error beside its definition pair by pair and beside the bootstrap's."""
    rng = np.random.default_rng(10)
    worst, ratios = 0.0, []
    for number in range(studies):
        asked = draw(DESIGNS[number % len(DESIGNS)], rng)
        truth = asked.targets.arrays["truth"][:, 0] > 0.5
        stated = asked.prediction.arrays["probability"]
        plain = delong_areas(truth, stated)
        clustered = delong_areas(truth, stated, asked.groups)
        if plain is None or clustered is None:
            continue
        wins = (stated[truth] > stated[~truth].T) + 0.5 * (stated[truth] == stated[~truth].T)
        variance = np.var(wins.mean(axis=1), ddof=1) / len(wins)
        variance += np.var(wins.mean(axis=0), ddof=1) / wins.shape[1]
        worst = max(worst, abs(float(plain.covariance[0, 0]) / float(variance) - 1))
        own = score(asked, replicates=300, seed=number).replicates["auroc"]
        ratios.append(float(np.sqrt(clustered.covariance[0, 0])) / float(np.nanstd(own)))
    return [
        f"## DeLong, {studies} simulated studies",
        "",
        f"Largest relative difference from the definition, pair by pair: {worst:.1e}. Clustered "
        f"standard error over the patient bootstrap's: median {np.median(ratios):.3f}, 5 to 95 % "
        f"{np.quantile(ratios, 0.05):.3f} to {np.quantile(ratios, 0.95):.3f}.",
        "",
    ]


def follows(studies: int = 200) -> list[str]:
    """How often any look says that a score follows an attribute; one site has more disease."""
    lines = [
        f"## Does the score follow an attribute: {studies} simulated studies each",
        "",
        "Patients with 1 to 3 correlated cases; five looks at three sites, sex and age, Holm's "
        "correction, 300 resamples. Site A has more disease. `planted` is added to the log-odds at "
        "site B, whatever the truth.",
        "",
        "| patients | planted | intervals that hold 0.5 | studies with any finding |",
        "|---|---|---|---|",
    ]
    for patients, planted in ((60, 0.0), (100, 0.0), (300, 0.0), (300, 0.7)):
        rng = np.random.default_rng(12)
        held, found = [], 0
        for number in range(studies):
            asked, attributes = _cohort_with_attributes(rng, patients, planted)
            told = answers_that_follow(
                asked, attributes, confidence=0.95, replicates=300, seed=number
            )
            entries = [one[NAMES[1]] for values in told.values() for one in values.values()]
            held += [entry["low"] <= 0.5 <= entry["high"] for entry in entries]
            found += any(entry["p_corrected"] < SIGNIFICANT for entry in entries)
        lines.append(
            f"| {patients} | {planted} | {100 * np.mean(held):.1f} % of {len(held)} | "
            f"{100 * found / studies:.1f} % |"
        )
        print(lines[-1], file=sys.stderr, flush=True)
    return [*lines, ""]


def _cohort_with_attributes(
    rng: np.random.Generator, patients: int, planted: float
) -> tuple[Answers, dict[str, Array]]:
    groups = np.repeat(np.arange(patients), rng.integers(1, 4, patients))
    site, sex = rng.choice(list("ABC"), patients), rng.choice(["f", "m"], patients)
    age = rng.normal(60, 15, patients).round()
    ill = (rng.random(patients) < np.where(site == "A", 0.7, 0.4))[groups]
    seen = 1.2 * ill + 0.8 * rng.normal(size=patients)[groups] + 0.6 * rng.normal(size=groups.size)
    stated = expit(seen - 0.6 + planted * (site == "B")[groups])
    attributes = {"site": site[groups], "sex": sex[groups], "age": age[groups]}
    return answers(ill, stated, groups), attributes


def speed() -> list[str]:
    """1,000 resamples of all metrics of 100,000 cases."""
    rng = np.random.default_rng(11)
    asked = draw(Design("", 100_000, 1, 1.5), rng)
    begin = time.process_time()
    score(asked, replicates=1000, seed=1)
    return [
        "## Speed",
        "",
        f"All metrics with 1,000 resamples of {asked.groups.size:,} cases of as many patients: "
        f"{time.process_time() - begin:.1f} s of CPU.",
        "",
    ]


PARTS: dict[str, Callable[..., list[str]]] = {
    "intervals": intervals,
    "sets": sets,
    "calibration": calibration,
    "delong": delong,
    "follows": follows,
    "speed": speed,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--studies", type=int, default=1000, help="of the part intervals")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    lines = []
    for part in options.parts:
        lines += PARTS[part](options.studies) if part == "intervals" else PARTS[part]()
    text = "\n".join(lines)
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
