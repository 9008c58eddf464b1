"""Texts: one report, note or dialogue a case, or one named section of it.

Enters: a cell of a table, or a UTF-8 file. Leaves: ``tokens`` (B, T) int32, numbers of a
vocabulary that was learnt from training texts, and ``mask`` (B, T) bool, True where a token
stands; T is the study's. A text without a word has an all-false mask. With ``spelling: true``
in place of ``tokens``: ``spelling`` (B, T, 30) int32, numbers of how each word is spelt, and
``offsets`` (B, T, 2) int32, where it stands in the text.

Reading lives in `text_files`, the vocabulary in `text_tokens`, the spelling in `text_spelling`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from bedside.errors import DataError, sentence
from bedside.modalities.text_features import describe_texts
from bedside.modalities.text_files import read_text
from bedside.modalities.text_spelling import COLUMNS, SYMBOLS, cut_words, spell
from bedside.modalities.text_tokens import PAD, UNKNOWN, How, Vocabulary, fit_vocabulary
from bedside.schema import Array, Arrays, Geometry, Reference, Sample, State

if TYPE_CHECKING:
    import torch

Length = Annotated[int, Field(strict=True, ge=4, le=8192)]

LONGEST_AUTO = 512
"""Tokens that ``length: auto`` keeps at most."""
STEP = 8
"""Lengths found by ``auto`` are multiples of it."""
MOST_KEPT = 20_000
"""Training texts that ``length: auto`` looks at, evenly spread where there are more."""
USUALLY_HIDDEN, MOST_HIDDEN = 0.1, 0.6
"""Shares of tokens, where a search or self-supervised learning varies texts."""
_FAKE = {
    "what": ("effusion", "opacity", "fracture", "edema", "nodule", "pneumothorax"),
    "where": ("in the left base", "in the right apex", "of the sixth rib", "over both lungs"),
    "how": ("There is a small", "No", "A 5.5 mm", "Unchanged", "There is no", "Kein sicherer"),
}


class Text(BaseModel):
    """The words of ``inputs.<name>`` for a text.

    Args:
        column: of the cohort that holds the texts.
        files: the column holds paths of text files (.txt, UTF-8) instead of the texts.
        tokenizer: ``bpe``, pieces of words, which can spell everything, or ``words``.
        vocabulary: different tokens at most.
        length: tokens kept of each text, from its beginning; ``auto``: those of the longest
            training text, 512 at most. The audit counts what is cut off.
        lowercase: whether capitals count as small letters.
        spelling: words, numbers and signs with how they are spelt and where they stand, and
            no vocabulary; the task `tag` needs it, and no option of a vocabulary goes with it.
        offsets: the array ``offsets`` (B, T, 2) int32 as well, where each token stands in the
            text; the task `language` asks for it.
        drop_tokens: share of tokens that are hidden at random while the network learns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default_encoder: ClassVar[str] = "bag"
    suffixes: ClassVar[tuple[str, ...]] = (".txt",)
    holds_text: ClassVar[bool] = True

    modality: Literal["text"] = "text"
    column: str = "text"
    files: bool = False
    tokenizer: How = "bpe"
    vocabulary: int = Field(default=8000, strict=True, ge=300, le=100_000)
    length: Length | Literal["auto"] = "auto"
    lowercase: bool = True
    spelling: bool = False
    offsets: bool = False
    drop_tokens: float = Field(default=0.0, ge=0, lt=1)
    _pretrained: str | None = PrivateAttr(default=None)

    def spoken_by(self, pretrained: str) -> Text:
        """The same input, cut by the tokenizer of a pretrained model; a package never names it."""
        own = self.model_copy()
        own._pretrained = pretrained
        return own

    @model_validator(mode="after")
    def _either_spelling_or_vocabulary(self) -> Self:
        idle = sorted(self.model_fields_set & {"tokenizer", "vocabulary", "lowercase"})
        if self.spelling and any(getattr(self, k) != _DEFAULTS[k] for k in idle):
            raise ValueError(f"expected no {' or '.join(idle)} with spelling, got both")
        return self

    @property
    def extra(self) -> str | None:
        """The extra that brings the library of its vocabulary; spelling needs none."""
        return None if self.spelling else "text"

    @property
    def reads_cells(self) -> bool:
        """Whether its column holds the values themselves and not the paths of files."""
        return not self.files

    def columns_used(self) -> list[str]:
        """The one column with the texts."""
        return [self.column]

    def read(self, reference: Reference) -> Sample:
        """A file, or the text itself -> one text in NFC, free of control characters.

        Raises:
            DataError: see `text_files.read_text`.
        """
        return read_text(reference)

    def fit(self, samples: Iterable[Sample]) -> State:
        """Learn the vocabulary, and the length where it is ``auto``, from training texts.

        Raises:
            DataError: there is no text with a word in it.
        """
        kept = _Thinned(MOST_KEPT)
        state = self._learnt(kept.passing(samples))
        if not kept.words:
            raise DataError(
                sentence(
                    f"input '{self.column}'",
                    expected="training texts",
                    got="none with a word in it",
                    remedy="Check the column and the split",
                )
            )
        length = self.length
        if length == "auto":
            longest = max(self.count(text, state, most=LONGEST_AUTO) for text in kept.texts)
            length = max(STEP, -(-longest // STEP) * STEP)
        return {**state, "length": length}

    def count(self, text: str, state: State, *, most: int | None = None) -> int:
        """Tokens of a text; with `most`, no more are counted."""
        if self.spelling:
            return len(cut_words(text, most=most or len(text)))
        return len(Vocabulary.from_state(state).encode(text, most=most))

    def _learnt(self, texts: Iterator[str]) -> State:
        """The state of the vocabulary, after all texts have passed by."""
        if self.spelling:
            deque(texts, maxlen=0)
            return {"symbols": {"spelling": SYMBOLS}}
        if self._pretrained is None:
            state = fit_vocabulary(
                texts, how=self.tokenizer, size=self.vocabulary, lowercase=self.lowercase
            )
            return {**state, "symbols": {"tokens": state["size"]}}
        from bedside.modalities.text_pretrained import pretrained_vocabulary

        deque(texts, maxlen=0)
        state = pretrained_vocabulary(self._pretrained)
        return {**state, "symbols": {"tokens": state["size"]}}

    def prepare(self, sample: Sample, state: State) -> Arrays:
        """One text -> ``tokens`` (T,) int32 and ``mask`` (T,) bool; what is longer is cut off.

        With `spelling`: ``spelling`` (T, 30) and ``offsets`` (T, 2) int32 in place of tokens;
        with `offsets`, these beside the tokens.
        """
        length = int(state["length"])
        if self.spelling:
            return _spelt(_text(sample), length)
        vocabulary, text = Vocabulary.from_state(state), _text(sample)
        found = vocabulary.encode(text, most=length)
        tokens = np.full(length, PAD, dtype=np.int32)
        tokens[: len(found)] = found
        arrays = {"tokens": tokens, "mask": np.arange(length) < len(found)}
        if self.offsets:
            arrays["offsets"] = np.zeros((length, 2), dtype=np.int32)
            arrays["offsets"][: len(found)] = vocabulary.spans(text, most=length) or 0
        return arrays

    def collate(self, prepared: Sequence[Arrays]) -> Arrays:
        """Stack to ``tokens`` and ``mask`` (B, T); all have the study's length."""
        return {name: np.stack([arrays[name] for arrays in prepared]) for name in prepared[0]}

    def augment(
        self, batch: dict[str, torch.Tensor], generator: torch.Generator
    ) -> dict[str, torch.Tensor]:
        """Hide some tokens, where the study says so (Iyyer 2015, doi:10.3115/v1/P15-1162)."""
        if not self.drop_tokens:
            return batch
        import torch

        name, there = ("spelling" if self.spelling else "tokens"), batch["mask"]
        drawn = torch.rand(there.shape, generator=generator, device=generator.device)
        hidden = (drawn < self.drop_tokens).to(there.device) & there
        if self.spelling:
            return {**batch, name: torch.where(hidden[:, :, None], PAD, batch[name])}
        return {**batch, name: torch.where(hidden, UNKNOWN, batch[name])}

    def strengthened(self, factor: float) -> Text:
        """The same input that hides so many times as many tokens; a tenth of them where none."""
        dropped = min(factor * (self.drop_tokens or USUALLY_HIDDEN), MOST_HIDDEN)
        return self.model_copy(update={"drop_tokens": dropped})

    def describe(self, arrays: Arrays) -> Array:
        """How often groups of tokens occur, and the length: (B, F) float32."""
        words = arrays["spelling"][..., 0] if self.spelling else arrays["tokens"]
        return describe_texts(words, arrays["mask"])

    def picture(self, sample: Sample) -> Array | None:
        """A text is shown as a text."""
        del sample
        return None

    def fake(self, rng: np.random.Generator, n: int) -> list[Sample]:
        """Made-up sentences in the manner of reports."""
        samples = []
        for _ in range(n):
            count = int(rng.integers(2, 7))
            drawn = [[str(rng.choice(_FAKE[key])) for key in ("how", "what", "where")]
                     for _ in range(count)]  # fmt: skip
            text = " ".join(f"{' '.join(words)}." for words in drawn)
            facts = {"characters": len(text), "control": 0, "replaced": 0}
            samples.append(Sample(text, Geometry(shape=(len(text),), source=facts)))
        return samples


_DEFAULTS = {name: field.default for name, field in Text.model_fields.items()}


def _spelt(text: str, length: int) -> Arrays:
    """Where the first `length` words of a text stand and how they are spelt, filled up with 0."""
    spans = cut_words(text, most=length)
    offsets = np.zeros((length, 2), dtype=np.int32)
    spelling = np.full((length, COLUMNS), PAD, dtype=np.int32)
    offsets[: len(spans)], spelling[: len(spans)] = spans, spell(text, spans)
    return {"spelling": spelling, "offsets": offsets, "mask": np.arange(length) < len(spans)}


class _Thinned:
    """Texts that pass by, of which at most so many are kept, evenly spread."""

    def __init__(self, most: int) -> None:
        self.texts: list[str] = []
        self.words = False
        self._most, self._stride = most, 1

    def passing(self, samples: Iterable[Sample]) -> Iterator[str]:
        """All texts, one by one."""
        for place, sample in enumerate(samples):
            text = _text(sample)
            self.words = self.words or bool(text)
            if place % self._stride == 0:
                self.texts.append(text)
            if len(self.texts) > self._most:
                self.texts = self.texts[::2]
                self._stride *= 2
            yield text


def _text(sample: Sample) -> str:
    if not isinstance(sample.values, str):
        raise TypeError(f"a text sample holds a str, not {type(sample.values).__name__}")
    return sample.values
