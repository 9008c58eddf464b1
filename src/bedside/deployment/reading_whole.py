"""Texts that a simple model reads whole, word by word, where a network reads numbered tokens.

Enters: the modalities of a package. Leaves: those whose texts are handed on as they were read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np

from bedside.baselines.peer import TEXT
from bedside.errors import PackageError, sentence
from bedside.modalities.text import Text

if TYPE_CHECKING:
    from bedside.schema import Arrays, Modality, Sample, State


class WholeText(Text):
    """A text input whose prepared array is the text itself; no vocabulary is needed."""

    @property
    def extra(self) -> str | None:
        """None: the library of the vocabulary is not asked."""
        return None

    def prepare(self, sample: Sample, state: State) -> Arrays:  # noqa: ARG002
        """One text -> ``text`` () object, the str as it was read."""
        return {TEXT: np.array(sample.values, dtype=object)}


def whole_texts(modalities: Mapping[str, Modality], whole: Collection[str]) -> dict[str, Modality]:
    """The modalities, those named in `whole` as `WholeText`.

    Raises:
        PackageError: one of them is no text.
    """
    found = dict(modalities)
    for name in whole:
        own = modalities.get(name)
        if not isinstance(own, Text):
            raise PackageError(
                sentence(
                    f"Input '{name}'",
                    expected="the modality text",
                    got=type(own).__name__.lower(),
                    remedy="Use the package of the run's network instead",
                )
            )
        found[name] = WholeText.model_validate(own.model_dump())
    return found
