"""The package: the deployable part of a run. What it holds, and how it is read.

Enters: a package's folder: ONNX, JSON, plain arrays and Markdown with checksums,
nothing pickled. Leaves: the proven `Package`, its modalities and task rebuilt.
`docs/package.md` describes the files; `packing` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bedside import __version__
from bedside.deployment.integrity import read_verified
from bedside.deployment.precision import Choice
from bedside.deployment.selfcheck import SelfCheck, decode_check
from bedside.errors import BedsideError, PackageError, sentence
from bedside.extras import check_extra
from bedside.modalities import REGISTRY as MODALITIES
from bedside.study import parse_options
from bedside.tasks import REGISTRY as TASKS

if TYPE_CHECKING:
    from bedside.baselines.peer import Peer
    from bedside.registry import Registry
    from bedside.schema import Modality, State, Task

FORMAT_VERSION = 1
CASES = "cases"
"""Of a task's state: training cases that the package carries, in a file of their own."""
_AGAIN = "Copy the package again from its run"


class Facts(BaseModel):
    """What a package says of its origin; all of it is printed, none of it computes.

    Args:
        study: the study's name.
        model: the encoder, or encoders, by name.
        created: when, ISO 8601 with time zone.
        data_version: fingerprint of the training cases.
        training_cases: how many cases it learnt from.
        split: the rule that made the parts, in words.
        question: what the study asked.
        intended_use: what the model is for, and what it is not for.
        contact: who answers for it.
        metrics: summary of the test metrics.
        bedside: version of bedside that wrote it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    study: str
    model: str
    created: str
    data_version: str
    training_cases: int
    split: str
    question: str | None = None
    intended_use: str | None = None
    contact: str | None = None
    metrics: dict[str, Any] = Field(default_factory=dict)
    bedside: str = __version__


@dataclass(frozen=True)
class Contents:
    """What a package holds beside its networks.

    Args:
        modalities: input -> the modality that reads it.
        modality_states: input -> that modality's fitted state, plain JSON.
        task: what is predicted.
        task_state: classes, thresholds and calibration, plain JSON.
        facts: the package's origin.
        model_card: Markdown for people.
    """

    modalities: Mapping[str, Modality]
    modality_states: Mapping[str, State]
    task: Task
    task_state: State
    facts: Facts
    model_card: str = ""


@dataclass(frozen=True)
class Package:
    """A package that was read and proven whole.

    Args:
        contents: modalities, task, their states, facts and card.
        networks: name -> bytes of the ONNX file.
        check: made-up inputs with the answers the trained network gave.
        digest: sha256 over all files; names this very package.
        precision: arithmetic the networks were found sound in.
        peer: the simple model, of a package that holds one instead of networks.
    """

    contents: Contents
    networks: Mapping[str, bytes]
    check: SelfCheck
    digest: str
    precision: Literal["float32", "bf16"] = "float32"
    peer: Peer | None = None

    @property
    def version(self) -> str:
        """The first twelve signs of the digest, as predictions carry it."""
        return self.digest[:12]


class Plugin(BaseModel):
    """A modality or task as `package.json` names it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    options: dict[str, Any]


class TaskPlugin(Plugin):
    """The task, with what it learnt: classes, thresholds, calibration."""

    state: dict[str, Any]


