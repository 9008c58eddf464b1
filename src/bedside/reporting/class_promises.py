"""Sets, doubts, use and gaps of a classification in words and tables.

Enters: a `Record`. Leaves: sentences and tables, empty or None where a run has no such numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bedside.evaluation.multiplicity import SIGNIFICANT
from bedside.reporting.formatting import (
    bounds,
    count,
    counted,
    has_interval,
    listed,
    number,
    percent,
    share_words,
    signed,
    with_interval,
)
from bedside.reporting.glossary import label
from bedside.reporting.tables import Cell, Table

if TYPE_CHECKING:
    from bedside.reporting.record import Record


def decision_curve_sentence(record: Record) -> str:
    """Where acting on the model is better than treating all or none; blank where unknown."""
    found = record.metrics.get("decision_curve")
    if not found:
        return ""
    if found["useful"] is None:
        return (
            "At no threshold was acting on the model shown to be better than treating everyone or "
            "no one."
        )
    low, high = found["useful"]
    return (
        f"For whoever would act from a probability between {percent(low)} and {percent(high)}, "
        "acting on the model was shown to be better than treating everyone or no one (a band that "
        "holds at all thresholds together)."
    )


def sets_sentence(record: Record) -> str:
    """What the sets promise and whether that was kept."""
    if labels := _labels(record, "sets"):
        return _sets_of_labels(labels)
    found = (record.metrics.get("promises") or {}).get("sets")
    if not found:
        return ""
    broken = [
        name
        for name, about in found["by_class"].items()
        if about["coverage"]["high"] is not None and about["coverage"]["high"] < found["promised"]
    ]
    kept = f" Among {listed(broken)} the promise was not kept." if broken else ""
    return (
        f"Beside its decision the model names a set of answers that holds the true one in "
        f"{percent(found['promised'])} of new patients like these, within each class where there "
        f"were enough to choose by. On the test part it did in {share_words(found['coverage'])}; "
        f"{share_words(found['alone'])} of the sets hold one answer only.{kept} With patients "
        "unlike those of validation the promise does not hold."
    )


def sets_table(record: Record) -> Table | None:
    """Coverage by class and by the size of the set; of labels one row each."""
    if labels := _labels(record, "sets"):
        return _labels_table(record, labels)
    found = (record.metrics.get("promises") or {}).get("sets")
    if not found:
        return None
    rows = [_row(f"truth: {name}", about) for name, about in found["by_class"].items()]
    rows += [
        _row(f"sets of {counted(int(size), 'answer')}", about)
        for size, about in found["by_size"].items()
    ]
    return Table(
        f"How often the true answer was in the set (promised: {percent(found['promised'])})",
        [Cell("Among"), Cell("Cases"), Cell("Covered")],
        rows,
    )


def _row(name: str, about: Mapping[str, Any]) -> list[Cell]:
    return [Cell(name), Cell(count(about["cases"])), Cell(share_words(about["coverage"]))]


def _labels(record: Record, promise: str) -> dict[str, Mapping[str, Any]]:
    """Label -> what is promised of it; empty where there are not several labels."""
    found = (record.metrics.get("promises") or {}).get("labels") or {}
    return {name: about[promise] for name, about in found.items() if promise in about}


def _sets_of_labels(labels: Mapping[str, Mapping[str, Any]]) -> str:
    promised = next(iter(labels.values()))["promised"]
    reached = {name: about["coverage"]["value"] for name, about in labels.items()}
    least, most = (choose(reached, key=lambda name: reached[name]) for choose in (min, max))
    broken = [
        f"{name} ({'with' if answer == 'yes' else 'without'})"
        for name, about in labels.items()
        for answer, own in about["by_class"].items()
        if own["coverage"]["high"] is not None and own["coverage"]["high"] < promised
    ]
    kept = f" The promise was not kept for {listed(broken)}." if broken else ""
    return (
        f"Beside its decisions the model says of each label no, yes or both, so that the truth is "
        f"among them in {percent(promised)} of new patients like these, each label by itself, with "
        f"it and without it where there were enough to choose by. On the test part it was in "
        f"{percent(reached[least], decimals=1)} ({least}) to {percent(reached[most], decimals=1)} "
        f"({most}).{kept} With patients unlike those of validation the promise does not hold."
    )


def _labels_table(record: Record, labels: Mapping[str, Mapping[str, Any]]) -> Table:
    doubts = _labels(record, "abstain")
    rows = []
    for name, about in labels.items():
        sides = [about["by_class"][answer] for answer in ("yes", "no")]
        doubt = doubts.get(name, {})
        rows.append([
            Cell(name),
            Cell(share_words(about["coverage"])),
            *(Cell(share_words(own["coverage"]), count(own["cases"])) for own in sides),
            Cell(share_words(about["alone"])),
            *(Cell(share_words(doubt.get(key))) for key in ("error_asked", "error_kept")),
        ])  # fmt: skip
    promised = percent(next(iter(labels.values()))["promised"])
    header = ["Label", "Covered", "With it", "Without it", "One answer only", "Wrong where asked",
              "Wrong elsewhere"]  # fmt: skip
    return Table(
        f"How often the truth was in the set of each label (promised: {promised})",
        [Cell(word) for word in header],
        rows,
    )


def doubt_sentence(record: Record) -> str:
    """What leaving the doubtful to a human brings."""
    if labels := _labels(record, "abstain"):
        share, sets = next(iter(labels.values()))["share"], _labels(record, "sets")
        return (
            f"The package marks each label of a case as not certain where the model is less sure "
            f"of it than in the least certain {percent(share)} of validation; how often it errs on "
            f"these and on the others stands in {'the table' if sets else 'metrics.json'}."
        )
    found = (record.metrics.get("promises") or {}).get("abstain")
    if not found:
        return ""
    return (
        f"The package marks a case as not certain where the model is less sure than in the least "
        f"certain {percent(found['share'])} of validation. On the test part these are "
        f"{share_words(found['asked'])}; of them {share_words(found['error_asked'])} were decided "
        f"wrongly, of the others {share_words(found['error_kept'])}, of all "
        f"{share_words(found['error_all'])}."
    )


def cross_check_sentence(record: Record) -> str:
    """DeLong's interval beside the bootstrap's."""
    found = (record.metrics.get("delong") or {}).get(record.deep)
    estimate = record.estimate(record.deep, "auroc")
    if not found or not has_interval(estimate):
        return ""
    return (
        f"As a cross-check, DeLong's interval of the deep model's AUROC is {bounds(found)}; the "
        f"bootstrap's is {bounds(estimate)}."
    )


def line_sentence(record: Record) -> str:
    """Slope and intercept; blank where they are unknown."""
    slope = record.estimate(record.deep, "calibration_slope")
    intercept = record.estimate(record.deep, "calibration_intercept")
    if slope is None or slope.get("value") is None or intercept is None:
        return ""
    return (
        f"Calibration slope {with_interval(slope)}: 1 is right, below 1 probabilities are too "
        f"extreme. Calibration intercept {with_interval(intercept)}: 0 is right, below 0 they are "
        "too high on the whole."
    )


def gaps_sentence(record: Record) -> str:
    """Which subgroups differ from the rest after a correction for many looks."""
    looks, differ, metric = 0, [], record.primary
    for attribute, groups in (record.metrics.get("subgroups") or {}).items():
        for name, about in groups.items():
            gap = about.get("gap")
            if not gap or gap["p"] is None:
                continue
            looks, metric = looks + 1, gap["metric"]
            if gap["p_corrected"] < SIGNIFICANT:  # known wherever p is
                differ.append(f"{attribute} {name} ({signed(number(gap['value']))})")
    if not looks:
        return ""
    kept = (
        f"these differ from all other cases in {label(metric)}: {listed(differ)}."
        if differ
        else f"no group was shown to differ from all other cases in {label(metric)}."
    )
    return (
        f"{counted(looks, 'group')} {'was' if looks == 1 else 'were'} looked at, and one of 20 "
        f"stands out by chance; after Holm's correction {kept}"
    )
