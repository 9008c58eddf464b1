"""Where a character of a text, as it is read, stands in the text as it was written.

Enters: a text as it was written. Leaves: the same as `text_files` reads it, and the way back for
places in it. Reading drops blanks around a text and brings line ends and letters into one form,
so that what stands behind may move.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from bedside.modalities.text_files import in_one_form

MOVING = re.compile(r"\A\ufeff|\r\n|[\x00-\x7f]?[^\x00-\x7f]+")
"""What may change its length. No sign of ASCII joins what stands before it, so that a stretch from
one to the next comes into its form alone."""


@dataclass(frozen=True)
class Places:
    """A text as it is read, and where its characters stood.

    Args:
        text: as it is read.
        read: places in the text from which on another shift holds, ascending, the first one 0.
        shifts: how many characters later what stands there was written.
        length: characters of the text as it was written.
    """

    text: str
    read: tuple[int, ...]
    shifts: tuple[int, ...]
    length: int

    def start(self, place: int) -> int:
        """Where the character at a place was written."""
        later = bisect_right(self.read, place)
        return min(place + self.shifts[later - 1], self._next(later))

    def end(self, place: int) -> int:
        """Where a stretch ended when it was written whose last character is before a place."""
        return self.start(place) if not place else self._behind(place - 1)

    def _behind(self, place: int) -> int:
        """The end of what was written for one character; marks that joined it belong to it."""
        later = bisect_right(self.read, place)
        joined = later < len(self.read) and self.read[later] == place + 1
        return min(place + 1 + self.shifts[later if joined else later - 1], self._next(later))

    def _next(self, later: int) -> int:
        """Where the next stretch was written: signs that came apart end there at the latest."""
        if later == len(self.read):
            return self.length
        return min(self.read[later] + self.shifts[later], self.length)


def places_in(written: str) -> Places:
    """Read a text as `text_files.clean_text` does, and remember where everything stood."""
    whole = in_one_form(written)[0]
    text = whole.strip()
    lead = len(whole) - len(whole.lstrip()) if text else 0
    read, shifts, shift = [0], [0], 0
    for found in MOVING.finditer(written):
        now = _length(found[0], first=not found.start())
        if now != len(found[0]):
            at = found.start() - shift
            shift += len(found[0]) - now
            read.append(at + now)
            shifts.append(shift)
    keep = [place for place, at in enumerate(read) if at > lead]
    first = (keep[0] if keep else len(read)) - 1
    return Places(
        text,
        (0, *(read[place] - lead for place in keep)),
        tuple(shifts[place] + lead for place in [first, *keep]),
        len(written),
    )


def _length(piece: str, *, first: bool) -> int:
    """Characters of a piece once it is read; a byte order mark goes only where a text begins."""
    return len(in_one_form(piece)[0]) if first else len(in_one_form("\n" + piece)[0]) - 1
