"""The metrics of summaries, in plain words.

Enters: nothing. Leaves: a `Term` for each metric, names for the kinds of cases, and words
that are no metrics.
"""

from __future__ import annotations

from bedside.reporting.terms import Term

SUMMARY_TERMS: dict[str, Term] = {
    "rouge1": Term(
        "ROUGE-1",
        "How many single words summary and reference share, as an F-measure: 0 is none, 1 is the "
        "same words. It knows nothing of meaning: 'no effusion' and 'an effusion' share a word.",
    ),
    "rouge2": Term("ROUGE-2", "The same for pairs of neighbouring words."),
    "rougeL": Term(
        "ROUGE-L",
        "The same for the longest run of words that both have in the same order, with other words "
        "between. Where most references are alike, a sentence that is always the same scores high.",
        hint="words shared in order; 1 is the same text",
    ),
    "words": Term("Words of a summary", "How long a summary is on average.", form="words"),
    "copied_words": Term(
        "Words that stand in the text",
        "Of the words of all summaries, the share that stands somewhere in the text they sum up.",
        form="percent",
    ),
    "findings_f1": Term(
        "Findings, F1",
        "Agreement on findings that are stated and not denied: 100 % if the summaries state those "
        "of the references and no others. Which words name a finding, the lexicon says.",
        form="percent",
        hint="agreement on what is stated",
    ),
    "findings_sensitivity": Term(
        "Findings kept",
        "Of the findings that references state, the share that the summaries state.",
        form="percent",
    ),
    "findings_ppv": Term(
        "Findings that are right",
        "Of the findings that summaries state, the share that the references state.",
        form="percent",
    ),
    "dropped_all": Term(
        "Every finding lost",
        "Of the cases whose reference states a finding, the share whose summary states none of "
        "them: the reader would take the patient for well.",
        higher_is_better=False,
        form="percent",
        hint="of the cases with one",
    ),
    "false_findings": Term(
        "With a finding too many",
        "The share of summaries that state a finding which the reference does not. The text may "
        "hold it all the same: not every finding is worth a summary.",
        higher_is_better=False,
        form="percent",
    ),
    "unsupported_findings": Term(
        "With a finding that the text lacks",
        "The share of summaries that state a finding which the text they sum up does not: made up, "
        "or taken over from another patient's report.",
        higher_is_better=False,
        form="percent",
    ),
}  # fmt: skip

CASE_KINDS: dict[str, str] = {
    "novel": "texts new to training",
    "unlike": "texts unlike any of training",
    "uncommon": "uncommon references",
    "positive": "with findings",
}
"""Suffix of a metric -> the cases it is of."""

SUMMARY_WORDS: tuple[tuple[str, str], ...] = (
    (
        "Texts new to training",
        "Cases whose text stands in no training case, capitals, blanks and punctuation aside.",
    ),
    (
        "Texts unlike any of training",
        "Cases of whose words no training text of about that length holds nine in ten. Without "
        "them, a score may show that reports are copied from each other, or that the same report "
        "stands in two parts with a sentence left out.",
    ),
    (
        "Uncommon references",
        "Cases whose reference summary is none of the twenty commonest of training.",
    ),
    (
        "Reference",
        "What a person wrote as the summary. Another person would have written another, and no "
        "model can be more like the reference than people are.",
    ),
)
FINDING_WORDS: tuple[tuple[str, str], ...] = (
    (
        "Lexicon",
        "The study's file of findings, the words that name them and the words that deny them. It "
        "reads word by word: doubt, time and irony escape it.",
    ),
)


def split_kind(metric: str) -> tuple[str, str | None]:
    """``rougeL_novel`` -> ``("rougeL", "novel")``; None for one over all cases."""
    plain, _, kind = metric.rpartition("_")
    return (plain, kind) if kind in CASE_KINDS and plain in SUMMARY_TERMS else (metric, None)
