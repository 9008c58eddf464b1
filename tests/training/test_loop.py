"""A whole small training: the same seed twice, an interruption, a loss that diverges."""

from __future__ import annotations

import dataclasses
import errno
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bedside.errors import RunError
from bedside.modalities.image import Image
from bedside.models.network import InputPlan, StudyNetwork
from bedside.progress import Progress
from bedside.run_folder import Log
from bedside.schema import Targets
from bedside.tasks.classify import Classify
from bedside.training import loop
from bedside.training.loader import Prepared
from bedside.training.loop import CHECKPOINT, Job, Trainer, train
from bedside.training.recipe import Recipe
from bedside.training.step import Stepper

QUIET = Progress(quiet=True)
IMAGE = Image(size=(24, 24))
RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=5e-3, weight_decay=0.05, patience=9)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def prepared(n: int, seed: int) -> Prepared:
    """Images of noise, brighter on the left where the truth is 1."""
    rng = np.random.default_rng(seed)
    truth = (np.arange(n) % 2).astype(np.float32)[:, None]
    values = rng.integers(60, 160, (n, 1, 24, 24), dtype=np.uint8)
    values[truth[:, 0] == 1, :, :, :12] += 60
    targets = Targets({"truth": truth, "known": truth >= 0}, ("a", "b"))
    return Prepared({"xray.values": values}, targets, np.arange(n))


TRAIN, VALIDATION = prepared(33, 0), prepared(12, 1)


def job(
    folder: Path | None = None, *, seed: int = 1, encoder: str = "resnet", **changes: Any
) -> Job:
    task = Classify(column="y")
    state = task.fit(TRAIN.targets)
    rule = {"values": {"mean": [120.0], "std": [40.0]}}
    plan = InputPlan(encoder, {"values": (1, 24, 24)}, {"standardise": rule})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = StudyNetwork(
            {"xray": plan}, fusion="concat", head=lambda width: task.head(width, state)
        )
    made = Job(
        name=encoder,
        network=network,
        task=task,
        state=state,
        train=TRAIN,
        validation=VALIDATION,
        recipe=RECIPE,
        modalities={"xray": IMAGE},
        seed=seed,
        device=torch.device("cpu"),
        precision="float32",
        folder=folder,
    )
    return dataclasses.replace(made, **changes)


def weights(done: Job) -> dict[str, torch.Tensor]:
    return dict(done.network.state_dict())


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def without_times(story: Any) -> dict[str, Any]:
    words = json.loads(json.dumps(vars(story)))
    words.pop("seconds")
    words.pop("epoch_seconds")
    for epoch in words["epochs"]:
        epoch.pop("seconds")
    return dict(words)


def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before() -> None:
    one, same, other = job(), job(), job(seed=2)
    stories = []
    for index, each in enumerate((one, same, other)):
        torch.manual_seed(index)
        np.random.seed(index)  # noqa: NPY002 - training must not listen to it
        stories.append(train(each, progress=QUIET))
        expected = torch.Generator().manual_seed(index)
        assert torch.equal(torch.rand(2), torch.rand(2, generator=expected)), "nor draw from it"
    assert equal(weights(one), weights(same))
    assert without_times(stories[0]) == without_times(stories[1])
    assert not equal(weights(one), weights(other))


def test_it_learns_and_tells_its_story(tmp_path: Path) -> None:
    done = job(recipe=dataclasses.replace(RECIPE, epochs=8))
    with Log.open(tmp_path / "log.jsonl") as log:
        story = train(done, progress=Progress(log, quiet=True))
    assert not done.network.training
    assert story.epoch == len(story.epochs) == 8
    assert story.best_loss == min(epoch["validation_loss"] for epoch in story.epochs)
    assert story.epochs[story.best_epoch - 1]["validation_loss"] == story.best_loss
    assert story.best_loss < 0.1
    assert story.epochs[-1]["train_loss"] < 0.5 * story.epochs[0]["train_loss"]
    assert story.cases == 8 * 32, "one case of 33 is left over in each epoch"
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(line["event"], line["epoch"]) for line in lines] == [
        ("epoch", n + 1) for n in range(8)
    ]


def test_the_network_ends_with_the_weights_of_its_best_epoch(tmp_path: Path) -> None:
    done = job(tmp_path)
    story = train(done, progress=QUIET)
    trainer = Trainer(job(tmp_path))
    trainer.resume()
    assert equal(weights(done), trainer.best)
    trainer.stepper.average.module.load_state_dict(trainer.best)
    assert trainer.validate() == pytest.approx(story.best_loss, abs=1e-6)


class DiedError(Exception):
    """The power went off."""


