"""An .npz file of arrays, as MedMNIST publishes its sets.

Enters: ``train_images, train_labels, val_images, ...``, or ``images`` and ``labels``
without parts. Leaves: `RawCases` with the array ``image`` and the columns ``label``
(or ``label_0``, ... for several labels) and ``part``. Pickled content is refused.

The form: Yang et al. 2023, MedMNIST v2, doi:10.1038/s41597-022-01721-8.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bedside.data.raw_cases import PART_WORDS, RawCases, as_text
from bedside.errors import DataError, Problems, StudyError, nearest, sentence
from bedside.schema import Array, Arrays

DAMAGE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
MAX_BYTES = 16 * 2**30
PREFIXES = ("train", "val", "test")


@dataclass(frozen=True)
class Header:
    """Shape and dtype of one array of an .npz, read without its values."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


def read_npz(path: Path) -> RawCases:
    """Read a MedMNIST-form file; row 0 is the first case of the first part.

    Raises:
        StudyError: the file is missing.
        DataError: an array is missing, pickled, of another length or shape than its
            peers, damaged, or the file would unpack to more than 16 GiB.
    """
    headers = npz_headers(path)
    prefixes = npz_parts(headers)
    _check(headers, prefixes, path.name)
    stored = _load(path, [f"{p}{kind}" for p in prefixes for kind in ("images", "labels")])
    images = np.concatenate([stored[f"{p}images"] for p in prefixes])
    labels = np.concatenate([_two_axes(stored[f"{p}labels"]) for p in prefixes])
    cases = label_columns(labels)
    if prefixes != ("",):
        parts = [PART_WORDS[prefix.rstrip("_")] for prefix in prefixes]
        counts = [len(stored[f"{prefix}images"]) for prefix in prefixes]
        cases["part"] = pd.Series(np.repeat(parts, counts), dtype="str")
        numbers = np.concatenate([np.arange(count) for count in counts])
        cases["case_id"] = cases["part"] + "-" + pd.Series(numbers.astype(str), dtype="str")
    used = {f"{p}{kind}" for p in prefixes for kind in ("images", "labels")}
    other = len(headers) - len(used)
    notes = (f"{other} other array(s) of the file were ignored.",) if other else ()
    return RawCases(cases, path.name, first_row=0, arrays={"image": images}, notes=notes)


def npz_headers(path: Path) -> dict[str, Header]:
    """Name -> header of every array, without unpacking values.

    Raises:
        StudyError: the file is missing.
        DataError: no .npz, damaged, pickled content, or too large once unpacked.
    """
    if not path.is_file():
        raise StudyError(
            sentence(
                f"data.npz {path.name}",
                expected="an existing file",
                got="a folder" if path.is_dir() else "none there",
                remedy="Correct the path; it is relative to the study file",
            )
        )
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if item.filename.endswith(".npy")]
            headers = {item.filename[:-4]: _header(archive, item) for item in members}
    except DAMAGE as error:
        raise _damaged(path, error) from None
    _refuse_pickles_and_bombs(path, headers, sum(item.file_size for item in members))
    return headers


def npz_parts(headers: dict[str, Header]) -> tuple[str, ...]:
    """Prefixes of the parts in a file: ``("train_", "val_", "test_")`` or ``("",)``."""
    if "images" in headers:
        return ("",)
    return tuple(f"{prefix}_" for prefix in PREFIXES)


def label_columns(labels: Array) -> pd.DataFrame:
    """(N, K) labels -> ``label`` for K = 1, ``label_0``, ``label_1``, ... for more; text."""
    count = labels.shape[1]
    names = ["label"] if count == 1 else [f"label_{place}" for place in range(count)]
    return pd.DataFrame(
        {name: as_text(pd.Series(labels[:, place])) for place, name in enumerate(names)}
    )


def read_labels(path: Path, prefixes: tuple[str, ...]) -> Array:
    """(N, K) labels of all parts, without unpacking the images."""
    _check(npz_headers(path), prefixes, path.name)
    stored = _load(path, [f"{prefix}labels" for prefix in prefixes])
    return np.concatenate([_two_axes(array) for array in stored.values()])


def _header(archive: zipfile.ZipFile, item: zipfile.ZipInfo) -> Header:
    with archive.open(item) as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    return Header(shape, dtype)


def _refuse_pickles_and_bombs(path: Path, headers: dict[str, Header], unpacked: int) -> None:
    problems = Problems(DataError)
    for name, header in headers.items():
        if header.dtype.hasobject:
            problems.add(
                f"{path.name}, array '{name}'",
                expected="numbers or text",
                got="pickled Python objects, which may run code when read",
                remedy="Save the array with a plain dtype",
            )
    declared = sum(_size(header) for header in headers.values())
    if max(declared, unpacked) > MAX_BYTES:
        problems.add(
            path.name,
            expected=f"at most {MAX_BYTES / 2**30:g} GiB once unpacked",
            got=f"{max(declared, unpacked) / 2**30:.3g} GiB",
            remedy="Store fewer or smaller images",
        )
    problems.raise_if_any()


def _size(header: Header) -> int:
    size = header.dtype.itemsize
    for length in header.shape:
        size *= int(length)
    return size


def _check(headers: dict[str, Header], prefixes: tuple[str, ...], source: str) -> None:
    """Every part has images and labels, of equal length and like shape."""
    problems = Problems(DataError)
    for prefix in prefixes:
        for kind in ("images", "labels"):
            if f"{prefix}{kind}" not in headers:
                problems.found.append(
                    f"{source}: expected an array '{prefix}{kind}', got none. "
                    f"{nearest(prefix + kind, headers)}"
                )
    problems.raise_if_any()
    first = headers[f"{prefixes[0]}images"], headers[f"{prefixes[0]}labels"]
    for prefix in prefixes:
        images, labels = headers[f"{prefix}images"], headers[f"{prefix}labels"]
        where = f"{source}, arrays '{prefix}images' and '{prefix}labels'"
        if len(images.shape) < 3 or len(labels.shape) not in (1, 2):
            problems.add(
                where,
                expected="images (N, height, width, ...) and labels (N,) or (N, K)",
                got=f"shapes {images.shape} and {labels.shape}",
                remedy="Save them in that form",
            )
        elif images.shape[0] != labels.shape[0]:
            problems.add(
                where,
                expected="one label row per image",
                got=f"{images.shape[0]} images and {labels.shape[0]} labels",
                remedy="Save them together",
            )
        elif (images.shape[1:], images.dtype) != (first[0].shape[1:], first[0].dtype) or (
            labels.shape[1:] != first[1].shape[1:]
        ):
            problems.add(
                where,
                expected=f"shape and dtype as in '{prefixes[0]}images' and '{prefixes[0]}labels'",
                got=f"shapes {images.shape} ({images.dtype}) and {labels.shape}",
                remedy="Save all parts alike",
            )
    problems.raise_if_any()


def _load(path: Path, names: list[str]) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in names}
    except DAMAGE as error:
        raise _damaged(path, error) from None


def _two_axes(labels: Array) -> Array:
    return labels.reshape(len(labels), -1)


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(
        sentence(
            path.name,
            expected="a whole .npz file",
            got=f"one that cannot be unpacked ({type(error).__name__})",
            remedy="Fetch or save it again",
        )
    )
