"""Archives: whole or not at all, and never outside their folder."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from bedside.data.public.unpacking import STAGING, unpack
from bedside.errors import DataError


def tar(path: Path, *members: tuple[str, bytes], link: str | None = None) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as packed:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
        if link is not None:
            entry = tarfile.TarInfo("set/link")
            entry.type, entry.linkname = tarfile.SYMTYPE, link
            packed.addfile(entry)
    return path


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in members:
            packed.writestr(name, content)
    return path


def left_by_refusing(archive: Path) -> list[str]:
    """Every file and folder around an archive that was refused, but the folder it lies in."""
    with pytest.raises(DataError, match="expected entries inside its own folder, got one that"):
        unpack(archive)
    return [p.name for p in archive.parent.parent.rglob("*") if p != archive.parent]


@pytest.fixture
def inner(tmp_path: Path) -> Path:
    folder = tmp_path / "inner"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_an_archive_is_unpacked_beside_itself(inner: Path, name: str) -> None:
    make = zipped if name.endswith("zip") else tar
    archive = make(inner / name, ("set/one.txt", b"1"), ("two.txt", b"2"))
    (inner / "set").mkdir()
    (inner / "set" / "old.txt").write_text("from an earlier call")
    assert unpack(archive) == ["set", "two.txt"]
    assert (inner / "set" / "one.txt").read_bytes() == b"1"
    assert (inner / "two.txt").read_bytes() == b"2"
    assert not (inner / "set" / "old.txt").exists()
    assert not (inner / STAGING).exists()


@pytest.mark.parametrize("name", ["../out.txt", "set/../../out.txt"])
def test_a_tar_that_climbs_out_is_refused(inner: Path, name: str) -> None:
    archive = tar(inner / "a.tar", ("set/in.txt", b""), (name, b"x"))
    assert left_by_refusing(archive) == [archive.name]


def test_a_tar_with_a_link_that_leads_out_is_refused(inner: Path) -> None:
    archive = tar(inner / "a.tar", link="../../elsewhere")
    assert left_by_refusing(archive) == [archive.name]


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "set\\..\\..\\out.txt", "C:/out.txt"])
def test_a_zip_that_climbs_out_is_refused(inner: Path, name: str) -> None:
    archive = zipped(inner / "a.zip", ("set/in.txt", b""), (name, b"x"))
    assert left_by_refusing(archive) == [archive.name]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.zip"])
def test_a_damaged_archive_leaves_nothing(inner: Path, name: str) -> None:
    make = zipped if name.endswith("zip") else tar
    archive = make(inner / name, ("set/one.txt", bytes(range(256)) * 50))
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"got one that does not unpack\. Delete it and repeat"):
        unpack(archive)
    assert [p.name for p in inner.iterdir()] == [name]
