"""The passphrase of a key: from a file, the environment, or a person at a terminal.

Enters: nothing, or the path of a file. Leaves: the passphrase, which is never printed.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path

from bedside.errors import StudyError, sentence

VARIABLE = "BEDSIDE_PASSPHRASE"


def passphrase_from(file: Path | None, *, new: bool) -> str:
    """The passphrase, asked twice where it will lock a new key.

    Args:
        file: whose first line holds it; None takes the environment, then the terminal.
        new: whether a key is made with it.

    Raises:
        StudyError: the file cannot be read, nobody is there to ask, or two answers differ.
    """
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").splitlines()[0]
        except (OSError, UnicodeDecodeError, IndexError):
            raise _refused("--passphrase-file", "a text file with one line", "none") from None
    if word := os.environ.get(VARIABLE):
        return word
    if not sys.stdin.isatty():
        raise _refused("--key", f"a passphrase in --passphrase-file or {VARIABLE}", "none")
    word = getpass.getpass("Passphrase of the key: ")
    if new and getpass.getpass("Once more: ") != word:
        raise _refused("passphrase", "the same twice", "two different ones")
    return word


def _refused(where: str, expected: str, got: str) -> StudyError:
    return StudyError(sentence(where, expected=expected, got=got, remedy="Give it again"))
