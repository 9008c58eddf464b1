"""Texts as they are found, brought into one form.

Enters: a reference to a UTF-8 file, or the text itself. Leaves: a `Sample` whose value is a
``str`` in Unicode NFC with a line feed as line end, free of control characters and of blanks
around it; its geometry counts what had to be replaced, for the audit. No word of a text
ever stands in an error.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from bedside.errors import DataError, sentence
from bedside.schema import Geometry, Reference, Sample

LONGEST = 20_000_000
"""Characters, and bytes of a file, that a text may have: no note is longer."""
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
REPLACEMENT = "\ufffd"
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\x85")


def read_text(reference: Reference) -> Sample:
    """Read one text; one that was read already stays as it is.

    Returns:
        The text; ``geometry.source`` holds ``characters`` (its length), ``control`` (control
        characters that became blanks) and ``replaced`` (characters that are none: broken
        surrogates now, and marks of bytes that were lost before it came here).

    Raises:
        DataError: the file is missing, not UTF-8 or holds NUL bytes, the text is too long,
            or the reference is no text at all; `reference.where` is named.
    """
    content, where = reference.content, reference.where
    if isinstance(content, Path):
        content = _decoded(content, where)
    if not isinstance(content, str):
        raise _refusal(
            where,
            expected="a text, or the path of a text file",
            got=type(content).__name__,
            remedy="Name the column that holds the texts",
        )
    return clean_text(content, where=where)


def clean_text(text: str, *, where: str) -> Sample:
    """Bring a text into the form of this module; see `read_text`.

    Raises:
        DataError: it is too long, or holds a NUL.
    """
    if len(text) > LONGEST:
        raise _too_long(where, f"{len(text):,}")
    if "\0" in text:
        raise _refusal(
            where,
            expected="plain text",
            got="a NUL character",
            remedy="Export it again as UTF-8 text; a program or UTF-16 writes such characters",
        )
    text, control = in_one_form(text)
    text = text.strip()
    facts = {"characters": len(text), "control": control, "replaced": text.count(REPLACEMENT)}
    return Sample(text, Geometry(shape=(len(text),), source=facts))


def in_one_form(text: str) -> tuple[str, int]:
    """A text, or its beginning, in the form of this module, blanks around it left in place.

    Returns:
        The text, and how many control characters became blanks.
    """
    text = text.removeprefix("\ufeff")
    text, control = _CONTROL.subn(" ", _LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", _SURROGATE.sub(REPLACEMENT, text)), control


def _decoded(path: Path, where: str) -> str:
    try:
        if (size := path.stat().st_size) > LONGEST:
            raise _too_long(where, f"{size:,}")
        raw = path.read_bytes()
    except OSError as error:
        raise _cannot_open(error, where) from None
    if raw.startswith(UTF16_MARKS):
        raise _not_utf8(where, "UTF-16")
    if b"\0" in raw:
        raise _not_utf8(where, "NUL bytes (another kind of file, or UTF-16)")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _not_utf8(where, "other bytes (Latin-1 or Windows-1252, if it is a text)") from None


def _not_utf8(where: str, got: str) -> DataError:
    remedy = "Save it as UTF-8; a guess could turn letters into others"
    return _refusal(where, expected="a text file in UTF-8", got=got, remedy=remedy)


def _too_long(where: str, got: str) -> DataError:
    return _refusal(
        where,
        expected=f"a text of at most {LONGEST:,} characters",
        got=got,
        remedy="Check where it comes from, and cut out the part that matters",
    )


def _cannot_open(error: OSError, where: str) -> DataError:
    reasons = {
        FileNotFoundError: ("no such file", "Correct the path or leave the row out"),
        IsADirectoryError: ("a folder", "Name one file a row"),
        PermissionError: ("a file that may not be read", "Grant read access to it"),
    }
    other = (f"an error of the disk ({type(error).__name__})", "Copy it again from its source")
    got, remedy = reasons.get(type(error), other)
    return _refusal(where, expected="a text file in UTF-8", got=got, remedy=remedy)


def _refusal(where: str, *, expected: str, got: str, remedy: str) -> DataError:
    return DataError(sentence(where, expected=expected, got=got, remedy=remedy))