@pytest.mark.parametrize("when", ["before the log", "in the second epoch", "while saving"])
def test_an_interrupted_training_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    undisturbed = job()
    wanted = train(undisturbed, progress=QUIET)

    with monkeypatch.context() as patch:
        if when == "before the log":
            patch.setattr(Log, "write", _die_at_call(1, Log.write))
        elif when == "in the second epoch":
            patch.setattr(Trainer, "validate", _die_at_call(2, Trainer.validate))
        else:
            patch.setattr(loop, "save_checkpoint", _die_at_call(2, loop.save_checkpoint))
        with pytest.raises(DiedError):
            train(job(tmp_path), progress=QUIET)
    assert CHECKPOINT in [path.name for path in tmp_path.iterdir()]

    resumed = job(tmp_path, seed=1)
    with torch.no_grad():  # what a fresh start draws must not matter
        for parameter in resumed.network.parameters():
            parameter.zero_()
    story = train(resumed, progress=QUIET, resume=True)
    assert equal(weights(resumed), weights(undisturbed))
    assert without_times(story) == without_times(wanted)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT], "no spare is left"


@pytest.mark.parametrize("deaths", [[2], [4, 3, 6]])
def test_killed_within_an_epoch_it_goes_on_from_the_very_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: list[int]
) -> None:
    undisturbed = job()  # resnet: dropout, augmentation and order are all drawn at random
    wanted = train(undisturbed, progress=QUIET)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr(loop, "CHECKPOINT_SHARE", math.inf)
    monkeypatch.setattr(loop, "LOOK_SECONDS", -1)
    steps: list[int] = []
    step = Stepper.step

    def counted(self: Stepper, rows: Any, generator: Any, *, rate: float) -> torch.Tensor:
        steps.append(len(rows))
        return step(self, rows, generator, rate=rate)

    monkeypatch.setattr(Stepper, "step", counted)
    for death in deaths:
        with monkeypatch.context() as patch:
            patch.setattr(loop, "save_checkpoint", _die_at_call(death, loop.save_checkpoint))
            with pytest.raises(DiedError):
                train(job(tmp_path), progress=QUIET, resume=True)
    torch.manual_seed(99)
    resumed = job(tmp_path)
    story = train(resumed, progress=QUIET, resume=True)
    assert equal(weights(resumed), weights(undisturbed))
    assert without_times(story) == without_times(wanted)
    assert len(steps) <= wanted.averaged + len(deaths), "each death cost one step at most"


def test_a_long_epoch_is_saved_every_minute_or_rarer_where_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(loop.time, "perf_counter", lambda: now[0])
    saved: list[tuple[float, int]] = []
    cost = 1.0

    def slow(path: Path, groups: object, progress: dict[str, Any]) -> None:
        saved.append((now[0], progress["step"]))
        now[0] += cost

    monkeypatch.setattr(loop, "save_checkpoint", slow)
    step = Stepper.step

    def twenty_seconds(self: Stepper, rows: Any, generator: Any, *, rate: float) -> torch.Tensor:
        now[0] += 20
        return step(self, rows, generator, rate=rate)

    monkeypatch.setattr(Stepper, "step", twenty_seconds)
    once = dataclasses.replace(RECIPE, epochs=1, batch_size=2)
    story = train(job(tmp_path, encoder="cnn", recipe=once), progress=QUIET)
    assert [step for _, step in saved] == [3, 6, 9, 12, 15, 0]
    assert story.seconds == story.epoch_seconds + 16 * 20 == 320, "writing is not training"
    saved.clear()
    cost = 6.0  # a twentieth of two minutes
    train(job(tmp_path, encoder="cnn", recipe=once), progress=QUIET)
    assert [step for _, step in saved] == [3, 9, 15, 0]


