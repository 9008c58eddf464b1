"""The key: what stood where, locked with a passphrase, made only when it is asked for.

Enters: a passphrase and entries. Leaves: a file of lines; the first says how the lock was
made, every other is one Fernet token (AES-128-CBC with HMAC-SHA256) of JSON. The lock comes
from the passphrase by scrypt (RFC 7914), so that guessing costs memory and time. Lines are
added one by one: a key of any length needs no memory, and a run that was killed goes on.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.errors import RunError, StudyError, sentence
from bedside.extras import check_extra

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

FORM = "bedside-key-1"
COST, BLOCK, LANES = 2**15, 8, 1
"""Of scrypt: 32 MiB a guess."""
LEAST_LETTERS = 8
SECRET_BYTES = 32


@dataclass(frozen=True)
class Key:
    """An open key file.

    Args:
        path: of the file.
        secret: by which surrogates are drawn.
        lock: opens and closes its lines.
    """

    path: Path
    secret: bytes
    lock: Fernet

    def add(self, entries: list[dict[str, Any]]) -> int:
        """Add one line and return the length of the file, in bytes, once it is on disk.

        Raises:
            RunError: the file cannot be written.
        """
        try:
            with self.path.open("ab") as stream:
                stream.write(self.lock.encrypt(json.dumps(entries).encode()) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
                return stream.tell()
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def cut(self, length: int) -> None:
        """Drop what was written after a length, since what it belongs to is done again."""
        with self.path.open("rb+") as stream:
            stream.truncate(length)


def open_key(path: Path, passphrase: str) -> Key:
    """Open a key file, or make one.

    Raises:
        InstallError: the extra ``privacy`` is missing.
        StudyError: the passphrase is too short or wrong.
        RunError: the file is no key, or cannot be read or written.
    """
    if len(passphrase) < LEAST_LETTERS:
        raise StudyError(
            sentence(
                "passphrase",
                expected=f"at least {LEAST_LETTERS} characters",
                got=str(len(passphrase)),
                remedy="Take a longer one",
            )
        )
    if not path.exists():
        _make(path, passphrase)
    lines = _lines(path)
    header = _header(next(lines, b""), path)
    lock = _lock(passphrase, bytes.fromhex(header["salt"]))
    secret = _opened(lock, next(lines, b""), path)
    return Key(path, bytes.fromhex(secret["secret"]), lock)


def read_key(path: Path, passphrase: str) -> Iterator[dict[str, Any]]:
    """What stood where: one entry for each file, patient and replacement.

    Raises:
        StudyError: the passphrase is wrong.
        RunError: the file is no key, or damaged.
    """
    key = open_key(path, passphrase)
    for number, line in enumerate(_lines(path)):
        if number > 1:
            yield from _opened(key.lock, line, path)


def _make(path: Path, passphrase: str) -> None:
    salt, secret = os.urandom(16), os.urandom(SECRET_BYTES)
    header = {"form": FORM, "kdf": "scrypt", "n": COST, "r": BLOCK, "p": LANES, "salt": salt.hex()}
    first = _lock(passphrase, salt).encrypt(json.dumps({"secret": secret.hex()}).encode())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            with suppress(OSError):  # some disks know no owners
                path.chmod(0o600)
            stream.write(json.dumps(header).encode() + b"\n" + first + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise _cannot_write(path, error) from error


def _lock(passphrase: str, salt: bytes) -> Fernet:
    check_extra("privacy", where="--key")
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    derived = Scrypt(salt=salt, length=32, n=COST, r=BLOCK, p=LANES).derive(passphrase.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):  # a last line without its end was never finished
                    yield line.rstrip(b"\n")
    except OSError as error:
        raise RunError(
            f"{path.name}: cannot be read ({error.strerror}). Name another file with --key."
        ) from error


def _header(line: bytes, path: Path) -> dict[str, Any]:
    with suppress(ValueError):
        header = json.loads(line)
        if isinstance(header, dict) and header.get("form") == FORM:
            return header
    raise RunError(
        sentence(
            path.name,
            expected="a new file, or a key that bedside made",
            got="a file of another kind",
            remedy="Name another with --key",
        )
    )


def _opened(lock: Fernet, line: bytes, path: Path) -> Any:
    from cryptography.fernet import InvalidToken

    try:
        return json.loads(lock.decrypt(line))
    except InvalidToken:
        raise StudyError(
            sentence(
                path.name,
                expected="the passphrase it was made with, and a whole file",
                got="another passphrase, or a damaged line",
                remedy="Give the passphrase again, or a copy of the file",
            )
        ) from None


def _cannot_write(path: Path, error: OSError) -> RunError:
    return RunError(
        f"{path.name}: cannot be written ({error.strerror or type(error).__name__}). "
        "Name another file with --key."
    )
