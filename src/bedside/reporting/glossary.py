"""The metrics' names and what they mean, in plain words.

Enters: a metric's key of ``metrics.json``. Leaves: its label, its meaning and
which way is better.
"""

from __future__ import annotations

from dataclasses import replace

from bedside.reporting.entity_terms import ENTITY_TERMS, split_label
from bedside.reporting.forecast_terms import FORECAST_TERMS
from bedside.reporting.formatting import PLAIN, Form
from bedside.reporting.language_terms import LANGUAGE_TERMS
from bedside.reporting.mask_terms import MASK_TERMS, split_structure
from bedside.reporting.summary_terms import CASE_KINDS, SUMMARY_TERMS, split_kind
from bedside.reporting.terms import Term

TERMS: dict[str, Term] = {
    "auroc": Term(
        "AUROC",
        "The chance that the model gives a random case with the finding a higher probability than "
        "a random case without it. 0.5 is a coin toss, 1 is perfect.",
        hint="0.5 is a coin toss, 1 is perfect",
    ),
    "auprc": Term(
        "AUPRC",
        "How well the model keeps false alarms away while finding cases, averaged over all "
        "thresholds. A useless model scores the share of cases with the finding, so compare with "
        "that share and not with 0.5.",
    ),
    "accuracy": Term(
        "Accuracy",
        "The share of all cases decided rightly. Misleading when one class is rare.",
        hint="share decided rightly",
    ),
    "balanced_accuracy": Term(
        "Balanced accuracy",
        "The average of the shares decided rightly in each class, so rare classes count as much "
        "as common ones.",
        hint="share decided rightly, every class counting alike",
    ),
    "sensitivity": Term(
        "Sensitivity",
        "Of the cases that have the finding, the share the model finds (recall).",
        hint="share found of those who have it",
    ),
    "specificity": Term(
        "Specificity",
        "Of the cases without the finding, the share the model leaves alone.",
        hint="share left alone of those who do not",
    ),
    "ppv": Term(
        "Positive predictive value",
        "When the model says yes, how often it is right (precision). It falls where the finding "
        "is rarer than here.",
    ),
    "npv": Term(
        "Negative predictive value",
        "When the model says no, how often it is right. It falls where the finding is more common "
        "than here.",
    ),
    "f1": Term("F1", "The harmonic mean of sensitivity and positive predictive value."),
    "brier": Term(
        "Brier score",
        "The mean squared distance between the probability and what turned out to be true. "
        "0 is perfect.",
        higher_is_better=False,
    ),
    "ece": Term(
        "Calibration error (ECE)",
        "How far the stated probabilities lie from what happened, on average: 0.03 means that "
        "'70 %' came true 67 to 73 times in 100.",
        higher_is_better=False,
        hint="how far probabilities are off; 0 is right",
    ),
    "calibration_slope": Term(
        "Calibration slope",
        "1 is right. Below 1 the probabilities are too extreme, above 1 too timid.",
    ),
    "calibration_intercept": Term(
        "Calibration intercept",
        "0 is right. Below 0 the probabilities are too high on the whole, above 0 too low.",
    ),
}

PEOPLE = frozenset({"Brier", "Clarke", "Dice", "Parkes"})
"""Names that metrics bear."""

INTERVAL_TERMS: tuple[tuple[str, str], ...] = (
    (
        "95 % interval",
        "If the study were repeated on other patients like these, the interval would cover the "
        "true value about 95 times in 100. It knows nothing of patients unlike these.",
    ),
    (
        "Bootstrap",
        "How the intervals are made: the test patients are drawn again and again with replacement, "
        "each patient with all of their cases, and the metric is computed each time.",
    ),
)
PART_TERMS: tuple[tuple[str, str], ...] = (
    (
        "Training, validation and test part",
        "The model learns from the training part, choices are made on the validation part, and "
        "the numbers of this report come from the test part, which played no role in either.",
    ),
    (
        "Baseline, simple model",
        "A well-known model without deep learning, trained and tested on the same cases. If it "
        "is as good, there is no need for the deep one.",
    ),
)
CLASS_TERMS: tuple[tuple[str, str], ...] = (
    *INTERVAL_TERMS,
    (
        "Threshold",
        "The probability from which the model says yes. It was chosen on the validation part or "
        "fixed by the study file, never chosen on the test part.",
    ),
    *PART_TERMS,
)
"""Words of a classification's report that are no metrics."""


