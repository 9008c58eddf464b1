"""Predict new cases with a package: no torch, no pandas, batch by batch.

Enters: a package's folder, then files, folders, a CSV, arrays or samples.
Leaves: one record a case: its name, the prediction, and which model and data
it comes from.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np

from bedside.abilities import Outliner, Piecewise
from bedside.deployment.engine import EngineName
from bedside.deployment.intake import Case, Source, find_cases
from bedside.deployment.outlines import Answered, MaskFolder
from bedside.deployment.package import Facts, Package, read_package
from bedside.deployment.peers import open_networks
from bedside.deployment.pieces import Piece, in_pieces, rejoined
from bedside.deployment.selfcheck import machine_key, note_passed, passed_before, run_check
from bedside.deployment.streams import find_streams, reads_streams
from bedside.errors import DataError, Problems, sentence
from bedside.modalities.reading import read_all
from bedside.schema import Arrays, Geometry, Reference, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedside.schema import Array, Modality, Network, State

Record: TypeAlias = dict[str, Any]
PIECES = 64
"""Of long texts that are in memory at once."""
OnError: TypeAlias = Literal["stop", "skip"]
Also: TypeAlias = Literal["uncertainty", "dicom", "both"]


def load(
    folder: str | Path, *, threads: int | None = None, engine: EngineName = "openvino"
) -> Predictor:
    """Open a package; the first time on a machine it must compute what it computed in training.

    Args:
        folder: the package's folder.
        threads: threads to use; None takes what the machine has.
        engine: which engine runs the networks.

    Raises:
        PackageError: the package is damaged, of an unknown version, or computes
            other numbers here.
    """
    package = read_package(Path(folder))
    networks, precision, version = open_networks(package, engine=engine, threads=threads)
    key = machine_key(package.digest, engine=version)
    if not passed_before(key):
        contents = package.contents
        run_check(
            package.check,
            contents.task,
            contents.task_state,
            networks=networks,
            precision=precision,
        )
        note_passed(key)
    return Predictor(package, networks, threads=threads or len(_processors()))


def _processors() -> Sequence[int]:
    """Processors this process may use, which a container may limit."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


