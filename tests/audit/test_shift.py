"""Findings on shift: parts, sites, classes by site."""

import numpy as np

from bedside.audit.checks.shift import (
    class_balance_by_site,
    shift_between_parts,
    shift_between_sites,
)

from .cohorts import alike_pictures, as_samples, binary, cohort, evidence

N = 240
PARTS = np.repeat(["train", "validation", "test"], [120, 60, 60])


def films(*, darker=()):
    pictures = alike_pictures(N, side=24)
    pictures[list(darker)] = pictures[list(darker)] // 2
    return as_samples(pictures)


def test_parts_that_look_alike_are_noted():
    (finding,) = shift_between_parts(evidence(films(), parts=PARTS))
    assert finding.severity == "note"
    assert "validation 0." in finding.message
    assert "; test 0." in finding.message


def test_a_darker_test_part_warns():
    (finding,) = shift_between_parts(evidence(films(darker=range(180, 240)), parts=PARTS))
    assert finding.severity == "warn"
    assert "test 1.00 (1.00 to 1.00)" in finding.message
    assert finding.remedy.startswith("Find out what differs")
    assert shift_between_parts(evidence(films())) == []


def test_a_site_of_its_own_look_warns_and_like_sites_do_not():
    sites = np.resize(["A", "B", "C"], N)
    table = cohort(N, site=sites)
    (alike,) = shift_between_sites(evidence(films(), table=table))
    assert alike.severity == "note"
    assert alike.message.startswith("Brightness, contrast and sharpness alone tell 0 of 3 sites")
    (finding,) = shift_between_sites(
        evidence(films(darker=np.flatnonzero(sites == "B")), table=table)
    )
    assert finding.severity == "warn"
    assert "tell 1 of 3 sites plainly" in finding.message
    assert shift_between_sites(evidence(films())) == []
    one = cohort(N, site=["A"] * N)
    assert shift_between_sites(evidence(films(), table=one)) == []


def test_a_class_that_lives_at_one_site_warns():
    sites = np.resize(["A", "B"], N)
    rare = np.arange(N) % 8 == 0  # every such case is at A
    own = evidence(films(), table=cohort(N, site=sites), targets=binary(rare))
    (finding,) = class_balance_by_site(own)
    assert finding.severity == "warn"
    assert "'pneumonia' 0% to 25%" in finding.message
    assert "'normal'" not in finding.message
    even = binary(np.arange(N) % 3 == 0)
    assert class_balance_by_site(evidence(films(), table=cohort(N, site=sites), targets=even)) == []
