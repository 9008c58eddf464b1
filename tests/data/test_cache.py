"""Folders made once and found again: never half of one, never another's, one clear sentence."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bedside.data import cache
from bedside.data.cache import OpenFile, Place, code_of, fits_in_memory, folder_bytes, key_of
from bedside.errors import RunError
from bedside.modalities.image import Image
from bedside.progress import Progress


def place(folder: Path) -> Place:
    return Place(folder / "kept" / "one", "'x' as read", "Make room", Progress(quiet=True))


def writes(text: str, *, found: bool = True, calls: list[str] | None = None) -> Callable[..., bool]:
    def write(folder: Path) -> bool:
        assert list(folder.iterdir()) == []
        (folder / "a.bin").write_text(text)
        if calls is not None:
            calls.append(text)
        return found

    return write


def test_a_folder_is_made_once_and_found_again(tmp_path: Path) -> None:
    calls: list[str] = []
    assert not place(tmp_path).holds("k")
    for _ in range(2):
        place(tmp_path).make("k", writes("one", calls=calls), size=0)
    assert calls == ["one"]
    assert place(tmp_path).holds("k")
    assert not place(tmp_path).holds("other")
    assert (place(tmp_path).folder / "a.bin").read_text() == "one"
    assert folder_bytes(place(tmp_path).folder) > 3


def test_another_key_makes_it_anew(tmp_path: Path) -> None:
    place(tmp_path).make("k", writes("one"), size=0)
    place(tmp_path).make("other", writes("two"), size=0)
    assert (place(tmp_path).folder / "a.bin").read_text() == "two"
    assert not place(tmp_path).holds("k")


def test_what_may_not_be_found_again_is_there_and_made_anew(tmp_path: Path) -> None:
    calls: list[str] = []
    for _ in range(2):
        place(tmp_path).make("k", writes("one", found=False, calls=calls), size=0)
        assert (place(tmp_path).folder / "a.bin").exists()
        assert not place(tmp_path).holds("k")
    assert len(calls) == 2


@pytest.mark.parametrize("harm", ["cut", "lost", "more"])
def test_a_folder_that_changed_is_not_believed(tmp_path: Path, harm: str) -> None:
    place(tmp_path).make("k", writes("one"), size=0)
    file = place(tmp_path).folder / "a.bin"
    if harm == "cut":
        file.write_text("on")
    elif harm == "lost":
        file.unlink()
    else:
        (file.parent / "b.bin").touch()
    assert not place(tmp_path).holds("k")


def test_it_is_kept_out_of_repositories_and_backups(tmp_path: Path) -> None:
    place(tmp_path).make("k", writes("one"), size=0)
    above = place(tmp_path).folder.parent
    assert (above / ".gitignore").read_text() == "*\n"
    assert (above / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06")
    assert "patients' data" in (above / "CACHEDIR.TAG").read_text()


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    def write(folder: Path) -> bool:
        (folder / "a.bin").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place(tmp_path).make("k", write, size=0)
    assert not place(tmp_path).folder.exists()
    assert not list(tmp_path.rglob("*.partial"))


KILLED = """
import sys, time
from pathlib import Path
from bedside.data.cache import Place
from bedside.progress import Progress

def write(folder):
    (folder / "a.bin").write_text("half")
    print("writing", flush=True)
    time.sleep(60)

Place(Path(sys.argv[1]), "x", "Make room", Progress(quiet=True)).make("k", write, size=0)
"""


def test_a_killed_process_leaves_nothing_that_is_believed(tmp_path: Path) -> None:
    folder = place(tmp_path).folder
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(signal.SIGKILL)
    assert list(folder.parent.glob("*.partial")) or list(folder.parent.glob(".*.partial"))
    assert not place(tmp_path).holds("k")
    place(tmp_path).make("k", writes("whole"), size=0)  # its lock went with it
    assert (folder / "a.bin").read_text() == "whole"
    assert not list(folder.parent.glob(".*.partial"))


def test_of_two_at_once_one_writes_and_the_other_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    calls: list[str] = []

    def slow(folder: Path) -> bool:
        begun.set()
        assert go_on.wait(30)
        return writes("first", calls=calls)(folder)

    def second() -> None:
        loud = Place(place(tmp_path).folder, "'x' as read", "Make room", Progress())
        loud.make("k", writes("second", calls=calls), size=0)

    one = threading.Thread(target=lambda: place(tmp_path).make("k", slow, size=0))
    two = threading.Thread(target=second)
    one.start()
    assert begun.wait(30)
    two.start()
    two.join(0.2)
    assert two.is_alive()
    go_on.set()
    one.join(30)
    two.join(30)
    assert calls == ["first"]
    assert "Another process is writing 'x' as read; waiting for it." in capsys.readouterr().err


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=2**29)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(RunError) as caught:
        place(tmp_path).make("k", writes("one"), size=3 * 2**30)
    assert str(caught.value) == (
        "'x' as read, in kept/: expected 3.0 GiB of free disk, got 0.5 GiB. Make room."
    )
    assert not place(tmp_path).folder.exists()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errno.ENOSPC, "expected room on the disk, got a full disk. Make room."),
        (errno.EACCES, "expected a folder that can be written, got Permission denied. Make room."),
    ],
)
def test_a_disk_that_fails_is_told_in_one_sentence(tmp_path: Path, error: int, words: str) -> None:
    def write(folder: Path) -> bool:
        (folder / "a.bin").write_text("half")
        raise OSError(error, os.strerror(error), "Doe_Jane.bin")

    with pytest.raises(RunError) as caught:
        place(tmp_path).make("k", write, size=0)
    assert str(caught.value) == f"'x' as read, in kept/: {words}"
    assert not list(tmp_path.rglob("*.partial"))


def test_a_file_is_read_at_any_place_even_once_deleted(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(100)))
    file = OpenFile(path)
    path.unlink()
    found = np.zeros(5, dtype=np.uint8)
    file.read(found, 40)
    assert found.tolist() == [40, 41, 42, 43, 44]
    with pytest.raises(RunError, match="got one that is cut short"):
        file.read(found, 97)


def test_the_line_between_memory_and_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "memory_bytes", lambda: 64 * 2**30)
    assert fits_in_memory(2**29)
    assert not fits_in_memory(2**29 + 1)
    monkeypatch.setattr(cache, "memory_bytes", lambda: 2**30)
    assert fits_in_memory(2**26)
    assert not fits_in_memory(2**26 + 1)


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = cache.memory_bytes()
    assert 2**28 < machine < 2**50
    limits = [tmp_path / name for name in ("one", "two", "three")]
    limits[0].write_text("max\n")
    limits[1].write_text(f"{2**27}\n")
    monkeypatch.setattr(cache, "_LIMITS", tuple(map(str, limits)))
    assert cache.memory_bytes() == 2**27


def test_names_tell_apart_and_tell_nothing() -> None:
    names = {key_of("Doe", "Jane"), key_of("Doe Jane"), key_of("Jane", "Doe"), code_of(Image())}
    assert len(names) == 4
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)
    assert key_of("a", 1) == key_of("a", 1)
    assert code_of(Image()) == code_of(Image(size=(16, 16)))
