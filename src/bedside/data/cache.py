"""What does not fit into memory: folders on disk that are made once and found again.

Enters: a place, and a key that names what shall lie there. Leaves: the folder, whole. It
holds patients' pixels, so its names tell nothing, and a `.gitignore` beside it keeps it out
of repositories.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bedside.environment import describe_environment
from bedside.errors import RunError, sentence
from bedside.progress import Progress
from bedside.schema import Array

MEMORY_PART = 16
MOST_IN_MEMORY = 2**29
"""Values of an input stay in memory up to a 16th of what the process may use, at most 512 MiB.

They are held twice, as read and as prepared, beside all else that a training needs.
"""
KEY = "key.txt"
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# bedside keeps here what it read from many files, so that it need not read them again.\n"
    "# It holds patients' data. It may be deleted whenever no audit or run is going on.\n"
)


def memory_bytes() -> int:
    """Memory that this process may use: the machine's, or less where its container says so."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in _LIMITS:
        with suppress(OSError, ValueError):  # no such limit here
            limits.append(int(Path(name).read_text(encoding="ascii")))
    return min(limits)


def fits_in_memory(size: float) -> bool:
    """Whether values of so many bytes stay in memory."""
    return size <= min(MOST_IN_MEMORY, memory_bytes() / MEMORY_PART)


@dataclass(frozen=True)
class Place:
    """Where a folder lies, or will lie.

    Args:
        folder: its path; the folder above it holds such folders alone.
        what: it holds, for messages.
        remedy: where a full disk leaves no other way, as an imperative.
        progress: told where another process makes it at the same time.
    """

    folder: Path
    what: str
    remedy: str
    progress: Progress

    def holds(self, key: str) -> bool:
        """Whether the folder is there whole, made under this very key."""
        try:
            text = (self.folder / KEY).read_text(encoding="utf-8")
            return text == _contents(self.folder, key)
        except OSError:
            return False

    def make(self, key: str, write: Callable[[Path], bool], *, size: float) -> None:
        """Make the folder, unless it is there under this key; an older one is removed first.

        However a process ends, it leaves no half of a folder: files are written beside the
        place, flushed to disk and renamed with their folder.

        Args:
            key: names what is written and all that it was made from.
            write: writes the files into the empty folder it is given; answers whether
                they may be found again.
            size: bytes that will be needed, so that a full disk is told before it is full.

        Raises:
            RunError: the disk is full or the folder cannot be written.
        """
        try:
            self._open()
            with self._alone():
                if not self.holds(key):
                    self._write(key, write, size=size)
        except OSError as error:
            raise self._cannot(error) from error

    def clear(self) -> None:
        """Remove the folder, where there is one."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _open(self) -> None:
        above = self.folder.parent
        above.mkdir(parents=True, exist_ok=True)
        for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", TAG)):
            if not (above / name).exists():
                (above / name).write_text(text, encoding="ascii")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the place's lock, which the system lets go however this process ends."""
        import fcntl  # here, since only Unix has it, and predicting needs none

        with self.folder.with_name(f".{self.folder.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.progress.say(f"Another process is writing {self.what}; waiting for it.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, key: str, write: Callable[[Path], bool], *, size: float) -> None:
        partial = self.folder.with_name(f".{self.folder.name}.partial")
        for old in (self.folder, partial):  # of other data; of a process that died
            if old.exists():
                shutil.rmtree(old)
        free = shutil.disk_usage(self.folder.parent).free
        if size > free:
            raise self._refusal(f"{_gib(size)} of free disk", _gib(free))
        try:
            partial.mkdir()
            if write(partial):
                (partial / KEY).write_text(_contents(partial, key), encoding="utf-8")
            for path in partial.iterdir():
                with path.open("rb+") as stream:
                    os.fsync(stream.fileno())
            partial.rename(self.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _cannot(self, error: OSError) -> RunError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return self._refusal("room on the disk", "a full disk")
        return self._refusal("a folder that can be written", error.strerror or type(error).__name__)

    def _refusal(self, expected: str, got: str) -> RunError:
        where = f"{self.what}, in {self.folder.parent.name}/"
        return RunError(sentence(where, expected=expected, got=got, remedy=self.remedy))


def _contents(folder: Path, key: str) -> str:
    """The key, and every file with its size: one that was cut short is not believed."""
    sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.name != KEY}
    return "\n".join([key, *(f"{name} {size}" for name, size in sorted(sizes.items()))])


def folder_bytes(folder: Path) -> int:
    """What the files directly in a folder take."""
    return sum(path.stat().st_size for path in folder.iterdir())


def _gib(size: float) -> str:
    return f"{size / 2**30:.1f} GiB"


class OpenFile:
    """A file that is read at any place, from any thread, and may meanwhile be deleted."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._file)

    def read(self, into: Array, start: int) -> None:
        """Fill a contiguous uint8 array with the bytes from `start` on.

        Not memory-mapped: pages of a mapped file count as this process's own memory.

        Raises:
            RunError: the file is shorter than it was.
        """
        done = 0
        while done < into.size:
            got = os.preadv(self._file, [into.data[done:]], start + done)
            if not got:
                raise RunError(
                    sentence(
                        "the cache",
                        expected="whole files",
                        got="one that is cut short",
                        remedy="Delete its folder and repeat the command",
                    )
                )
            done += got


def key_of(*words: object) -> str:
    """A short name of all that these words say."""
    return hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()[:32]


def code_of(plugin: object) -> str:
    """A short name of the code that makes something: a plug-in's, ours and the libraries'."""
    own = Path(sys.modules[type(plugin).__module__].__file__ or "")
    sources = [*sorted(Path(__file__).parent.parent.rglob("*.py")), own]
    return key_of(
        *(hashlib.sha256(path.read_bytes()).hexdigest() for path in sources),
        describe_environment()["libraries"],
    )
