"""Do explanations point at the sign? Made-up cohorts whose sign is known, case by case.

    python benchmarks/explanations.py --cohorts xray text-bag --output explanations.md
    python benchmarks/explanations.py --cohorts xray --run demo/chest-xray

Enters: names of cohorts; no data. A network is trained as a study trains it, on cases made with
one seed; cases made with another choose nothing and are explained by every method. Leaves: a
Markdown table: of the positives that the network finds, the share whose strongest mark lies on
the sign, with its 95 % Wilson interval; the same of the network with weights drawn anew.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import binomtest

from bedside.data.synthetic.chest_xray import make_chest_xrays, planted_nodules
from bedside.deployment.package import read_package
from bedside.explanation.drawn_weights import randomised
from bedside.explanation.explainer import draw_maps, suiting, taken
from bedside.explanation.question import Question
from bedside.explanation.reopened import reopen_network
from bedside.explanation.surface import surface_of
from bedside.modalities.image import Image
from bedside.modalities.table import Table
from bedside.modalities.text import Text
from bedside.modalities.text_tokens import Vocabulary
from bedside.modalities.volume import Volume
from bedside.models.network import StudyNetwork
from bedside.progress import Progress
from bedside.run_folder import RunFolder
from bedside.schema import Geometry, Sample, State, Targets
from bedside.study import TrainingSection
from bedside.tasks.classify import Classify
from bedside.training.candidates import input_plans
from bedside.training.loader import Prepared
from bedside.training.loop import Job, train
from bedside.training.recipe import make_recipe

Inside = Callable[[int, np.ndarray], bool]
"""A case and its map -> whether the strongest mark lies on the sign."""
SEEDS = {"train": 7, "validation": 8, "fresh": 100}
MOST = 100
"""Found positives that are explained."""


@dataclass(frozen=True)
class Made:
    """N made-up cases.

    Args:
        arrays: prepared, without the input's name.
        labels: (N,) 0 or 1.
        inside: tells whether a map points at the sign.
        state: of the modality, fitted on cases made with the first seed.
    """

    arrays: dict[str, np.ndarray]
    labels: np.ndarray
    inside: Inside
    state: State


def main() -> int:
    options = _options()
    lines = ["| cohort | network | correct positives | method | on the sign | weights drawn anew |"]
    lines.append("|---|---|---|---|---|---|")
    for name in options.cohorts:
        started = time.perf_counter()
        for line in measured(name, epochs=options.epochs, run=options.run):
            lines.append(line)
            print(line, flush=True)
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if options.output:
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def measured(name: str, *, epochs: int | None, run: Path | None = None) -> list[str]:
    """The lines of one cohort, a method each; with `run` its network is asked, none is trained."""
    make, encoder = COHORTS[name]
    first = make(SEEDS["train"], None)
    parts = {part: make(SEEDS[part], first.state) for part in ("validation", "fresh")}
    if run is None:
        question = trained(encoder, {"train": first, **parts}, epochs=epochs)
    else:
        question, encoder = reopened(run), f"run {run.name}"
    fresh = parts["fresh"]
    shapes = {key: values.shape[1:] for key, values in fresh.arrays.items()}
    surface = surface_of("x", shapes, fresh.state)
    named = {f"x.{key}": values for key, values in fresh.arrays.items()}
    scores = question.look(taken(named, np.arange(len(fresh.labels)), question))[:, 0].numpy()
    rows = np.flatnonzero((fresh.labels == 1) & (scores > 0))[:MOST]
    arrays = taken(named, rows, question)
    which = torch.zeros(len(rows), dtype=torch.long)
    drawn = question.of_other(randomised(question.network, seed=1))
    lines = []
    for method in suiting(question, surface):
        shares = []
        for one in (question, drawn):
            maps = draw_maps(one, arrays, surface, which=which, method=method).numpy()
            hits = sum(
                bool(own.max() > own.min()) and fresh.inside(int(row), own)
                for row, own in zip(rows, maps, strict=True)
            )
            shares.append(share(hits, len(rows)))
        lines.append(f"| {name} | {encoder} | {len(rows)} | {method} | {' | '.join(shares)} |")
    return lines


def share(hits: int, count: int) -> str:
    """``96 % (90 to 98)``."""
    if not count:
        return "none found"
    ends = binomtest(hits, count).proportion_ci(method="wilson")
    return f"{100 * hits / count:.0f} % ({100 * ends.low:.0f} to {100 * ends.high:.0f})"


def reopened(run: Path) -> Question:
    """The network of a finished run on one input; it is named x here."""
    folder = RunFolder(run)
    contents = read_package(folder.package).contents
    network = reopen_network(
        folder, task=contents.task, state=contents.task_state, states=contents.modality_states
    )
    ((_, arrays),) = network.array_names.items()
    network.array_names = {"x": arrays}
    return Question.of(network, "binary", contents.task_state)


def trained(encoder: str, parts: dict[str, Made], *, epochs: int | None) -> Question:
    """The network of a study on these cases, after its default recipe."""
    task = Classify()
    prepared = {
        part: Prepared(
            {f"x.{key}": values for key, values in own.arrays.items()},
            Targets(
                {"truth": own.labels[:, None].astype(np.float32),
                 "known": np.ones((len(own.labels), 1), dtype=bool)},
                ("without", "with"),
            ),
            np.arange(len(own.labels)),
        )
        for part, own in parts.items()
    }  # fmt: skip
    state = task.fit(prepared["train"].targets)
    plans = input_plans({"x": encoder}, prepared["train"], {"x": parts["train"].state})
    torch.manual_seed(7)
    network = StudyNetwork(plans, fusion="concat", head=lambda width: task.head(width, state))
    section = TrainingSection() if epochs is None else TrainingSection(epochs=epochs)
    job = Job(
        name=encoder,
        network=network,
        task=task,
        state=state,
        train=prepared["train"],
        validation=prepared["validation"],
        recipe=make_recipe(len(prepared["train"]), section),
        modalities={},
        seed=7,
        device=torch.device("cpu"),
        precision="float32",
    )
    train(job, progress=Progress(quiet=True))
    return Question.of(network, "binary", state)


def prepared_by(modality: Any, samples: list[Sample], state: State | None) -> tuple[Any, State]:
    """Collated arrays, and the state, fitted where there is none yet."""
    state = modality.fit(iter(samples)) if state is None else state
    return modality.collate([modality.prepare(sample, state) for sample in samples]), state


def peak(own: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(own.argmax()), own.shape))


def make_xray(seed: int, state: State | None, *, size: int = 64) -> Made:
    """Nodules in made-up films; the strongest mark must lie within one's radius."""
    words = {"patients": 600 if state is None else 200, "seed": seed, "size": size}
    cohort, nodules = make_chest_xrays(**words), planted_nodules(**words)
    samples = [Sample(image, Geometry(shape=image.shape)) for image in cohort.arrays["image"]]
    arrays, state = prepared_by(Image(size=(size, size)), samples, state)

    def inside(case: int, own: np.ndarray) -> bool:
        row, column = peak(own)
        return any(np.hypot(row - r, column - c) <= radius for r, c, radius in nodules[case])

    return Made(arrays, (cohort.table["label"] == "nodule").to_numpy().astype(int), inside, state)


