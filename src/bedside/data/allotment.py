"""Allots whole patients (or cases) to parts so that every part resembles the whole.

Enters: which cases belong together and one class per case. Leaves: a part per case.
scikit-learn's StratifiedGroupKFold makes equal folds only; a split needs unequal
shares, each class in every part, and parts that do not depend on the rows' order.
"""

from __future__ import annotations

import numpy as np

from bedside.errors import DataError, sentence
from bedside.schema import PARTS, Array

ATTEMPTS = 20
UNKNOWN = -1
UNKNOWN_WORDS = ("", "nan", "none", "<na>", "-1")


def class_codes(strata: Array | None, cases: int) -> Array:
    """(N,) classes as ints from 0; unknown (negative, NaN, blank) is -1; None: all unknown."""
    if strata is None:
        return np.full(cases, UNKNOWN)
    words = np.array([str(value).strip() for value in np.asarray(strata).tolist()], dtype=object)
    unknown = np.array([w.lower() in UNKNOWN_WORDS or _negative(w) for w in words], dtype=bool)
    codes = np.full(len(words), UNKNOWN)
    if (~unknown).any():
        codes[~unknown] = np.unique(words[~unknown].astype(str), return_inverse=True)[1]
    return codes


def allot(
    names: Array, units: Array, codes: Array, *, shares: tuple[float, ...], seed: int, what: str
) -> Array:
    """Draw a part for every case, whole units at a time.

    Units are sorted by name, grouped by the rarest class among their cases, shuffled
    and dealt out in proportion; what rounding leaves over is carried to the next
    group, so that the total keeps the shares.

    Args:
        names: (U,) sorted names of the units.
        units: (N,) place of each case's unit among `names`.
        codes: (N,) class of each case, -1 unknown.
        shares: one per part of `PARTS`, in that order, summing to 1.
        seed: draws the order.
        what: the units' name in messages, ``"patients"``.

    Returns:
        (N,) str parts.

    Raises:
        DataError: fewer units, or fewer of one class, than there are parts.
    """
    if len(names) < len(shares):
        raise _short(what, expected=f"at least {len(shares)}", got=str(len(names)))
    counts = _units_per_class(units, codes)
    scarce = int((counts < len(shares)).sum())
    if scarce:
        raise _short(
            what,
            expected=f"at least {len(shares)} of each class, one for each part",
            got=f"fewer for {scarce} of {len(counts)} classes",
        )
    stratum = _rarest_class(units, codes, counts=counts, total=len(names))
    rng = np.random.default_rng(seed)
    for _ in range(ATTEMPTS):
        parts = _deal(stratum, shares=shares, rng=rng)[units]
        if _holds_all(parts, codes, counts=counts, parts_wanted=len(shares)):
            return np.asarray(PARTS, dtype="<U10")[parts]
    raise _short(
        what,
        expected="enough to give every part each class",
        got=f"{len(names)} that did not suffice in {ATTEMPTS} draws",
    )


def _negative(word: str) -> bool:
    try:
        return float(word) < 0
    except ValueError:
        return False


def _units_per_class(units: Array, codes: Array) -> Array:
    """(K,) how many units have a case of each class."""
    known = codes >= 0
    pairs = np.unique(np.stack([codes[known], units[known]]), axis=1)
    return np.bincount(pairs[0]) if pairs.shape[1] else np.zeros(0, dtype=int)


def _rarest_class(units: Array, codes: Array, *, counts: Array, total: int) -> Array:
    """(U,) the class of each unit's cases that fewest units have; -1 where none is known."""
    order = np.lexsort((np.arange(len(counts)), -counts))
    rank = np.empty(len(counts), dtype=int)
    rank[order] = np.arange(len(counts))
    best = np.full(total, UNKNOWN)
    known = codes >= 0
    np.maximum.at(best, units[known], rank[codes[known]])
    return np.where(best >= 0, order[best] if len(order) else UNKNOWN, UNKNOWN)


def _deal(stratum: Array, *, shares: tuple[float, ...], rng: np.random.Generator) -> Array:
    """(U,) part number of each unit."""
    parts = np.empty(len(stratum), dtype=int)
    carry = np.zeros(len(shares))
    for group in np.unique(stratum):
        members = rng.permutation(np.flatnonzero(stratum == group))
        wanted = np.asarray(shares) * len(members) + carry
        least = int(len(members) >= len(shares))
        sizes = _whole(wanted, total=len(members), least=least)
        carry = wanted - sizes
        parts[members] = np.repeat(np.arange(len(shares)), sizes)
    return parts


def _whole(wanted: Array, *, total: int, least: int) -> Array:
    """Whole numbers near `wanted`, each at least `least`, summing to `total`."""
    sizes = np.maximum(np.floor(wanted), least).astype(int)
    while sizes.sum() < total:
        sizes[np.argmax(wanted - sizes)] += 1
    while sizes.sum() > total:
        surplus = np.where(sizes > least, wanted - sizes, np.inf)
        sizes[np.argmin(surplus)] -= 1
    return sizes


def _holds_all(parts: Array, codes: Array, *, counts: Array, parts_wanted: int) -> bool:
    """Whether every part has units, and cases of every class."""
    if len(np.unique(parts)) < parts_wanted:
        return False
    known = codes >= 0
    pairs = np.unique(np.stack([parts[known], codes[known]]), axis=1)
    return int(pairs.shape[1]) == parts_wanted * len(counts)


def _short(what: str, *, expected: str, got: str) -> DataError:
    return DataError(
        sentence(
            f"split, {what}",
            expected=expected,
            got=got,
            remedy="Add data, merge rare classes or leave a rare label out of target.columns, "
            "or bring your own parts as split.column",
        )
    )
