"""Checks of texts: empty and cut ones, lost characters, languages, people, and the answer itself.

Enters: the evidence. Leaves: findings that count texts and name rows, and never quote a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding
from bedside.audit.text_look import IDENTIFIERS
from bedside.modalities.text import Text
from bedside.schema import Array

FEW_WORDS = 3
CUT_WARNS = 0.05
"""Share of texts that are cut off from which it is a warning."""
MOST_CUT = 5000
"""Texts that are cut into tokens for it, evenly spread where there are more."""
IDENTIFIED_WARNS = ("dates",)
"""Kinds that alone are a note."""
NAMED_SHARE, NAMED_ELSEWHERE = 0.5, 0.1
"""A class's name stands in so many of its own texts, and in at most so many of the others."""
FEWEST_CASES, SHORTEST_NAME = 10, 4
FEWEST_ANSWER_WORDS, ANSWERS_WARN = 5, 0.02
_WORD = re.compile(r"\w+")


def text_lengths(evidence: Evidence) -> list[Finding]:
    """Texts without a word (warn), and of less than three (note)."""
    found = []
    for name, looks in evidence.text_looks.items():
        empty = [row for row, look in looks.items() if not look.words]
        short = [row for row, look in looks.items() if 0 < look.words < FEW_WORDS]
        spoken = evidence.spoken(name)
        if empty:
            message = f"{spoken}{_texts(len(empty))} without a word."
            remedy = (
                "Fill them in or leave these rows out; the model answers them by what is usual."
            )
            found.append(
                evidence.finding("text-lengths", "warn", message, rows=empty, remedy=remedy)
            )
        if short:
            message = f"{spoken}{_texts(len(short))} of less than {FEW_WORDS} words."
            found.append(evidence.finding("text-lengths", "note", message, rows=short))
    return found


