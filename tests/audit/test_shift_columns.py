"""Columns that give a part or a site away, and not those that differ by chance."""

import numpy as np

from bedside.audit.checks.shift_columns import shift_in_columns

from .cohorts import cohort, evidence, pictures

N = 240
PARTS = np.repeat(["train", "validation", "test"], [120, 60, 60])
RNG = np.random.default_rng(0)


def shown(parts=PARTS, **columns):
    return shift_in_columns(evidence(pictures(N), table=cohort(N, **columns), parts=parts))


def text(values):
    return [f"{value:g}" for value in values]


def test_numbers_and_words_by_which_a_part_differs():
    dose = RNG.normal(size=N) + 1.5 * (PARTS == "test")
    device = np.where((PARTS == "validation") & (RNG.random(N) < 0.7), "new", "old")
    (finding,) = shown(dose=text(dose), device=device, same=text(RNG.normal(size=N)))
    assert finding.severity == "warn"
    assert "'dose' test 0.8" in finding.message
    assert "'device' validation 0.8" in finding.message
    assert "same" not in finding.message


def test_chance_and_few_cases_say_nothing():
    assert shown(dose=text(RNG.normal(size=N)), ward=RNG.choice(["a", "b"], N)) == []
    few = np.repeat(["train", "test"], [220, 20])
    assert shown(parts=few, dose=text(RNG.normal(size=N) + 9 * (few == "test"))) == []


def test_a_patient_counts_once():
    ids = [f"p{n}" for n in range(120)] + [f"v{n}" for n in range(60)] + ["t"] * 60
    dose = text(RNG.normal(size=N) + 9 * (PARTS == "test"))
    assert shown(dose=dose, patients=ids) == []


def test_sites_are_told_by_number():
    site = np.repeat(["North", "South"], N // 2)
    (finding,) = shown(parts=None, site=site, dose=text(RNG.normal(size=N) + 4 * (site == "North")))
    assert "'dose' site 1 1.00" in finding.message
    assert "North" not in finding.message
