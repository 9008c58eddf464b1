"""The training loop: AdamW, one cycle, averaged weights, best epoch on validation.

Enters: a `Job` (network, prepared parts, recipe). Leaves: the network with the
weights of its best epoch, and the story of the epochs. After every epoch a
checkpoint is written; a run that dies repeats at most one epoch, with the same
random numbers, and ends with the same weights.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from lightning_fabric import Fabric
from torch.optim.swa_utils import AveragedModel

from bedside.errors import RunError, sentence
from bedside.models.network import as_callable
from bedside.training.checkpoint import (
    flatten_optimiser,
    load_checkpoint,
    restore_optimiser,
    save_checkpoint,
)
from bedside.training.loader import Prepared, augment, epoch_generator, take, training_batches
from bedside.training.precision import Precision, choose_precision

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

    from bedside.progress import Progress
    from bedside.schema import Modality, State, Task
    from bedside.training.recipe import Recipe

WARM_UP = 0.1
LARGEST_GRADIENT = 5.0
CHECKPOINT = "training.safetensors"


@dataclass(frozen=True)
class Job:
    """Everything one training needs.

    Args:
        name: the model's name in the log and the metrics.
        network: freshly made from `seed`.
        modalities: by input, for augmentation; empty to train without.
        precision: as the study says; ``auto`` is settled on the first batch.
        folder: where the checkpoint goes; None keeps none.
    """

    name: str
    network: nn.Module
    task: Task
    state: State
    train: Prepared
    validation: Prepared
    recipe: Recipe
    modalities: Mapping[str, Modality]
    seed: int
    device: torch.device
    precision: Precision | str = "auto"
    folder: Path | None = None


@dataclass
class Story:
    """What happened, plain JSON, part of the checkpoint.

    Args:
        epoch: epochs that are done.
        best_epoch: the one of the least validation loss, whose weights are kept.
        best_loss: that loss.
        precision: that training runs in.
        seconds: of training, over all that were needed to get here.
        cases: seen in training, each as often as it was.
        data: part -> fingerprint of the cases it learns from and is measured on.
        epochs: one entry each: number, losses, seconds.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = math.inf
    precision: str = "float32"
    seconds: float = 0.0
    cases: int = 0
    data: dict[str, str] = field(default_factory=dict)
    epochs: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """The moving parts of one training: network, its average, optimiser, story."""

    def __init__(self, job: Job) -> None:
        self.job = job
        # channels last is what CPU convolutions are fastest in; it changes no result's meaning
        self.network = job.network.to(job.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = AveragedModel(
            self.network, avg_fn=_averaging(job.recipe.averaging), use_buffers=True
        )
        self.optimiser = _optimiser(self.network, job.recipe)
        self.best = _copy(self.average.module)
        parts = {"train": job.train, "validation": job.validation}
        self.story = Story(data={name: part.fingerprint() for name, part in parts.items()})
        self.steps_an_epoch = max(1, math.ceil(len(job.train) / job.recipe.batch_size))

    def settle_precision(self) -> None:
        """Decide bf16 or float32 on one fixed batch, weights untouched."""
        job = self.job
        generator = epoch_generator(job.seed, 0)
        rows = torch.randperm(len(job.train), generator=generator)[: job.recipe.batch_size]
        inputs, targets = self._on_device(*take(job.train, rows.numpy()))

        def loss_at(precision: Precision) -> float:
            self.network.eval()
            with (
                torch.no_grad(),
                torch.autocast(job.device.type, torch.bfloat16, enabled=precision == "bf16"),
            ):
                return float(job.task.loss(self.network(inputs), targets, job.state))

        self.story.precision = choose_precision(job.precision, job.device, loss_at)  # type: ignore[arg-type]

    def one_epoch(self, fabric: Fabric, model: nn.Module, optimiser: Any) -> float:
        """Train one epoch; returns the mean training loss."""
        job, story = self.job, self.story
        generator = epoch_generator(job.seed, story.epoch + 1)
        step, total = story.epoch * self.steps_an_epoch, job.recipe.epochs * self.steps_an_epoch
        losses: list[float] = []
        model.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(generator.initial_seed())  # dropout alone draws from it
            for batch in training_batches(job.train, job.recipe.batch_size, generator):
                inputs, targets = self._on_device(*batch)
                inputs = augment(inputs, job.modalities, generator)
                for group in optimiser.param_groups:
                    group["lr"] = job.recipe.learning_rate * one_cycle(step, total)
                loss = job.task.loss(model(inputs), targets, job.state)
                optimiser.zero_grad(set_to_none=True)
                fabric.backward(loss)
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
                optimiser.step()
                self.average.update_parameters(self.network)
                losses.append(float(loss.detach()))
                story.cases += len(targets[next(iter(targets))])
                step += 1
        return sum(losses) / max(len(losses), 1)

    def validate(self) -> float:
        """Unweighted loss of the averaged weights on validation, in float32."""
        outputs = as_callable(self.average.module)(self.job.validation.arrays)
        plain = self.job.task.unweighted(self.job.state)
        found, wanted = (
            {name: torch.from_numpy(values[:]) for name, values in arrays.items()}
            for arrays in (outputs, self.job.validation.targets.arrays)
        )
        return float(self.job.task.loss(found, wanted, plain))

    def close_epoch(self, train_loss: float, validation_loss: float, seconds: float) -> None:
        """Note the epoch and keep its weights if they are the best so far."""
        story = self.story
        story.epoch += 1
        story.seconds += seconds
        story.epochs.append(
            {
                "epoch": story.epoch,
                "train_loss": train_loss,
                "validation_loss": validation_loss,
                "seconds": round(seconds, 3),
            }
        )
        if validation_loss < story.best_loss:
            story.best_loss, story.best_epoch = validation_loss, story.epoch
            self.best = _copy(self.average.module)

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or validation stopped getting better."""
        story, recipe = self.story, self.job.recipe
        waited = story.epoch - story.best_epoch
        return story.epoch >= recipe.epochs or waited >= recipe.patience

    def save(self) -> None:
        """Write the checkpoint, if the job keeps one."""
        if self.job.folder is None:
            return
        groups = {
            "network": dict(self.network.state_dict()),
            "average": dict(self.average.state_dict()),
            "best": self.best,
            "optimiser": flatten_optimiser(self.optimiser),
        }
        save_checkpoint(self.job.folder / CHECKPOINT, groups, vars(self.story))

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one.

        Raises:
            RunError: it is damaged, of another network, or learnt from other data.
        """
        if self.job.folder is None or not (self.job.folder / CHECKPOINT).exists():
            return
        checkpoint = load_checkpoint(self.job.folder / CHECKPOINT)
        try:
            self.network.load_state_dict(checkpoint.group("network"))
            self.average.load_state_dict(checkpoint.group("average"))
            restore_optimiser(self.optimiser, checkpoint.group("optimiser"))
            story = Story(**checkpoint.progress)
        except (RuntimeError, KeyError, ValueError, TypeError):
            raise RunError(
                f"{CHECKPOINT}: expected the network of this study, got another one. "
                "Run without --resume into a new folder."
            ) from None
        changed = [name for name, known in self.story.data.items() if story.data.get(name) != known]
        if changed:
            raise RunError(
                sentence(
                    CHECKPOINT,
                    expected=f"the same {' and '.join(changed)} cases as when training began",
                    got="other images or labels",
                    remedy="The data changed since then: start a new run with -o",
                )
            )
        self.story, self.best = story, checkpoint.group("best")

    def _on_device(
        self, inputs: dict[str, torch.Tensor], targets: dict[str, torch.Tensor]
    ) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        device = self.job.device
        return (
            {name: tensor.to(device) for name, tensor in inputs.items()},
            {name: tensor.to(device) for name, tensor in targets.items()},
        )


def train(job: Job, *, progress: Progress, resume: bool = False) -> Story:
    """Train; afterwards ``job.network`` holds the best weights, in evaluation mode.

    Args:
        job: what to train, on what, how.
        progress: bars and log.
        resume: go on from the checkpoint in ``job.folder`` where there is one.

    Raises:
        RunError: the loss is not finite; the checkpoint is damaged, another network's, or
            of other data.
    """
    trainer = Trainer(job)
    if resume:
        trainer.resume()
        _log_missing(progress, job.name, trainer.story)
    if not trainer.story.epoch:
        trainer.settle_precision()
    half = trainer.story.precision == "bf16"
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces bf16 otherwise
    fabric = Fabric(
        accelerator=job.device.type,
        devices=_devices(job.device),
        precision="bf16-mixed" if half else "32-true",
    )
    model, optimiser = fabric.setup(trainer.network, trainer.optimiser)
    with progress.bar(f"training {job.name}", job.recipe.epochs) as done:
        done(trainer.story.epoch)
        while not trainer.finished:
            start = time.perf_counter()
            train_loss = trainer.one_epoch(fabric, model, optimiser)
            validation_loss = trainer.validate()
            if not math.isfinite(train_loss + validation_loss):
                raise RunError(
                    f"training of {job.name}: expected a finite loss, got a diverging one. "
                    "Lower training.learning_rate or set training.precision: float32."
                )
            trainer.close_epoch(train_loss, validation_loss, time.perf_counter() - start)
            trainer.save()
            progress.log.write("epoch", model=job.name, **trainer.story.epochs[-1])
            done(trainer.story.epoch)
    job.network.load_state_dict(trainer.best)
    job.network.eval()
    return trainer.story


def _log_missing(progress: Progress, model: str, story: Story) -> None:
    """Log the epochs that a run saved and then had no time to log."""
    there = {(line.get("model"), line.get("epoch")) for line in progress.log.events("epoch")}
    for epoch in story.epochs:
        if (model, epoch["epoch"]) not in there:
            progress.log.write("epoch", model=model, **epoch)


def _devices(device: torch.device) -> int | list[int]:
    """How Fabric is told: a number of CPUs, or this very GPU."""
    return 1 if device.type == "cpu" else [device.index or 0]


def one_cycle(step: int, total: int) -> float:
    """Share of the peak rate at a step: linear warm-up, then half a cosine down to zero."""
    warm = max(1, round(WARM_UP * total))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))


def _optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    decayed = [p for p in network.parameters() if p.ndim >= 2]
    plain = [p for p in network.parameters() if p.ndim < 2]
    groups = [
        {"params": decayed, "weight_decay": recipe.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def _averaging(decay: float) -> Any:
    def average(old: torch.Tensor, new: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
        # a short memory at first, so that the first epochs are not the random start's
        now = min(decay, (1 + float(count)) / (10 + float(count)))
        if not torch.is_floating_point(old):
            return new
        return old.lerp(new, 1 - now)

    return average


def _copy(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}