def truncated_texts(evidence: Evidence) -> list[Finding]:
    """Texts of which the end is cut off (note; warn from 5 %), and what share of the tokens."""
    found = []
    for name in evidence.text_looks:
        modality = evidence.means.modalities.get(name)
        if not isinstance(modality, Text):
            continue
        readable = np.flatnonzero(evidence.inputs[name].readable)
        learnt = readable
        if evidence.parts is not None:
            learnt = readable[evidence.parts[readable] == "train"]
        if not any(look.words for look in evidence.text_looks[name].values()):
            continue
        state = modality.fit(evidence.inputs[name].at(learnt))
        length = int(state["length"])
        some = readable[:: -(-readable.size // MOST_CUT)]
        counts = np.array(
            [modality.count(str(s.values), state) for s in evidence.inputs[name].at(some)]
        )
        over = counts > length
        if not over.any():
            continue
        lost = (counts - length)[over].sum() / counts.sum()
        message = (
            f"{evidence.spoken(name)}{int(over.sum())} of {counts.size} texts "
            f"({over.mean():.1%}) are longer than {length} tokens, and their end is cut off: "
            f"{lost:.1%} of all tokens."
        )
        warns = over.mean() >= CUT_WARNS
        found.append(
            evidence.finding(
                "truncated-texts",
                "warn" if warns else "note",
                message,
                rows=some[over],
                remedy=f"Raise inputs.{name}.length, if what stands at the end matters.",
            )
        )
    return found


def text_characters(evidence: Evidence) -> list[Finding]:
    """Control characters (note), lost letters and letters of another encoding (warn)."""
    found = []
    for name, looks in evidence.text_looks.items():
        spoken = evidence.spoken(name)
        control = [row for row, look in looks.items() if look.control]
        lost = [row for row, look in looks.items() if look.lost]
        foreign = [row for row, look in looks.items() if look.mojibake]
        if control:
            count = sum(looks[row].control for row in control)
            message = (
                f"{spoken}{_texts(len(control))} with control characters ({count}); they became "
                "blanks."
            )
            found.append(evidence.finding("text-characters", "note", message, rows=control))
        for rows, what in (
            (lost, "with letters that were lost on the way (U+FFFD)"),
            (foreign, "that look like UTF-8 read as Latin-1, with two letters for one"),
        ):
            if rows:
                message = f"{spoken}{_texts(len(rows))} {what}."
                remedy = "Export them again as UTF-8."
                found.append(
                    evidence.finding("text-characters", "warn", message, rows=rows, remedy=remedy)
                )
    return found


def text_languages(evidence: Evidence) -> list[Finding]:
    """Texts in more than one language (note): rare ones are learnt badly."""
    found = []
    for name, looks in evidence.text_looks.items():
        counted = Counter(look.language for look in looks.values() if look.language)
        if len(counted) < 2:
            continue
        usual = counted.most_common(1)[0][0]
        others = [row for row, look in looks.items() if look.language not in ("", usual)]
        listed = ", ".join(f"{language} {count}" for language, count in counted.most_common())
        message = (
            f"{evidence.spoken(name)}texts by language, as their small words tell it: {listed}."
        )
        found.append(evidence.finding("text-languages", "note", message, rows=others))
    return found


def identifiers_in_texts(evidence: Evidence) -> list[Finding]:
    """What looks like names, numbers or addresses of people (warn), or dates alone (note)."""
    found = []
    for name, looks in evidence.text_looks.items():
        counted = {
            kind: sum(kind in look.identifiers for look in looks.values()) for kind in IDENTIFIERS
        }
        told = {kind: count for kind, count in counted.items() if count}
        if not told:
            continue
        rows = [row for row, look in looks.items() if look.identifiers]
        listed = ", ".join(f"{kind} in {count}" for kind, count in told.items())
        message = f"{evidence.spoken(name)}texts hold what looks like {listed} of {len(looks)}."
        warns = set(told) - set(IDENTIFIED_WARNS)
        found.append(
            evidence.finding(
                "identifiers-in-texts",
                "warn" if warns else "note",
                message,
                rows=rows,
                remedy="De-identify them before anything made from them leaves the hospital.",
            )
        )
    return found


def target_in_texts(evidence: Evidence) -> list[Finding]:
    """Texts that hold the answer: the name of their class, or the summary itself (warn)."""
    found = []
    for name in evidence.text_looks:
        rows = np.flatnonzero(evidence.inputs[name].readable)
        texts = (str(sample.values) for sample in evidence.inputs[name].at(rows))
        if evidence.kind == "summary":
            found += _summaries_in(evidence, name, rows, texts)
        elif evidence.kind not in ("forecast", "entities", "language"):
            found += _class_names_in(evidence, name, rows, texts)
    return found


def _summaries_in(
    evidence: Evidence, name: str, rows: Array, texts: Iterable[str]
) -> list[Finding]:
    truth = evidence.targets.arrays["truth"]
    holding = [
        row
        for row, text in zip(rows.tolist(), texts, strict=True)
        if len(answer := _WORD.findall(str(truth[row]).lower())) >= FEWEST_ANSWER_WORDS
        and f" {' '.join(answer)} " in f" {' '.join(_WORD.findall(text.lower()))} "
    ]
    if len(holding) < ANSWERS_WARN * max(rows.size, 1):
        return []
    message = (
        f"{evidence.spoken(name)}{_texts(len(holding))} that hold their summary word for word: "
        "it need not be written, only found."
    )
    remedy = "Cut the summary out of the text that is to be summed up."
    return [evidence.finding("target-in-texts", "warn", message, rows=holding, remedy=remedy)]


def _class_names_in(
    evidence: Evidence, name: str, rows: Array, texts: Iterable[str]
) -> list[Finding]:
    # Of several labels the name is said of those that have it.
    labels = evidence.kind == "labels"
    answers = {
        word.removesuffix(" present") if labels else word: is_it
        for word, is_it in evidence.answers.items()
        if not (labels and word.endswith(" absent"))
    }
    held: dict[str, list[bool]] = {word: [] for word in answers if len(word) >= SHORTEST_NAME}
    for text in texts:
        low = f" {' '.join(_WORD.findall(text.lower()))} "
        for word, own in held.items():
            own.append(f" {' '.join(_WORD.findall(word.lower()))} " in low)
    telling, cases = [], []
    for word, own in held.items():
        holds, is_it = np.array(own), answers[word][rows]
        if is_it.sum() < FEWEST_CASES or is_it.all():
            continue
        if holds[is_it].mean() >= NAMED_SHARE and holds[~is_it].mean() <= NAMED_ELSEWHERE:
            telling.append(word)
            cases += rows[holds & is_it].tolist()
    if not telling:
        return []
    message = (
        f"{evidence.spoken(name)}the class is named in its own texts and hardly in others: "
        f"{_listed(telling)}."
    )
    remedy = "Find out whether the label was written into the text; if so, cut it out."
    return [
        evidence.finding("target-in-texts", "warn", message, rows=sorted(set(cases)), remedy=remedy)
    ]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))


def _texts(count: int) -> str:
    return "1 text" if count == 1 else f"{count} texts"
