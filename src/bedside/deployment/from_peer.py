"""The package of a run's simple model: kept numbers, calibrated state, proven on validation.

Enters: the folder of a finished run, whose data must still be there. Leaves:
``package-<model>/`` of the run. Nothing is trained: the numbers are those the run judged.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from bedside import __version__
from bedside.baselines.peer import TEXT, Peer, decode_peer, encode_peer
from bedside.deployment.from_run import SUMMARY
from bedside.deployment.integrity import write_checksums
from bedside.deployment.package import Contents, read_package
from bedside.deployment.packing import Written, check_names, fake_cases, write_words
from bedside.deployment.peers import MAIN, peer_network, refuse_unservable
from bedside.deployment.precision import Choice
from bedside.deployment.reading_whole import whole_texts
from bedside.deployment.selfcheck import encode_check, make_check
from bedside.deployment.staging import staged_folder
from bedside.errors import PackageError, RunError, sentence
from bedside.modalities import columns_of
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.run_folder import RunFolder
    from bedside.schema import Arrays

PARITY = 1e-4
"""The largest difference of a probability between the package and the run's own table."""
MOST_CASES = 200
"""Validation cases that are compared, evenly spread."""
BLOCK = 32
CARD = """# {model}

A simple model of the study {study}, packaged by bedside {version}: {what}. On the {part} part
({cases} cases):

| metric | value | interval |
|---|---:|---|
{rows}

The run compared it with the network `{deep}`; its verdict was "{verdict}". The card of that run
follows; what it says of the network does not hold for this model.

"""
WHAT = {
    "majority": "the share of each class in training, the same for every case",
    "logistic": "logistic regression on hand-made features",
    "boosted-trees": "boosted trees on hand-made features",
    "tfidf-logistic": "logistic regression on weighted words and pairs of words",
}


@dataclass(frozen=True)
class _Opened:
    """A run, one of its simple models, and what the package shall hold."""

    folder: RunFolder
    model: str
    peer: Peer
    contents: Contents
    whole: Contents
    """The same, with texts handed on whole where the model reads words."""


def package_peer(
    folder: RunFolder, *, model: str | None = None, output: Path | None = None
) -> Written:
    """Write the package of a simple model of a finished run, and prove what it computes.

    Args:
        folder: of the run; the data that its study names must be there.
        model: name of the baseline; default the one that validation found best.
        output: where the package goes; default ``package-<model>`` in the run's folder.

    Returns:
        The folder, its digest, and the largest difference of a probability on validation.

    Raises:
        PackageError: there is no such model, it cannot be served, or it computes other numbers.
        RunError: the run is damaged, or its data changed.
    """
    opened = _open(folder, model)
    refuse_unservable(opened.peer, opened.contents.modalities, model=opened.model)
    largest = _prove(opened)
    place = (output or folder.root / f"package-{opened.model}").absolute()
    check_names(list(opened.contents.modalities))
    with staged_folder(place) as stage:
        write_words(
            stage,
            opened.contents,
            networks=[],
            choice=Choice(why="numpy computes it"),
            peer=opened.model,
            whole=list(opened.peer.words),
        )
        files = {**encode_peer(opened.peer), **encode_check(_check(opened))}
        for name, content in files.items():
            (stage / name).parent.mkdir(exist_ok=True)
            (stage / name).write_bytes(content)
        digest = write_checksums(stage)
        read_package(stage)
    return Written(place, digest, {opened.model: largest})


def _open(folder: RunFolder, model: str | None) -> _Opened:
    metrics = read_json(folder.metrics)
    model = model or str(metrics["best_baseline"])
    _refuse_others(metrics, model)
    kept = folder.baselines / model
    if not (kept / "state.json").exists():
        served = sorted(path.parent.name for path in folder.baselines.glob("*/state.json"))
        raise PackageError(
            sentence(
                f"Model '{model}'",
                expected=f"one whose numbers the run kept ({', '.join(served) or 'none here'})",
                got="one without",
                remedy="Name another, or run the study again with this version",
            )
        )
    try:
        files = {file: (kept / file).read_bytes() for file in ("peer.json", "peer.npz")}
        peer = decode_peer(files)
    except (KeyError, TypeError, ValueError, OSError):
        raise RunError(
            f"checkpoint/baselines/{model}: damaged or not whole. Run the study again."
        ) from None
    contents = _contents(folder, model, metrics, read_json(kept / "state.json"))
    states = {
        name: {} if name in peer.words else state
        for name, state in contents.modality_states.items()
    }
    contents = replace(contents, modality_states=states)
    whole = replace(contents, modalities=whole_texts(contents.modalities, peer.words))
    return _Opened(folder, model, peer, contents, whole)


