"""Fitted classical methods as plain numbers, which numpy alone computes with.

Enters: weights of a linear model, or trees. Leaves: scorers that answer as the library that
fitted them does, and their words and arrays for a file: JSON and plain arrays, nothing pickled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np

from bedside.baselines.questions import Answers, Constant, Scorer, Spread, log_probabilities
from bedside.schema import Array, Arrays

Words: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Linear:
    """Log-odds, or log-probabilities, by a weighted sum.

    Args:
        weights: (K, F) float64; K is 1 of a yes/no question.
        offsets: (K,) float64.
        several: whether the answers are classes.
    """

    weights: Array
    offsets: Array
    several: bool

    def __call__(self, features: Array) -> Array:
        scores = np.asarray(features @ self.weights.T) + self.offsets
        return log_probabilities(scores) if self.several else cast("Array", scores[:, 0])

    @classmethod
    def of(cls, model: Any, *, several: bool, scale: tuple[Array, Array] | None = None) -> Linear:
        """From a fitted linear model of scikit-learn.

        Args:
            model: with ``coef_`` and ``intercept_``.
            several: whether the answers are classes.
            scale: (F,) means and deviations that its features were standardised by.
        """
        weights, offsets = np.asarray(model.coef_), np.asarray(model.intercept_)
        if several and len(weights) == 1:  # two classes: scikit-learn answers their log-odds only
            weights = np.concatenate([-weights / 2, weights / 2])
            offsets = np.concatenate([-offsets / 2, offsets / 2])
        if scale is not None:
            weights = weights / scale[1]
            offsets = offsets - weights @ scale[0]
        return cls(weights.astype(np.float64), offsets.astype(np.float64), several)


@dataclass(frozen=True)
class Trees:
    """Log-odds, or log-probabilities, by T trees of at most N forks and L leaves.

    Args:
        feature: (T, N) int32 which feature a fork asks.
        threshold: (T, N) float64; what is at most so large goes left.
        left, right: (T, N) int32 the next fork, or a leaf: minus its number, minus 1.
        leaf: (T, L) float64.
        classes: of which one is right; 0 of a yes/no question. Tree t speaks of class t mod K.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    leaf: Array
    classes: int

    def __call__(self, features: Array) -> Array:
        trees = np.arange(len(self.feature))[None, :]
        rows = np.arange(len(features))[:, None]
        place = np.zeros((len(features), len(self.feature)), dtype=np.int64)
        while (on_way := place >= 0).any():
            fork = np.where(on_way, place, 0)
            asked = features[rows, self.feature[trees, fork]].astype(np.float64)
            goes_left = asked <= self.threshold[trees, fork]
            after = np.where(goes_left, self.left[trees, fork], self.right[trees, fork])
            place = np.where(on_way, after, place)
        found = self.leaf[trees, -place - 1]
        if not self.classes:
            return cast("Array", found.sum(axis=1))
        return log_probabilities(found.reshape(len(features), -1, self.classes).sum(axis=1))

    @classmethod
    def of(cls, booster: Any, *, several: bool) -> Trees:
        """From a booster of LightGBM whose features are finite numbers, none a category."""
        words = booster.dump_model()
        grown = [_forks(tree["tree_structure"]) for tree in words["tree_info"]]
        forks = max(1, *(len(tree) for tree, _ in grown))
        leaves = max(len(values) for _, values in grown)
        table = np.zeros((4, len(grown), forks))
        leaf = np.zeros((len(grown), leaves))
        table[2:, :, 0] = -1  # a tree without a fork ends at its first leaf
        table[1, :, 0] = np.inf
        for number, (tree, values) in enumerate(grown):
            if tree:
                table[:, number, : len(tree)] = np.array(tree).T
            leaf[number, : len(values)] = values
        whole = table[[0, 2, 3]].astype(np.int32)
        classes = int(words["num_class"]) if several else 0
        return cls(whole[0], table[1], whole[1], whole[2], leaf, classes)


