"""What a training will cost, said before it starts.

Enters: a `Job`. Leaves: seconds and bytes, from a few real steps on a copy of
the network, so that the estimate knows this machine.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from bedside.progress import peak_bytes
from bedside.training.loader import augment, epoch_generator, training_batches
from bedside.training.precision import has_fast_bf16

if TYPE_CHECKING:
    from bedside.training.loop import Job

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
    network = copy.deepcopy(job.network)
    network = network.to(job.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.0)
    generator = epoch_generator(job.seed, 0)
    batches = training_batches(job.train, job.recipe.batch_size, generator)
    half = job.precision == "bf16" or (job.precision == "auto" and has_fast_bf16(job.device))
    seconds: list[float] = []
    with torch.random.fork_rng(devices=[]):
        for _, (inputs, targets) in zip(range(TRIAL_STEPS), batches, strict=False):
            start = time.perf_counter()
            seen = augment(inputs, job.modalities, generator)
            on_device = {name: tensor.to(job.device) for name, tensor in seen.items()}
            wanted = {name: tensor.to(job.device) for name, tensor in targets.items()}
            with torch.autocast(job.device.type, torch.bfloat16, enabled=half):
                loss = job.task.loss(network(on_device), wanted, job.state)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            optimiser.zero_grad()
            seconds.append(time.perf_counter() - start)
    # the first step pays for set-up; validation costs about a third of a step a case
    step = min(seconds[1:] or seconds)
    steps = -(-len(job.train) // job.recipe.batch_size)
    checks = len(job.validation) / job.recipe.batch_size / 3
    parameters = sum(p.numel() for p in network.parameters())
    # kept beside the copy: average, best weights, a checkpoint on its way to disk
    extra = parameters * 4 * 6
    return Estimate(job.recipe.epochs * (steps + checks) * step, peak_bytes() + extra, parameters)