@dataclass(frozen=True)
class Predictor:
    """A package, ready to predict.

    Args:
        package: what was read.
        networks: its networks, open in an engine.
        threads: how many cases are decoded at once.
    """

    package: Package
    networks: Mapping[str, Network]
    threads: int = 1

    @property
    def facts(self) -> Facts:
        """Study, model, data version, intended use and test metrics of the package."""
        return self.package.contents.facts

    @property
    def outlines(self) -> bool:
        """Whether it answers masks."""
        return isinstance(self.package.contents.task, Outliner)

    def cases(
        self, sources: Source | Sequence[Source], *, root: str | Path | None = None
    ) -> list[Case]:
        """List the cases behind files, folders, a CSV, arrays, samples or rows; see `find_cases`.

        Of a package that forecasts, a table is a stream of readings; see `find_streams`.
        """
        place = None if root is None else Path(root)
        if reads_streams(self.package.contents) and not isinstance(sources, np.ndarray | Sample):
            listed = [sources] if isinstance(sources, str | Path) else list(sources)
            paths = [Path(source) for source in listed if isinstance(source, str | Path)]
            if len(paths) == len(listed):
                return find_streams(paths, self.package.contents)
        return find_cases(sources, self.package.contents.modalities, root=place)

    def predict(
        self,
        sources: Source | Sequence[Source] | Sequence[Case],
        *,
        batch_size: int = 64,
        on_error: OnError = "stop",
        masks: str | Path | None = None,
        also: Also | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> list[Record]:
        """Predict cases, in their order.

        Args:
            sources: what `cases` takes, or what it answered.
            batch_size: cases that are in memory at once.
            on_error: what an unreadable case does. ``stop``: all cases are read,
                all problems are raised at once, nothing is answered. ``skip``: the
                others are predicted, and every record has an ``error``, None
                where there was none.
            masks: of a package that outlines: the folder that a mask a case is written to.
            also: with `masks`: ``uncertainty``, a map of entropy a case; ``dicom``, a DICOM
                SEG and SR a case that was read from a series; or ``both``.
            progress: called with the number of cases done since the last call.

        Returns:
            One record a case, or one a step of its forecast: ``case``, the task's columns
            (``probability``, ``decision``...), ``model``, ``package`` and ``data_version``;
            where masks are written, ``mask``, the file's name.

        Raises:
            DataError: nothing to predict, or unreadable cases under ``stop``; masks are asked
                of a package that does not outline.
            RunError: a mask cannot be written.
        """
        cases = self._listed(sources)
        folder = self._mask_folder(masks, also)
        batch_size = 1 if self.outlines else batch_size  # a whole volume at a time
        records: list[Record] = []
        problems: list[str] = []
        for start in range(0, len(cases), batch_size):
            batch = cases[start : start + batch_size]
            answers, failed = self._answered(
                batch, folder, stop=on_error == "stop", stopped=bool(problems)
            )
            if not (problems or failed) or on_error == "skip":
                records += self._records(batch, answers, failed, with_error=on_error == "skip")
            problems += failed.values()
            if progress is not None:
                progress(len(batch))
        if on_error == "stop" and problems:
            headline = (
                f"{len(problems)} of {len(cases)} cases cannot be predicted, so none was. "
                "Mend them, or predict the others with --on-error skip (on_error='skip')."
            )
            Problems(DataError, [headline, *problems]).raise_if_any()
        return records

    def _listed(self, sources: Source | Sequence[Source] | Sequence[Case]) -> Sequence[Case]:
        if isinstance(sources, str | Path | Sample | np.ndarray | Mapping):
            return self.cases(sources)
        listed = list(sources)
        if listed and all(isinstance(item, Case) for item in listed):
            return cast("list[Case]", listed)
        return self.cases(cast("list[Source]", listed))

    def _mask_folder(self, masks: str | Path | None, also: Also | None) -> MaskFolder | None:
        if masks is None and also is None:
            return None
        if not self.outlines or masks is None:
            raise DataError(
                sentence(
                    "masks",
                    expected="a package of task segment, and a folder for its masks",
                    got=f"one of {type(self.package.contents.task).__name__.lower()}"
                    + ("" if masks else " and no folder"),
                    remedy="Leave it out, or name a folder with -o",
                )
            )
        state = {**self.package.contents.task_state, "uncertainty": also in ("uncertainty", "both")}
        return MaskFolder(Path(masks), state, dicom=also in ("dicom", "both"))

    def _answered(
        self, batch: Sequence[Case], folder: MaskFolder | None, *, stop: bool, stopped: bool
    ) -> tuple[dict[int, list[Record]], dict[int, str]]:
        """Position -> rows, and position -> sentence of the others.

        Nothing is answered any more, only read, where a problem shall stop all and there is one.
        """
        task = self.package.contents.task
        if isinstance(task, Piecewise):
            return self._by_pieces(batch, task, stop=stop, stopped=stopped)
        arrays, failed, geometries = self._read(batch)
        if stop and (stopped or failed):
            return {}, failed
        return self._answers(batch, arrays, failed, into=(folder, geometries)), failed

    def _by_pieces(
        self, batch: Sequence[Case], task: Piecewise, *, stop: bool, stopped: bool
    ) -> tuple[dict[int, list[Record]], dict[int, str]]:
        """The same of texts that may be longer than the network reads at once."""
        ((name, modality),) = self.package.contents.modalities.items()
        length = int(self.package.contents.modality_states[name]["length"])
        failed = {i: case.problem for i, case in enumerate(batch) if case.problem is not None}
        rows = [i for i in range(len(batch)) if i not in failed]
        inputs = [batch[i].inputs[name] for i in rows]
        read = dict(zip(rows, _samples(modality, inputs, threads=self.threads), strict=True))
        failed |= {i: sample for i, sample in read.items() if isinstance(sample, str)}
        if stop and (stopped or failed):
            return {}, failed
        texts = {i: sample for i, sample in read.items() if isinstance(sample, Sample)}
        pieces = in_pieces(batch, texts, task, name=name, length=length)
        answered: list[tuple[Piece, Record]] = []
        for first in range(0, len(pieces), PIECES):
            block = pieces[first : first + PIECES]
            cases = [piece.case for piece in block]
            arrays, bad, _ = self._read(cases)
            answers = self._answers(cases, arrays, bad, into=(None, {}))
            for place, sentence_of in bad.items():
                failed.setdefault(block[place].owner, sentence_of)
            answered += [(block[place], own[0]) for place, own in answers.items()]
        whole = rejoined(task, answered)
        return {i: own for i, own in whole.items() if i not in failed}, failed

    def _read(self, batch: Sequence[Case]) -> tuple[Arrays, dict[int, str], dict[int, Geometry]]:
        """Arrays of the readable cases, in order, and position -> sentence of the others.

        Position -> geometry of those that could be read comes last.
        """
        contents = self.package.contents
        failed = {i: case.problem for i, case in enumerate(batch) if case.problem is not None}
        prepared: dict[str, dict[int, Arrays]] = {}
        geometries: dict[int, Geometry] = {}
        for name, modality in contents.modalities.items():
            rows = [i for i in range(len(batch)) if i not in failed]
            samples = _samples(
                modality, [batch[i].inputs[name] for i in rows], threads=self.threads
            )
            prepared[name] = {}
            for i, sample in zip(rows, samples, strict=True):
                answer = _prepare(modality, contents.modality_states[name], sample)
                if isinstance(sample, Sample):
                    geometries[i] = sample.geometry
                if isinstance(answer, str):
                    failed[i] = answer if isinstance(sample, str) else f"{batch[i].where}, {answer}"
                else:
                    prepared[name][i] = answer
        arrays: Arrays = {}
        for name, modality in contents.modalities.items():
            good = [each for i, each in prepared[name].items() if i not in failed]
            if good:
                collated = modality.collate(good)
                arrays |= {f"{name}.{key}": array for key, array in collated.items()}
        return arrays, failed, geometries

    def _answers(
        self,
        batch: Sequence[Case],
        arrays: Arrays,
        failed: dict[int, str],
        *,
        into: tuple[MaskFolder | None, Mapping[int, Geometry]],
    ) -> dict[int, list[Record]]:
        """Position -> the task's rows; an answer that is not a number joins the failed.

        ``into`` is where masks go, with the geometries of the sources.
        """
        if not arrays:
            return {}
        contents, folder = self.package.contents, into[0]
        state = contents.task_state if folder is None else folder.state
        with np.errstate(all="ignore"):
            prediction = contents.task.infer(self.networks, arrays, state)
            rows = contents.task.rows(prediction, state)
        columns = {name: _plain(column) for name, column in rows.items()}
        positions = [i for i in range(len(batch)) if i not in failed]
        count = len(next(iter(columns.values())))
        for name, threshold in _thresholds(prediction.names, contents.task_state).items():
            columns.setdefault(name, _plain(np.full(count, threshold)))
        lines = [
            dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)
        ]
        each = count // len(positions)  # a forecast has a line for each of its steps
        answers: dict[int, list[Record]] = {}
        for place, i in enumerate(positions):
            own = lines[place * each : (place + 1) * each]
            if any(
                isinstance(v, float) and not math.isfinite(v) for line in own for v in line.values()
            ):
                failed[i] = sentence(
                    batch[i].where,
                    expected="a prediction",
                    got="a value that is not a number",
                    remedy="Check this case, or leave it out",
                )
            else:
                answers[i] = own
                if folder is not None:
                    own[0]["mask"] = folder.write(
                        Answered(
                            batch[i].name,
                            prediction.arrays["mask"][place],
                            into[1][i],
                            doubt=prediction.arrays.get("entropy", {place: None})[place],
                            source=next(iter(batch[i].inputs.values())),
                            where=batch[i].where,
                        )
                    )
        return answers

    def _records(
        self,
        batch: Sequence[Case],
        answers: Mapping[int, list[Record]],
        failed: Mapping[int, str],
        *,
        with_error: bool,
    ) -> list[Record]:
        """The records of a batch, in order; those of the failed lack the task's columns."""
        origin = {
            "model": self.facts.model,
            "package": self.package.version,
            "data_version": self.facts.data_version,
        }
        return [
            {
                "case": case.name,
                **{name: cells[line] for name, cells in case.beside.items() if i in answers},
                **own,
                **origin,
                **({"error": failed.get(i)} if with_error else {}),
            }
            for i, case in enumerate(batch)
            for line, own in enumerate(answers.get(i, [{}]))
        ]