def _forks(root: Mapping[str, Any]) -> tuple[list[list[float]], list[float]]:
    """(feature, threshold, left, right) of every fork, the first one first, and all leaves."""
    forks: list[list[float]] = []
    leaves: list[float] = []

    def number(node: Mapping[str, Any]) -> int:
        if "split_feature" not in node:
            leaves.append(float(node["leaf_value"]))
            return -len(leaves)
        own = len(forks)
        forks.append([float(node["split_feature"]), float(node["threshold"]), 0.0, 0.0])
        forks[own][2] = number(node["left_child"])
        forks[own][3] = number(node["right_child"])
        return own

    number(root)
    return forks, leaves


def plain(scorer: Any) -> Scorer:
    """A fitted scorer as plain numbers; those that are so already stay as they are."""
    if isinstance(scorer, Spread):
        return Spread(plain(scorer.scorer), scorer.seen, scorer.classes, scorer.floor)
    if isinstance(scorer, Constant | Linear | Trees):
        return scorer
    return cast("Scorer", scorer.plain())


def has_plain_form(scorer: Any) -> bool:
    """Whether `plain` knows how."""
    if isinstance(scorer, Spread):
        return has_plain_form(scorer.scorer)
    return isinstance(scorer, Constant | Linear | Trees) or hasattr(scorer, "plain")


def encode_answers(answers: Answers) -> tuple[Words, Arrays]:
    """Plain answers -> JSON words and named arrays."""
    arrays: Arrays = {}
    scorers = [_encoded(own, f"{k}", arrays) for k, own in enumerate(answers.scorers)]
    return {"width": answers.width, "scorers": scorers}, arrays


def _encoded(scorer: Scorer, place: str, arrays: Arrays) -> Words:
    if isinstance(scorer, Spread):
        within = _encoded(scorer.scorer, place, arrays)
        seen = [int(index) for index in scorer.seen]
        return {"form": "spread", "seen": seen, "classes": scorer.classes,
                "floor": scorer.floor, "within": within}  # fmt: skip
    if isinstance(scorer, Constant):
        arrays[f"{place}.score"] = np.asarray(scorer.score, dtype=np.float64)
        return {"form": "constant", "place": place}
    if isinstance(scorer, Linear):
        arrays |= {f"{place}.weights": scorer.weights, f"{place}.offsets": scorer.offsets}
        return {"form": "linear", "place": place, "several": scorer.several}
    if isinstance(scorer, Trees):
        arrays |= {f"{place}.{name}": getattr(scorer, name) for name in _OF_TREES}
        return {"form": "trees", "place": place, "classes": scorer.classes}
    raise TypeError(f"no plain form of {type(scorer).__name__}")


_OF_TREES = ("feature", "threshold", "left", "right", "leaf")


def decode_answers(words: Words, arrays: Mapping[str, Array]) -> Answers:
    """What `encode_answers` wrote.

    Raises:
        KeyError, TypeError, ValueError: the words or arrays are another's.
    """
    scorers = tuple(_decoded(own, arrays) for own in words["scorers"])
    return Answers(scorers, int(words["width"]))


def _decoded(words: Words, arrays: Mapping[str, Array]) -> Scorer:
    form = words["form"]
    if form == "spread":
        seen = np.asarray(words["seen"], dtype=np.int64)
        within = _decoded(words["within"], arrays)
        return Spread(within, seen, int(words["classes"]), float(words["floor"]))
    place = words["place"]
    if form == "constant":
        return Constant(arrays[f"{place}.score"])
    if form == "linear":
        own = arrays[f"{place}.weights"], arrays[f"{place}.offsets"]
        return Linear(*own, bool(words["several"]))
    if form == "trees":
        parts = {name: arrays[f"{place}.{name}"] for name in _OF_TREES}
        return Trees(**parts, classes=int(words["classes"]))
    raise ValueError(form)


def constant(answers: Answers) -> bool:
    """Whether the answer is the same for every case."""
    return all(isinstance(own, Constant) for own in answers.scorers)
