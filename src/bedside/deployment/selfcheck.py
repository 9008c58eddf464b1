"""The check a package makes of each new machine: made-up inputs, known answers.

Enters: a task with its networks, or the files of a package. Leaves: a `SelfCheck`
that a machine passes or fails, and a note in the user's cache that it passed.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bedside.deployment.rehearsal import rehearse
from bedside.errors import PackageError, sentence
from bedside.run_folder import user_cache

if TYPE_CHECKING:
    from bedside.schema import Array, Arrays, Network, State, Task

ABSOLUTE = 1e-3
RELATIVE = 1e-3
HALF = 0.02
"""Of predictions in bf16, absolute and relative; their networks' raw outputs are not compared."""
MOST_VALUES = 1024
"""Of an output of one made-up case, about so many are compared."""
FOLDER = "selfcheck"
PIECE = "#"
"""Between an array's name and the number of one of its rows, where these are unequal."""
_EXPECTED = f"{FOLDER}/expected.json"


@dataclass(frozen=True)
class SelfCheck:
    """Made-up inputs and what the trained network answered to them.

    Args:
        inputs: prepared arrays, ``"<input>.<array>"``, first axis B.
        expected: ``"<network>/<output>"`` or ``"prediction/<array>"`` -> floats, first axis B.
    """

    inputs: Arrays
    expected: Mapping[str, Array]


def make_check(
    task: Task, state: State, *, networks: Mapping[str, Network], inputs: Arrays
) -> SelfCheck:
    """Answer the made-up inputs with the trained networks."""
    return SelfCheck(inputs, _answers(task, state, networks=networks, inputs=inputs))


def run_check(
    check: SelfCheck,
    task: Task,
    state: State,
    *,
    networks: Mapping[str, Network],
    precision: Literal["float32", "bf16"] = "float32",
) -> float:
    """Compare this machine's answers with the expected ones.

    Args:
        check: inputs and the trained network's float32 answers.
        task: of the package.
        state: its state.
        networks: as this machine runs them.
        precision: they run in.

    Returns:
        The largest absolute difference.

    Raises:
        PackageError: some |difference| exceeds 1e-3 + 1e-3 |expected|; in bf16, some
            prediction's exceeds 0.02 + 0.02 |expected|.
    """
    half = precision == "bf16"
    absolute, relative = (HALF, HALF) if half else (ABSOLUTE, RELATIVE)
    answers = _answers(task, state, networks=networks, inputs=check.inputs)
    largest = 0.0
    for name, expected in check.expected.items():
        if half and not name.startswith("prediction/"):
            continue
        answer = answers.get(name)
        if answer is None or answer.shape != expected.shape:
            raise _mismatch(name, "another shape")
        difference = np.abs(answer - expected)
        within = difference <= absolute + relative * np.abs(expected)
        if not within.all():  # NaN is never within
            raise _mismatch(name, f"a difference of {np.max(difference):.3g}")
        largest = max(largest, float(difference.max(initial=0.0)))
    return largest


def _answers(
    task: Task, state: State, *, networks: Mapping[str, Network], inputs: Arrays
) -> dict[str, Array]:
    """Outputs and prediction as float64; decisions are left out, since they jump at a threshold.

    Texts are left out as well, and of what is large some values stand for all.
    """
    found: dict[str, Array] = {}
    prediction, asked = rehearse(task, state, networks=networks, inputs=inputs)
    for network, calls in asked.items():
        found |= {f"{network}/{name}": _some(array) for name, array in calls.first[1].items()}
    found |= {f"prediction/{name}": array for name, array in prediction.arrays.items()}
    return {
        name: array.astype(np.float64)
        for name, array in found.items()
        if np.issubdtype(array.dtype, np.floating)
    }


def _some(array: Array) -> Array:
    """Of an output with many values a case, evenly spread ones."""
    each = int(np.prod(array.shape[1:]))
    if each <= MOST_VALUES:
        return array
    return array.reshape(len(array), each)[:, :: each // MOST_VALUES]


def _mismatch(name: str, got: str) -> PackageError:
    return PackageError(
        sentence(
            f"Self-check of the package, '{name}'",
            expected="the numbers of the machine that trained it",
            got=got,
            remedy="Do not use it here; update the engine, choose the other engine, "
            "or package the run again",
        )
    )


def encode_check(check: SelfCheck) -> dict[str, bytes]:
    """Files of the check by name: plain arrays and JSON."""
    files = {}
    for name, array in check.inputs.items():
        pieces = enumerate(array) if array.dtype == object else [(None, array)]
        for number, own in pieces:  # volumes of unequal size are kept one by one
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.ascontiguousarray(own), allow_pickle=False)
            piece = name if number is None else f"{name}{PIECE}{number}"
            files[f"{FOLDER}/{piece}.npy"] = stream.getvalue()
    words = {name: array.tolist() for name, array in check.expected.items()}
    text = json.dumps(words, indent=1, sort_keys=True, allow_nan=False)
    files[_EXPECTED] = (text + "\n").encode()
    return files


def decode_check(files: Mapping[str, bytes]) -> SelfCheck:
    """Read the check from a package's files.

    Raises:
        PackageError: it is missing or not readable.
    """
    try:
        inputs = _joined(
            {
                name.removeprefix(f"{FOLDER}/").removesuffix(".npy"): np.lib.format.read_array(
                    io.BytesIO(content), allow_pickle=False
                )
                for name, content in files.items()
                if name.startswith(f"{FOLDER}/") and name.endswith(".npy")
            }
        )
        words: dict[str, Any] = json.loads(files[_EXPECTED])
        expected = {name: np.asarray(value, dtype=np.float64) for name, value in words.items()}
    except (KeyError, ValueError, AttributeError, TypeError):
        inputs, expected = {}, {}
    if not inputs or not expected:
        raise PackageError(
            sentence(
                FOLDER,
                expected="made-up inputs and their answers",
                got="none that can be read",
                remedy="Copy the package again from its run",
            )
        )
    return SelfCheck(inputs, expected)


def _joined(read: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays as they were: those that were kept one by one are rows of an object array again."""
    found = {name: array for name, array in read.items() if PIECE not in name}
    for name in dict.fromkeys(name.partition(PIECE)[0] for name in read if PIECE in name):
        count = sum(other.startswith(f"{name}{PIECE}") for other in read)
        found[name] = np.empty(count, dtype=object)
        for number in range(count):
            found[name][number] = read[f"{name}{PIECE}{number}"]
    return found


def passed_before(key: str) -> bool:
    """Whether this machine's note says that the check passed; see `machine_key`."""
    try:
        return _note(key).is_file()
    except (OSError, RuntimeError):
        return False


def note_passed(key: str) -> None:
    """Leave the note; where none can be written the check simply runs each time."""
    try:
        note = _note(key)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
    except (OSError, RuntimeError):
        return


def machine_key(digest: str, *, engine: str) -> str:
    """Name what a pass holds for: the package, the engine with its version, the processor."""
    facts = [digest, engine, np.__version__, platform.machine(), _processor()]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


def _note(key: str) -> Path:
    return user_cache() / "checked" / key


def _processor() -> str:
    """Model and instruction sets of the processor: they decide which kernels an engine takes."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as stream:
            lines = []
            for line in stream:
                if not line.strip():
                    break  # the other cores are alike
                if line.startswith(("model name", "flags", "Features", "CPU part")):
                    lines.append(line.strip())
            return "\n".join(lines)
    except OSError:
        return platform.processor()
