"""The errors a user sees.

Enters: what was expected, what was found, what to do. Leaves: one sentence,
``where: expected X, got Y. Do Z.``, never a cell's content, a patient's name or
a note's text. Checks that can find several faults collect them in `Problems`
and raise once; `study_faults` says in the same words what pydantic found.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

SHOWN_PROBLEMS = 20
INTERRUPTED = 130
SHOW_TRACEBACK = "BEDSIDE_TRACEBACK"
CORRECT = "Correct it in the study file or the --set"
NOUNS = {
    str: ("text", "text"),
    bool: ("true or false", "true or false"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    Path: ("a path", "paths"),
    type(None): ("null", "null"),
}
LIMITS = {"ge": "of at least", "gt": "above", "le": "at most", "lt": "below"}
WORD = re.compile(r"[\w.-]{1,24}")


class BedsideError(Exception):
    """Something the user can mend; the command prints it without a traceback."""


class StudyError(BedsideError):
    """The study file, or an option set on the command line, is wrong."""


class DataError(BedsideError):
    """A table, file or value of the data is wrong."""


class LeakageError(BedsideError):
    """The parts of a split overlap, or a fit would see more than training cases."""


class PackageError(BedsideError):
    """A package is damaged, of an unknown version, or computes other numbers here."""


class InstallError(BedsideError):
    """A library is missing that this study or package needs."""


class RunError(BedsideError):
    """A run folder is missing, incomplete or belongs to another study."""


def sentence(where: str, *, expected: str, got: str, remedy: str) -> str:
    """Build the one error sentence of the project.

    Args:
        where: the place, by file, row, key or column.
        expected: what should have been there.
        got: a type, shape, range, unit, row or key; never a cell's content.
        remedy: what to do, as an imperative without the final full stop.
    """
    return f"{where}: expected {expected}, got {got}. {remedy.rstrip('.')}."


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is meant: ``did you mean 'epochs'?`` or the list of known names."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known are: {', '.join(names)}." if names else "None is known here."


@dataclass
class Problems:
    """Collects every fault of one check, then raises them together."""

    kind: type[BedsideError]
    found: list[str] = field(default_factory=list)

    def add(self, where: str, *, expected: str, got: str, remedy: str) -> None:
        """Note one fault; the arguments are those of `sentence`."""
        self.found.append(sentence(where, expected=expected, got=got, remedy=remedy))

    def raise_if_any(self) -> None:
        """Raise one error with all faults, one a line, the first twenty in full."""
        if not self.found:
            return
        lines = self.found[:SHOWN_PROBLEMS]
        if len(self.found) > SHOWN_PROBLEMS:
            lines.append(f"... and {len(self.found) - SHOWN_PROBLEMS} more of the same kind.")
        raise self.kind("\n".join(lines))


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say in one message what the command cannot do, and leave with its exit code."""
    try:
        yield
    except BedsideError as error:
        sys.stderr.write(f"bedside: {error}\n")
        raise SystemExit(1) from None
    except SystemExit as stop:
        if stop.code == INTERRUPTED:  # typer turns Ctrl-C into it without a word
            sys.stderr.write("bedside: stopped. A run goes on with --resume.\n")
        raise
    except KeyboardInterrupt:
        sys.stderr.write("bedside: stopped. A run goes on with --resume.\n")
        raise SystemExit(INTERRUPTED) from None
    except Exception as error:
        if os.environ.get(SHOW_TRACEBACK):
            raise
        sys.stderr.write(f"bedside: {_unforeseen(error)}\n")
        raise SystemExit(1) from None


def _unforeseen(error: Exception) -> str:
    """What to say of an error that nobody foresaw: its kind and place, never its own words.

    Those, and a traceback, may quote a cell or a file name, so only who asks sees them.
    """
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("bedside"):
        return (
            f"this command needs '{error.name}', which is not installed. "
            "Install it with: pip install 'bedside[study]'"
        )
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"unforeseen {type(error).__name__} in {Path(place.filename).name} line {place.lineno}. "
        "What was finished before is kept. Please report this line; to see more, which may quote "
        f"your data, set {SHOW_TRACEBACK}=1 and repeat."
    )