class Manifest(BaseModel):
    """The words of `package.json`.

    ``carried_cases`` counts training cases in ``cases.json``; ``requires`` names extras of the
    install that the inputs are read with; ``peer`` names a simple model, in place of networks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format_version: int
    task: TaskPlugin
    inputs: dict[str, Plugin] = Field(min_length=1)
    networks: list[str]
    peer: str | None = None
    precision: Literal["float32", "bf16"]
    precision_check: Choice | None = None
    carried_cases: int = 0
    requires: list[Literal["text", "volumes"]] = Field(default_factory=list)
    facts: Facts

    @model_validator(mode="after")
    def _holds_a_model(self) -> Self:
        if bool(self.networks) == (self.peer is not None):
            raise ValueError("expected networks or a peer")
        return self


def read_package(folder: Path) -> Package:
    """Read a package and prove it whole.

    Raises:
        PackageError: not a package, changed, of an unknown version, or it needs a
            plug-in that is not installed here.
        InstallError: an extra is missing that its inputs are read with.
    """
    files, digest = read_verified(folder)
    manifest = _manifest(files)
    for extra in manifest.requires:
        check_extra(extra, where="Package")
    names = {"package.json", "model_card.md"}
    names |= {f"{name}.onnx" for name in manifest.networks}
    names |= {f"state/{name}.json" for name in manifest.inputs}
    names |= {f"{CASES}.json"} if manifest.carried_cases else set()
    names |= {"peer.json", "peer.npz"} if manifest.peer else set()
    for name in sorted(names - files.keys()):
        raise PackageError(
            sentence(name, expected="this file of the package", got="none", remedy=_AGAIN)
        )
    peer = _peer(files) if manifest.peer else None
    modalities = {
        name: _rebuilt(MODALITIES, part, where=f"package.json, input '{name}'")
        for name, part in manifest.inputs.items()
    }
    contents = Contents(
        modalities=modalities if peer is None else _read_whole(modalities, peer),
        modality_states={
            name: _json(files[f"state/{name}.json"], f"state/{name}.json")
            for name in manifest.inputs
        },
        task=_rebuilt(TASKS, manifest.task, where="package.json, task"),
        task_state=_task_state(files, manifest),
        facts=manifest.facts,
        model_card=files["model_card.md"].decode("utf-8", errors="replace"),
    )
    return Package(
        contents=contents,
        networks={name: files[f"{name}.onnx"] for name in manifest.networks},
        check=decode_check(files),
        digest=digest,
        precision=manifest.precision,
        peer=peer,
    )


def _peer(files: Mapping[str, bytes]) -> Peer:
    """The simple model; scipy, which it may need, is imported for such packages alone."""
    from bedside.baselines.peer import decode_peer

    try:
        return decode_peer(files)
    except (KeyError, TypeError, ValueError, OSError):
        raise PackageError(
            sentence("peer.json", expected="a simple model", got="another form", remedy=_AGAIN)
        ) from None


def _read_whole(modalities: Mapping[str, Modality], peer: Peer) -> Mapping[str, Modality]:
    from bedside.deployment.reading_whole import whole_texts

    return whole_texts(modalities, peer.words)


def _task_state(files: Mapping[str, bytes], manifest: Manifest) -> State:
    """The task's state with the training cases that the package carries, if any."""
    if not manifest.carried_cases:
        return manifest.task.state
    return {**manifest.task.state, CASES: _json(files[f"{CASES}.json"], f"{CASES}.json")}


def _manifest(files: Mapping[str, bytes]) -> Manifest:
    words = _json(files.get("package.json", b"null"), "package.json")
    version = words.get("format_version")
    if version != FORMAT_VERSION:
        raise PackageError(
            sentence(
                "package.json",
                expected=f"format version {FORMAT_VERSION}",
                got=repr(version) if isinstance(version, int) else "none",
                remedy="Use the version of bedside that wrote it, or package the run again",
            )
        )
    try:
        return Manifest.model_validate(words)
    except ValidationError as error:
        key = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"])
        raise PackageError(
            sentence(f"package.json: {key}", expected="a valid entry", got="another", remedy=_AGAIN)
        ) from None


def _rebuilt(registry: Registry[Any], part: Plugin, *, where: str) -> Any:
    """A modality or task from its words; only registered names are ever imported."""
    try:
        return parse_options(registry.load(part.name), part.options, where=where)
    except BedsideError as error:
        raise PackageError(
            sentence(
                where,
                expected=f"a {registry.kind} and options that bedside {__version__} knows",
                got=f"'{part.name}', which is unknown or has other options here",
                remedy="Install the version or plug-in the package was made with",
            )
        ) from error


def _json(content: bytes, name: str) -> dict[str, Any]:
    try:
        words = json.loads(content)
    except (ValueError, RecursionError):
        words = None
    if not isinstance(words, dict):
        raise PackageError(
            sentence(name, expected="a JSON object", got="something else", remedy=_AGAIN)
        )
    return words
