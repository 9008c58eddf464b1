"""Made-up reports: the facts stand in the text, what is denied is denied, and words vary."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest

from bedside.data.synthetic import REGISTRY, make_cohort
from bedside.data.synthetic.report_grammar import DENIALS, NOTHING_ELSE, SIGNS
from bedside.data.synthetic.reports import HOSPITALS, make_reports
from bedside.errors import DataError

COLUMNS = ["case_id", "patient_id", "hospital", "sex", "age", "time", "indication", "findings",
           "impression", "priority", "facts"]  # fmt: skip
DENYING = tuple(text.split("{")[0] for text in DENIALS)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return make_cohort("reports", patients=300, seed=3).table


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=\.) ", text)


def test_columns_ids_and_patients(table: pd.DataFrame) -> None:
    assert REGISTRY.load("reports") is make_reports
    assert list(table.columns) == COLUMNS
    assert table["case_id"].is_unique
    assert table["patient_id"].nunique() == 300
    assert table.groupby("patient_id").size().max() == 4
    assert set(table["hospital"]) == set(HOSPITALS)
    assert (table.groupby("patient_id")["time"].is_monotonic_increasing).all()


def test_the_seed_draws_it_all(table: pd.DataFrame) -> None:
    assert make_reports(patients=300, seed=3).table.equals(table)
    assert not make_reports(patients=300, seed=4).table["findings"].equals(table["findings"])
    first = make_reports(patients=50, seed=3).table
    assert first.equals(table.iloc[: len(first)])


def test_what_is_present_is_said_and_concluded(table: pd.DataFrame) -> None:
    for row in table.itertuples():
        said = [s for s in sentences(row.findings) if not s.startswith(DENYING)]
        for fact in json.loads(row.facts)["present"]:
            wanted = [fact["name"], fact["place"], fact["degree"], fact["change"]]
            assert any(all(word in s.lower() for word in wanted) for s in said), row.case_id
            assert all(word in row.impression.lower() for word in wanted), row.case_id


def test_what_is_absent_is_denied_and_nothing_else_is_named(table: pd.DataFrame) -> None:
    for row in table.itertuples():
        facts = json.loads(row.facts)
        present = {fact["name"] for fact in facts["present"]}
        assert not present & set(facts["absent"])
        for sentence in sentences(row.findings):
            named = {s.name for s in SIGNS if s.name in sentence.lower()}
            denies = sentence.startswith(DENYING)
            assert named <= (set(facts["absent"]) if denies else present), sentence
        denied = {n for s in sentences(row.findings) if s.startswith(DENYING)
                  for n in facts["absent"] if n in s}  # fmt: skip
        assert denied == set(facts["absent"])


def test_priority_follows_from_the_facts(table: pd.DataFrame) -> None:
    ranks = {sign.name: sign for sign in SIGNS}
    order = ["routine", "soon", "urgent"]
    for row in table.itertuples():
        own = [
            ranks[f["name"]].priority[ranks[f["name"]].degrees.index(f["degree"])]
            for f in json.loads(row.facts)["present"]
        ]
        assert row.priority == max(own, key=order.index, default="routine")
        says_nothing_acute = any(row.impression.endswith(text) for text in NOTHING_ELSE)
        assert says_nothing_acute == (row.priority == "routine")
    shares = table["priority"].value_counts(normalize=True)
    assert shares.min() > 0.1


def test_a_signs_name_does_not_tell_that_it_is_there(table: pd.DataFrame) -> None:
    named = table["findings"].str.contains("pneumothorax")
    shown = table["facts"].map(lambda facts: '"name": "pneumothorax"' in facts)
    assert named[~shown].mean() > 0.6


def test_most_reports_are_new_and_some_are_ready_made(table: pd.DataFrame) -> None:
    count = Counter(table["findings"])
    repeated = sum(n for n in count.values() if n > 1) / len(table)
    assert 0.05 < repeated < 0.25
    later = set(sentences(" ".join(table["findings"][400:])))
    assert len(later - set(sentences(" ".join(table["findings"][:400])))) > 20


def test_what_is_chronic_stays(table: pd.DataFrame) -> None:
    changes = Counter(f["change"] for facts in table["facts"] for f in json.loads(facts)["present"])
    assert changes["unchanged"] > 5
    assert changes["increased"] > 3
    for _, own in table.groupby("patient_id"):
        seen = [{f["name"] for f in json.loads(facts)["present"]} for facts in own["facts"]]
        for before, after in pairwise(seen):
            assert "cardiomegaly" in after or "cardiomegaly" not in before


def test_too_few_patients_are_refused() -> None:
    with pytest.raises(DataError, match="synthetic reports, patients: expected at least 3, got 2"):
        make_reports(patients=2, seed=1)
