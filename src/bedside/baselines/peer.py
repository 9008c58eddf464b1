"""A fitted peer that stands on its own: what it reads, and its plain numbers.

Enters: a fitted peer of `classify`, or the files of one. Leaves: a `Peer`, which answers cases
with numpy and scipy alone, and its files ``peer.json`` and ``peer.npz``: nothing pickled.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
from scipy import sparse

from bedside.baselines.features import describe_inputs
from bedside.baselines.plain_scorers import (
    Words,
    constant,
    decode_answers,
    encode_answers,
)
from bedside.baselines.questions import Answers
from bedside.schema import Array, Arrays, Modality

WORD = r"(?u)\b\w+\b"
"""A word of TF-IDF: letters, digits and underscores, as long as they go."""
TEXT = "text"
"""The array of an input whose whole texts a peer reads."""
_WORD = re.compile(WORD)


@dataclass(frozen=True)
class WordWeights:
    """TF-IDF of words and pairs of words that follow each other, as scikit-learn counts them.

    Args:
        terms: V words and pairs, lower case, a blank within a pair.
        rarity: (V,) float64 inverse document frequency.
    """

    terms: Sequence[str]
    rarity: Array
    places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {term: place for place, term in enumerate(self.terms)}
        object.__setattr__(self, "places", places)

    def of(self, texts: Sequence[str]) -> Array:
        """N texts -> (N, V) sparse float64; each row has length one, or is blank."""
        columns: list[int] = []
        weights: list[Array] = []
        ends = [0]
        for text in texts:
            words = _WORD.findall(text.lower())
            pairs = map(" ".join, pairwise(words))
            found = Counter(self.places[t] for t in (*words, *pairs) if t in self.places)
            own = np.fromiter(found, dtype=np.int64, count=len(found))
            counts = np.fromiter(found.values(), dtype=np.float64, count=len(found))
            weight = (1 + np.log(counts)) * self.rarity[own]
            columns += own.tolist()
            weights.append(weight / max(float(np.linalg.norm(weight)), np.finfo(float).tiny))
            ends.append(len(columns))
        values = np.concatenate(weights) if weights else np.zeros(0)
        table = (values, np.array(columns, dtype=np.int64), np.array(ends))
        return cast("Array", sparse.csr_array(table, shape=(len(texts), len(self.terms))))


@dataclass(frozen=True)
class Peer:
    """A fitted peer of `classify` as plain numbers.

    Args:
        answers: plain scorers.
        described: inputs whose hand-made features it sees, in order.
        words: text input -> how its words are weighed, in order; None where it had no word.
        scale: (F,) means and deviations of the features that stand beside words.
    """

    answers: Answers
    described: tuple[str, ...] = ()
    words: Mapping[str, WordWeights | None] = field(default_factory=dict)
    scale: tuple[Array, Array] | None = None

    def logits(self, modalities: Mapping[str, Modality], arrays: Arrays) -> Array:
        """Prepared arrays of n cases -> (n, K) float32, before calibration.

        Args:
            modalities: by input; those that are `described` describe their arrays.
            arrays: ``"<input>.<array>"``, and of `words` ``"<input>.text"`` (n,) str.
        """
        cases = len(next(iter(arrays.values())))
        if constant(self.answers):
            return self.answers.outputs(np.zeros((cases, self.answers.width), np.float32))["logits"]
        seen = {name: modalities[name] for name in self.described}
        features = describe_inputs(seen, arrays) if seen else None
        if self.words:
            features = self._weighed(arrays, features, cases)
        assert features is not None  # a peer that is not constant sees something
        return self.answers.outputs(features)["logits"]

    def _weighed(self, arrays: Arrays, features: Array | None, cases: int) -> Array:
        blocks: list[Any] = [
            own.of([str(text) for text in arrays[f"{name}.{TEXT}"]])
            for name, own in self.words.items()
            if own is not None
        ]
        if features is not None and self.scale is not None:
            scaled = (features.astype(np.float64) - self.scale[0]) / self.scale[1]
            blocks.append(sparse.csr_array(scaled / np.sqrt(scaled.shape[1])))
        if not blocks:
            blocks.append(sparse.csr_array((cases, 1)))
        return cast("Array", sparse.csr_array(sparse.hstack(blocks), dtype=np.float64))


def encode_peer(peer: Peer) -> dict[str, bytes]:
    """Files of a peer by name."""
    words, arrays = encode_answers(peer.answers)
    words["described"] = list(peer.described)
    words["words"] = [
        {"input": name, "terms": None if own is None else list(own.terms)}
        for name, own in peer.words.items()
    ]
    for name, own in peer.words.items():
        if own is not None:
            arrays[f"rarity.{name}"] = own.rarity
    if peer.scale is not None:
        arrays |= dict(zip(("mean", "deviation"), peer.scale, strict=True))
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    text = json.dumps(words, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    return {"peer.json": (text + "\n").encode(), "peer.npz": stream.getvalue()}


def decode_peer(files: Mapping[str, bytes]) -> Peer:
    """What `encode_peer` wrote.

    Raises:
        KeyError, TypeError, ValueError, OSError: the files are missing or another's.
    """
    words: Words = json.loads(files["peer.json"])
    try:
        with np.load(io.BytesIO(files["peer.npz"]), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (BadZipFile, EOFError, zlib.error) as error:
        raise ValueError("peer.npz is damaged") from error
    weighers = {
        own["input"]: None
        if own["terms"] is None
        else WordWeights(own["terms"], arrays[f"rarity.{own['input']}"])
        for own in words["words"]
    }
    scale = (arrays["mean"], arrays["deviation"]) if "mean" in arrays else None
    answers = decode_answers(words, arrays)
    return Peer(answers, tuple(words["described"]), weighers, scale)
