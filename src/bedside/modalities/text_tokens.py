"""Texts as numbers: a vocabulary, fitted on training texts and kept as plain JSON.

Enters: training texts, or a fitted state. Leaves: token numbers of a text, the text of token
numbers, and where in the text each token stands. The library is Hugging Face's `tokenizers`
(extra `text`), in training and in serving: what both count is the same.

Two ways to cut a text: ``bpe``, pieces of bytes (Sennrich 2016, doi:10.18653/v1/P16-1162), which
can spell any script and loses nothing but capitals, where the study drops those; and ``words``,
whole words, numbers and signs, where what training never saw is `UNKNOWN`. A pretrained model
brings a vocabulary of its own (`text_pretrained`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from bedside.extras import check_extra
from bedside.modalities.opened import Opened
from bedside.schema import Array, State

if TYPE_CHECKING:
    from tokenizers import Tokenizer

How: TypeAlias = Literal["bpe", "words"]
PAD, UNKNOWN, BEGIN, END = 0, 1, 2, 3
SPECIAL = ("[pad]", "[unknown]", "[begin]", "[end]")
"""Their names in the state. No text is ever cut into one of them: brackets stand alone."""
OFFSET = len(SPECIAL)
"""The numbers of a pretrained model's own tokens begin here."""
WORDS = r"\d+(?:[.,]\d+)*|\w+(?:['’]\w+)*|[^\w\s]"
"""A number with its decimals, a word, or a sign."""
BLANK_BEFORE_SIGN = r" +(?=[.,;:!?)\]}](?:\s|$))"
"""A blank before a sign that ends a phrase, as some exports write it."""
FEWEST_TEXTS = 3
"""Training texts that a word, or a pair of pieces, must stand in before it becomes an entry: the
vocabulary travels, and a name that stands in one patient's note must not travel with it."""
FIRST_LOOK = 8
"""Characters for each token wanted that are cut first, of a text that is to be cut short."""
_BLANK_AND_WORD = re.compile(r"[ \t]?\w+")
_NO_BLANK_BEFORE, _NO_BLANK_AFTER = frozenset(".,;:!?)]}%/-–'’"), frozenset("([{/-–'’")


def fit_vocabulary(texts: Iterable[str], *, how: How, size: int, lowercase: bool) -> State:
    """Learn a vocabulary in one pass over texts; the same texts give the same state.

    A word counts once a text, however often it stands there, and needs `FEWEST_TEXTS`.

    Args:
        texts: of training cases only.
        how: ``bpe`` or ``words``.
        size: entries at most, the four special ones included.
        lowercase: whether capitals are dropped.

    Returns:
        ``tokenizer`` (the library's own JSON), ``how``, ``size`` (entries there are) and
        ``name``, which changes with the content.
    """
    library, trainer = _blank(how, size=size, lowercase=lowercase)
    library.train_from_iterator(map(_each_word_once, texts), trainer)
    words = json.loads(library.to_str())
    words["added_tokens"] = []  # else a note that holds the word "[pad]" would be cut into it
    name = blake2b(json.dumps(words, sort_keys=True).encode(), digest_size=16).hexdigest()
    return {"tokenizer": words, "how": how, "size": library.get_vocab_size(), "name": name}


