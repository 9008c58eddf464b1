"""What a run knows of its results: who was scored, how well, in which groups, and what fails.

Enters: a `Record`. Leaves: an `Answer` with pointers, or None where the run does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedside.reporting import notices
from bedside.reporting.checklist.evidence import Answer, Evidence, Pointer, at
from bedside.reporting.formatting import count, counted, listed, number, percent, with_interval
from bedside.reporting.glossary import form_of, label
from bedside.reporting.wording import scored_words
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedside.reporting.record import Record

TOLD = ("auroc", "sensitivity", "specificity", "ppv", "npv")
DIAGNOSTIC = ("sensitivity", "specificity", "ppv", "npv")


def flow(record: Record) -> Answer | None:
    """From the cohort to the parts."""
    facts = record.audit.get("facts") or {}
    if not facts.get("cases"):
        return None
    text = f"The data hold {scored_words(facts)}"
    if record.parts:
        said = listed(f"{part} {scored_words(found)}" for part, found in record.parts.items())
        text += f"; in parts: {said}"
    text += f"; scored: {scored_words(record.metrics)}."
    return Answer(
        f"{text}{_classes(facts)}",
        (
            at("audit.json", "facts", "cases"),
            at("audit.json", "facts", "classes"),
            at("metrics.json", "cases"),
            at("splits.csv", "part"),
            at("report.html", "data"),
        ),
    )


def events(record: Record) -> Answer | None:
    """Cases of each class in each part."""
    facts = record.audit.get("facts") or {}
    classes = facts.get("classes") or {}
    said = [
        f"{part}: {listed((f'{name} {count(n)}' for name, n in own.items()), shown=12)}"
        for part, own in classes.items()
        if part != "all" and own
    ]
    if not said:
        said = [f"{part}: {scored_words(found)}" for part, found in record.parts.items()]
    if not said:
        return None
    text = f"{'; '.join(said)}. Scored: {scored_words(record.metrics)}."
    return Answer(
        text,
        (
            at("audit.json", "facts", "classes"),
            at("audit.json", "facts", "parts"),
            at("metrics.json", "cases"),
        ),
    )


def characteristics(record: Record) -> Answer | None:
    """The attributes that the data hold, with their gaps."""
    attributes = (record.audit.get("facts") or {}).get("attributes") or {}
    if not attributes:
        return None
    said = listed((f"{name} ({own.get('missing', 0)} blank)" for name, own in attributes.items()),
                  shown=12)  # fmt: skip
    text = f"The data hold the columns {said}; the run keeps how many are blank, not their values."
    return Answer(text, (at("audit.json", "facts", "attributes"),))


def shift(record: Record) -> Answer | None:
    """What the audit found to differ between parts."""
    findings = record.audit.get("findings")
    if findings is None:
        return None
    own = [one for one in findings if str(one.get("check")).startswith("shift")]
    if not own:
        return None
    said = " ".join(str(one.get("message")) for one in own[:3])
    return Answer(
        f"The audit compares the parts: {said}",
        (at("audit.json", "findings"), at("audit.json", "facts", "classes")),
    )


def measures(record: Record) -> Answer:
    """Which measures were taken, of which uncertainty."""
    names = listed((label(name) for name in record.metric_names()), shown=30)
    further = [
        word
        for key, word in (
            ("decision_curve", "decision curve (net benefit)"),
            ("promises", "conformal sets and selective prediction"),
            ("delong", "DeLong's interval as a cross-check"),
        )
        if record.metrics.get(key)
    ]
    beside = f" Beside them: {listed(further)}." if further else ""
    text = (
        f"{names}. The models are compared by {label(record.primary)}, each case paired with "
        f"itself.{beside}"
    )
    return Answer(
        text,
        (
            at("metrics.json", "models", record.deep),
            at("metrics.json", "primary"),
            at("report.html", "models"),
            at("report.html", "calibration"),
        ),
    )


def uncertainty(record: Record) -> Answer | None:
    """How intervals were made."""
    replicates, confidence = record.metrics.get("bootstrap"), record.metrics.get("confidence")
    if not replicates or not confidence:
        return None
    unit = "cases" if record.metrics.get("patients") is None else "patients"
    text = (
        f"{percent(confidence)} intervals by {count(replicates)} bootstrap resamples of {unit}; "
        "models are compared on the same resamples."
    )
    return Answer(text, (at("metrics.json", "bootstrap"), at("metrics.json", "confidence")))


def performance(record: Record) -> Answer | None:
    """The main estimates of the deep model, and the comparison."""
    names = [record.primary, *(name for name in TOLD if name != record.primary)]
    said = list(_estimates(record, names))
    if not said:
        return None
    groups = record.metrics.get("subgroups") or {}
    by = f" Subgroups by {listed(groups)} stand beside, with intervals." if groups else ""
    text = f"{record.deep}, {record.tests[0]} part: {'; '.join(said)}. {_verdict(record)}{by}"
    return Answer(
        text.replace("  ", " "),
        (
            at("metrics.json", "models", record.deep, record.primary),
            at("metrics.json", "difference"),
            at("metrics.json", "subgroups"),
            at("report.html", "models"),
        ),
    )


def diagnostic(record: Record) -> Answer | None:
    """Sensitivity, specificity and predictive values; of other tasks the primary metric."""
    names = DIAGNOSTIC if record.estimate(record.deep, "sensitivity") else (record.primary,)
    said = list(_estimates(record, names))
    if not said:
        return None
    pointers = tuple(at("metrics.json", "models", record.deep, name) for name in names)
    return Answer(f"{'; '.join(said)}.", (*pointers, at("report.html", "models")))


def groups(record: Record) -> Answer | None:
    """Performance in subgroups, and how gaps are judged."""
    found = record.metrics.get("subgroups") or {}
    if not found:
        return None
    said = [f"{name}: {listed((str(value) for value in own), shown=8)}"
            for name, own in found.items()]  # fmt: skip
    text = (
        f"The deep model was scored in subgroups ({'; '.join(said)}) with intervals and gaps, "
        "corrected for the number of looks. Nothing was done to the model to narrow them."
    )
    return Answer(text, (at("metrics.json", "subgroups"), at("report.html", "subgroups")))


def clusters(record: Record) -> Answer | None:
    """Performance by hospital, where hospitals are scored."""
    column = record.study.data.site
    own = (record.metrics.get("subgroups") or {}).get(column or "") or {}
    if column is None or not own:
        return None
    said = list(_by_group(record, own))
    text = f"By hospital ({column}), {label(record.primary)}: {'; '.join(said)}."
    return Answer(text, (at("metrics.json", "subgroups", column),))


def external(record: Record) -> Answer | None:
    """Hospitals that took no part in training."""
    if record.metrics.get("split_by") != "site":
        return None
    text = (
        "The test part comes from hospitals that gave no training case: "
        f"{scored_words(record.metrics)}."
    )
    return Answer(text, (at("metrics.json", "split_by"), at("splits.csv", "part")))


def internal(record: Record) -> Answer:
    """What was held out of the same data."""
    text = (
        f"Scored on the {record.tests[0]} part, {scored_words(record.metrics)}, which no model "
        "saw; weights, calibration and thresholds were chosen on validation."
    )
    if record.looks:
        text += f" These test cases were used {counted(record.looks, 'time')} to judge a model."
    return Answer(text, (at("metrics.json", "part"), at("environment.json", "looks")))


def output(record: Record) -> Answer | None:
    """What the model answers, and how thresholds were found."""
    if record.kind in ("binary", "classes", "labels"):
        text = "A calibrated probability of each class or label, and a decision"
        limits = record.metrics.get("thresholds") or []
        rule = record.metrics.get("threshold_rule")
        if limits and rule and record.kind != "classes":
            at_ = listed((number(value) for value in limits), shown=20)
            text += f" from {at_} on, chosen on the validation part (rule: {rule})"
        elif record.kind == "classes":
            text += ": the most probable class"
        return Answer(
            f"{text}.",
            (
                at("metrics.json", "thresholds"),
                at("metrics.json", "threshold_rule"),
                at("package/package.json", "task", "state"),
            ),
        )
    text = f"The answer of the task {record.study.target.task}, one row a case or step."
    return Answer(text, (at("predictions.csv"), at("package/package.json", "task", "name")))


def computed(record: Record) -> Answer:
    """How predictions were computed."""
    del record
    text = (
        "By the trained network itself; the exported network of the package was proven to give the "
        "same within 1e-4, and bedside predict or bedside.load computes new ones."
    )
    return Answer(text, (at("predictions.csv"), at("package/package.json", "networks")))


def no_updating(record: Record) -> Answer:
    """Nothing is changed after the test."""
    del record
    text = (
        "None: what is calibrated was calibrated on the validation part, and the model was not "
        "changed after it was tested."
    )
    return Answer(
        text, (at("metrics.json", "calibration"), at("package/package.json", "task", "state"))
    )


def specification(record: Record) -> Answer:
    """The whole model, for others to run."""
    del record
    text = (
        "The package holds the whole model: networks as ONNX, fitted states, calibration, "
        "thresholds and checksums, so that new cases can be predicted and others can test it."
    )
    return Answer(text, (at("package/package.json", "facts"), at("package/checksums.json")))


def repeatable(record: Record) -> Answer:
    """What it takes to repeat the run."""
    version = record.environment.get("bedside", "unknown")
    text = (
        f"The analysis is bedside run of version {version} with the study file as it was "
        "understood; the same data and seed give the same numbers."
    )
    return Answer(text, (at("study.yaml"), at("environment.json", "bedside")))


def verdict(record: Record) -> Answer | None:
    """The comparison with simple models."""
    said = _verdict(record)
    return (
        Answer(said, (at("metrics.json", "verdict"), at("report.html", "answer"))) if said else None
    )


def limits(record: Record) -> Answer:
    """What the report says that the numbers do not tell."""
    warned = [f"{notice.title}." for notice in notices.find_notices(record)]
    text = " ".join(str(line) for line in [*warned, *notices.limits(record)])
    return Answer(text, (at("report.html", "limits"), at("model_card.md")))


def bad_inputs(record: Record) -> Answer:
    """What becomes of a case that cannot be read, or is doubtful."""
    text = (
        "A case that cannot be read is refused in a sentence with its number, never guessed; with "
        "--on-error skip the others are answered."
    )
    doubt = (record.metrics.get("promises") or {}).get("abstain") or {}
    pointers: list[Pointer] = [at("package/package.json", "inputs")]
    if isinstance(doubt.get("share"), float):
        text += f" The {percent(doubt['share'])} least certain answers are marked for a human."
        pointers.append(at("metrics.json", "promises", "abstain"))
    return Answer(text, tuple(pointers))


def explained(record: Record) -> Answer | None:
    """Methods of explanation, and what their tests said."""
    file = "explanations/explanation.json"
    if not Evidence(record.folder).holds(at(file, "inputs")):
        return None
    found = read_json(record.folder.root / file)
    said = [
        f"{own['input']}: {listed(str(one['method']) for one in own.get('tested') or [])}"
        for own in found["inputs"]
    ]
    text = (
        f"Attribution ({'; '.join(said)}), each tested by hiding and showing what is marked and by "
        "weights drawn anew; what failed is called unfit."
    )
    return Answer(text, (at(file, "inputs"), at("report.html", "looks")))


def failures(record: Record) -> Answer:
    """Wrong and doubtful cases."""
    del record
    text = "Test cases that are right, wrong and doubtful, chosen by rule, are shown in the report."
    return Answer(text, (at("explanations/cases.json"), at("report.html", "examples")))


def _estimates(record: Record, names: Any) -> Iterator[str]:
    for name in names:
        estimate = record.estimate(record.deep, name)
        if estimate is not None and estimate.get("value") is not None:
            told = with_interval(estimate, form_of(name, record.unit))
            yield f"{label(name)} {told}"


def _by_group(record: Record, own: Mapping[str, Any]) -> Iterator[str]:
    for value, about in own.items():
        estimate = (about.get("metrics") or {}).get(record.primary)
        if estimate is not None:
            told = with_interval(estimate, form_of(record.primary, record.unit))
            yield f"{value} {told} in {counted(int(about['cases']), 'case')}"


def _verdict(record: Record) -> str:
    found, said = record.metrics.get("difference") or {}, record.metrics.get("verdict")
    if not said or record.best_baseline is None:
        return ""
    told = with_interval(found, form_of(record.primary, record.unit))
    return (
        f"Against the best simple model ({record.best_baseline}) the difference in "
        f"{label(record.primary)} is {told}: {said}."
    )


def _classes(facts: Mapping[str, Any]) -> str:
    own = (facts.get("classes") or {}).get("all") or {}
    if not own:
        return ""
    return f" With each answer: {listed((f'{k} {count(n)}' for k, n in own.items()), shown=12)}."
