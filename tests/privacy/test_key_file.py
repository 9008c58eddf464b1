"""The key: locked, opened again, refused with another passphrase or when it is no key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.errors import RunError, StudyError
from bedside.privacy.key_file import open_key, read_key


def test_what_was_locked_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "own.key"
    key = open_key(path, "correct horse")
    length = key.add([{"kind": "name", "was": "Mary", "is": "Anna"}])
    key.add([{"kind": "name", "was": "lost", "is": "lost"}])
    key.cut(length)
    assert b"Mary" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert list(read_key(path, "correct horse")) == [{"kind": "name", "was": "Mary", "is": "Anna"}]
    assert open_key(path, "correct horse").secret == key.secret
    with path.open("ab") as stream:
        stream.write(b"half a li")
    assert len(list(read_key(path, "correct horse"))) == 1


def test_wrong_passphrases_and_other_files_are_refused(tmp_path: Path) -> None:
    open_key(tmp_path / "own.key", "correct horse")
    with pytest.raises(StudyError, match=r"^own\.key: expected the passphrase it was made with"):
        open_key(tmp_path / "own.key", "wrong horse")
    with pytest.raises(StudyError, match=r"^passphrase: expected at least 8 characters, got 5\."):
        open_key(tmp_path / "own.key", "horse")
    (tmp_path / "notes.txt").write_text("Mary was here\n")
    with pytest.raises(RunError, match=r"^notes\.txt: expected a new file, or a key that bedside"):
        open_key(tmp_path / "notes.txt", "correct horse")
    assert (tmp_path / "notes.txt").read_text() == "Mary was here\n"
