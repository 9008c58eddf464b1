"""Device, threads and precision: named in the run, never chosen in silence.

bf16 is used where the processor has instructions for it, after the loss on a
first batch agreed with float32.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from bedside.errors import StudyError, sentence
from bedside.training.loader import epoch_generator, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedside.training.job import Job

Precision = Literal["float32", "bf16"]
LARGEST_LOSS_CHANGE = 0.02
SHORT_BATCH = 64
"""Of recurrent steps that one thread does faster than several, at most."""
DEVICES = ("cpu", "cuda", "mps")


def choose_device(name: str) -> torch.device:
    """``auto`` is the first CUDA device or else the CPU; a named one must be there.

    Raises:
        StudyError: the device is unknown or absent.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not _is_here(name):
        raise StudyError(
            sentence(
                "device",
                expected="a device of this machine",
                got=f"'{name}'",
                remedy="Write device: auto or cpu",
            )
        )
    return torch.device(name)


def _is_here(name: str) -> bool:
    """Whether something can be put on a device; torch has no question that covers all kinds."""
    if name.partition(":")[0] not in DEVICES:  # "meta", which computes nothing, would pass
        return False
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError):  # the latter where torch was built without CUDA
        return False
    return True


def set_threads(threads: int | Literal["auto"]) -> int:
    """Use that many CPU threads (``auto``: those this process may run on)."""
    count = threads
    if count == "auto":
        has_affinity = hasattr(os, "sched_getaffinity")  # Linux alone says it
        count = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    torch.set_num_threads(count)
    return count


@contextmanager
def fitting_threads(network: nn.Module, *, batch_size: int) -> Iterator[None]:
    """One thread where recurrent layers do small work, for as long as this lasts.

    Their steps wait for each other and are too short to share: at a batch of 32 two threads
    took 1.7 times as long as one in bf16, 1.3 times in float32; at 256 they were the faster in
    both. The rule looks at the study alone and times nothing, so that it is always the same.
    """
    kinds = [type(module) for module in network.modules()]
    convolves = any(issubclass(kind, nn.modules.conv._ConvNd) for kind in kinds)
    recurs = any(issubclass(kind, nn.RNNBase) for kind in kinds)
    before = torch.get_num_threads()
    if recurs and not convolves and batch_size <= SHORT_BATCH:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 faster than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return (
        device.type == "cpu"
        and torch.backends.cpu.get_cpu_capability() == "AVX512"
        and any(check() for check in (_amx, _avx512_bf16))
    )


def _amx() -> bool:
    return bool(torch.cpu._is_amx_tile_supported())


def _avx512_bf16() -> bool:
    return bool(torch.cpu._is_avx512_bf16_supported())


def choose_precision(
    wanted: Literal["auto", "float32", "bf16"],
    device: torch.device,
    loss_at: Callable[[Precision], float],
) -> Precision:
    """Pick the precision of training.

    Args:
        wanted: as the study says.
        device: where training runs.
        loss_at: the loss of one fixed batch at a precision, weights unchanged.
    """
    if wanted != "auto":
        return wanted
    if not has_fast_bf16(device):
        return "float32"
    full, half = loss_at("float32"), loss_at("bf16")
    agrees = abs(full - half) <= LARGEST_LOSS_CHANGE * max(abs(full), 1.0)
    return "bf16" if agrees else "float32"


def settle_precision(job: Job, network: nn.Module) -> Precision:
    """What ``auto`` becomes for a job, by one fixed batch; the weights stay as they are.

    Args:
        job: to train.
        network: on the job's device.
    """
    generator = epoch_generator(job.seed, 0)
    rows = torch.randperm(len(job.train), generator=generator)[: job.recipe.batch_size]
    inputs, targets = take(job.train, rows.numpy())
    inputs = {name: tensor.to(job.device) for name, tensor in inputs.items()}
    targets = {name: tensor.to(job.device) for name, tensor in targets.items()}

    def loss_at(precision: Precision) -> float:
        network.eval()
        with (
            torch.no_grad(),
            torch.autocast(job.device.type, torch.bfloat16, enabled=precision == "bf16"),
        ):
            return float(job.task.loss(network(inputs), targets, job.state))

    return choose_precision(job.precision, job.device, loss_at)  # type: ignore[arg-type]
