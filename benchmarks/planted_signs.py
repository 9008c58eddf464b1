"""Made-up cohorts whose sign is known, case by case, for `explanations.py`.

Enters: a seed, and the state of the modality where it was fitted on another. Leaves: prepared
cases, of which half hold a sign, and what tells whether a map points at it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bedside.data.synthetic.chest_xray import make_chest_xrays, planted_nodules
from bedside.modalities.image import Image
from bedside.modalities.table import Table
from bedside.modalities.text import Text
from bedside.modalities.text_tokens import Vocabulary
from bedside.modalities.volume import Volume
from bedside.schema import Geometry, Sample, State

Inside = Callable[[int, np.ndarray], bool]
"""A case and its map -> whether the strongest mark lies on the sign."""


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


def make_signal(seed: int, state: State | None, *, steps: int = 6, height: float = 5.0) -> Made:
    """Wandering lines of 60 steps, of which half hold a bump of some steps."""
    rng = np.random.default_rng(seed)
    cases, length = 1500, 60
    labels = rng.integers(0, 2, cases)
    values = rng.normal(size=(cases, 1, length)).cumsum(axis=2) * 0.3
    places = rng.integers(4, length - 4 - steps, cases)
    for case in np.flatnonzero(labels):
        values[case, 0, places[case] : places[case] + steps] += height
    rule = {"mean": [float(values.mean())], "std": [float(values.std())]}
    state = state or {"standardise": {"values": rule}}
    arrays = {"values": values.astype(np.float32)}
    return Made(arrays, labels, lambda c, own: -1 <= peak(own)[0] - places[c] <= steps, state)


def make_low_bump(seed: int, state: State | None) -> Made:
    """The same lower and shorter, which a network that has learnt nothing overlooks."""
    return make_signal(seed, state, steps=3, height=3.0)


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
    "signal-tcn": (make_low_bump, "tcn"),
    "table": (make_table, "mlp"),
    "volume": (make_volume, "resnet3d"),
    "volume-slices": (make_volume, "slices-gru"),
}