def _samples(
    modality: Modality, inputs: Sequence[Reference | Sample], *, threads: int
) -> list[Sample | str]:
    """Read what is a reference; a sentence stands where that failed."""
    references = [each for each in inputs if isinstance(each, Reference)]
    readings = read_all(modality, references, threads=min(threads, len(references)))
    read = iter(
        sample if sample is not None else readings.problems[i]
        for i, sample in enumerate(readings.samples)
    )
    return [each if isinstance(each, Sample) else next(read) for each in inputs]


def _prepare(modality: Modality, state: dict[str, Any], sample: Sample | str) -> Arrays | str:
    if isinstance(sample, str):
        return sample
    try:
        return modality.prepare(sample, state)
    except DataError as error:
        return str(error)


def _thresholds(names: Sequence[str], state: State) -> dict[str, float]:
    """From which probability on an answer is yes; of several labels, each has its own."""
    thresholds = state.get("thresholds", [])
    if state.get("kind") == "labels":
        return {f"threshold_{name}": t for name, t in zip(names, thresholds, strict=True)}
    return {"threshold": thresholds[0]} if len(thresholds) == 1 else {}


def _plain(column: Array) -> list[Any]:
    """Plain Python values; floats to six digits, about what a float32 network knows."""
    if np.issubdtype(column.dtype, np.floating):
        return [float(f"{value:.6g}") for value in column.tolist()]
    return list(column.tolist())