def _refuse_others(metrics: Mapping[str, Any], model: str) -> None:
    deep = [*metrics.get("candidates", []), metrics["deep"]]
    peers = [name for name in metrics["models"] if name not in deep]
    if model in peers:
        return
    got = "a network, which package/ holds" if model in deep else f"'{model}'"
    raise PackageError(
        sentence(
            "--model",
            expected=f"one of the run's simple models ({', '.join(peers)})",
            got=got,
            remedy="Name one of them",
        )
    )


def _contents(
    folder: RunFolder, model: str, metrics: Mapping[str, Any], state: dict[str, Any]
) -> Contents:
    """What the run's own package holds, with this model's state, facts and card."""
    own = read_package(folder.package).contents
    scores = metrics["models"][model]
    shown = {name: scores[name] for name in SUMMARY if name in scores}
    facts = own.facts.model_copy(
        update={
            "model": model,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "metrics": shown,
            "bedside": __version__,
        }
    )
    card = CARD.format(
        model=model,
        study=metrics["study"],
        version=__version__,
        what=WHAT.get(model, "a classical method"),
        part=metrics["part"],
        cases=metrics["cases"],
        rows="\n".join(_lines(shown)),
        deep=metrics["deep"],
        verdict=metrics["verdict"],
    )
    return replace(own, task_state=state, facts=facts, model_card=card + own.model_card)


def _lines(shown: Mapping[str, Any]) -> Iterator[str]:
    for name, found in shown.items():
        if found.get("value") is None:
            continue
        ends = [found.get("low"), found.get("high")]
        interval = "" if None in ends else f"{ends[0]:.3f} to {ends[1]:.3f}"
        yield f"| {name} | {found['value']:.3f} | {interval} |"


def _check(opened: _Opened) -> Any:
    """Made-up cases with this model's answers; texts as plain arrays of letters."""
    texts = {f"{name}.{TEXT}" for name in opened.peer.words}
    fakes = {
        name: values.astype(np.str_) if name in texts else values
        for name, values in fake_cases(opened.whole, seed=7).items()
    }
    own = opened.whole
    networks = {MAIN: peer_network(opened.peer, own)}
    return make_check(own.task, own.task_state, networks=networks, inputs=fakes)


def _prove(opened: _Opened) -> float:
    """The largest difference to the probabilities that the run wrote down on validation."""
    from bedside.data.sources import load_cohort
    from bedside.study import Study

    table = f"{opened.model}-validation.csv"
    wanted = _wanted(opened.folder.root / "predictions" / table)
    cohort = load_cohort(Study.load(opened.folder.study))
    own, largest = opened.whole, 0.0
    networks = {MAIN: peer_network(opened.peer, own)}
    for start in range(0, len(wanted), BLOCK):
        block = wanted[start : start + BLOCK]
        arrays = _read(opened, cohort, block)
        prediction = own.task.infer(networks, arrays, own.task_state)
        rows = own.task.rows(prediction, own.task_state)
        for column in (name for name in rows if name.startswith("probability")):
            told = np.array([float(case[column]) for case in block])
            largest = max(largest, float(np.abs(rows[column] - told).max()))
    if not largest <= PARITY:
        raise PackageError(
            sentence(
                f"Model '{opened.model}'",
                expected=f"the run's probabilities within {PARITY} on validation cases",
                got=f"a difference of {largest:.3g}",
                remedy="The data changed since the run, or a library: run the study again",
            )
        )
    return largest


def _wanted(path: Path) -> list[dict[str, str]]:
    """Some validation cases with the run's answers, evenly spread."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except OSError:
        raise RunError(
            f"predictions/{path.name}: no such file in the run. Run the study again."
        ) from None
    places = np.linspace(0, len(rows) - 1, num=min(len(rows), MOST_CASES)).astype(int)
    return [rows[place] for place in places]


def _read(opened: _Opened, cohort: Cohort, block: list[dict[str, str]]) -> Arrays:
    """Prepared arrays of some cases of the cohort, found by row and id."""
    ids = cohort.ids()
    places = [int(case["row"]) - cohort.first_row for case in block]
    for place, case in zip(places, block, strict=True):
        if not 0 <= place < len(ids) or str(ids[place]) != case["case_id"]:
            raise RunError(
                sentence(
                    cohort.source,
                    expected="the cases of the run in their order",
                    got=f"another case in row {case['row']}",
                    remedy="Put the data back as they were, or run the study again",
                )
            )
    arrays: Arrays = {}
    for name, modality in opened.whole.modalities.items():
        column, state = columns_of(modality), opened.whole.modality_states[name]
        samples = [modality.read(cohort.reference(place, column)) for place in places]
        batch = modality.collate([modality.prepare(sample, state) for sample in samples])
        arrays |= {f"{name}.{key}": values for key, values in batch.items()}
    return arrays
