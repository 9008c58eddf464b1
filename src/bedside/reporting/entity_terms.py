"""The metrics of entities, in plain words.

Enters: nothing. Leaves: a `Term` for each metric, and words that are no metrics.
"""

from __future__ import annotations

from bedside.reporting.terms import Term

ENTITY_TERMS: dict[str, Term] = {
    "entity_f1": Term(
        "Entity F1",
        "Harmonic mean of entity precision and entity recall: 100 % if all entities of the "
        "reference are found, with the right first and last letter and the right label, and no "
        "others.",
        form="percent",
        hint="100 % is all found, none too many",
    ),
    "entity_precision": Term(
        "Entity precision",
        "Of the entities that the model gives, the share that is exactly right: first letter, last "
        "letter and label.",
        form="percent",
        hint="given ones that are right",
    ),
    "entity_recall": Term(
        "Entity recall",
        "Of the entities of the reference, the share that the model gives exactly.",
        form="percent",
        hint="true ones that are found",
    ),
    "relaxed_f1": Term(
        "Relaxed F1",
        "The same as entity F1, but an entity counts as found where one of its label overlaps it.",
        form="percent",
        hint="an overlap is enough",
    ),
    "relaxed_precision": Term(
        "Relaxed precision",
        "Of the entities that the model gives, the share that overlaps one of the reference with "
        "the same label.",
        form="percent",
    ),
    "relaxed_recall": Term(
        "Relaxed recall",
        "Of the entities of the reference, the share that is overlapped by one with the same "
        "label: what is not is missed altogether.",
        form="percent",
    ),
    "entity_ece": Term(
        "Calibration error of entities",
        "How far the stated probabilities of entities lie from the share that is exactly right, "
        "on average.",
        higher_is_better=False,
        form="percent",
    ),
}

ENTITY_WORDS: tuple[tuple[str, str], ...] = (
    (
        "Entity",
        "A piece of the text that bears a label, such as the name of a disease.",
    ),
    (
        "Reference",
        "What people marked. They, too, disagree on where a name begins and ends, so that nobody "
        "reaches 100 %.",
    ),
)


def split_label(metric: str) -> tuple[str, str | None]:
    """``entity_f1_Disease`` -> ``("entity_f1", "Disease")``; None for one of all labels."""
    for name in ENTITY_TERMS:
        if metric.startswith(f"{name}_"):
            return name, metric.removeprefix(f"{name}_")
    return metric, None