ALL_TERMS: dict[str, Term] = {
    **TERMS,
    **FORECAST_TERMS,
    **SUMMARY_TERMS,
    **MASK_TERMS,
    **ENTITY_TERMS,
    **LANGUAGE_TERMS,
}


def label(metric: str) -> str:
    """A metric's name for readers; an unknown key is shown as it stands."""
    plain, minutes = split_step(metric)
    plain, kind = split_kind(plain)
    plain, name = split_label(plain)
    term = ALL_TERMS.get(plain)
    if term is None:
        plain, structure = split_structure(metric)
        if structure:
            return f"{MASK_TERMS[plain].label}, {structure}"
        return metric.replace("_", " ")
    if name is not None:
        return f"{term.label}, {name}"
    if kind is not None:
        return f"{term.label}, {CASE_KINDS[kind]}"
    return f"{term.label}, {minutes} min ahead" if minutes else term.label


def named(metric: str, unit: str = "") -> str:
    """A metric's name with its unit, where its values are written without one."""
    own = form_of(metric, unit).unit
    return f"{label(metric)}, {own}" if own not in ("", "%") else label(metric)


def axis_name(metric: str, unit: str = "", *, who: str = "") -> str:
    """A metric's name with its unit, percent included, as an axis bears it."""
    own = form_of(metric, unit).unit
    return f"{label(metric)}{who}, {own}" if own else f"{label(metric)}{who}"


def hint(metric: str) -> str:
    """A few words beside a key number that say how to read it; blank where there are none."""
    term = _term_of(metric)
    return term.hint if term else ""


def split_step(metric: str) -> tuple[str, int | None]:
    """``mard_30min`` -> ``("mard", 30)``; None for one over the whole horizon."""
    plain, _, step = metric.rpartition("_")
    if plain and step.endswith("min") and step[:-3].isdigit():
        return plain, int(step[:-3])
    return metric, None


def form_of(metric: str, unit: str = "") -> Form:
    """How a metric's values are written; `unit` is that of the target."""
    term = _term_of(metric)
    if term is None or term.form == "plain":
        return PLAIN
    if term.form == "value":
        return Form(2 if unit == "mmol/L" else 1, unit=unit)
    forms = {
        "percent": Form(1, scale=100, unit="%"),
        "minutes": Form(0, unit="min"),
        "a day": Form(2, unit="a day"),
        "words": Form(1),
        "ratio": Form(2),
        "mm": Form(2, unit="mm"),
        "ml": Form(3, unit="ml"),
        "mm2": Form(1, unit="mm2"),
        "px": Form(2, unit="px"),
        "px2": Form(0, unit="px"),
    }
    return forms[term.form]


def difference_form(metric: str, unit: str = "") -> Form:
    """How the difference of two values is written: of shares, in percentage points."""
    form = form_of(metric, unit)
    return replace(form, unit="percentage points") if form.unit == "%" else form


def mid_sentence(metric: str) -> str:
    """The label inside a sentence: acronyms and people's names keep their capitals."""
    text = label(metric)
    kept = text[:2].isupper() or text == "F1" or text.split(",")[0].split()[0] in PEOPLE
    return text if kept else text[0].lower() + text[1:]


def higher_is_better(metric: str) -> bool:
    """Which way is better; unknown metrics are taken as scores."""
    term = _term_of(metric)
    return term.higher_is_better if term else True


def _term_of(metric: str) -> Term | None:
    """The term of a metric, whatever step, kind of case, structure or label it is of."""
    found = ALL_TERMS.get(split_kind(split_step(metric)[0])[0])
    others = (split_structure(metric)[0], split_label(metric)[0])
    return found or next((ALL_TERMS[name] for name in others if name in ALL_TERMS), None)


def split_class(metric: str, classes: list[str]) -> tuple[str, str] | None:
    """``sensitivity_pneumonia`` -> ``("sensitivity", "pneumonia")``; None for a plain metric."""
    for name in sorted(TERMS, key=len, reverse=True):
        rest = metric.removeprefix(f"{name}_")
        if rest != metric and rest in classes:
            return name, rest
    return None
