"""Checks of shift: do parts or sites look different, do sites differ in what they have?

Enters: the evidence. Leaves: findings with an effect and its interval.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from bedside.audit.evidence import Evidence
from bedside.audit.findings import Finding, Severity
from bedside.audit.small_pictures import SmallPictures
from bedside.audit.two_samples import Separation, tell_apart
from bedside.schema import PARTS, Array

SHIFTED_PARTS = 0.65
"""AUROC, at the lower end of its interval, from which parts look different."""
SHIFTED_SITES = 0.80
"""The same of sites, which always differ a little."""
FEWEST_OF_SITE = 30
MOST_SITES = 12
UNEVEN = 0.2
"""Difference between sites in the share of a class from which the site gives it away."""
SEED = 0


def shift_between_parts(evidence: Evidence) -> list[Finding]:
    """Validation or test images that a small model tells from training images (warn)."""
    if evidence.parts is None:
        return []
    found = []
    for name, small in evidence.small.items():
        parts = evidence.parts[small.rows]
        said = []
        for part in PARTS[1:]:
            both = (parts == "train") | (parts == part)
            seen = _separated(evidence, small, both=both, one=parts == part)
            if seen is None:
                continue
            said.append((part, seen))
        if not said:
            continue
        worst = max(seen.low for _, seen in said)
        severity: Severity = "warn" if worst >= SHIFTED_PARTS else "note"
        listed = "; ".join(f"{part} {_words(seen)}" for part, seen in said)
        message = (
            f"{evidence.spoken(name)}how well brightness, contrast and sharpness alone tell "
            f"images of a part from training (AUROC, 0.5 is not at all): {listed}."
        )
        remedy = (
            "Find out what differs (source, device, time, selection); results may be those of "
            "the difference."
            if severity == "warn"
            else ""
        )
        found.append(
            evidence.finding("shift-parts", severity, message, count=small.rows.size, remedy=remedy)
        )
    return found


def shift_between_sites(evidence: Evidence) -> list[Finding]:
    """Sites whose images a small model tells from those of all others (warn if plainly)."""
    sites = _sites(evidence)
    if sites is None:
        return []
    found = []
    for name, small in evidence.small.items():
        own = sites[small.rows]
        seen = {}
        for number, site in enumerate(np.unique(own[own >= 0])[:MOST_SITES], start=1):
            if (own == site).sum() < FEWEST_OF_SITE:
                continue
            apart = _separated(evidence, small, both=own >= 0, one=own == site)
            if apart is not None:
                seen[number] = apart
        if not seen:
            continue
        plain = [apart for apart in seen.values() if apart.low >= SHIFTED_SITES]
        best = max(seen.values(), key=lambda apart: apart.low)
        message = (
            f"{evidence.spoken(name)}brightness, contrast and sharpness alone tell "
            f"{len(plain)} of {len(seen)} sites plainly from the others (AUROC up to "
            f"{_words(best)}; {SHIFTED_SITES:g} is plain)."
        )
        remedy = "Test on a site that was left out of training: split: {by: site}."
        found.append(
            evidence.finding(
                "shift-sites",
                "warn" if plain else "note",
                message,
                count=small.rows.size,
                remedy=remedy if plain else "",
            )
        )
    return found


def class_balance_by_site(evidence: Evidence) -> list[Finding]:
    """Classes that are far commoner at one site than at another (warn)."""
    from scipy.stats import chi2_contingency

    sites = _sites(evidence)
    if sites is None:
        return []
    known = evidence.targets.arrays["known"].astype(bool).any(axis=1) & (sites >= 0)
    large = [s for s in np.unique(sites[known]) if (sites[known] == s).sum() >= FEWEST_OF_SITE]
    kept = known & np.isin(sites, large)
    if len(large) < 2:
        return []
    uneven = []
    for answer, is_it in evidence.answers.items():
        if _says_no_more(evidence, answer):
            continue
        shares = [float(is_it[kept & (sites == site)].mean()) for site in large]
        table = [
            [int((is_it == answered)[kept & (sites == site)].sum()) for site in large]
            for answered in (True, False)
        ]
        if max(shares) - min(shares) < UNEVEN or min(map(sum, table)) == 0:
            continue
        if float(chi2_contingency(table).pvalue) < 0.001:
            uneven.append(f"'{answer}' {min(shares):.0%} to {max(shares):.0%}")
    if not uneven:
        return []
    message = (
        f"Share of a class by site, the lowest and the highest of {len(large)}: "
        f"{', '.join(uneven[:MOST_SITES])}; a model can learn the site instead of the disease."
    )
    remedy = "Report results by site, or test on a site that was left out: split: {by: site}."
    count = int(kept.sum())
    return [evidence.finding("class-balance-sites", "warn", message, count=count, remedy=remedy)]


def _separated(
    evidence: Evidence, small: SmallPictures, *, both: Array, one: Array
) -> Separation | None:
    groups = evidence.cohort.groups()[small.rows]
    compare = partial(tell_apart, seed=SEED)
    return compare(small.looks[both], one[both], groups[both]) if one[both].any() else None


def _sites(evidence: Evidence) -> Array | None:
    """(N,) integers, -1 where unknown; None where there are not two sites."""
    column = evidence.cohort.site
    if column is None:
        return None
    codes = evidence.cohort.cases[column].astype("category").cat.codes.to_numpy()
    return np.asarray(codes, dtype=np.int64) if np.unique(codes[codes >= 0]).size > 1 else None


def _says_no_more(evidence: Evidence, answer: str) -> bool:
    """Whether another answer says the same: the negative class, a label's absence."""
    names = evidence.targets.names
    if evidence.kind == "labels":
        return answer.endswith(" absent")
    return evidence.kind == "binary" and answer == names[0]


def _words(seen: Separation) -> str:
    return f"{seen.auroc:.2f} ({seen.low:.2f} to {seen.high:.2f})"