def test_where_the_newest_checkpoint_is_damaged_it_goes_on_from_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    undisturbed = job(encoder="cnn")
    train(undisturbed, progress=QUIET)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "validate", _die_at_call(3, Trainer.validate))
        with pytest.raises(DiedError):
            train(job(tmp_path, encoder="cnn"), progress=QUIET)
    content = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / CHECKPOINT).write_bytes(content[: len(content) // 2])
    resumed = job(tmp_path, encoder="cnn")
    train(resumed, progress=Progress(), resume=True)
    said = "training.safetensors: damaged; going on from the checkpoint before it.\n"
    assert capsys.readouterr().err == said
    assert equal(weights(resumed), weights(undisturbed))


def test_a_full_disk_stops_with_one_sentence_and_costs_nothing_that_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = job(encoder="cnn")
    train(undisturbed, progress=QUIET)

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "validate", _fill_at_call(2, Trainer.validate, patch, full))
        with pytest.raises(RunError) as caught:
            train(job(tmp_path, encoder="cnn"), progress=QUIET)
    assert str(caught.value) == (
        "training.safetensors: the disk is full. Free some space and repeat the command, a run "
        "with --resume; what was finished before is kept."
    )
    resumed = job(tmp_path, encoder="cnn")
    assert train(resumed, progress=QUIET, resume=True).epoch == RECIPE.epochs
    assert equal(weights(resumed), weights(undisturbed))


def _fill_at_call(number: int, function: Any, patch: Any, full: Any) -> Any:
    calls = iter(range(1, 100))

    def filling(*arguments: Any) -> Any:
        if next(calls) == number:
            patch.setattr(Path, "write_bytes", full)
        return function(*arguments)

    return filling


def _die_at_call(number: int, function: Any) -> Any:
    calls = iter(range(1, 100))

    def dying(*arguments: Any, **named: Any) -> Any:
        if next(calls) == number:
            raise DiedError
        return function(*arguments, **named)

    return dying


def test_resuming_a_finished_training_changes_nothing(tmp_path: Path) -> None:
    first, second = job(tmp_path), job(tmp_path)
    told = train(first, progress=QUIET)
    content = (tmp_path / CHECKPOINT).read_bytes()
    again = train(second, progress=QUIET, resume=True)
    assert vars(again) == vars(told)
    assert equal(weights(first), weights(second))
    assert (tmp_path / CHECKPOINT).read_bytes() == content


def test_without_resume_it_starts_anew(tmp_path: Path) -> None:
    train(job(tmp_path), progress=QUIET)
    assert train(job(tmp_path), progress=QUIET).cases == 3 * 32


def test_another_networks_checkpoint_is_refused(tmp_path: Path) -> None:
    train(
        job(tmp_path, encoder="cnn", recipe=dataclasses.replace(RECIPE, epochs=1)), progress=QUIET
    )
    with pytest.raises(RunError) as caught:
        train(job(tmp_path), progress=QUIET, resume=True)
    assert str(caught.value) == (
        "training.safetensors: expected the network of this study, got another one. "
        "Run without --resume into a new folder."
    )


@pytest.mark.parametrize("part", ["train", "validation"])
@pytest.mark.parametrize("what", ["arrays", "targets"])
def test_a_checkpoint_of_other_data_is_refused(tmp_path: Path, part: str, what: str) -> None:
    train(job(tmp_path), progress=QUIET)
    cases = dataclasses.replace(TRAIN if part == "train" else VALIDATION)
    if what == "arrays":
        values = cases.arrays["xray.values"].copy()
        values[0, 0, 0, 0] += 1
        cases = dataclasses.replace(cases, arrays={"xray.values": values})
    else:
        truth = 1 - cases.targets.arrays["truth"]
        targets = {**cases.targets.arrays, "truth": truth}
        cases = dataclasses.replace(
            cases, targets=dataclasses.replace(cases.targets, arrays=targets)
        )
    changed: dict[str, Any] = {part: cases}
    with pytest.raises(RunError) as caught:
        train(dataclasses.replace(job(tmp_path), **changed), progress=QUIET, resume=True)
    assert str(caught.value) == (
        f"training.safetensors: expected the same {part} cases as when training began, got other "
        "images or labels. The data changed since then: start a new run with -o."
    )


def test_epochs_that_were_saved_but_not_logged_are_logged_on_resume(tmp_path: Path) -> None:
    train(job(tmp_path), progress=QUIET)
    path = tmp_path / "log.jsonl"
    for _ in range(2):  # a second time there is nothing to add
        with Log.open(path) as log:
            log.write("epoch", model="other", epoch=1)
            train(job(tmp_path), progress=Progress(log, quiet=True), resume=True)
            lines = [line for line in log.events("epoch") if line["model"] != "other"]
    assert [line["epoch"] for line in lines] == list(range(1, RECIPE.epochs + 1))
    assert all(line["validation_loss"] > 0 for line in lines)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"\x00" * 64)
    with pytest.raises(RunError, match="got a damaged file"):
        train(job(tmp_path), progress=QUIET, resume=True)


def test_a_diverging_loss_is_one_sentence_and_saves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        train(job(tmp_path, recipe=dataclasses.replace(RECIPE, learning_rate=1e30)), progress=QUIET)
    assert str(caught.value) == (
        "training of resnet: expected a finite loss, got a diverging one. "
        "Lower training.learning_rate or set training.precision: float32."
    )
    assert not (tmp_path / CHECKPOINT).exists()


def test_it_stops_when_validation_no_longer_gets_better(monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.5, 0.4, 0.6, 0.4, 0.1])
    monkeypatch.setattr(Trainer, "validate", lambda self: next(losses))
    recipe = dataclasses.replace(RECIPE, epochs=9, patience=2)
    story = train(job(encoder="cnn", recipe=recipe), progress=QUIET)
    assert (story.epoch, story.best_epoch, story.best_loss) == (4, 2, 0.4)


def test_training_in_bf16_learns_too() -> None:
    done = job(precision="bf16", recipe=dataclasses.replace(RECIPE, epochs=8))
    story = train(done, progress=QUIET)
    assert story.precision == "bf16"
    assert story.best_loss < 0.5
    assert all(tensor.dtype != torch.bfloat16 for tensor in weights(done).values())
