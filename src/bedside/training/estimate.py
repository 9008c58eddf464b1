"""What a training will cost, said before it starts.

Enters: a `Job`. Leaves: seconds and bytes, from a few real steps on a copy of
the network, so that the estimate knows this machine.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedside.progress import peak_bytes
from bedside.training.draws import drawing
from bedside.training.loader import epoch_rows
from bedside.training.memory import kept_memory
from bedside.training.precision import fitting_threads, settle_precision
from bedside.training.step import Stepper

if TYPE_CHECKING:
    from bedside.training.job import Job

TRIAL_STEPS = 4
GIB = 2**30


@dataclass(frozen=True)
class Estimate:
    """Expected cost: all epochs, no early stop.

    Args:
        seconds: wall-clock time.
        memory_bytes: peak of the process.
        parameters: of the network.
    """

    seconds: float
    memory_bytes: int
    parameters: int

    def words(self) -> str:
        """One line for the person who waits."""
        minutes = self.seconds / 60
        span = f"{minutes:.0f} min" if minutes >= 1.5 else f"{max(self.seconds, 1):.0f} s"
        return (
            f"about {span} at most, about {self.memory_bytes / GIB:.1f} GiB of memory, "
            f"{self.parameters:,} parameters"
        )


def estimate_cost(job: Job) -> Estimate:
    """Time a few steps on a copy; nothing of the job changes."""
    copied = copy.deepcopy(job.network)
    stepper = Stepper(job, copied)
    parameters = sum(p.numel() for p in copied.parameters())
    seconds: list[float] = []
    with kept_memory(), drawing(job.seed, 0, device=job.device) as draws:
        precision = settle_precision(job, copied)
        stepper.prepare(precision)
        copied.train()
        batches = epoch_rows(len(job.train), job.recipe.batch_size, draws.generator, most=job.drawn)
        size = job.recipe.batch_size
        with fitting_threads(copied, batch_size=size):
            for rows in batches[:TRIAL_STEPS]:
                start = time.perf_counter()
                float(stepper.step(rows, draws.generator, rate=0.0))
                seconds.append(time.perf_counter() - start)
    # the first step pays for set-up; validation costs about a third of a step a case
    step = min(seconds[1:] or seconds or [0.0])
    checks = len(job.validation) / job.recipe.batch_size / 3
    # kept beside the copy: average, best weights, a checkpoint on its way to disk
    extra = parameters * 4 * 6
    return Estimate(
        job.recipe.epochs * (len(batches) + checks) * step, peak_bytes() + extra, parameters
    )
