"""Checks of texts: each fault is found and counted, and no word of a note is ever told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bedside.audit.checks.copies import copies_across_parts
from bedside.audit.checks.identifiers import file_names
from bedside.audit.checks.texts import (
    identifiers_in_texts,
    target_in_texts,
    text_characters,
    text_languages,
    text_lengths,
    truncated_texts,
)
from bedside.audit.evidence import Evidence, Means
from bedside.audit.findings import Finding
from bedside.audit.text_look import language_of, look_at
from bedside.modalities.text import Text
from bedside.modalities.text_files import clean_text
from bedside.schema import Targets

from .cohorts import cohort, evidence, given_parts

N = 60
SOUND = "There is no effusion and the lungs are clear for case {n} of this series."


def notes(*odd: str) -> list[Any]:
    """N notes, the first of which are odd."""
    texts = [*odd, *(SOUND.format(n=n) for n in range(len(odd), N))]
    return [clean_text(text, where="x") for text in texts]


def audited(*odd: str, words: dict[str, Any] | None = None, **more: Any) -> Evidence:
    modality = Text(**(words or {"tokenizer": "words"}))
    return evidence(notes(*odd), means=Means({"xray": modality}), **more)


def only(found: list[Finding], severity: str, rows: list[int]) -> Finding:
    (finding,) = found
    assert finding.severity == severity
    assert finding.rows == tuple(row + 2 for row in rows)
    return finding


ALL = [text_lengths, truncated_texts, text_characters, text_languages, identifiers_in_texts,
       target_in_texts]  # fmt: skip


def test_sound_texts_have_no_finding() -> None:
    sound = audited(parts=given_parts())
    assert [finding for check in ALL for finding in check(sound)] == []
    pictures = evidence()
    assert [finding for check in ALL for finding in check(pictures)] == []


def test_empty_and_short_texts() -> None:
    first, second = text_lengths(audited("", "Normal.", "...", "No change."))
    assert (first.severity, first.rows) == ("warn", (2, 4))
    assert first.message == "2 texts without a word."
    assert (second.severity, second.rows) == ("note", (3, 5))
    assert second.message == "2 texts of less than 3 words."


def test_texts_that_are_cut_off_are_counted() -> None:
    words = {"tokenizer": "words", "length": 20}
    finding = only(truncated_texts(audited("long " * 30, words=words)), "note", [0])
    tokens = 30 + 59 * 16
    assert finding.message == (
        "1 of 60 texts (1.7%) are longer than 20 tokens, and their end is cut off: "
        f"{10 / tokens:.1%} of all tokens."
    )
    assert finding.remedy.startswith("Raise inputs.xray.length")
    only(truncated_texts(audited(*["long " * 30] * 4, words=words)), "warn", [0, 1, 2, 3])
    assert truncated_texts(audited("", words=words)) == []


def test_the_length_is_learnt_from_training_texts_alone() -> None:
    parts = given_parts()
    assert parts[0] == "train"
    words = {"tokenizer": "words"}
    assert truncated_texts(audited("long " * 300, words=words, parts=parts)) == []
    only(truncated_texts(audited("long " * 300, words=words, parts=parts[::-1])), "note", [0])


def test_lost_and_foreign_letters() -> None:
    found = text_characters(audited("a\x07b\x1bc", "Ödem verf\ufffdgbar", "LungenÃ¶dem, 5Â°", "Ã"))
    control, lost, foreign = found
    assert (control.severity, control.rows) == ("note", (2,))
    assert control.message == "1 text with control characters (2); they became blanks."
    assert (lost.severity, lost.rows) == ("warn", (3,))
    assert lost.message == "1 text with letters that were lost on the way (U+FFFD)."
    assert (foreign.severity, foreign.rows) == ("warn", (4,))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("There is no effusion and the heart is normal.", "English"),
        ("Kein Pneumothorax. Das Herz ist nicht vergrößert und die Lunge frei.", "German"),
        ("No se observa derrame pleural en la radiografía de los pulmones.", "Spanish"),
        ("Pas de foyer dans les poumons et le cœur est normal pour la taille.", "French"),
        ("Lungs clear.", ""),
        ("漢字", ""),
    ],
)
def test_languages_are_told_by_small_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_rare_languages_are_named_by_row() -> None:
    odd = "Kein Pneumothorax. Das Herz ist nicht vergrößert und die Lunge frei."
    finding = only(text_languages(audited(odd)), "note", [0])
    assert finding.message == (
        "Texts by language, as their small words tell it: English 59, German 1."
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Discussed with Dr. Kumar at once.", "names after a title"),
        ("Frau Meier hustet.", "names after a title"),
        ("La Sra. Pérez refiere tos.", "names after a title"),
        ("Write to j.meier@clinic.org now.", "e-mail addresses"),
        ("Call +49 6221 567 8901 please.", "telephone numbers"),
        ("Call (555) 123-4567 please.", "telephone numbers"),
        ("Record 12345678 was seen.", "numbers of seven digits or more"),
        ("Number 123-45-6789 on file.", "social security numbers"),
    ],
)
def test_what_may_name_a_person_warns_and_is_not_quoted(text: str, kind: str) -> None:
    finding = only(identifiers_in_texts(audited(text)), "warn", [0])
    assert finding.message == f"Texts hold what looks like {kind} in 1 of 60."
    told = str(finding)
    assert not [word for word in text.split() if len(word) > 4 and word in told]


def test_dates_alone_are_a_note() -> None:
    texts = ["Compared with 07/29/2008.", "Vergleich mit 3.4.2021 liegt vor.", "As of 2021-04-03."]
    finding = only(identifiers_in_texts(audited(*texts)), "note", [0, 1, 2])
    assert finding.message == "Texts hold what looks like dates in 3 of 60."


@pytest.mark.parametrize(
    "text",
    [
        "Measures 12.5 x 3.1 cm, 1/2 of the lobe; 120/80 mmHg; 98.6 F; 10-20 mg.",
        "Dr. XXXX was told; the doctor agreed; mr angiography of the head.",
        "Glucose 112, sodium 140, WBC 12300, platelets 250000.",
    ],
)
def test_measures_are_no_identifiers(text: str) -> None:
    look = look_at(clean_text(text, where="x"))
    assert look is not None
    assert not look.identifiers


def test_a_label_that_stands_in_the_text() -> None:
    texts = [f"Report {n}: pneumonia." if n % 2 else f"Report {n}: clear." for n in range(N)]
    told = evidence([clean_text(text, where="x") for text in texts])
    finding = only(target_in_texts(told), "warn", list(range(1, N, 2)))
    assert finding.message == (
        "The class is named in its own texts and hardly in others: 'pneumonia'."
    )
    denied = [f"Report {n}: no pneumonia." for n in range(N)]
    assert target_in_texts(evidence([clean_text(text, where="x") for text in denied])) == []


def test_a_summary_that_stands_in_its_text() -> None:
    truth = np.array([f"Small left effusion, case {n}." for n in range(N)], dtype=object)
    targets = Targets({"truth": truth, "known": np.ones((N, 1), bool)}, (), "summary")
    texts = [
        f"There is much. IMPRESSION: small left effusion, case {n}" if n < 5 else SOUND.format(n=n)
        for n in range(N)
    ]
    samples = [clean_text(text, where="x") for text in texts]
    told = evidence(samples, targets=targets, kind="summary")
    finding = only(target_in_texts(told), "warn", [0, 1, 2, 3, 4])
    assert finding.message.startswith("5 texts that hold their summary word for word")
    few = evidence([*samples[:1], *samples[5:], *samples[5:9]], targets=targets, kind="summary")
    assert target_in_texts(few) == []


def test_equal_texts_across_parts_warn_since_wording_repeats() -> None:
    ready_made = "The heart is normal in size. The lungs are clear. No effusion, no pneumothorax."
    samples = [*notes()[:-1], clean_text(ready_made, where="x")]
    samples[0] = clean_text(ready_made, where="x")
    finding = only(copies_across_parts(evidence(samples, parts=given_parts())), "warn", [0, N - 1])
    assert "ready-made wording" in finding.remedy


def test_texts_in_cells_are_no_file_names(tmp_path: Any) -> None:
    from dataclasses import replace

    table = replace(
        cohort(N, note=[f"MEIER_ANNA {n}" for n in range(N)]),
        root=tmp_path,
        texts=frozenset({"note"}),
    )
    told = evidence(notes(), table=table, means=Means({"xray": Text(column="note")}))
    assert file_names(told) == []
