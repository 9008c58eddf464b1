"""A package with another state of its task: the same networks, a new self-check and checksums.

Enters: the folder of a package, read already, and what changes. Leaves: a new folder; the
package it comes from is not touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside.deployment.integrity import read_verified, write_checksums
from bedside.deployment.package import read_package
from bedside.deployment.peers import MAIN
from bedside.deployment.selfcheck import SelfCheck, encode_check, make_check
from bedside.deployment.staging import staged_folder
from bedside.errors import PackageError, StudyError, sentence

if TYPE_CHECKING:
    from bedside.deployment.package import Package
    from bedside.schema import Arrays, Network, State

CARD = "model_card.md"


def refuse_output(folder: Path, source: Path) -> None:
    """Refuse to write a package over anything.

    Raises:
        StudyError: the folder is the source, holds something, or is a file.
    """
    if folder.resolve() == source.resolve() or (
        folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    ):
        raise StudyError(
            sentence(
                "-o",
                expected="a new or empty folder",
                got="one that is there already",
                remedy="Name another",
            )
        )


def write_changed(
    folder: Path,
    source: Path,
    package: Package,
    *,
    state: State,
    record: tuple[str, Mapping[str, Any]],
    card: str,
) -> None:
    """Write the package with another state of its task.

    Args:
        folder: of the new package.
        source: of the one it comes from.
        package: that one as it was read.
        state: of the task.
        record: name of a JSON file beside the others, and its words.
        card: added to the model card.

    Raises:
        PackageError: the source changed meanwhile.
    """
    files, digest = read_verified(source)
    if digest != package.digest:
        raise PackageError("PACKAGE: changed while it was read. Repeat the command.")
    contents = package.contents
    words = json.loads(files["package.json"])
    words["task"]["state"] = state
    asked = package.networks or (MAIN,)  # a simple model has no file, but the same name
    trained = {name: _recorded(package.check, name) for name in asked}
    check = make_check(contents.task, state, networks=trained, inputs=package.check.inputs)
    files |= encode_check(check)
    files["package.json"] = _json(words)
    name, told = record
    files[name] = _json(told)
    files[CARD] = (contents.model_card.rstrip() + "\n\n" + card).encode()
    files.pop("checksums.json", None)
    with staged_folder(folder.absolute()) as stage:
        for name, content in files.items():
            path = stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        write_checksums(stage)
        read_package(stage)


def _recorded(check: SelfCheck, network: str) -> Network:
    """What the trained network answered to the made-up cases, not what this machine would."""
    prefix = f"{network}/"

    def answers(arrays: Arrays) -> Arrays:
        del arrays
        return {
            name.removeprefix(prefix): np.asarray(values, dtype=np.float32)
            for name, values in check.expected.items()
            if name.startswith(prefix)
        }

    return answers


def _json(words: Mapping[str, Any]) -> bytes:
    text = json.dumps(words, indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True)
    return (text + "\n").encode()
