"""How numbers become text, in one place, so that report, card and figures agree.

Enters: numbers and estimates (``{"value", "low", "high"}``, any of them missing).
Leaves: short strings; what is missing reads "n/a", never an empty cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

NOT_AVAILABLE = "n/a"
NO_INTERVAL = "interval n/a"
DECIMALS = 3
SMALLEST_P = 0.001
MINUS = "\N{MINUS SIGN}"

Estimate: TypeAlias = Mapping[str, Any]
"""One metric: ``value`` and the ends of its interval, ``low`` and ``high``."""


@dataclass(frozen=True)
class Form:
    """How the values of one metric are written.

    Args:
        decimals: digits after the point.
        scale: what a value is multiplied by: 100 for a share in percent.
        unit: written after a value, not after the ends of its interval.
    """

    decimals: int = DECIMALS
    scale: float = 1.0
    unit: str = ""

    def text(self, value: Any, *, bare: bool = False) -> str:
        """``14.4 mg/dL``; "n/a" for what is missing; `bare` leaves out any unit but percent."""
        if not _is_number(value):
            return NOT_AVAILABLE
        shown = number(value * self.scale, decimals=self.decimals)
        if not self.unit or (bare and self.unit != "%"):
            return shown
        return f"{shown}\N{NO-BREAK SPACE}{self.unit}"


PLAIN = Form()


def number(value: Any, *, decimals: int = DECIMALS) -> str:
    """Three decimals and a true minus sign; "n/a" for what is missing or not finite."""
    if not _is_number(value):
        return NOT_AVAILABLE
    text = f"{float(value):.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def bounds(estimate: Estimate | None, form: Form = PLAIN) -> str | None:
    """``0.969 to 0.986``, or None where the interval is unknown."""
    if not has_interval(estimate) or estimate is None:
        return None
    low, high = (
        number(estimate[end] * form.scale, decimals=form.decimals) for end in ("low", "high")
    )
    return f"{low} to {high}"


def with_interval(
    estimate: Estimate | None, form: Form = PLAIN, *, unknown: str = NO_INTERVAL
) -> str:
    """``0.978 (0.969 to 0.986)``."""
    if estimate is None or not _is_number(estimate.get("value")):
        return NOT_AVAILABLE
    return f"{form.text(estimate['value'])} ({bounds(estimate, form) or unknown})"


def has_interval(estimate: Estimate | None) -> bool:
    """Whether both ends of the interval are known."""
    return estimate is not None and all(_is_number(estimate.get(end)) for end in ("low", "high"))


def signed(text: str) -> str:
    """A number as text with its sign, plus included."""
    return text if text.startswith((MINUS, "n")) else f"+{text}"


def complement(estimate: Estimate | None) -> dict[str, Any] | None:
    """One minus an estimate; the ends of the interval change places."""
    if estimate is None or not _is_number(estimate.get("value")):
        return None
    known = has_interval(estimate)
    return {
        "value": 1 - estimate["value"],
        "low": 1 - estimate["high"] if known else None,
        "high": 1 - estimate["low"] if known else None,
    }


def share_words(estimate: Estimate | None) -> str:
    """A share in percent: ``91.2 % (88.0 to 93.9)``."""
    return with_interval(estimate, Form(1, scale=100, unit="%"))


def of_hundred(estimate: Estimate | None) -> str:
    """A share as a natural frequency: ``93 (90 to 96)``; "n/a" where unknown."""
    if estimate is None or not _is_number(estimate.get("value")):
        return NOT_AVAILABLE
    whole = _people(estimate["value"])
    if not has_interval(estimate):
        return f"{whole} (interval n/a)"
    return f"{whole} ({round(100 * estimate['low'])} to {round(100 * estimate['high'])})"


def _people(share: float) -> str:
    """Never "0 of 100" for what happens, nor "100 of 100" for what sometimes does not."""
    rounded = round(100 * share)
    if rounded == 0 and share > 0:
        return "fewer than 1"
    if rounded == 100 and share < 1:
        return "more than 99"
    return str(rounded)


def percent(value: Any, *, decimals: int = 0) -> str:
    """``62 %`` with a space that does not break."""
    if not _is_number(value):
        return NOT_AVAILABLE
    return f"{100 * float(value):.{decimals}f}\N{NO-BREAK SPACE}%"


def p_value(value: Any) -> str:
    """``0.039``; never "0.000" for what is only small."""
    if _is_number(value) and value < SMALLEST_P:
        return f"< {SMALLEST_P}"
    return number(value)


def count(value: Any) -> str:
    """``1,248``; "unknown" where nobody counted."""
    return f"{int(value):,}" if _is_number(value) else "unknown"


def counted(value: int, noun: str, *, plural: str | None = None) -> str:
    """``1 case``, ``624 cases``."""
    return f"{count(value)} {noun if value == 1 else plural or noun + 's'}"


def duration(seconds: Any) -> str:
    """``41 s``, ``3 min 12 s``, ``2 h 05 min``."""
    if not _is_number(seconds):
        return NOT_AVAILABLE
    whole = round(float(seconds))
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def listed(words: Iterable[object], *, shown: int = 6) -> str:
    """``a, b and c``; long lists end in "and 9 more"."""
    texts = [str(word) for word in words]
    if len(texts) > shown:
        texts = [*texts[:shown], f"{len(texts) - shown} more"]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def broken(model: str) -> str:
    """A model's name in a figure: one line for each of its inputs."""
    return model.replace(",", ",\n").replace(" − ", "\n− ") if "=" in model else model
