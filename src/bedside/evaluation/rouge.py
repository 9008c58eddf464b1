"""ROUGE of a summary against its reference, each pair of texts measured once.

Enters: two texts. Leaves: the F-measures of ROUGE-1, ROUGE-2 and ROUGE-L from 0 to 1, as
the package rouge-score computes them with its stemmer (Lin 2004, ROUGE: a package for
automatic evaluation of summaries). Its words are runs of the letters a to z and digits: a
letter with an accent parts a word, in both texts alike, and the stemmer is made for English.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from bedside.schema import Array

ROUGE = ("rouge1", "rouge2", "rougeL")
KEPT_PAIRS = 2**16


def rouge_scores(references: Sequence[str], summaries: Sequence[str]) -> Array:
    """(N, 3) float64: ROUGE-1, ROUGE-2 and ROUGE-L of N summaries.

    Args:
        references: N texts.
        summaries: N texts; an empty one scores 0.
    """
    pairs = zip(references, summaries, strict=True)
    return np.array([_measured(str(a), str(b)) for a, b in pairs]).reshape(-1, len(ROUGE))


@lru_cache(maxsize=KEPT_PAIRS)
def _measured(reference: str, summary: str) -> tuple[float, ...]:
    found = _scorer().score(reference, summary)
    return tuple(float(found[name].fmeasure) for name in ROUGE)


@lru_cache(maxsize=1)
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(ROUGE), use_stemmer=True)
