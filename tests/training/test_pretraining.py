"""Learning from inputs alone: what is compared, what is handed over, and a run that dies."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bedside.modalities.image import Image
from bedside.models.network import InputPlan
from bedside.progress import Progress
from bedside.schema import Targets
from bedside.study import Study
from bedside.tasks.classify import Classify
from bedside.training import loop
from bedside.training.candidates import make_job
from bedside.training.job import Job
from bedside.training.loader import Prepared
from bedside.training.preparation import Preparation
from bedside.training.pretraining import COMPARED, Contrast, TwoViews, pretrain, pretraining_job

QUIET = Progress(quiet=True)
IMAGE = Image(column="file", size=(24, 24))
STATE = {"standardise": {"values": {"mean": [120.0], "std": [40.0]}}}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def prepared(n: int, seed: int, *, known: bool = True) -> Prepared:
    rng = np.random.default_rng(seed)
    truth = (np.arange(n) % 2).astype(np.float32)[:, None]
    values = rng.integers(0, 255, (n, 1, 6, 6), dtype=np.uint8).repeat(4, 2).repeat(4, 3)
    targets = Targets({"truth": truth, "known": np.full(truth.shape, known)}, ("a", "b"))
    return Prepared({"xray.values": values}, targets, np.arange(n))


PREPARATION = Preparation(
    {"xray": STATE},
    {"train": prepared(10, 0), "validation": prepared(12, 1), "test": prepared(4, 2)},
    prepared(30, 3, known=False),
)
STUDY = Study.parse(
    {
        "data": {"table": "cases.csv"},
        "inputs": {"xray": {"modality": "image", "column": "file", "size": [24, 24]}},
        "target": {"task": "classify"},
        "training": {"pretrain": True, "epochs": 3, "precision": "float32"},
        "device": "cpu",
    }
)
PLANS = {"xray": InputPlan("cnn", {"values": (1, 24, 24)}, STATE)}


def jobs(folder: Path | None = None) -> tuple[Job, Job]:
    task = Classify()
    state = task.fit(PREPARATION.parts["train"].targets)
    job = make_job(
        STUDY, {"xray": "cnn"}, modalities={"xray": IMAGE}, preparation=PREPARATION,
        task=task, state=state, folder=folder,
    )  # fmt: skip
    before = pretraining_job(
        STUDY, PLANS, job=job, modalities={"xray": IMAGE}, preparation=PREPARATION, name="cnn"
    )
    return job, before


def weights(job: Job) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in job.network.state_dict().items()}


def test_all_training_cases_are_learnt_from_and_no_other_and_no_label() -> None:
    job, before = jobs()
    assert len(before.train) == 40
    own = np.concatenate(
        [
            PREPARATION.parts["train"].arrays["xray.values"],
            PREPARATION.unlabelled.arrays["xray.values"],
        ]  # type: ignore[union-attr]
    )
    assert np.array_equal(before.train.arrays["xray.values"][:], own)
    assert not before.train.targets.arrays
    assert not before.validation.targets.arrays
    assert len(job.train) == 10


def test_encoders_and_fusion_are_handed_over_and_the_head_stays() -> None:
    job, before = jobs()
    first = weights(job)
    told = pretrain(job, before, progress=QUIET)
    changed = {
        name for name, tensor in weights(job).items() if not torch.equal(tensor, first[name])
    }
    assert any(name.startswith("encoders.") for name in changed)
    assert not any(name.startswith("head.") for name in changed)
    views = before.network
    assert isinstance(views, TwoViews)
    learnt = views.network.state_dict()
    assert all(torch.equal(learnt[name], job.network.state_dict()[name]) for name in changed)
    assert told["cases"] == 40
    assert told["epochs_done"] == 3
    assert told["loss"] < math.log(2 * 12 - 1), "better than guessing among the other views"


def test_the_same_seed_learns_the_same_whatever_was_drawn_before() -> None:
    (one, before), (other, again) = jobs(), jobs()
    torch.manual_seed(1)
    pretrain(one, before, progress=QUIET)
    torch.manual_seed(2)
    pretrain(other, again, progress=QUIET)
    assert all(torch.equal(weights(one)[n], t) for n, t in weights(other).items())


def test_a_run_that_died_goes_on_and_one_that_is_done_learns_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, before = jobs()
    pretrain(whole, before, progress=QUIET)
    usual = loop.Trainer.validate

    def dies(self: Any) -> float:
        if self.story.epoch == 1:
            raise KeyboardInterrupt
        return usual(self)

    cut, again = jobs(tmp_path / "cut")
    with monkeypatch.context() as patch:
        patch.setattr(loop.Trainer, "validate", dies)
        with pytest.raises(KeyboardInterrupt):
            pretrain(cut, again, progress=QUIET)
    resumed, third = jobs(tmp_path / "cut")
    pretrain(resumed, third, progress=QUIET)
    assert all(torch.equal(weights(whole)[n], t) for n, t in weights(resumed).items())
    monkeypatch.setattr(loop.Trainer, "one_epoch", lambda *_: pytest.fail("learnt twice"))
    done, fourth = jobs(tmp_path / "cut")
    pretrain(done, fourth, progress=QUIET)
    assert all(torch.equal(weights(whole)[n], t) for n, t in weights(done).items())


def test_the_loss_is_that_of_naming_the_partner_among_all_other_views() -> None:
    rng = np.random.default_rng(4)
    views = torch.nn.functional.normalize(torch.from_numpy(rng.normal(size=(5, 2, 3))), dim=2)
    flat = torch.cat([views[:, 0], views[:, 1]]).numpy()
    losses = []
    for one in range(10):
        partner, others = (one + 5) % 10, [k for k in range(10) if k != one]
        alike = np.exp(flat[others] @ flat[one] / 0.2)
        losses.append(-np.log(np.exp(flat[partner] @ flat[one] / 0.2) / alike.sum()))
    found = Contrast().loss({"views": views}, {}, {})
    assert float(found) == pytest.approx(np.mean(losses))


def test_a_large_part_is_compared_so_many_at_a_time() -> None:
    rng = torch.Generator().manual_seed(0)
    views = torch.nn.functional.normalize(torch.rand(COMPARED + 7, 2, 4, generator=rng), dim=2)
    blocks = [views[:COMPARED], views[COMPARED:]]
    each = [float(Contrast().loss({"views": own}, {}, {})) for own in blocks]
    found = float(Contrast().loss({"views": views}, {}, {}))
    assert found == pytest.approx(np.average(each, weights=[COMPARED, 7]))


def test_views_differ_while_learning_and_are_the_same_each_time_it_is_measured() -> None:
    _, before = jobs()
    batch = {"xray.values": torch.from_numpy(PREPARATION.parts["test"].arrays["xray.values"][:])}
    views = before.network.eval()
    with torch.no_grad():
        first, second = views(batch)["views"], views(batch)["views"]
    assert torch.equal(first, second)
    assert not torch.allclose(first[:, 0], first[:, 1])
    views.train()
    assert not torch.equal(views(batch)["views"], views(batch)["views"])
