"""Everything of a study's data, gathered once: for the audit and for the run.

Enters: a `Study`. Leaves: `Materials`: cohort, modalities, task, targets, every
input read once, and the parts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bedside.audit.attributes import target_columns
from bedside.audit.evidence import Means
from bedside.audit.examination import audit_cases, check_waivers
from bedside.audit.findings import AuditReport, Finding
from bedside.audit.worklist import write_worklist
from bedside.baselines.fitting import check_peers
from bedside.data.cache import Place, folder_bytes, key_of
from bedside.data.sources import load_cohort, require_columns
from bedside.data.split import Split, make_split, read_split
from bedside.errors import DataError, LeakageError, Problems, RunError, StudyError, sentence
from bedside.modalities import columns_of
from bedside.modalities.reading import Readings, read_all, read_cohort
from bedside.models import ENCODERS, FUSIONS
from bedside.progress import Progress
from bedside.registry import lookup
from bedside.run_folder import write_json
from bedside.schema import Array
from bedside.tasks.findings import read_lexicon
from bedside.training.precision import set_threads
from bedside.training.preparation import (
    Preparation,
    build_modalities,
    build_task,
    prepare_parts,
)
from bedside.training.volumes import prepare_volumes, whole
from bedside.training.ways import check_aids
from bedside.training.windows import prepare_windows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.run_folder import RunFolder
    from bedside.schema import Modality, Reference, Targets, Task
    from bedside.study import Study

CACHE = ".bedside-cache"
"""A folder of our own, wherever it lies: everything in it may be deleted."""


@dataclass(frozen=True)
class Materials:
    """What a study works on; N cases everywhere, in the cohort's order."""

    study: Study
    cohort: Cohort
    modalities: Mapping[str, Modality]
    task: Task
    targets: Targets
    readings: Mapping[str, Readings]

    def prepared(self, split: Split, *, folder: RunFolder, progress: Progress) -> Preparation:
        """Arrays of every part, modalities fitted on the training part alone.

        Raises:
            DataError: a part has no case, or no window, that can be used.
            RunError: they do not fit into memory, and the disk is full.
        """
        remedy = "Make room there, or name a run folder on another disk with -o"
        place = Place(folder.prepared / "arrays", "prepared arrays", remedy, progress)
        with progress.stage("prepare"):
            if self.cohort.series is not None:
                return prepare_windows(
                    self.modalities,
                    {name: readings.samples for name, readings in self.readings.items()},
                    cohort=self.cohort,
                    task=self.task,
                    split=split,
                )
            if self.targets.kind == "mask":
                return prepare_volumes(
                    {name: (whole(m), self.readings[name]) for name, m in self.modalities.items()},
                    self.targets,
                    parts=split.parts,
                    where=self.cohort.where,
                    place=place,
                )
            return prepare_parts(
                self.modalities,
                self.readings,
                self.targets,
                parts=split.parts,
                place=place,
                unlabelled=self.study.training.learns_unlabelled,
            )


def gather(
    study: Study, *, threads: int, progress: Progress, beside: Path, check_split: bool = False
) -> Materials:
    """Load the cohort and read every input of every case.

    Unreadable files are kept as problems, for the audit to name them all.

    Args:
        study: says where the cases are and what is asked.
        threads: that read at once.
        progress: bars and log.
        beside: the folder in which samples lie that do not fit into memory, unless the
            study names one.
        check_split: refuse a split that cannot be made, or leaks, before the files are
            read, which may take long; an audit shows it beside all else instead.

    Raises:
        StudyError: the study names a plug-in, option or column that is not there.
        DataError: the source or the targets are wrong, by row.
        LeakageError: a patient would be in two parts, under `check_split`.
    """
    modalities, task = build_modalities(study), build_task(study)
    _check_names(study)
    task.check_inputs({name: (study.inputs[name].modality, m) for name, m in modalities.items()})
    check_peers(study.baselines, task, modalities)
    check_aids(study, task, modalities)
    with progress.stage("cases"):
        cohort = load_cohort(study)
        require_columns(cohort, _columns(modalities))
        materials = Materials(study, cohort, modalities, task, task.targets(cohort), {})
        if check_split:
            split_cases(materials)
    readings: dict[str, Readings] = {}
    for name, modality in modalities.items():
        column = columns_of(modality)
        with progress.stage(f"read {name}"), progress.bar(f"reading {name}", len(cohort)) as done:
            references = _references(cohort, column)
            if cohort.series is not None:  # its samples are views of what is in memory already
                readings[name] = read_all(modality, references, threads=1, progress=done)
                continue
            place = _place(study, name, beside=beside, progress=progress)
            readings[name] = read_cohort(
                modality, references, place=place, threads=threads, progress=done
            )
            _tell_kept(readings[name], place)
    return replace(materials, readings=readings)


