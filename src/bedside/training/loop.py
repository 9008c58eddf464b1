"""The training loop: AdamW, one cycle, averaged weights, best epoch on validation.

Enters: a `Job` (network, prepared parts, recipe). Leaves: the network with the
weights of its best epoch, and the story of the epochs. A checkpoint is written after
every epoch, and every minute within a long one; a run that dies repeats what came
after it, with the same random numbers, and ends with the same weights.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import torch

from bedside.abilities import Asker, Outliner
from bedside.errors import RunError, sentence
from bedside.models.network import as_callable
from bedside.training.checkpoint import (
    drop_spare,
    flatten_optimiser,
    load_checkpoint,
    restore_optimiser,
    save_checkpoint,
)
from bedside.training.draws import drawing
from bedside.training.job import Job, Story
from bedside.training.loader import epoch_rows
from bedside.training.memory import kept_memory, release_memory
from bedside.training.precision import fitting_threads, settle_precision
from bedside.training.schedule import one_cycle
from bedside.training.step import Stepper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from bedside.progress import Progress
    from bedside.schema import Arrays, Rows
    from bedside.training.loader import Tensors

__all__ = ["CHECKPOINT", "Job", "Story", "Trainer", "train"]

CHECKPOINT = "training.safetensors"
CHECKPOINT_SECONDS = 60.0
"""Between two checkpoints within an epoch, at least."""
CHECKPOINT_SHARE = 0.05
"""Of the time, at most, that checkpoints within an epoch may take."""
LARGEST_BATCH = 256
"""Validation cases that are looked at together."""
LOOK_SECONDS = 0.5
"""Between two looks of the step loop at the clock's errands: the bar, the checkpoint."""


