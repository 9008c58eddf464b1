"""Our half of keras_peer.py: the article's networks through bedside's own loop and package.

Enters: commands on standard input, one a line. Leaves: seconds, one JSON line each. The
loop is the one every study trains with (`Trainer.one_epoch`), the package the one every
run leaves, read back by `bedside.load`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from keras_peer_talk import STEPS, Images, images, listen, windows

import bedside
from bedside.deployment.package import Contents, Facts
from bedside.deployment.packing import write_package
from bedside.modalities.image import Image
from bedside.models.network import InputPlan, StudyNetwork
from bedside.schema import State, Targets, Task
from bedside.tasks.classify import Classify
from bedside.tasks.forecast import Forecast
from bedside.training.job import Job
from bedside.training.loader import Prepared
from bedside.training.loop import Trainer
from bedside.training.memory import kept_memory
from bedside.training.precision import fitting_threads, set_threads
from bedside.training.recipe import Recipe

SHAPE = (3, 128, 128)
STANDARDISE = {"standardise": {"values": {"mean": [127.5] * 3, "std": [64.0] * 3}}}


@dataclass(frozen=True)
class Workload:
    """One network: how a job of it is made, and what its package predicts."""

    job: Callable[[int, int, str], Job]
    sources: Callable[[int], list[Any]] | None = None
    contents: Callable[[Job], Contents] | None = None


def lstm_job(cases: int, batch_size: int, precision: str) -> Job:
    """The article's LSTM on windows of noise, with the head and loss of every forecast.

    That head does more than Keras' one number: a linear skip and intervals.
    """
    history, ahead = windows(cases)
    truth = {"truth": ahead, "known": np.ones(ahead.shape, dtype=bool), "last": history[:, -1]}
    facts = {"unit": "mg/dL", "every_minutes": 5, "history_steps": STEPS, "series": "cgm.values"}
    targets = Targets(truth, ("5",), "forecast", facts)
    part = Prepared({"cgm.values": history[:, None]}, targets, np.arange(cases))
    task = Forecast(horizon_minutes=5)
    state = task.fit(targets)
    rule = {"standardise": {"values": {"mean": [150.0], "std": [30.0]}}}
    plan = InputPlan("lstm", {"values": (1, STEPS)}, rule)
    return _job("lstm", {"cgm": plan}, part, task=task, state=state, made=(batch_size, precision))


def cnn_job(cases: int, batch_size: int, precision: str) -> Job:
    """The article's CNN on images of noise; no augmentation, since Keras does none."""
    data = images(cases)
    truth = data.labels[:, None]
    targets = Targets({"truth": truth, "known": truth >= 0}, ("no", "yes"))
    values = np.ascontiguousarray(data.pixels.transpose(0, 3, 1, 2))
    part = Prepared({"image.values": values}, targets, np.arange(cases))
    task = Classify(column="label")
    state = task.fit(targets)
    plan = InputPlan("cnn", {"values": SHAPE}, STANDARDISE)
    made = (batch_size, precision)
    return _job("cnn", {"image": plan}, part, task=task, state=state, made=made)


def _job(
    name: str,
    plans: dict[str, InputPlan],
    part: Prepared,
    *,
    task: Task,
    state: State,
    made: tuple[int, str],
) -> Job:
    batch_size, precision = made
    torch.manual_seed(7)
    network = StudyNetwork(plans, fusion="concat", head=lambda w: task.head(w, state))
    recipe = Recipe(
        epochs=100, batch_size=batch_size, learning_rate=1e-3, weight_decay=0.05, patience=100
    )
    return Job(
        name=name,
        network=network,
        task=task,
        state=state,
        train=part,
        validation=part,
        recipe=recipe,
        modalities={},
        seed=7,
        device=torch.device("cpu"),
        precision=precision,
    )


def cnn_sources(cases: int) -> list[np.ndarray[Any, Any]]:
    """Images as a caller of `predict` has them: (H, W, 3) uint8."""
    found: Images = images(cases)
    return list(found.pixels)


def cnn_contents(job: Job) -> Contents:
    """What the package of the CNN holds beside the network."""
    modality = Image(size=(128, 128))
    samples = [modality.read(reference) for reference in _references(8)]
    state = modality.fit(samples) | STANDARDISE
    facts = Facts(
        study="keras peer",
        model="cnn",
        created="",
        data_version="made up",
        training_cases=len(job.train),
        split="none",
    )
    task_state = job.task.calibrate(
        {"logits": np.zeros((2, 1), np.float32)}, job.train.targets.take(np.arange(2)), job.state
    )
    return Contents({"image": modality}, {"image": state}, job.task, task_state, facts)


def _references(count: int) -> list[Any]:
    from bedside.schema import Reference

    return [Reference(f"case {i}", pixels) for i, pixels in enumerate(cnn_sources(count))]


WORKLOADS = {
    "cnn": Workload(cnn_job, cnn_sources, cnn_contents),
    "lstm": Workload(lstm_job),
}


class Side:
    """What the driver asks for."""

    def __init__(self) -> None:
        set_threads("auto")
        self.trainers: dict[tuple[str, int, str], Trainer] = {}
        self.predictors: dict[tuple[str, str], Any] = {}

    def train(self, workload: str, *, cases: int, batch_size: int, precision: str) -> Any:
        """Seconds of one epoch, and the precision it ran in; the first call warms up."""
        key = (workload, batch_size, precision)
        if key not in self.trainers:
            job = WORKLOADS[workload].job(cases, batch_size, precision)
            self.trainers[key] = Trainer(job)
            self.trainers[key].prepare()
        trainer = self.trainers[key]
        trainer.story.step, trainer.story.losses = 0, 0.0
        with kept_memory():
            if not trainer.story.cases:
                trainer.one_epoch(lambda _: None)
                trainer.story.step, trainer.story.losses = 0, 0.0
            used = trainer.story.precision
            with fitting_threads(trainer.job.network, batch_size=batch_size):
                start = time.perf_counter()
                trainer.one_epoch(lambda _: None)
                return time.perf_counter() - start, used

    def predict(self, workload: str, *, cases: int, precision: str) -> Any:
        """Seconds to predict through a package, from images in memory to records."""
        key = (workload, precision)
        if key not in self.predictors:
            self.predictors[key] = self._packaged(workload, precision)
        make = WORKLOADS[workload].sources
        assert make is not None
        sources = make(cases)
        self.predictors[key].predict(sources[:64])
        start = time.perf_counter()
        records = self.predictors[key].predict(sources)
        seconds = time.perf_counter() - start
        assert len(records) == cases
        return seconds, self.predictors[key].package.precision

    def _packaged(self, workload: str, precision: str) -> Any:
        work = WORKLOADS[workload]
        job = work.job(64, 32, "float32")
        assert work.contents is not None
        with tempfile.TemporaryDirectory() as folder:
            write_package(
                Path(folder) / "package",
                {"network": job.network.eval()},
                work.contents(job),
                precision=precision,
            )
            return bedside.load(Path(folder) / "package")


if __name__ == "__main__":
    sys.exit(listen(Side()))
