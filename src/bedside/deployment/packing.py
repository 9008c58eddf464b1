"""Write a package: export the networks, prove parity, store the rest, add checksums.

Enters: trained networks and `Contents`. Leaves: a whole package in its place,
read back once, or the error that stopped it and the older package untouched.
Nothing in it names a patient or a place on the machine that wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pydantic import BaseModel

from bedside.deployment.engine import open_engine
from bedside.deployment.integrity import write_checksums
from bedside.deployment.package import (
    CASES,
    FORMAT_VERSION,
    Contents,
    Manifest,
    Plugin,
    TaskPlugin,
    read_package,
)
from bedside.deployment.precision import Choice, Judged, Wanted, choose_precision
from bedside.deployment.rehearsal import rehearse
from bedside.deployment.selfcheck import SelfCheck, encode_check, make_check, run_check
from bedside.deployment.staging import staged_folder
from bedside.errors import PackageError, sentence
from bedside.modalities import REGISTRY as MODALITIES
from bedside.modalities import extra_of
from bedside.modalities.volume import Volume
from bedside.tasks import REGISTRY as TASKS

if TYPE_CHECKING:
    from torch import nn

    from bedside.registry import Registry
    from bedside.schema import Arrays, Rows, Sample

_CHECK_CASES = 3
_SAFE_NAME = re.compile(r"\w[\w -]*")


@dataclass(frozen=True)
class Written:
    """What `write_package` leaves: where, which, and how near the engine comes."""

    folder: Path
    digest: str
    parity: Mapping[str, float] = field(default_factory=dict)


def write_package(
    folder: str | Path,
    networks: Mapping[str, nn.Module],
    contents: Contents,
    *,
    real: Arrays | None = None,
    validation: Mapping[str, Rows] | None = None,
    precision: Wanted = "float32",
    seed: int = 7,
) -> Written:
    """Export, prove parity and write a package; an older one gives way only to a whole one.

    Args:
        folder: where the package goes; a package that is there is replaced.
        networks: name -> trained network; a task looks for ``"network"``.
        contents: all else.
        real: prepared arrays of some real cases (first axis N), for the proof of
            parity alone; they are not written.
        validation: prepared validation cases, for precision ``auto`` alone.
        precision: of the engine; ``auto`` is bf16 where validation shows no harm.
        seed: for the made-up cases of the self-check.

    Returns:
        The folder, its digest, and the largest |difference| per network.

    Raises:
        PackageError: parity fails, a name cannot be a file's name, the folder
            holds something else, or the disk is full.
    """
    from bedside.deployment.export import export_network, prove_parity, torch_network

    folder = Path(folder).absolute()
    check_names([*contents.modalities, *networks])
    fakes = fake_cases(contents, seed=seed)
    trained = {name: torch_network(network) for name, network in networks.items()}
    task, state = contents.task, contents.task_state
    heard = [
        rehearse(task, state, networks=trained, inputs=arrays)[1]
        for arrays in (fakes, real)
        if arrays
    ]
    parity: dict[str, float] = {}
    with staged_folder(folder) as stage:
        for name, network in networks.items():
            path = stage / f"{name}.onnx"
            export_network(network, heard[0][name].last, path)
            engine = open_engine(path)
            parity[name] = max(prove_parity(network, engine, asked[name].last) for asked in heard)
        check = make_check(contents.task, contents.task_state, networks=trained, inputs=fakes)
        choice = _settled(precision, stage, contents, networks=networks, validation=validation)
        choice = _confirmed(choice, stage, contents, networks=networks, check=check)
        write_words(stage, contents, networks=sorted(networks), choice=choice)
        for name, content in encode_check(check).items():
            _write_bytes(stage / name, content)
        digest = write_checksums(stage)
        read_package(stage)
    return Written(folder, digest, parity)


def _settled(
    wanted: Wanted,
    stage: Path,
    contents: Contents,
    *,
    networks: Collection[str],
    validation: Mapping[str, Rows] | None,
) -> Choice:
    judged = Judged(contents.task, contents.task_state, validation) if validation else None
    return choose_precision(wanted, {name: stage / f"{name}.onnx" for name in networks}, judged)


def _confirmed(
    choice: Choice, stage: Path, contents: Contents, *, networks: Collection[str], check: SelfCheck
) -> Choice:
    """The choice, if the made-up cases bear it too; every machine is asked about them later."""
    if choice.precision == "float32":
        return choice
    engines = {n: open_engine(stage / f"{n}.onnx", precision="bf16") for n in networks}
    try:
        run_check(
            check, contents.task, contents.task_state, networks=engines, precision=choice.precision
        )
    except PackageError:
        why = "the made-up cases come out otherwise in bf16"
        return choice.model_copy(update={"precision": "float32", "why": why})
    return choice


def write_words(
    stage: Path,
    contents: Contents,
    *,
    networks: list[str],
    choice: Choice,
    peer: str | None = None,
    whole: Collection[str] = (),
) -> None:
    """Write all but the model itself: ``package.json``, states, carried cases and the card.

    Args:
        stage: the folder of the package.
        contents: what it holds.
        networks: names of its networks.
        choice: of the arithmetic.
        peer: name of the simple model that it holds in place of networks.
        whole: text inputs that the peer reads as they are.
    """
    carried = contents.task_state.get(CASES)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        task=TaskPlugin(
            name=_registered(TASKS, contents.task),
            options=_options(contents.task),
            state={key: own for key, own in contents.task_state.items() if key != CASES},
        ),
        inputs={
            name: Plugin(name=_registered(MODALITIES, modality), options=_options(modality))
            for name, modality in contents.modalities.items()
        },
        networks=networks,
        peer=peer,
        precision=choice.precision,
        precision_check=choice,
        carried_cases=len(carried["summaries"]) if carried else 0,
        requires=_extras(contents, whole),
        facts=contents.facts,
    )
    _write_json(stage / "package.json", manifest.model_dump(mode="json"))
    if carried:
        _write_bytes(stage / f"{CASES}.json", (json.dumps(carried) + "\n").encode())
    for name, state in contents.modality_states.items():
        _write_json(stage / "state" / f"{name}.json", state)
    _write_bytes(stage / "model_card.md", contents.model_card.encode())


def _extras(contents: Contents, whole: Collection[str]) -> list[Any]:
    """Extras of the install that the inputs are read with; texts read whole need none."""
    read = [own for name, own in contents.modalities.items() if name not in whole]
    return sorted({extra for own in read if (extra := extra_of(own))})


def _registered(registry: Registry[Any], plugin: object) -> str:
    """The name a plug-in is registered under, so that the package can ask for it again."""
    for name in registry.names():
        if registry.load(name) is type(plugin):
            return name
    raise PackageError(
        sentence(
            f"Package: {registry.kind}",
            expected="one of the registry",
            got=type(plugin).__name__,
            remedy=f"Add it to the registry, or to the entry points 'bedside.{registry.kind}'",
        )
    )


def _options(plugin: object) -> dict[str, Any]:
    return cast("BaseModel", plugin).model_dump(mode="json")


def fake_cases(contents: Contents, *, seed: int) -> Arrays:
    """Prepared made-up cases of all inputs, ``"<input>.<array>"``."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}
    for name, modality in contents.modalities.items():
        state = contents.modality_states[name]
        samples = modality.fake(rng, _CHECK_CASES)
        if isinstance(modality, Volume):
            samples = [_with_channels(sample, state["channels"]) for sample in samples]
        batch = modality.collate([modality.prepare(sample, state) for sample in samples])
        arrays |= {f"{name}.{key}": array for key, array in batch.items()}
    return arrays


def _with_channels(sample: Sample, channels: int) -> Sample:
    """A made-up volume with as many channels as those of training."""
    if channels == 1:
        return sample
    return replace(sample, values=np.stack([np.asarray(sample.values)] * channels, axis=-1))


def check_names(names: list[str]) -> None:
    """Refuse names that cannot be a file's."""
    for name in names:
        if not _SAFE_NAME.fullmatch(name):
            raise PackageError(
                sentence(
                    "Package: name of an input or network",
                    expected="letters, digits, spaces, '-' and '_'",
                    got="other signs",
                    remedy="Rename it in the study file",
                )
            )


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True)
    _write_bytes(path, (text + "\n").encode())


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