def make_corner(seed: int, state: State | None, *, size: int = 64) -> Made:
    """The confounder: a mark of 3 x 3 pixels in a corner says the label, the film does not."""
    cohort = make_chest_xrays(patients=200, seed=seed, size=size)
    images = cohort.arrays["image"].copy()
    labels = np.random.default_rng(seed).integers(0, 2, len(images))
    images[labels == 1, 4:7, 4:7] = 255
    samples = [Sample(image, Geometry(shape=image.shape)) for image in images]
    arrays, state = prepared_by(Image(size=(size, size)), samples, state)
    return Made(arrays, labels, lambda _, own: max(abs(p - 5) for p in peak(own)) <= 2, state)


def make_text(seed: int, state: State | None) -> Made:
    """Sentences in the manner of reports, of which half hold one word more."""
    rng = np.random.default_rng(seed)
    modality = Text(vocabulary=400, length=48)
    texts, labels = [], rng.integers(0, 2, 300)
    for sample, label in zip(modality.fake(rng, len(labels)), labels, strict=True):
        words = str(sample.values).split()
        if label:
            words.insert(int(rng.integers(len(words))), "nodule")
        texts.append(" ".join(words))
    arrays, state = prepared_by(modality, [Sample(text) for text in texts], state)
    vocabulary = Vocabulary.from_state(state)

    def inside(case: int, own: np.ndarray) -> bool:
        start, end = vocabulary.spans(texts[case], most=48)[peak(own)[0]]
        return "nodule" in texts[case][max(0, start - 6) : end + 6]

    return Made(arrays, labels, inside, state)


