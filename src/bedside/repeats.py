"""A study run several times: with several training seeds, or leaving out one site each time.

Enters: a `Study`. Leaves: one run folder each, ``seeds.json`` or ``sites.json``, and a page
over all of them. What is finished is not run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.data.public.place import with_public_data
from bedside.errors import RunError, StudyError, sentence
from bedside.evaluation.replicates import read_judged_run
from bedside.evaluation.several_runs import seeds_together, sites_together
from bedside.pipeline import open_run, run
from bedside.progress import Progress
from bedside.reporting.overview import seeds_sheet, sites_sheet, write_sheet
from bedside.run_folder import RunFolder, holds_run, write_json

if TYPE_CHECKING:
    from bedside.evaluation.replicates import JudgedRun
    from bedside.study import Study

PAGE = "report.html"
UNSAFE = str.maketrans(dict.fromkeys('/\\:*?"<>|\x00', "_"))


def run_seeds(
    study: Study,
    seeds: int,
    output: str | Path | None = None,
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Run a study with several training seeds, and say how much the seed matters.

    Data, split and test part stay the same, and so do the resamples of the intervals. Looks
    at the test part are counted once, since nothing is chosen between the seeds.

    Args:
        study: its ``training.seed`` is the first.
        seeds: how many, at least two.
        output: folder of the runs; default ``runs/<study's name>``.
        resume: go on with what is there.
        progress: who is told.

    Returns:
        The page over all seeds; ``seeds.json`` lies beside it.

    Raises:
        BedsideError: one sentence that says what to mend; finished runs are kept.
    """
    if seeds < 2:
        raise StudyError(f"seeds: expected at least 2, got {seeds}. Leave it out for one run.")
    study = with_public_data(study)
    first = study.training.seed
    studies = {
        f"seed-{seed}": study.model_copy(
            update={"training": study.training.model_copy(update={"seed": seed})}
        )
        for seed in range(first, first + seeds)
    }
    folder = _folder(study, output)
    runs = _all(studies, folder, resume=resume, repeat_of=study, progress=progress)
    found = seeds_together(list(runs.values()))
    write_json(folder / "seeds.json", found)
    return write_sheet(folder / PAGE, seeds_sheet(found, _links(runs)))


def run_sites(
    study: Study,
    output: str | Path | None = None,
    *,
    resume: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Leave out each site once, train at the others, and test on it.

    Args:
        study: names ``data.site``; its ``split`` gives validation share and seed.
        output: folder of the runs; default ``runs/<study's name>``.
        resume: go on with what is there.
        progress: who is told.

    Returns:
        The page over all sites; ``sites.json`` lies beside it.

    Raises:
        BedsideError: the study has no site, or one sentence of a run; finished ones are kept.
    """
    study = with_public_data(study)
    names = _sites(study)
    studies = {
        f"site-{name.translate(UNSAFE)}": study.model_copy(
            update={
                "split": study.split.model_copy(
                    update={"by": "site", "column": None, "test_sites": [name]}
                )
            }
        )
        for name in names
    }
    if len(studies) < len(names):
        raise StudyError("data.site: expected names that differ as file names, got two alike.")
    folder = _folder(study, output)
    runs = _all(studies, folder, resume=resume, repeat_of=None, progress=progress)
    found = sites_together(dict(zip(names, runs.values(), strict=True)))
    write_json(folder / "sites.json", found)
    return write_sheet(folder / PAGE, sites_sheet(found, _links(runs)))


def _sites(study: Study) -> list[str]:
    from bedside.data.sources import load_cohort

    if study.data.site is None:
        raise StudyError(
            sentence(
                "data.site",
                expected="the column that says where a case comes from",
                got="none",
                remedy="Name it, to leave out one site at a time",
            )
        )
    cohort = load_cohort(study)
    found = sorted(cohort.cases[cohort.site].astype(str).unique()) if cohort.site else []
    if len(found) < 3:
        raise StudyError(
            sentence(
                "data.site",
                expected="at least three sites, one to test on and others to train and choose by",
                got=str(len(found)),
                remedy="Use split.by: patient",
            )
        )
    return found


def _folder(study: Study, output: str | Path | None) -> Path:
    return Path("runs") / Path(study.name).name if output is None else Path(output)


def _all(
    studies: Mapping[str, Study],
    folder: Path,
    *,
    resume: bool,
    repeat_of: Study | None,
    progress: Progress | None,
) -> dict[str, JudgedRun]:
    """Run every study that is not finished, in a folder each."""
    progress = progress or Progress(quiet=True)
    if not resume and folder.exists() and any(folder.iterdir()):
        raise RunError(
            f"{folder.name}: expected a new or empty folder, got one with files. "
            "Add --resume to go on with it, or name another with -o."
        )
    runs: dict[str, Any] = {}
    for number, (name, one) in enumerate(studies.items(), start=1):
        place = RunFolder(folder / name)
        if not holds_run(place, one.dump()):
            progress.say(f"{name} ({number} of {len(studies)})")
            run(one, place.root, resume=resume, progress=progress, repeat_of=repeat_of)
        runs[name] = read_judged_run(open_run(place.root).folder)
    return runs


def _links(runs: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(name, f"{name}/report.html") for name in runs]
