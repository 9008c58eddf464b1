"""How the networks of a study begin: from random weights, or from another run's.

Enters: the study, its cohort and split. Leaves: a `Start`, which refuses a network that has
seen what this study is measured on, keeps what this study's own networks are about to see,
and gives each fresh network its first weights, once: a resumed run never begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from bedside.data.contents import name_contents
from bedside.data.seen import (
    CONTENTS,
    Overlap,
    Seen,
    place_of,
    refuse_overlap,
    seen_by,
    write_seen,
)
from bedside.errors import RunError, sentence
from bedside.modalities import columns_of
from bedside.run_folder import read_json, write_json
from bedside.training.checkpoint import has_checkpoint
from bedside.training.loop import CHECKPOINT
from bedside.training.origin import KEY, PLAN, Origin, begin_from, no_such_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bedside.data.cohort import Cohort
    from bedside.data.split import Split
    from bedside.progress import Progress
    from bedside.run_folder import RunFolder
    from bedside.schema import Modality
    from bedside.study import Study
    from bedside.training.loop import Job

Record = dict[str, Any]
Begun: TypeAlias = "tuple[Job, dict[str, Any], Record | None]"
"""A network, its plan, and what it took from which run."""


@dataclass(frozen=True)
class Start:
    """Where networks begin.

    Args:
        own: cases that this study's networks will see.
        origin: the run they start from; None for random weights.
        overlap: how the two were compared; None without an origin.
        gone: the study names an origin that is no longer there; only networks that have
            begun already can go on.
        resume: whether networks with a checkpoint go on from there.
    """

    own: Seen
    origin: Origin | None = None
    overlap: Overlap | None = None
    gone: Path | None = None
    resume: bool = False

    def afresh(self) -> Start:
        """The same for networks that begin with random weights whatever the study names."""
        return replace(self, origin=None, gone=None)

    def keep(self, folder: RunFolder, begun: Sequence[Begun]) -> None:
        """Write how the networks begin and what they will see, before the first of them trains."""
        for job, plan, record in begun:
            if job.folder is not None:
                write_json(job.folder / PLAN, {**plan, "start_from": record})
        if not (folder.checkpoint / CONTENTS).exists():
            write_seen(folder, self.own, before=self.origin.seen if self.origin else None)

    def begin(self, job: Job, plan: dict[str, Any]) -> Record | None:
        """Give a job's network its first weights, unless it has begun already.

        Args:
            job: its network is fresh and is changed here.
            plan: of the network.

        Returns:
            What was taken from which run, None for random weights.

        Raises:
            StudyError: the weights do not fit.
            RunError: they changed since the run began.
        """
        folder = job.folder
        before = None
        if self.resume and folder is not None and (folder / PLAN).exists():
            before = read_json(folder / PLAN).get("start_from")
            if has_checkpoint(folder / CHECKPOINT):
                found: Record | None = before
                return found
        if self.gone is not None:
            raise no_such_run(self.gone)
        if self.origin is None:
            return None
        state, record = begin_from(self.origin, job.network, plan)
        if before is not None and before["weights"] != record["weights"]:
            raise RunError(
                sentence(
                    KEY,
                    expected=f"the weights of run '{self.origin.name}' as when this run began",
                    got="others",
                    remedy="That run changed since then: start a new run with -o",
                )
            )
        job.network.load_state_dict(state)
        return record | {"compared": vars(self.overlap or Overlap())}


def find_start(
    study: Study,
    cohort: Cohort,
    split: Split,
    *,
    modalities: Mapping[str, Modality],
    origin: Origin | None,
    threads: int,
    resume: bool = False,
    progress: Progress,
) -> Start:
    """Name the cases that will be seen, and refuse an origin that has seen too much.

    Args:
        study: says where the cases come from.
        cohort: N cases.
        split: of them.
        modalities: by input; each names the column that holds it.
        origin: the run to start from, if any.
        threads: that read files.
        resume: go on with networks that have a checkpoint.
        progress: bars and log.

    Raises:
        LeakageError: the origin's networks have seen validation or test cases, or their
            patients.
    """
    columns = [columns_of(modality) for modality in modalities.values()]
    with progress.stage("name cases"), progress.bar("naming cases", len(cohort)) as done:
        contents = name_contents(cohort, split, columns, threads=threads, progress=done)
    own = seen_by(contents)
    if origin is None:
        return Start(own, gone=study.model.start_from, resume=resume)
    overlap = refuse_overlap(
        origin.seen, cohort, contents, by=split.by, place=place_of(study.data), run=origin.name
    )
    return Start(own, origin, overlap, resume=resume)


def words(record: Record) -> str:
    """What was taken, in one sentence."""
    fresh = f"; fresh: {', '.join(record['fresh'])}" if record["fresh"] else ""
    return (
        f"starts from network '{record['model']}' of run '{record['run']}' "
        f"({record['tensors']} tensors): {', '.join(record['taken'])}{fresh}"
    )