class Vocabulary:
    """A fitted vocabulary of V entries.

    Args:
        state: as `fit_vocabulary` made it, whole or as part of a modality's state.
    """

    def __init__(self, state: State) -> None:
        self.size = int(state["size"])
        self._whole_words = state["how"] == "words"
        self._pretrained = state["how"] == "pretrained"
        self._unknown = state["theirs"][UNKNOWN] if self._pretrained else UNKNOWN
        self._tokenizer = _library().Tokenizer.from_str(json.dumps(state["tokenizer"]))

    @classmethod
    def from_state(cls, state: State) -> Vocabulary:
        """The vocabulary of a state; one that was opened before is not opened again."""
        return _OPENED.of(state)

    def encode(self, text: str, *, most: int | None = None) -> list[int]:
        """Token numbers of a text; with `most`, its first ones, at no cost for the rest."""
        found: list[int] = self._cut(text, most).ids[:most]
        if not self._pretrained:
            return found
        return [UNKNOWN if one == self._unknown else one + OFFSET for one in found]

    def spans(self, text: str, *, most: int | None = None) -> list[tuple[int, int]]:
        """(start, end) of each token of `encode` in the text, in characters.

        A letter that takes several tokens (``bpe``) is the span of each of them.
        """
        return list(self._cut(text, most).offsets[:most])

    def decode(self, numbers: Sequence[int] | Array) -> str:
        """The text of token numbers; padding, begin and end are passed over."""
        kept = [int(number) for number in numbers if int(number) not in (PAD, BEGIN, END)]
        if self._pretrained:
            theirs = [n - OFFSET for n in kept if n >= OFFSET]
            return str(self._tokenizer.decode(theirs, skip_special_tokens=True)).removeprefix(" ")
        if not self._whole_words:
            pieces = [n for n in kept if n != UNKNOWN]
            return str(self._tokenizer.decode(pieces)).removeprefix(" ")
        text, blank = "", ""
        for number in kept:
            word = str(self._tokenizer.id_to_token(number))
            text += word if word in _NO_BLANK_BEFORE else blank + word
            blank = "" if word in _NO_BLANK_AFTER else " "
        return text

    def _cut(self, text: str, most: int | None) -> Any:
        """The library's encoding of a text, or of a beginning that holds more than `most`."""
        look = len(text) if most is None else FIRST_LOOK * (most + 1)
        while look < len(text):
            blank = text.find(" ", look)
            beginning = text[: blank if 0 <= blank < 2 * look else look]
            found = self._tokenizer.encode(beginning, add_special_tokens=False)
            if most is not None and len(found.ids) > most:
                return found
            look *= 2
        return self._tokenizer.encode(text, add_special_tokens=False)


_OPENED = Opened(Vocabulary, most=32)


def counted(numbers: Sequence[int] | Array, size: int) -> Array:
    """How often each entry of a vocabulary of `size` occurs: (size,) int64."""
    return np.bincount(np.asarray(numbers, dtype=np.int64), minlength=size)


def _each_word_once(text: str) -> str:
    """A text without the words that stood in it before, and the blanks before those."""
    seen: set[str] = set()

    def first(found: re.Match[str]) -> str:
        word = found[0].lower().strip()
        if word in seen:
            return ""
        seen.add(word)
        return found[0]

    return _BLANK_AND_WORD.sub(first, text)


def _blank(how: How, *, size: int, lowercase: bool) -> tuple[Tokenizer, Any]:
    """A tokenizer that has learnt nothing, and its trainer."""
    parts = _library()
    if how == "bpe":
        empty = parts.Tokenizer(parts.models.BPE())
        empty.pre_tokenizer = parts.pre_tokenizers.ByteLevel(add_prefix_space=True)
        empty.decoder = parts.decoders.ByteLevel()
        empty.post_processor = parts.processors.ByteLevel(trim_offsets=True)
        trainer = parts.trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=list(SPECIAL),
            min_frequency=FEWEST_TEXTS,
            initial_alphabet=sorted(parts.pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
    else:
        empty = parts.Tokenizer(parts.models.WordLevel(unk_token=SPECIAL[UNKNOWN]))
        empty.pre_tokenizer = parts.pre_tokenizers.Split(
            parts.Regex(WORDS), behavior="removed", invert=True
        )
        trainer = parts.trainers.WordLevelTrainer(
            vocab_size=size,
            special_tokens=list(SPECIAL),
            min_frequency=FEWEST_TEXTS,
            show_progress=False,
        )
    # "no effusion ." and "no effusion." are the same text to a reader: so to the tokenizer
    forms = [parts.normalizers.Replace(parts.Regex(BLANK_BEFORE_SIGN), "")]
    forms += [parts.normalizers.Lowercase()] if lowercase else []
    empty.normalizer = parts.normalizers.Sequence(forms)
    return empty, trainer


def _library() -> Any:
    """The library, told not to start threads of its own: it would warn of every later fork."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    check_extra("text", where="a text's vocabulary")
    import tokenizers

    return tokenizers