def _columns(modalities: Mapping[str, Modality]) -> dict[str, str]:
    """Key of the study file -> column that an input needs."""
    return {
        f"inputs.{name}": column
        for name, modality in modalities.items()
        for column in modality.columns_used()
    }


def _place(study: Study, name: str, *, beside: Path, progress: Progress) -> Place:
    """Where an input's samples lie: one place for all studies that read the same alike."""
    words = study.model_dump(mode="json", include={"data": True, "inputs": {name: True}})
    remedy = "Make room there, or name a folder on another disk as cache in the study file"
    folder = (study.cache or beside) / CACHE / key_of(json.dumps(words, sort_keys=True))
    return Place(folder, f"'{name}' as it was read", remedy, progress)


def _tell_kept(readings: Readings, place: Place) -> None:
    """Say what lies on disk afterwards; nothing does where all fitted into memory."""
    if readings.key is None:
        return
    size = folder_bytes(place.folder)
    place.progress.log.write("kept", what=place.what, bytes=size)
    place.progress.say(
        f"{place.what}: {size / 2**30:.1f} GiB on disk, in {place.folder.parent.name}/, for this "
        "run and the next; delete that folder when you are done."
    )


def _references(cohort: Cohort, column: str | tuple[str, ...]) -> list[Reference]:
    """The reference of every case; every path that is blank or leads out is named at once."""
    problems = Problems(DataError)
    references = []
    for row in range(len(cohort)):
        try:
            references.append(cohort.reference(row, column))
        except DataError as error:
            problems.found.append(str(error))
    problems.raise_if_any()
    return references


def split_cases(materials: Materials) -> Split:
    """Draw or check the parts.

    Raises:
        LeakageError: a patient would be in two parts.
        StudyError, DataError: the split the study asks for cannot be made.
    """
    strata = materials.task.strata(materials.targets)
    return make_split(materials.cohort, materials.study.split, strata=strata)


def examine(
    materials: Materials,
    *,
    parts: Array | None,
    progress: Progress | None = None,
    deep: bool = False,
) -> AuditReport:
    """Audit gathered materials, with the study's waivers; `deep` takes its time."""
    return audit_cases(
        materials.cohort,
        inputs=materials.readings,
        targets=materials.targets,
        kind=materials.targets.kind,
        parts=parts,
        by=materials.study.split.by,
        waive=materials.study.audit.waive,
        means=Means(
            materials.modalities,
            deep=deep,
            threads=set_threads(materials.study.threads),
            progress=progress or Progress(quiet=True),
            target_columns=target_columns(materials.cohort, materials.task),
        ),
    )


def pass_audit(
    materials: Materials, split: Split, *, folder: RunFolder, progress: Progress
) -> AuditReport:
    """Audit a run's materials, write ``audit.json``, and stop where a finding blocks.

    Raises:
        DataError: there are blocking findings; each is named with its remedy.
    """
    with progress.stage("audit"):
        report = examine(materials, parts=split.parts_of_cases(), progress=progress)
        write_json(folder.audit, report.to_json())
    warnings = sum(finding.severity == "warn" for finding in report.findings)
    progress.say(
        f"Audit: {len(report.blocking)} blocking, {warnings} warning{'' if warnings == 1 else 's'}."
    )
    if report.blocking:
        last = f"{report.rows_of} The audit stopped the run; nothing was trained."
        raise DataError("\n".join([*report.stops, last]))
    return report


