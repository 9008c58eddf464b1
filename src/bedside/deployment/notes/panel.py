"""The packages that are asked about each note: what finds entities, sums up, or tells a class.

Enters: folders of packages. Leaves: for some texts, what each package answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedside.deployment.predictor import load
from bedside.deployment.tagger import Sure, entities_of
from bedside.errors import StudyError, sentence
from bedside.schema import Sample

if TYPE_CHECKING:
    from bedside.deployment.predictor import Predictor

TASKS = ("tag", "summarise", "classify")
NAMED = "="


@dataclass(frozen=True)
class Answers:
    """What the packages say of one text.

    Args:
        entities: package -> what it finds, with how sure it is.
        summaries: package -> what it writes; None where the text holds no word.
        classes: package -> its decision and probabilities.
        problems: sentences of packages that could not answer.
    """

    entities: dict[str, list[Sure]] = field(default_factory=dict)
    summaries: dict[str, str | None] = field(default_factory=dict)
    classes: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Panel:
    """Packages by the names that records give them."""

    predictors: Mapping[str, Predictor]

    def facts(self) -> list[dict[str, str]]:
        """Name, task, study, model and version of each package."""
        return [
            {
                "name": name,
                "task": task_of(one),
                "study": one.facts.study,
                "model": one.facts.model,
                "package": one.package.version,
            }
            for name, one in self.predictors.items()
        ]

    def ask(self, texts: Sequence[str]) -> list[Answers]:
        """What all packages say of N texts."""
        answers = [Answers() for _ in texts]
        for name, predictor in self.predictors.items():
            samples = [Sample(text) for text in texts]
            records = predictor.predict(samples, on_error="skip") if samples else []
            for own, record in zip(answers, records, strict=True):
                _note(own, name, record, task=task_of(predictor))
        return answers


def open_panel(packages: Sequence[str | Path], *, threads: int | None = None) -> Panel:
    """Open packages.

    Args:
        packages: folders; ``name=folder`` gives one another name than its study's.
        threads: of each engine; None takes what the machine has.

    Raises:
        PackageError: one is damaged.
        StudyError: one reads something else than one text, answers something that has no place in
            a record, or two have one name.
    """
    found: dict[str, Predictor] = {}
    for number, entry in enumerate(packages, start=1):
        name, folder = _name_and_folder(entry)
        predictor = load(folder, threads=threads)
        _refuse_unfit(predictor, where=f"package {number}")
        name = name or predictor.facts.study
        if name in found:
            raise StudyError(
                sentence(
                    f"package {number}",
                    expected="a name of its own",
                    got=f"'{name}', as another package has",
                    remedy=f"Give it one: other-name{NAMED}{folder.name}",
                )
            )
        found[name] = predictor
    return Panel(found)


def task_of(predictor: Predictor) -> str:
    """The name of a package's task."""
    return str(getattr(predictor.package.contents.task, "task", ""))


def _name_and_folder(entry: str | Path) -> tuple[str, Path]:
    if isinstance(entry, str) and NAMED in entry and not Path(entry).exists():
        name, _, folder = entry.partition(NAMED)
        return name.strip(), Path(folder)
    return "", Path(entry)


def _refuse_unfit(predictor: Predictor, *, where: str) -> None:
    modalities = list(predictor.package.contents.modalities.values())
    texts = [one for one in modalities if getattr(one, "holds_text", False)]
    task, got = task_of(predictor), ""
    if len(modalities) != 1 or len(texts) != 1:
        kinds = ", ".join(type(one).__name__.lower() for one in modalities)
        got = f"one that reads {len(modalities)} inputs ({kinds})" if texts else f"one of {kinds}"
    elif task not in TASKS:
        got = f"one of the task {task}"
    if got:
        raise StudyError(
            sentence(
                where,
                expected=f"a package that reads one text, of the task {', '.join(TASKS[:-1])} or "
                f"{TASKS[-1]}",
                got=got,
                remedy="Leave it out; bedside predict asks packages of every kind",
            )
        )


def _note(answers: Answers, name: str, record: Mapping[str, Any], *, task: str) -> None:
    if record.get("error"):
        answers.problems.append(f"{name}: {record['error']}")
    elif task == "tag":
        answers.entities[name] = entities_of(record)
    elif task == "summarise":
        written = record.get("status", "written") == "written"
        answers.summaries[name] = str(record["summary"]) if written else None
    else:
        beside = {"case", "model", "package", "data_version", "error"}
        answers.classes[name] = {k: v for k, v in record.items() if k not in beside}
