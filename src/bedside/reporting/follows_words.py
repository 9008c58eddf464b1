"""Whether the answer follows hospital, device, age or sex where the truth is the same, in words.

Enters: a `Record`. Leaves: sentences and a table, empty or None where nothing was asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedside.audit.attributes import FOLLOWED
from bedside.evaluation.follows import RISING
from bedside.evaluation.multiplicity import SIGNIFICANT
from bedside.reporting.formatting import count, counted, listed, of_hundred, p_value, with_interval
from bedside.reporting.tables import Cell, Table
from bedside.reporting.telling import Notice

if TYPE_CHECKING:
    from bedside.reporting.record import Record

MOST_TOLD, MOST_ROWS = 5, 30
"""Looks that are told in sentences, and in the table."""


@dataclass(frozen=True)
class Followed:
    """One look: an attribute, its value, the answer, and its entry of ``metrics.json``."""

    attribute: str
    value: str
    answer: str
    entry: Mapping[str, Any]

    @property
    def higher(self) -> bool:
        """Whether the answer is higher with the attribute."""
        return bool(self.entry["value"] > 0.5)

    @property
    def shown(self) -> bool:
        """Whether it stays after the correction for all looks."""
        p = self.entry["p_corrected"]
        return p is not None and p < SIGNIFICANT

    @property
    def strong(self) -> bool:
        """Whether its whole interval lies as far from one half as the audit calls following."""
        low, high = self.entry["low"], self.entry["high"]
        return low is not None and (low >= FOLLOWED or high <= 1 - FOLLOWED)


def follows_sentences(record: Record) -> list[str]:
    """What was asked, what was found, and what that means."""
    looks = list(_looks(record))
    if not looks:
        return []
    shown = _strongest(looks)
    names = list(dict.fromkeys(look.attribute for look in looks))
    among = "" if record.kind == "forecast" else " among cases of the same truth"
    asked = (
        f"Does the {_noun(record)} go along with {listed(names)}{among}? "
        f"{counted(len(looks), 'look')}, corrected for their number (Holm)"
    )
    if not shown:
        return [f"{asked}: none shows that it does, which does not prove that it does not."]
    return [
        f"{asked}: {len(shown)} of them {'shows' if len(shown) == 1 else 'show'} that it does"
        f"{', the strongest first' if len(shown) > 1 else ''}.",
        *(_sentence(record, look) for look in shown[:MOST_TOLD]),
        "That says that they go along with each other, and not why: the model may read where a "
        "case comes from, or the disease may show otherwise there.",
    ]


def follows_table(record: Record) -> Table | None:
    """Every look, the strongest first."""
    looks = list(_looks(record))
    if not looks:
        return None
    looks.sort(key=lambda look: -abs(look.entry["value"] - 0.5))
    noun = _noun(record)
    rows = [
        [
            Cell(look.attribute if look.value == RISING else f"{look.attribute}: {look.value}"),
            Cell(look.answer),
            Cell(count(look.entry["cases"])),
            Cell(with_interval(look.entry), tone="best" if look.shown else ""),
            Cell(p_value(look.entry["p_corrected"])),
        ]
        for look in looks[:MOST_ROWS]
    ]
    left = len(looks) - len(rows)
    return Table(
        f"How often the {noun} is higher with the attribute (0.5: it does not go along with it)",
        [Cell("With"), Cell("Of"), Cell("Cases"), Cell("Share of pairs"), Cell("p, corrected")],
        rows,
        f"{counted(left, 'weaker look')} stand in metrics.json." if left else "",
    )


def follows_notices(record: Record) -> list[Notice]:
    """A strong one stands on the first page."""
    names = dict.fromkeys(
        look.attribute for look in _strongest(list(_looks(record))) if look.strong
    )
    if not names:
        return []
    noun = _noun(record)
    among = "" if record.kind == "forecast" else " even among cases of the same truth"
    text = (
        f"The {noun} goes along with {listed(names)}{among}: see Subgroups. Where these are not "
        "as they were here, numbers may be worse; test there first."
    )
    return [Notice("amber", f"Its {noun} follows {listed(names)}", text)]


def _strongest(looks: list[Followed]) -> list[Followed]:
    shown = [look for look in looks if look.shown]
    return sorted(shown, key=lambda look: -abs(look.entry["value"] - 0.5))


def _sentence(record: Record, look: Followed) -> str:
    """``Among cases whose truth is normal the score for pneumonia is higher where ...``."""
    sign = 1 if look.higher else -1
    among = [(truth, one) for truth, one in look.entry["among"].items() if one["value"] is not None]
    among.sort(key=lambda pair: -sign * pair[1]["value"])
    (truth, first), *others = among[:2]
    noun = _noun(record)
    of = "" if record.kind == "forecast" else f" for {look.answer}"
    what = f"Among {_cases(record, look, truth)} the {noun}{of}"
    if look.value == RISING:
        says = f"{'rises' if look.higher else 'falls'} with {look.attribute}"
        pair = "of different fifths, the one with more of it"
    else:
        says = f"is {'higher' if look.higher else 'lower'} where {look.attribute} is {look.value}"
        pair = f"one of {look.value} and one of {look.entry['than'] or 'all others'}, the first"
    further = "".join(
        f"; among {_cases(record, look, name)} in {of_hundred(one)}" for name, one in others
    )
    return (
        f"{what} {says}: of two such, {pair} has the higher {noun} in {of_hundred(first)} of 100 "
        f"pairs{further}."
    )


def _noun(record: Record) -> str:
    return "error" if record.kind == "forecast" else "score"


def _cases(record: Record, look: Followed, truth: str) -> str:
    if record.kind == "forecast":
        return truth
    if record.kind == "labels":
        return f"cases {'with' if truth == 'yes' else 'without'} {look.answer}"
    return f"cases whose truth is {truth}"


def _looks(record: Record) -> Iterator[Followed]:
    for attribute, values in (record.metrics.get("follows") or {}).items():
        for value, answers in values.items():
            for answer, entry in answers.items():
                if entry["value"] is not None:
                    yield Followed(attribute, value, answer, entry)