class Trainer:
    """The moving parts of one training: the stepper, the best weights, the story."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.stepper = Stepper(job, job.network)
        self.best = _copy(self.stepper.average.module)
        parts = {"train": job.train, "validation": job.validation}
        self.story = Story(data={name: part.fingerprint() for name, part in parts.items()})
        self.steps_an_epoch = max(1, math.ceil(job.drawn / job.recipe.batch_size))
        self.draws: Tensors = {}
        self._clock = self._saved = time.perf_counter()
        self._cost = 0.0

    def prepare(self) -> None:
        """Settle the precision, unless a checkpoint did, and set up the device."""
        if not self.story.precision:
            self.story.precision = settle_precision(self.job, self.stepper.network)
        self.stepper.prepare(self.story.precision)

    def one_epoch(self, done: Callable[[float], None]) -> float:
        """Train one epoch, or the rest of it; returns the mean training loss.

        Args:
            done: told how many epochs are done, fractions too.
        """
        job, story = self.job, self.story
        before, total = story.epoch * self.steps_an_epoch, job.recipe.epochs * self.steps_an_epoch
        losses = torch.full((), story.losses, dtype=torch.float64, device=job.device)
        self.stepper.network.train()
        self._clock = look = time.perf_counter()
        with drawing(job.seed, story.epoch + 1, device=job.device) as draws:
            batches = epoch_rows(
                len(job.train), job.recipe.batch_size, draws.generator, most=job.drawn
            )
            if story.step:
                draws.restore(self.draws)
            for rows in batches[story.step :]:
                rate = job.recipe.learning_rate * one_cycle(before + story.step, total)
                losses += self.stepper.step(rows, draws.generator, rate=rate)
                story.step += 1
                story.cases += len(rows)
                if time.perf_counter() - look > LOOK_SECONDS:
                    done(story.epoch + story.step / len(batches))
                    if self._checkpoint_due():
                        story.losses, self.draws = float(losses), draws.state()
                        self.save()
                    look = time.perf_counter()
        return float(losses) / max(len(batches), 1)

    def validate(self) -> float:
        """Unweighted loss of the averaged weights on validation, in float32."""
        # what writes or outlines answers very much of each case: more than a batch is too much
        task, part, size = self.job.task, self.job.validation, self.job.recipe.batch_size
        most = size if isinstance(task, Asker) else LARGEST_BATCH
        call = as_callable(self.stepper.average.module, batch_size=most)
        plain = task.unweighted(self.job.state)

        def loss_of(arrays: Mapping[str, Rows], rows: slice) -> float:
            wanted = {name: values[rows] for name, values in part.targets.arrays.items()}
            return float(task.loss(_tensors(call(arrays)), _tensors(wanted), plain))

        if not isinstance(task, Outliner):
            return loss_of(part.arrays, slice(None))
        count = len(part)
        blocks = [slice(start, min(start + size, count)) for start in range(0, count, size)]
        shares = (
            loss_of({n: v[b] for n, v in part.arrays.items()}, b) * (b.stop - b.start)
            for b in blocks
        )
        return sum(shares) / count

    def close_epoch(self, train_loss: float, validation_loss: float) -> None:
        """Note the epoch, keep its weights if they are the best so far, and save."""
        story = self.story
        self._count_seconds()
        story.epoch += 1
        story.epochs.append(
            {
                "epoch": story.epoch,
                "train_loss": train_loss,
                "validation_loss": validation_loss,
                "seconds": round(story.epoch_seconds, 3),
            }
        )
        story.step, story.losses, story.epoch_seconds, self.draws = 0, 0.0, 0.0, {}
        if validation_loss < story.best_loss:
            story.best_loss, story.best_epoch = validation_loss, story.epoch
            self.best = _copy(self.stepper.average.module)
        self.save()

    @property
    def finished(self) -> bool:
        """Whether all epochs are done or validation stopped getting better."""
        story, recipe = self.story, self.job.recipe
        waited = story.epoch - story.best_epoch
        return story.epoch >= recipe.epochs or waited >= recipe.patience

    def save(self) -> None:
        """Write the checkpoint, if the job keeps one; a moment to tidy up memory too."""
        self._count_seconds()
        release_memory()
        self.story.averaged = self.stepper.average.count
        if self.job.folder is None:
            return
        groups = {
            "network": dict(self.stepper.network.state_dict()),
            "average": dict(self.stepper.average.module.state_dict()),
            "best": self.best,
            "optimiser": flatten_optimiser(self.stepper.optimiser),
            "draws": self.draws,
        }
        save_checkpoint(self.job.folder / CHECKPOINT, groups, vars(self.story))
        self._saved = time.perf_counter()
        self._cost, self._clock = self._saved - self._clock, self._saved

    def resume(self) -> bool:
        """Go on from the checkpoint, where there is one.

        Returns:
            Whether the newest was damaged and an older one stood in.

        Raises:
            RunError: all are damaged, of another network, or learnt from other data.
        """
        found = None if self.job.folder is None else load_checkpoint(self.job.folder / CHECKPOINT)
        if found is None:
            return False
        try:
            story = Story(**found.progress)
            self.stepper.network.load_state_dict(found.group("network"))
            self.stepper.average.module.load_state_dict(found.group("average"))
            self.stepper.average.count = story.averaged
            restore_optimiser(self.stepper.optimiser, found.group("optimiser"))
        except (RuntimeError, KeyError, ValueError, TypeError, IndexError):
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
        self.story, self.best, self.draws = story, found.group("best"), found.group("draws")
        return found.older

    def _checkpoint_due(self) -> bool:
        waited = time.perf_counter() - self._saved
        return waited >= max(CHECKPOINT_SECONDS, self._cost / CHECKPOINT_SHARE)

    def _count_seconds(self) -> None:
        """Add the time since the last count; that of writing checkpoints is left out."""
        now = time.perf_counter()
        self.story.seconds += now - self._clock
        self.story.epoch_seconds += now - self._clock
        self._clock = now


def train(job: Job, *, progress: Progress, resume: bool = False) -> Story:
    """Train; afterwards ``job.network`` holds the best weights, in evaluation mode.

    Args:
        job: what to train, on what, how.
        progress: bars and log.
        resume: go on from the checkpoint in ``job.folder`` where there is one.

    Raises:
        RunError: the loss is not finite; the checkpoint is damaged, another network's, or
            of other data; the disk is full.
    """
    trainer = Trainer(job)
    if resume:
        if trainer.resume():
            progress.say(f"{CHECKPOINT}: damaged; going on from the checkpoint before it.")
        _log_missing(progress, job.name, trainer.story)
    with kept_memory(), progress.bar(f"training {job.name}", job.recipe.epochs) as done:
        trainer.prepare()
        done(trainer.story.epoch)
        while not trainer.finished:
            with fitting_threads(job.network, batch_size=job.recipe.batch_size):
                train_loss = trainer.one_epoch(done)
            validation_loss = trainer.validate()
            if not math.isfinite(train_loss + validation_loss):
                raise RunError(
                    f"training of {job.name}: expected a finite loss, got a diverging one. "
                    "Lower training.learning_rate or set training.precision: float32."
                )
            trainer.close_epoch(train_loss, validation_loss)
            progress.log.write("epoch", model=job.name, **trainer.story.epochs[-1])
            done(trainer.story.epoch)
    if job.folder is not None:
        drop_spare(job.folder / CHECKPOINT)
    job.network.load_state_dict(trainer.best)
    job.network.eval()
    return trainer.story


def _log_missing(progress: Progress, model: str, story: Story) -> None:
    """Log the epochs that a run saved and then had no time to log."""
    there = {(line.get("model"), line.get("epoch")) for line in progress.log.events("epoch")}
    for epoch in story.epochs:
        if (model, epoch["epoch"]) not in there:
            progress.log.write("epoch", model=model, **epoch)


def _tensors(arrays: Arrays) -> Tensors:
    """Arrays as tensors; texts are left out."""
    return {n: torch.from_numpy(v) for n, v in arrays.items() if v.dtype != object}


def _copy(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}
