"""What a person sees while a run works: bars with time left on a terminal, nothing in a pipe.

Enters: stages and counted steps. Leaves: text on standard error, JSON lines in the log.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bedside.run_folder import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def peak_bytes() -> int:
    """The most memory this process has held so far."""
    import resource  # here, since only Unix has it, and predicting needs none

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass
class Progress:
    """Tells how far a run is; `quiet` tells the log alone."""

    log: Log = field(default_factory=Log)
    quiet: bool = False

    def say(self, text: str) -> None:
        """One line for the person at the terminal."""
        if not self.quiet:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    @contextmanager
    def logging_to(self, path: Path) -> Iterator[Progress]:
        """The same progress, told to a log file as well."""
        with Log.open(path) as log:
            yield replace(self, log=log)

    @contextmanager
    def stage(self, name: str, *, says: str | None = None) -> Iterator[None]:
        """Log when a stage starts, how it ended (the kind of error only) and how long it took.

        Args:
            name: in the log.
            says: a line for the person at the terminal, of a stage without a bar.
        """
        if says is not None:
            self.say(says)
        start, worked = time.perf_counter(), time.process_time()
        self.log.write("stage", name=name, state="start")
        ending: dict[str, str] = {"state": "done"}
        try:
            yield
        except BaseException as error:
            ending = {"state": "failed", "error": type(error).__name__}
            raise
        finally:
            facts = {
                "seconds": round(time.perf_counter() - start, 3),
                "cpu_seconds": round(time.process_time() - worked, 3),
                "peak_mib": round(peak_bytes() / 2**20),
            }
            self.log.write("stage", name=name, **facts, **ending)

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Callable[[float], None]]:
        """Yield ``done(so_far)``; on a terminal it draws a bar with the time left."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda so_far: None  # noqa: ARG005 - nobody watches
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=Console(stderr=True)) as bars:
            task = bars.add_task(label, total=total)
            yield lambda so_far: bars.update(task, completed=so_far)
