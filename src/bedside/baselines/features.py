"""Hand-made features of all cases, computed once for all baselines.

Enters: prepared arrays by input and the modalities that describe them. Leaves:
one matrix (N, F), the inputs' features side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bedside.errors import DataError, sentence
from bedside.schema import Array, Modality, Rows


def describe_inputs(
    modalities: Mapping[str, Modality],
    arrays: Mapping[str, Rows],
    *,
    batch: int = 256,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Array:
    """Describe every case by the features of its modalities.

    Args:
        modalities: input name -> modality.
        arrays: ``"<input>.<array>"`` -> array with first axis N, looked up batch by batch.
        batch: how many cases a modality describes at a time.
        threads: how many batches are described side by side; changes no value.
        progress: called with the number of cases done so far, after each batch.

    Returns:
        (N, F) float32, finite; inputs in the order of `modalities`.

    Raises:
        DataError: an input has no arrays, or its features are not finite.
    """
    inputs = {name: _arrays_of(arrays, name=name) for name in modalities}
    lengths = {len(array) for own in inputs.values() for array in own.values()}
    if len(lengths) != 1 or lengths == {0}:
        got = f"arrays of {' and '.join(map(str, sorted(lengths)))} cases" if lengths else "none"
        raise _refusal("inputs", "arrays of the same cases", got)
    cases = lengths.pop()

    def described(start: int) -> Array:
        return np.concatenate(
            [
                _described(modality, inputs[name], name=name, rows=slice(start, start + batch))
                for name, modality in modalities.items()
            ],
            axis=1,
        )

    blocks = []
    starts = range(0, cases, batch)
    for start, block in zip(starts, _in_order(described, starts, threads), strict=True):
        blocks.append(block)
        if progress is not None:
            progress(min(start + batch, cases))
    return np.concatenate(blocks, axis=0)


def _in_order(described: Callable[[int], Array], starts: range, threads: int) -> Iterator[Array]:
    if threads <= 1:
        yield from map(described, starts)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(described, starts)


def _arrays_of(arrays: Mapping[str, Rows], *, name: str) -> Mapping[str, Rows]:
    prefix = f"{name}."
    own = {key.removeprefix(prefix): a for key, a in arrays.items() if key.startswith(prefix)}
    if not own:
        raise _refusal(f"input '{name}'", "prepared arrays", "none")
    return own


def _described(modality: Modality, own: Mapping[str, Rows], *, name: str, rows: slice) -> Array:
    part = {key: array[rows] for key, array in own.items()}
    features = np.asarray(modality.describe(part), dtype=np.float32)
    cases = len(next(iter(part.values())))
    if features.ndim != 2 or len(features) != cases:
        expected = f"features of shape ({cases}, F)"
        raise _refusal(f"input '{name}'", expected, f"shape {features.shape}")
    bad = int((~np.isfinite(features).all(axis=1)).sum())
    if bad:
        raise _refusal(f"input '{name}'", "finite features", f"{bad} cases with NaN or infinity")
    return features


def _refusal(where: str, expected: str, got: str) -> DataError:
    remedy = "Look for unreadable or blank cases in the audit"
    return DataError(sentence(where, expected=expected, got=got, remedy=remedy))
