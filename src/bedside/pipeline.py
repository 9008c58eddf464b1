"""The whole story of a study, stage by stage.

Enters: a `Study`. Leaves: a run folder: audit, split, trained networks, baselines,
metrics with intervals, a package and a report. A run that dies goes on with
``resume=True``; stages before the last checkpoint repeat, with the same result.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bedside.audit import AuditReport
from bedside.audit.gathering import (
    examine_before_split,
    gather,
    keep_split,
    pass_audit,
    split_cases,
)
from bedside.baselines.fitting import fair_peers, fit_baselines
from bedside.data.public.place import with_public_data
from bedside.deployment.from_run import package_network
from bedside.environment import write_environment
from bedside.errors import RunError
from bedside.evaluation.judge import judge_models
from bedside.evaluation.looks import count_look
from bedside.evaluation.record import make_exam, write_judgement
from bedside.progress import Progress
from bedside.reporting.explaining import explain_run
from bedside.reporting.from_run import write_evidence
from bedside.reporting.model_card import write_model_card
from bedside.run_folder import RunFolder, claim, read_json
from bedside.study import Study
from bedside.training.origin import find_origin
from bedside.training.precision import choose_device, set_threads
from bedside.training.start import find_start
from bedside.training.trained import as_candidates, train_candidates


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, and what it found."""

    folder: RunFolder

    @property
    def metrics(self) -> dict[str, Any]:
        """``metrics.json``."""
        found: dict[str, Any] = read_json(self.folder.metrics)
        return found


def open_run(folder: str | Path) -> Run:
    """Open the folder of a finished run.

    Raises:
        RunError: there is none.
    """
    place = RunFolder(Path(folder))
    if not place.metrics.exists():
        raise RunError(
            f"{place.root.name}: expected a finished run, got "
            f"{'a folder without metrics.json' if place.root.is_dir() else 'no such folder'}. "
            "Run the study, or finish the run with --resume."
        )
    return Run(place)


def audit_study(
    study: Study, *, worklist: Path | None = None, progress: Progress | None = None
) -> AuditReport:
    """Say what is wrong with a study's data; `worklist` gets a CSV of cases with their files."""
    progress, study = progress or Progress(quiet=True), with_public_data(study)
    beside, threads = _beside(study, Path()), set_threads(study.threads)
    materials = gather(study, threads=threads, progress=progress, beside=beside)
    return examine_before_split(materials, progress=progress, worklist=worklist)


def run(
    study: Study,
    output: str | Path | None = None,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    repeat_of: Study | None = None,
) -> Run:
    """Audit, split, train, compare, evaluate, package and report a study.

    Args:
        study: what to do.
        output: the run folder; default ``runs/<study's name>``.
        resume: go on with a run that was interrupted.
        progress: who is told; default nobody but the run's log.
        repeat_of: the study repeated here with another seed: both are one look at the test part.

    Raises:
        BedsideError: one sentence that says what to mend; nothing finished is lost.
    """
    study = with_public_data(study)
    folder = _claimed(study, output, resume=resume)
    with (progress or Progress(quiet=True)).logging_to(folder.log) as told:
        choose_device(study.device)  # an absent one is refused before anything is read
        origin = find_origin(study, folder)
        threads, beside = set_threads(study.threads), _beside(study, folder.root.absolute().parent)
        materials = gather(study, threads=threads, progress=told, beside=beside, check_split=True)
        split = split_cases(materials)
        task, modalities, cohort = materials.task, materials.modalities, materials.cohort
        start = find_start(
            study, cohort, split,
            modalities=modalities, origin=origin, threads=threads, resume=resume, progress=told,
        )  # fmt: skip
        audit = pass_audit(materials, split, folder=folder, progress=told)
        keep_split(materials, split, folder=folder)
        preparation = materials.prepared(split, folder=folder, progress=told)
        exam = make_exam(study, cohort, preparation, task=task, modalities=modalities)
        trained = train_candidates(
            study, modalities, preparation,
            task=task, state=exam.state, start=start, folder=folder, progress=told,
        )  # fmt: skip
        baselines = fit_baselines(
            fair_peers(study.baselines, task, modalities), modalities, preparation.parts,
            state=exam.state, seed=study.training.seed, threads=threads, progress=told,
            keep=folder.baselines,
        )  # fmt: skip
        with told.stage("evaluate"):
            deep, against = as_candidates(trained)
            judgement = judge_models(exam, deep, baselines, against=against)
        chosen = trained[judgement.deep]
        with told.stage("record"):
            facts = {"waived": audit.facts["waived"], "timing": chosen.timing}
            write_judgement(folder, judgement, exam, materials=(study, cohort, split), facts=facts)
            looks = count_look(repeat_of or study, exam.ids, folder=beside)
            recipes = {name: each.recipe for name, each in trained.items()}
            write_environment(folder, {"threads": threads, "looks": looks, "training": recipes})
            write_model_card(folder)
        with told.stage("package", says="Writing the package and proving what it computes."):
            package_network(
                folder, chosen.network, study=study, modalities=modalities,
                preparation=preparation, task=task, judgement=judgement,
            )  # fmt: skip
        with told.stage("explain", says="Asking the network what it looks at."):
            explain_run(folder, chosen.network, (materials, preparation, judgement))
        with told.stage("report", says="Drawing figures and writing the report."):
            write_evidence(folder, materials, preparation=preparation, judgement=judgement)
        shutil.rmtree(folder.prepared, ignore_errors=True)
    return Run(folder)


def _claimed(study: Study, output: str | Path | None, *, resume: bool) -> RunFolder:
    """The folder of a run, taken for this very study."""
    folder = RunFolder(Path("runs") / Path(study.name).name if output is None else Path(output))
    claim(folder, study.dump(), resume=resume)
    return folder


def _beside(study: Study, other: Path) -> Path:
    """Beside the study file; the other folder where there is none or it cannot be written."""
    beside = other if study.path is None else study.path.parent
    return beside if os.access(beside, os.W_OK) else other
