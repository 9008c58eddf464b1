"""The folder a study leaves behind, and how files get into it.

Every file is written under a temporary name, flushed to disk and renamed, and its
folder is flushed too, so that a run that dies, or a machine that loses power, leaves
whole files only.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bedside.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it replaces `path`.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.replace(path)
        flush_folder(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def user_cache() -> Path:
    """The user's folder for what can be made again: ``XDG_CACHE_HOME``, else ``~/.cache``."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (cache if cache.is_absolute() else Path.home() / ".cache") / "bedside"


def flush_folder(folder: Path) -> None:
    """Make renames in a folder outlast lost power, where the system can do that."""
    with suppress(OSError):  # Windows opens no folder; some network disks flush none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cannot_write(path: Path, error: OSError) -> RunError:
    if error.errno == errno.ENOSPC:
        return RunError(
            f"{path.name}: the disk is full. Free some space and repeat the command, a run with "
            "--resume; what was finished before is kept."
        )
    return RunError(
        f"{path.name}: cannot be written ({error.strerror or type(error).__name__}). "
        "Allow it there, or name another place with -o."
    )


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically."""
    with atomic(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file of bytes atomically."""
    with atomic(path) as partial:
        partial.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    """Write JSON atomically; NaN is refused, since JSON has none."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        RunError: the file is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(
            f"{path.name}: no such file in {path.parent.name}/. Name the folder that holds it."
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        raise RunError(
            f"{path.name}: damaged, not valid JSON. Put back a copy of it, or make it again."
        ) from None


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run; `root` need not exist yet."""

    root: Path

    @property
    def study(self) -> Path:
        return self.root / "study.yaml"

    @property
    def environment(self) -> Path:
        return self.root / "environment.json"

    @property
    def audit(self) -> Path:
        return self.root / "audit.json"

    @property
    def splits(self) -> Path:
        return self.root / "splits.csv"

    @property
    def log(self) -> Path:
        return self.root / "log.jsonl"

    @property
    def checkpoint(self) -> Path:
        return self.root / "checkpoint"

    @property
    def baselines(self) -> Path:
        return self.checkpoint / "baselines"

    @property
    def plan(self) -> Path:
        return self.root / "plan.yaml"

    @property
    def prepared(self) -> Path:
        return self.root / "prepared"

    @property
    def predictions(self) -> Path:
        return self.root / "predictions.csv"

    @property
    def metrics(self) -> Path:
        return self.root / "metrics.json"

    @property
    def figures(self) -> Path:
        return self.root / "figures"

    @property
    def package(self) -> Path:
        return self.root / "package"

    @property
    def model_card(self) -> Path:
        return self.root / "model_card.md"

    @property
    def report(self) -> Path:
        return self.root / "report.html"


def holds_run(folder: RunFolder, words: str) -> bool:
    """Whether the run of this very study, as ``study.yaml`` holds it, was made to its end."""
    done = folder.report.exists() and folder.study.exists()
    return done and folder.study.read_text(encoding="utf-8") == words


UNTRAINED = frozenset({"study.yaml", "log.jsonl", "audit.json", "splits.csv", "prepared"})
"""What a run leaves that stopped before anything was trained: a new one may take its place."""


def claim(folder: RunFolder, words: str, *, resume: bool) -> None:
    """Take a folder for a run: a new one, or on resume the one of this very study.

    A run that stopped before training has nothing to lose: once its data or study is
    mended, the same command works again.

    Args:
        folder: of the run.
        words: the resolved study, as ``study.yaml`` holds it.
        resume: go on with the run that is there.

    Raises:
        RunError: the folder holds a run and `resume` is not set, another study's, or
            something that is no run; or it is a file or cannot be written.
    """
    started = folder.checkpoint.exists() or folder.metrics.exists()
    if not started:
        _refuse_other_files(folder.root)
    elif not resume:
        raise RunError(
            f"{folder.root.name}: expected a new or empty folder, got one that holds a run. "
            "Add --resume to go on with it, or name another with -o."
        )
    elif not folder.study.exists() or folder.study.read_text(encoding="utf-8") != words:
        raise RunError(
            f"{folder.root.name}: expected the run of this study, got one of another study or "
            "of other settings. Name another folder with -o, or repeat the same --set."
        )
    _sweep(folder.root)
    write_text(folder.study, words)


def _sweep(root: Path) -> None:
    """Remove what a run that was killed had half written."""
    for partial in list(root.rglob(".*.partial")):
        if partial.is_dir() and not partial.is_symlink():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            with suppress(OSError):
                partial.unlink()


def _refuse_other_files(root: Path) -> None:
    """Never write among files that are not a run's: a mistyped -o must not cost any of them."""
    try:
        found = {entry.name for entry in root.iterdir()} if root.exists() else set[str]()
    except OSError as error:
        raise RunError(
            f"{root.name}: expected a folder for the run, got "
            f"{'a file' if root.is_file() else error.strerror or 'an error'}. "
            "Name another with -o."
        ) from None
    found = {name for name in found if not name.endswith(".partial")}  # of a run that was killed
    if found and not ("log.jsonl" in found and found <= UNTRAINED):
        raise RunError(
            f"{root.name}: expected a new or empty folder, got one with other files. "
            "Name another with -o."
        )


@dataclass
class Log:
    """Appends one JSON object a line; never patient data.

    Args:
        stream: where lines go; None drops them.
        path: the same file by name, to read what stands there already.
    """

    stream: IO[str] | None = None
    path: Path | None = None

    @classmethod
    def open(cls, path: Path) -> Log:
        """Append to the log file of a run.

        Raises:
            RunError: the disk is full or the folder cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("a", encoding="utf-8")
            if _ends_within_a_line(path):  # left by a run that was killed while it wrote
                stream.write("\n")
            return cls(stream, path)
        except OSError as error:
            raise _cannot_write(path, error) from error

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def write(self, event: str, **facts: float | int | str | bool | None) -> None:
        """Write one line with the time and the event's name; a log that fails stops no run.

        Numbers that are not finite, which JSON has no words for, are written as null.
        """
        if self.stream is None:
            return
        line = {"time": round(time.time(), 3), "event": event}
        line |= {name: _finite_or_none(fact) for name, fact in facts.items()}
        try:
            self.stream.write(json.dumps(line, allow_nan=False) + "\n")
            self.stream.flush()
        except OSError:
            self.close()

    def events(self, event: str) -> list[dict[str, Any]]:
        """The lines of one event that stand in the file, those of runs before this included."""
        if self.path is None or not self.path.exists():
            return []
        return [line for line in read_log(self.path) if line.get("event") == event]

    def close(self) -> None:
        """Close the file; what is written afterwards is dropped."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):  # what could not be flushed is lost, the run is not
                stream.close()


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """Lines of a log; one that a dying run left half written is passed over."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            found = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(found, dict):
            yield found


def _ends_within_a_line(path: Path) -> bool:
    with path.open("rb") as stream:
        if not stream.seek(0, os.SEEK_END):
            return False
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"


def _finite_or_none(fact: Any) -> Any:
    return None if isinstance(fact, float) and not math.isfinite(fact) else fact
