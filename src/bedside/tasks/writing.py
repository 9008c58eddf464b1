"""How the task `summarise` learns, writes and chooses with a network.

Enters: prepared texts and reference summaries; the parts of a network. Leaves: what the
network learns from; summaries drawn by it beside those of similar training cases; the one
that the others agree with most, with where its words come from. numpy and scipy alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bedside.modalities.text_tokens import BEGIN, END, OFFSET, PAD, UNKNOWN, Vocabulary
from bedside.schema import TOLD, Array, Arrays, Network, Rows, State, Targets
from bedside.tasks.consensus import (
    Nearness,
    Pool,
    Summary,
    Telling,
    Weights,
    choose_weights,
    pool_of,
)
from bedside.tasks.drawing import Manner, draw
from bedside.tasks.overlap import words_of as heard
from bedside.tasks.redaction import redacted
from bedside.tasks.retrieval import Carried, carry

BLOCK = 64
"""Cases that are written for at a time."""
FLOATS = 2**26
"""What summaries under way may keep in memory at a time; of a pretrained decoder that is much."""
VOCABULARY = ("tokenizer", "how", "size", "name", "theirs", "frame", "width", "reach")
"""Keys of a text's state that say how its vocabulary is spoken."""
COVERAGE = 0.3
"""Weight in the loss of places that are looked at twice, beside the surprise."""
LONGEST_AUTO = 256
WRITTEN, REFUSED = "written", "refused: no word to summarise"
"""What became of a case."""
SHOWN = 3
"""Summaries of similar cases that an answer shows."""
SHARE_WHOLE = 99.0
"""Per cent of training summaries that ``longest: auto`` keeps whole."""


@dataclass(frozen=True)
class Options:
    """What the study says of writing.

    Args:
        drawn: R, summaries drawn for each case.
        neighbours: K, similar training cases that are looked at.
        longest: tokens of a summary at most; None follows the training summaries.
        temperature: of drawing.
    """

    drawn: int
    neighbours: int
    longest: int | None
    temperature: float


def learn(
    state: State,
    training: tuple[Mapping[str, Rows], Targets],
    states: Mapping[str, State],
    *,
    options: Options,
    carry_cases: bool,
) -> State:
    """The task's state with all that writing needs, from training cases alone.

    Args:
        state: as the task's `fit` left it, with ``source``.
        training: prepared arrays and targets of the training cases.
        states: of the inputs' modalities.
        options: of the study.
        carry_cases: whether similar training cases may be used, and so travel in a package.
    """
    arrays, targets = training
    source = state["source"]
    words = {key: own for key, own in states[source].items() if key in VOCABULARY}
    vocabulary = Vocabulary.from_state(words)
    first = opening(words)
    truth = [first + vocabulary.encode(text) for text in targets.arrays["truth"]]
    longest = options.longest
    if longest is None:
        usual = np.percentile([len(tokens) for tokens in truth], SHARE_WHOLE)
        longest = min(LONGEST_AUTO, 8 * int(np.ceil((usual + 1) / 8)))
    found = {
        **state,
        "vocabulary": words,
        "size": vocabulary.size,
        "coverage": COVERAGE,
        "texts": [key.removesuffix(".tokens") for key in arrays if key.endswith(".tokens")],
        "never": [PAD, UNKNOWN, BEGIN],
        "longest": longest,
        "drawn": options.drawn,
        "neighbours": options.neighbours if carry_cases else 0,
        "temperature": options.temperature,
        "telling": vars(Telling.learnt([tuple(heard(text)) for text in targets.arrays["truth"]])),
        "ranking": vars(Weights(neighbours=0.5 if carry_cases else 0.0)),
    }
    if carry_cases:
        kept = [vocabulary.encode(redacted(text)) for text in targets.arrays["truth"]]
        found["cases"] = carry(arrays[f"{source}.tokens"][:], kept, size=vocabulary.size)
    return found


def told(targets: Targets, state: State) -> Arrays:
    """The reference summaries as a network learns them: begin, tokens, end; padded (N, L)."""
    vocabulary, longest = Vocabulary.from_state(state["vocabulary"]), state["longest"]
    first = opening(state["vocabulary"])
    found = np.full((len(targets.arrays["truth"]), longest + 2), PAD, dtype=np.int32)
    for row, text in enumerate(targets.arrays["truth"]):
        tokens = [BEGIN, *[*first, *vocabulary.encode(text)][:longest], END]
        found[row, : len(tokens)] = tokens
    return {TOLD: found}


def opening(vocabulary: State) -> list[int]:
    """Tokens that every summary of a pretrained model begins with; most need none."""
    return [number + OFFSET for number in vocabulary.get("frame", {}).get("before", [])]


