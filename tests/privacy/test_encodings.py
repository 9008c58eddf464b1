"""The encoding of a text file, and what is no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedside.privacy.encodings import Encoding, encoding_of


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", Encoding("utf-8", True)),
        ("Größe".encode(), Encoding("utf-8", True)),
        (b"\xef\xbb\xbfGr", Encoding("utf-8-sig", True)),
        ("Größe".encode("utf-16"), Encoding("utf-16", True)),
        ("Patient Größe 1,80 m".encode("cp1252"), Encoding("cp1252", False)),
        (bytes(range(256)), None),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None),
        (b"text with\0 a nul", None),
        ("привет мир".encode("koi8-r"), None),
    ],
)
def test_encodings(tmp_path: Path, content: bytes, expected: Encoding | None) -> None:
    (tmp_path / "f").write_bytes(content)
    assert encoding_of(tmp_path / "f") == expected