def keep_split(materials: Materials, split: Split, *, folder: RunFolder) -> None:
    """Write ``splits.csv``, unless a network of this run has learnt from other parts.

    Raises:
        RunError: the data changed since then, so that a case it learnt from could be
            tested now.
    """
    if folder.checkpoint.exists() and folder.splits.exists():
        try:
            before = read_split(folder.splits, materials.cohort, section=materials.study.split)
            same = before.same_as(split)
        except (DataError, LeakageError):  # the old parts do not even fit the new data
            same = False
        if not same:
            raise RunError(
                sentence(
                    folder.splits.name,
                    expected="every case in the part it was in when training began",
                    got="other parts",
                    remedy="The data changed since then: start a new run with -o",
                )
            )
    split.write(folder.splits, materials.cohort)


def examine_before_split(
    materials: Materials, *, progress: Progress | None = None, worklist: Path | None = None
) -> AuditReport:
    """Audit on its own, in depth: a split that leaks or fails is a finding here, not an error.

    Args:
        materials: what to audit.
        progress: bars.
        worklist: a CSV to write of the cases to look at, with their files.
    """
    parts: Array | None = None
    failed: tuple[Finding, ...] = ()
    try:
        parts = split_cases(materials).parts_of_cases()
    except LeakageError:
        column = materials.cohort.part
        parts = None if column is None else materials.cohort.cases[column].to_numpy(dtype=str)
    except (StudyError, DataError) as error:
        failed = (Finding("split", "block", str(error), 0, (), ""),)
    report = examine(materials, parts=parts, progress=progress, deep=True)
    report = replace(report, findings=(*failed, *report.findings))
    if worklist is not None:
        columns = [c for m in materials.modalities.values() for c in m.columns_used()]
        write_worklist(worklist, report, materials.cohort, columns=columns)
    return report


def _check_names(study: Study) -> None:
    """Refuse unknown or missing encoders, fusions, baselines and waivers before all is read."""
    problems = Problems(StudyError)
    try:
        check_waivers(study.audit.waive)
    except StudyError as error:
        problems.found.append(str(error))
    lists = {f"model.encoders.{name}": given for name, given in study.model.encoders.items()}
    for key, given in {**lists, "baselines": study.baselines}.items():
        if not given:
            problems.add(key, expected="at least one name", got="none", remedy="Name one")
    encoders = [e for names in study.model.encoders.values() for e in _listed(names)]
    baselines = [] if study.baselines == "auto" else study.baselines
    _check_lexicon(study, problems)
    _check_pretrained(study, problems)
    method = study.explanation.method
    for registry, names in (
        (lookup("explanation"), [] if method in ("auto", "none") else [method]),
        (ENCODERS, encoders),
        (FUSIONS, [study.model.fusion]),
        (lookup("baselines"), baselines),
    ):
        for name in names:
            try:
                registry.check(name)
            except StudyError as error:
                problems.found.append(str(error))
    problems.raise_if_any()


def _check_pretrained(study: Study, problems: Problems) -> None:
    """Open a pretrained model's tokenizer once, so that one that is not here costs nothing."""
    if study.model.pretrained is None:
        return
    from bedside.modalities.text_pretrained import pretrained_vocabulary

    try:
        pretrained_vocabulary(study.model.pretrained)
    except StudyError as error:
        problems.found.append(str(error))


def _check_lexicon(study: Study, problems: Problems) -> None:
    """Read the lexicon once before all else, so that a fault in it costs nothing."""
    if study.evaluation.lexicon is None:
        return
    if study.target.task != "summarise":
        problems.add(
            "evaluation.lexicon",
            expected="a target whose task is summarise",
            got=f"'{study.target.task}'",
            remedy="Leave it out",
        )
        return
    try:
        read_lexicon(study.evaluation.lexicon)
    except StudyError as error:
        problems.found.append(str(error))


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names
