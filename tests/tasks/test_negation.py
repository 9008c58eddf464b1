"""What a text denies: cases worked by hand, and made-up notes that say so themselves."""

from __future__ import annotations

import json
import re

import pytest

from bedside.data.synthetic.notes import make_notes
from bedside.tasks.negation import ENGLISH, Negation

CASES = {
    "The patient denies [chest pain], [fever], cough and [shortness of breath].": "111",
    "No evidence of [pneumothorax] but small [effusion].": "10",
    "[Effusion] was ruled out.": "1",
    "[Cancer] has not been ruled out.": "0",
    "Gram negative [sepsis].": "0",
    "No increase in [effusion].": "0",
    "Patient has [fever] without [rash].": "01",
    "Not only [fever] but [rash].": "00",
    "[Pneumonia] is unlikely.": "1",
    "[Edema]: none": "1",
    "[Pneumothorax]: negative. [Fever] present.": "10",
    "He was [pain]-free but has [nausea].": "10",
    "No [fever]\n[Cough] present": "10",
    "denies nausea, vomiting,\n[diarrhea]": "1",
    "- no [fever]\n- [cough]": "10",
    "No known [allergies].": "0",
    "[Mass] is not seen in the left lobe.": "1",
    "[Mass] not well seen.": "0",
    "Heart size normal. No focal [consolidation], [effusion], or [pneumothorax].": "111",
    "Negative for [influenza], positive for [RSV].": "10",
    "She denies [pain] and has [fever].": "10",
    "There is no [rash], and he reports [itching].": "10",
    "No [fever], which surprised us. [Chills].": "10",
    "[Fever]. No [rash] today": "01",
    "Know [fever], normal [gait], note [cough].": "000",
}


@pytest.mark.parametrize("case", CASES)
def test_cases_worked_by_hand(case: str) -> None:
    text, spans = "", []
    for part in re.split(r"(\[[^\]]*\])", case):
        bare = part.strip("[]") if part.startswith("[") else part
        if bare != part:
            spans.append((len(text), len(text) + len(bare)))
        text += bare
    assert "".join("01"[denied] for denied in ENGLISH.denied(text, spans)) == CASES[case]


def test_made_up_notes_say_what_they_deny() -> None:
    table = make_notes(patients=60, seed=5).table
    wrong = total = 0
    for note, cell in zip(table["note"], table["entities"], strict=True):
        entities = json.loads(cell)
        found = ENGLISH.denied(note, [(one["start"], one["end"]) for one in entities])
        total += sum(one["denied"] for one in entities)
        wrong += sum(one["denied"] != denied for one, denied in zip(entities, found, strict=True))
    assert total > 100
    assert wrong == 0


def test_other_words_deny_in_other_languages() -> None:
    german = Negation(negation=["kein*", "ohne"], clause_breaks=r"\baber\b")
    text = "Keine Stauung, kein Erguss, aber Infiltrat."
    spans = [(text.index(word), text.index(word) + 4) for word in ("Stau", "Ergu", "Infi")]
    assert german.denied(text, spans) == [True, True, False]
    assert german.denied("", []) == []
    assert german.denied("Erguss", [(0, 6)]) == [False]


def test_a_stretch_across_a_break_is_judged_by_both_ends() -> None:
    text = "No visit of Dr. Smith today"
    start = text.index("Dr")
    assert ENGLISH.denied(text, [(start, start + 9)]) == [True]