def _block(state: State) -> int:
    """Cases that are written for at a time, so that what they keep fits into memory."""
    each = int(state["drawn"] * state["longest"] * state["vocabulary"].get("width", 0))
    return max(1, min(BLOCK, FLOATS // max(each, 1)))


def write(networks: Mapping[str, Network], arrays: Mapping[str, Rows], state: State) -> Arrays:
    """Draw summaries of N cases and look up similar training cases.

    Returns:
        ``drawn`` (N, R, L) int64 and ``copied`` (N, R, L) bool; ``near`` (N, K) int64 and
        ``similarity`` (N, K), both of width 0 where no cases are carried; ``wordless`` (N,)
        bool, texts without a word that the vocabulary knows: nothing to sum up.
    """
    tokens = arrays[f"{state['source']}.tokens"]
    manner = Manner(state["drawn"], state["longest"], state["temperature"], seed=0)
    block = _block(state)
    drawn = [
        draw(
            networks,
            {name: values[start : start + block] for name, values in arrays.items()},
            manner,
            source=state["source"],
        )
        for start in range(0, max(len(tokens), 1), block)
    ]
    if "cases" in state:
        near, similarity = Carried.of(state["cases"]).nearest(tokens[:], state["neighbours"])
    else:
        near, similarity = np.zeros((len(tokens), 0), np.int64), np.zeros((len(tokens), 0))
    return {
        "drawn": np.concatenate([each.tokens for each in drawn]),
        "copied": np.concatenate([each.copied for each in drawn]),
        "near": near,
        "similarity": similarity,
        "wordless": _wordless(tokens[:], Vocabulary.from_state(state["vocabulary"])),
    }


def _wordless(tokens: Array, vocabulary: Vocabulary) -> Array:
    """(N, T) -> (N,) bool: texts of blanks, signs and words that are all unknown."""
    found = np.zeros(len(tokens), dtype=bool)
    for row, text in enumerate(tokens):
        known = text[(text != PAD) & (text != UNKNOWN)]
        found[row] = not heard(vocabulary.decode(known))
    return found


def choose_ranking(outputs: Arrays, targets: Targets, state: State) -> State:
    """A new state whose ``ranking`` chose the summaries nearest to validation's references.

    Cases without a reference say nothing.
    """
    ear = _Ear.of(state)
    pools, nearness = [], []
    for row in np.flatnonzero(targets.arrays["known"][:, 0]).tolist():
        pool, candidates = ear.pool(outputs, row)
        truth = tuple(heard(targets.arrays["truth"][row]))
        pools.append(pool)
        nearness.append(Nearness.of(candidates, truth, ear.telling))
    return {**state, "ranking": choose_weights(pools, nearness, carried="cases" in state)}


def answered(outputs: Arrays, state: State) -> Arrays:
    """What was written -> texts (N,) and, of carried cases, ``neighbours``; see `Prediction`.

    A text without a word is refused, and has a summary without one: whatever was drawn or
    written of other people would be invented.
    """
    ear, weights = _Ear.of(state), Weights.of(state)
    count = len(outputs["drawn"])
    texts, support = np.full(count, "", dtype=object), np.full(count, "[]", dtype=object)
    wordless = outputs.get("wordless", np.zeros(count, dtype=bool))
    for row in (row for row in range(count) if not wordless[row]):
        pool, _ = ear.pool(outputs, row)
        tokens, origins = ear.candidate(outputs, row, pool.best(weights))
        texts[row] = ear.vocabulary.decode(tokens)
        words = words_of(ear.vocabulary, tokens, origins)
        support[row] = json.dumps(words, ensure_ascii=False)
    status = np.where(wordless, REFUSED, WRITTEN).astype(object)
    found = {"text": texts, "support": support, "status": status}
    near = np.where(wordless[:, None], -1, outputs["near"])
    return {**found, "neighbours": near} if near.shape[1] else found


def nearest_summaries(near: Array, state: State) -> list[str]:
    """(N, K) carried cases -> for each row a JSON list of the first `SHOWN` summaries."""
    vocabulary, cases = Vocabulary.from_state(state["vocabulary"]), state["cases"]["summaries"]
    written = [
        [vocabulary.decode(cases[case]) for case in row[:SHOWN] if case >= 0] for row in near
    ]
    return [json.dumps(texts, ensure_ascii=False) for texts in written]


@dataclass(frozen=True)
class _Ear:
    """What is needed to hear candidates agree.

    Args:
        vocabulary: of the summaries.
        telling: how much each word says.
        cases: summaries of the carried cases.
    """

    vocabulary: Vocabulary
    telling: Telling
    cases: Sequence[Sequence[int]]

    @classmethod
    def of(cls, state: State) -> _Ear:
        cases = Carried.of(state["cases"]).summaries if "cases" in state else []
        return cls(Vocabulary.from_state(state["vocabulary"]), Telling(**state["telling"]), cases)

    def summary(self, tokens: Sequence[int] | Array) -> Summary:
        known = [int(token) for token in tokens if token not in (PAD, UNKNOWN)]
        return tuple(heard(self.vocabulary.decode(known)))

    def pool(self, outputs: Arrays, row: int) -> tuple[Pool, list[Summary]]:
        """The candidates of one case, and what each says."""
        drawn = [self.summary(tokens) for tokens in outputs["drawn"][row]]
        near = [self.summary(self.cases[case]) for case in outputs["near"][row]]
        pool = pool_of(drawn, near, outputs["similarity"][row], telling=self.telling)
        every = [*drawn, *near]
        return pool, [every[place] for place in pool.first]

    def candidate(self, outputs: Arrays, row: int, place: int) -> tuple[list[int], list[str]]:
        """Tokens of a candidate and where each comes from."""
        drawn = outputs["drawn"][row]
        if place >= len(drawn):
            tokens = list(self.cases[outputs["near"][row][place - len(drawn)]])
            return tokens, ["neighbour"] * len(tokens)
        written = drawn[place] > 0
        copied = outputs["copied"][row][place][written]
        origins = ["copied" if each else "generated" for each in copied]
        return drawn[place][written].tolist(), origins


def words_of(
    vocabulary: Vocabulary, tokens: Sequence[int], origins: Sequence[str]
) -> list[tuple[str, str]]:
    """Words with their origin: that of their first token."""
    words: list[tuple[str, str]] = []
    before = ""
    for end in range(1, len(tokens) + 1):
        whole = vocabulary.decode(tokens[:end])
        piece = whole[len(before) :]
        if words and piece and not (piece[0].isspace() or before[-1:].isspace()):
            words[-1] = (words[-1][0] + piece, words[-1][1])
        elif piece.strip():
            words.append((piece.strip(), origins[end - 1]))
        before = whole
    return words
