"""Which encoding a text file has, told without holding it in memory.

Enters: a path, or bytes. Leaves: an encoding, or none where it is no text. UTF-8 and
UTF-16 with its mark are told surely; Windows-1252 is what is left when every byte could be a
letter.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 20
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\x81\x8d\x8f\x90\x9d]")
"""Bytes that no text of Windows-1252 has; an escape may stand in printouts."""
MOSTLY_LETTERS = 0.3
"""More bytes above 127 than this share make a text of a western language unlikely."""


@dataclass(frozen=True)
class Encoding:
    """An encoding and whether it was told surely."""

    name: str
    sure: bool


def encoding_of(source: Path | bytes) -> Encoding | None:
    """The encoding of a file, or of bytes; None where it is no text.

    Raises:
        OSError: it cannot be read.
    """
    with _opened(source) as stream:
        head = stream.read(4)
    if head[:3] == codecs.BOM_UTF8:
        candidates = [Encoding("utf-8-sig", True)]
    elif head[:2] in UTF16:
        candidates = [Encoding("utf-16", True)]
    else:
        candidates = [Encoding("utf-8", True)]
    candidates.append(Encoding("cp1252", False))
    return next((one for one in candidates if _decodes(source, one)), None)


def decoded(raw: bytes) -> tuple[str | None, Encoding | None]:
    """Bytes as a text, with their encoding; None and None where they are no text."""
    encoding = encoding_of(raw)
    return (None, None) if encoding is None else (raw.decode(encoding.name), encoding)


def _opened(source: Path | bytes) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _decodes(source: Path | bytes, encoding: Encoding) -> bool:
    decoder = codecs.getincrementaldecoder(encoding.name)()
    length = high = 0
    with _opened(source) as stream:
        while block := stream.read(BLOCK):
            try:
                text = decoder.decode(block)
            except UnicodeDecodeError:
                return False
            if encoding.name == "cp1252":
                if CONTROL.search(block):
                    return False
                length += len(block)
                high += sum(byte > 127 for byte in block)
            elif "\0" in text:
                return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return high <= MOSTLY_LETTERS * length
