"""One step of training: a batch in, better weights out.

Small networks spend their time between the kernels, not in them, so whatever a
step does for every weight is one call for all of them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import torch
from lightning_fabric import Fabric

from bedside.schema import Varies
from bedside.training.averaging import Average
from bedside.training.loader import augment, take
from bedside.training.quick_step import QuickStep
from bedside.training.schedule import clip_gradients, make_optimiser

if TYPE_CHECKING:
    from torch import nn

    from bedside.schema import Array
    from bedside.training.job import Job
    from bedside.training.loader import Prepared, Tensors


class Stepper:
    """A network with its optimiser and its average, which step together.

    Args:
        job: gives task, data, recipe and device.
        network: to train; the job's, or a copy of it.
    """

    def __init__(self, job: Job, network: nn.Module) -> None:
        self.job = job
        # channels last is what CPU convolutions are fastest in; it changes no result's meaning
        self.network = network.to(job.device)
        with torch.no_grad():
            for tensor in (*self.network.parameters(), *self.network.buffers()):
                tensor.data = _channels_last(tensor.data)
        self.average = Average(self.network, job.recipe.averaging)
        self.optimiser = make_optimiser(self.network, job.recipe)
        self._weights = list(self.network.parameters())
        self._quick_step = QuickStep(self.optimiser)

    def prepare(self, precision: str) -> None:
        """Set up device and precision; called once, before the first step."""
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces bf16
        device = self.job.device
        self._fabric = Fabric(
            accelerator=device.type,
            devices=1 if device.type == "cpu" else [device.index or 0],
            precision="bf16-mixed" if precision == "bf16" else "32-true",
        )
        self.network.train()

    def step(self, rows: Array, generator: torch.Generator, *, rate: float) -> torch.Tensor:
        """Learn from some training cases.

        Args:
            rows: which.
            generator: augmentation draws from it.
            rate: of learning.

        Returns:
            The loss before the step, a scalar on the device, which nobody has waited for.
        """
        job = self.job
        inputs, targets = batch_on(job.device, job.train, rows)
        inputs = channels_last(augment(inputs, job.modalities, generator))
        if job.modalities and isinstance(job.task, Varies):
            inputs, targets = job.task.vary(inputs, targets, job.state, generator=generator)
        # Fabric's own wrapper would round the inputs to bf16 before they are standardised
        with self._fabric.autocast():
            outputs = self.network(inputs)
        loss = job.task.loss(in_float32(outputs), targets, job.state)
        for weight in self._weights:
            weight.grad = None
        loss.backward()  # type: ignore[no-untyped-call]
        clip_gradients(self._weights)
        self._quick_step(rate)
        self.average.update()
        return loss.detach()


def batch_on(device: torch.device, part: Prepared, rows: Array) -> tuple[Tensors, Tensors]:
    """Inputs and targets of some cases of a part, on a device."""
    inputs, targets = take(part, rows)
    if device.type != "cpu":
        inputs = {name: tensor.to(device) for name, tensor in inputs.items()}
        targets = {name: tensor.to(device) for name, tensor in targets.items()}
    return inputs, targets


def in_float32(outputs: Tensors) -> Tensors:
    """Outputs as the loss wants them; whole numbers and masks stay."""
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in outputs.items()
    }


def channels_last(inputs: Tensors) -> Tensors:
    """Images and volumes in the order that convolutions want, once, while they are small."""
    return {name: _channels_last(tensor) for name, tensor in inputs.items()}


def _channels_last(tensor: torch.Tensor) -> torch.Tensor:
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    if tensor.ndim not in formats:
        return tensor
    return tensor.contiguous(memory_format=formats[tensor.ndim])