def make_signal(seed: int, state: State | None) -> Made:
    """A wandering line of 60 steps, of which half hold a spike of three steps."""
    rng = np.random.default_rng(seed)
    cases, steps = 1500, 60
    labels = rng.integers(0, 2, cases)
    values = rng.normal(size=(cases, 1, steps)).cumsum(axis=2) * 0.3
    places = rng.integers(4, steps - 8, cases)
    for case in np.flatnonzero(labels):
        values[case, 0, places[case] : places[case] + 3] += 5
    state = state or {
        "standardise": {"values": {"mean": [float(values.mean())], "std": [float(values.std())]}}
    }
    arrays = {"values": values.astype(np.float32)}
    return Made(arrays, labels, lambda c, own: -1 <= peak(own)[0] - places[c] <= 3, state)


def make_volume(seed: int, state: State | None, *, side: int = 16) -> Made:
    """Noise in a cube, of which half hold a brighter ball of radius 2."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 200)
    values = rng.normal(size=(200, side, side, side)).astype(np.float32)
    places = rng.integers(3, side - 3, (200, 3))
    grid = np.indices((side, side, side))
    for case in np.flatnonzero(labels):
        far = ((grid - places[case][:, None, None, None]) ** 2).sum(axis=0)
        values[case][far <= 4] += 2.5
    samples = [Sample(each, Geometry(shape=each.shape)) for each in values]
    arrays, state = prepared_by(Volume(size=(side, side, side)), samples, state)

    def inside(case: int, own: np.ndarray) -> bool:
        return float(np.linalg.norm(np.array(peak(own)) - places[case])) <= 2.5

    return Made(arrays, labels, inside, state)


def make_table(seed: int, state: State | None) -> Made:
    """Forty columns: a high number in one of four, or a level in one of two, says the label.

    The highest number of a case is mostly another one, and all levels are as rare.
    """
    rng = np.random.default_rng(seed)
    numbers, groups, cases = [f"n{i}" for i in range(32)], [f"g{i}" for i in range(8)], 2000
    labels, places = rng.integers(0, 2, cases), rng.integers(0, 6, cases)
    values = rng.normal(size=(cases, len(numbers)))
    values[:, :4] = np.where(values[:, :4] > 1, -values[:, :4], values[:, :4])
    levels = rng.choice(list("abcdefghijkl"), (cases, len(groups)))
    levels[:, :2] = rng.choice(list("acdefghijkl"), (cases, 2))
    for case in np.flatnonzero(labels):
        if places[case] < 4:
            values[case, places[case]] = rng.uniform(1.3, 1.7)
        else:
            levels[case, places[case] - 4] = "b"
    cells = np.concatenate([values.round(3).astype(str), levels], axis=1)
    samples = [Sample(own, Geometry(shape=own.shape)) for own in cells]
    arrays, state = prepared_by(Table(columns=[*numbers, *groups]), samples, state)
    signs = np.where(places < 4, places, len(numbers) + places - 4)
    return Made(arrays, labels, lambda case, own: peak(own)[0] == signs[case], state)


COHORTS: dict[str, tuple[Callable[[int, State | None], Made], str]] = {
    "xray": (make_xray, "resnet"),
    "xray-fine": (make_xray, "fine-resnet"),
    "corner-mark": (make_corner, "resnet"),
    "text-bag": (make_text, "bag"),
    "text-cnn": (make_text, "text-cnn"),
    "text-lstm": (make_text, "text-lstm"),
    "text-transformer": (make_text, "transformer"),
    "signal-lstm": (make_signal, "lstm"),
    "signal-tcn": (make_signal, "tcn"),
    "table": (make_table, "mlp"),
    "volume": (make_volume, "resnet3d"),
    "volume-slices": (make_volume, "slices-gru"),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cohorts", nargs="+", choices=COHORTS, default=list(COHORTS))
    parser.add_argument("--epochs", type=int, help="of each training; default the recipe's")
    parser.add_argument("--run", type=Path, help="a finished run on this very cohort to ask")
    parser.add_argument("--output", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