def study_faults(
    error: ValidationError, *, model: type[BaseModel], words: Any, where: str
) -> list[str]:
    """One sentence for each key that pydantic refused, in the order it found them.

    Args:
        error: what pydantic raised.
        model: the model that refused.
        words: what it was given; only types, numbers and single short words are told.
        where: names the study file; where it ends in a full stop (``inputs.xray.``), it is
            the section that the keys belong to.
    """
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_input=False):
        named = fault["loc"][-1:] == ("[key]",)  # the fault is in the name of an entry
        spot = _spot(model, fault["loc"][:-2] if named else fault["loc"], words)
        place = f"{where}: {spot.key}" if spot.key else where.rstrip(".")
        if where.endswith(".") and spot.key:
            place = f"{where}{spot.key}"
        if fault["type"] == "extra_forbidden":
            text = f"{place}: unknown key. {nearest(str(fault['loc'][-1]), spot.siblings)}"
        elif fault["type"] == "missing":
            text = f"{place}: missing. Add it to the study file."
        elif fault["type"] == "value_error":
            message = fault["msg"].removeprefix("Value error, ").rstrip(".")
            text = f"{place}: {message}. {CORRECT}."
        elif named:
            text = f"{place}: expected names as text, got another. Put them in quotes."
        else:
            text = sentence(
                place,
                expected=_expected(spot.form, spot.limits),
                got=_got(spot.value, spot.form),
                remedy=CORRECT,
            )
        found.setdefault(spot.key, text)
    return list(found.values())


@dataclass(frozen=True)
class _Spot:
    """A place in a study's words: its key, the form it should have, what stands there."""

    key: str
    form: Any
    limits: tuple[Any, ...]
    value: Any
    siblings: tuple[str, ...]


def _spot(model: type[BaseModel], location: Sequence[int | str], words: Any) -> _Spot:
    """Follow a location of pydantic up to a choice between forms, where it names its insides."""
    key, siblings = "", tuple[str, ...]()
    form: Any = model
    limits: tuple[Any, ...] = ()
    for step in location:
        form, limits = _bare(form, limits)
        arguments, fields = get_args(form), getattr(form, "model_fields", None)
        if fields is not None:
            siblings, limits = tuple(fields), ()
            form = Any
            if step in fields:
                form, limits = fields[step].annotation, tuple(fields[step].metadata)
        elif get_origin(form) is dict:
            form, limits = arguments[1], ()
        elif get_origin(form) in (list, tuple) and isinstance(step, int):
            form, limits = arguments[min(step, len(arguments) - 1)], ()
            key += f", item {step + 1}"
            words = words[step] if isinstance(words, list | tuple) and step < len(words) else None
            continue
        else:
            break
        key += f".{step}"
        words = words.get(step) if isinstance(words, Mapping) else None
    form, limits = _bare(form, limits)
    return _Spot(key.removeprefix("."), form, limits, words, siblings)


def _bare(form: Any, limits: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """A form without Annotated, and without None where that is one of two."""
    while True:
        others = [one for one in get_args(form) if one is not type(None)]
        if get_origin(form) is Annotated:
            form, *notes = get_args(form)
            for note in notes:
                limits = (*limits, *getattr(note, "metadata", [note]))
        elif get_origin(form) in (Union, types.UnionType) and len(others) == 1:
            form = others[0]
        else:
            return form, limits


def _expected(form: Any, limits: tuple[Any, ...] = (), *, many: bool = False) -> str:
    form, limits = _bare(form, limits)
    origin: Any = get_origin(form)
    arguments = list[Any](get_args(form))
    if _is_literal(form):
        text = _either([f"'{a}'" if isinstance(a, str) else str(a) for a in arguments])
    elif origin in (Union, types.UnionType):
        others = [one for one in arguments if one is not type(None)]
        others.sort(key=lambda one: not _is_literal(one))  # the words first
        text = _either([_expected(one, many=many) for one in others])
    elif origin is list:
        text = f"{'lists' if many else 'a list'} of {_expected(arguments[0], many=True)}"
    elif origin is tuple:
        text = f"a list of {len(arguments)} {_expected(arguments[0], many=True)}"
    elif origin is dict and _is_literal(arguments[0]):
        text = f"{{{_expected(arguments[0])}: {_expected(arguments[1])}}}"
    else:
        text = NOUNS.get(form, ("a section", "sections"))[many]
    bounds = [
        f"{said} {getattr(limit, name):g}"
        for name, said in LIMITS.items()
        for limit in limits
        if getattr(limit, name, None) is not None
    ]
    entries = [n for limit in limits if (n := getattr(limit, "min_length", None))]
    counted = [f"with at least {n} {'entry' if n == 1 else 'entries'}" for n in entries]
    return " ".join([text, *[" and ".join(bounds)][: len(bounds)], *counted])


def _is_literal(form: Any) -> bool:
    origin: object = get_origin(form)
    return origin is Literal


def _got(value: Any, form: Any) -> str:
    """Type of a value; a number, or a short word where certain words are expected, itself."""
    if isinstance(value, str):
        return f"'{value}'" if "Literal" in repr(form) and WORD.fullmatch(value) else "text"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value) if len(str(value)) <= 24 else "a long number"
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "a section" if value else "an empty section"
    return f"a {type(value).__name__}"


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
