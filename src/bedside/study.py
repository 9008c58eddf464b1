"""The study file: what is asked, of which data, and how.

Enters: YAML on disk and ``key.path=value`` overrides. Leaves: a frozen `Study`
with every default filled in. Unknown keys are errors that name the nearest one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bedside.errors import BedsideError, Problems, StudyError, nearest

Options = TypeVar("Options", bound=BaseModel)
SOURCES = ("table", "folder", "npz", "synthetic")


class Section(BaseModel):
    """One section of the study file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(Section):
    """Where the cases come from, and which columns say who, where and when."""

    table: Path | None = None
    folder: Path | None = None
    npz: Path | None = None
    synthetic: str | None = None
    root: Path | None = None
    case: str | None = None
    patient: str | None = None
    site: str | None = None
    time: str | None = None
    patients: int = Field(default=400, ge=3)
    seed: int = 7

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            got = "none" if not given else " and ".join(given)
            raise ValueError(f"expected exactly one of {', '.join(SOURCES)}, got {got}")
        return self

    @property
    def source(self) -> str:
        """Name of the one source that is given."""
        return next(name for name in SOURCES if getattr(self, name) is not None)


class OpenSection(BaseModel):
    """A section whose remaining keys belong to a plug-in, which validates them."""

    model_config = ConfigDict(extra="allow", frozen=True)


class InputSection(OpenSection):
    """One input: which modality reads it, and that modality's own options."""

    modality: str


class TargetSection(OpenSection):
    """What is predicted: which task, and that task's own options."""

    task: str


class SplitSection(Section):
    """How cases fall into train, validation and test."""

    by: Literal["patient", "site", "time", "case"] = "patient"
    column: str | None = None
    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    test_sites: list[str] | None = None
    seed: int = 7

    @model_validator(mode="after")
    def _room_to_train(self) -> Self:
        if self.validation + self.test >= 1:
            total = self.validation + self.test
            raise ValueError(f"expected validation + test below 1, got {total:g}")
        return self


class ModelSection(Section):
    """Which encoder reads each input (a list is compared on validation), and how they join."""

    encoders: dict[str, str | list[str]] = Field(default_factory=dict)
    fusion: str = "concat"


class TrainingSection(Section):
    """The recipe; ``auto`` follows the size of the training part."""

    epochs: int | Literal["auto"] = "auto"
    batch_size: int | Literal["auto"] = "auto"
    learning_rate: float | Literal["auto"] = "auto"
    weight_decay: float = Field(default=0.05, ge=0)
    patience: int | Literal["auto"] = "auto"
    augment: bool = True
    imbalance: Literal["auto", "none"] = "auto"
    precision: Literal["auto", "float32", "bf16"] = "auto"
    seed: int = 7


class EvaluationSection(Section):
    """Intervals, subgroups and the rule for the threshold (chosen on validation)."""

    subgroups: list[str] = Field(default_factory=list)
    bootstrap: int = Field(default=1000, ge=100)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    threshold: Literal["youden"] | float | dict[Literal["sensitivity", "specificity"], float] = (
        "youden"
    )

    @model_validator(mode="after")
    def _threshold_is_a_share(self) -> Self:
        rule = self.threshold
        shares = list(rule.values()) if isinstance(rule, dict) else [rule]
        if len(shares) != 1 or any(isinstance(s, float) and not 0 < s < 1 for s in shares):
            raise ValueError("expected 'youden', one number in (0, 1) or {sensitivity: 0.95}")
        return self


class PrivacySection(Section):
    """Differential privacy is not part of this version: epsilon stays null."""

    epsilon: None = None


class AboutSection(Section):
    """Words for the report, the model card and the package."""

    question: str | None = None
    intended_use: str | None = None
    contact: str | None = None


class Study(Section):
    """One study, as read from its YAML file; only data, inputs and target are required."""

    name: str = "study"
    data: DataSection
    inputs: dict[str, InputSection] = Field(min_length=1)
    target: TargetSection
    split: SplitSection = SplitSection()
    model: ModelSection = ModelSection()
    training: TrainingSection = TrainingSection()
    baselines: Literal["auto"] | list[str] = "auto"
    evaluation: EvaluationSection = EvaluationSection()
    privacy: PrivacySection = PrivacySection()
    about: AboutSection = AboutSection()
    device: str = "auto"
    threads: int | Literal["auto"] = "auto"

    @classmethod
    def load(cls, path: str | Path, *, overrides: list[str] | None = None) -> Study:
        """Read a study file; relative paths are relative to it.

        Args:
            path: the YAML file.
            overrides: ``["training.epochs=5"]``, as ``--set`` gives them.

        Raises:
            StudyError: the file is missing, not YAML, or has a wrong key or value.
        """
        path = Path(path)
        words = _read_yaml(path)
        for override in overrides or []:
            _override(words, override)
        words.setdefault("name", path.stem)
        study = cls.parse(words, where=path.name)
        return study.anchored(path.resolve().parent)

    @classmethod
    def parse(cls, words: dict[str, Any], *, where: str = "study") -> Study:
        """Validate a study given as a dict; `where` names it in messages."""
        study = parse_options(cls, words, where=where)
        unknown = set(study.model.encoders) - set(study.inputs)
        if unknown:
            name = min(unknown)
            raise StudyError(
                f"{where}: model.encoders names input '{name}', which inputs does not have. "
                f"{nearest(name, study.inputs)}"
            )
        return study

    def anchored(self, folder: Path) -> Study:
        """The same study with relative paths made absolute from `folder`."""
        changes = {
            name: folder / value
            for name in ("table", "folder", "npz", "root")
            if (value := getattr(self.data, name)) is not None
        }
        return self.model_copy(update={"data": self.data.model_copy(update=changes)})

    def dump(self) -> str:
        """The resolved study as YAML, every default visible."""
        words = self.model_dump(mode="json", exclude_none=True)
        return yaml.safe_dump(words, sort_keys=False, allow_unicode=True)


def parse_options(model: type[Options], words: Any, *, where: str) -> Options:
    """Validate words of a study file against a pydantic model.

    Raises:
        StudyError: one sentence per fault, with the key's full path; an unknown
            key names the nearest known one.
    """
    try:
        return model.model_validate(words)
    except ValidationError as error:
        problems = Problems(StudyError)
        for fault in error.errors(include_url=False, include_input=False):
            _describe(problems, fault=dict(fault), model=model, where=where)
        problems.raise_if_any()
        raise BedsideError(f"{where}: not valid.") from None  # unreachable: errors() is never empty


def _describe(
    problems: Problems, *, fault: dict[str, Any], model: type[BaseModel], where: str
) -> None:
    location = [str(step) for step in fault["loc"]]
    key = ".".join(location)
    place = f"{where}: {key}" if key else where
    if fault["type"] == "extra_forbidden":
        known = _fields_at(model, location[:-1])
        problems.found.append(f"{place}: unknown key. {nearest(location[-1], known)}")
    elif fault["type"] == "missing":
        problems.found.append(f"{place}: missing. Add it to the study file.")
    else:
        message = fault["msg"].removeprefix("Value error, ").rstrip(".")
        problems.found.append(f"{place}: {message}. Correct it in the study file.")


def _fields_at(model: type[BaseModel], location: list[str]) -> list[str]:
    """Field names of the section at a path, for the nearest-key message."""
    for step in location:
        annotation = model.model_fields[step].annotation if step in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return list(model.model_fields)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        words = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(
            f"{path.name}: no such study file. Write one with 'bedside init DATA -o {path.name}'."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(f"{path.name}: cannot be read ({type(error).__name__}).") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise StudyError(f"{path.name}{line}: not valid YAML. Check indents and quotes.") from None
    if not isinstance(words, dict):
        raise StudyError(
            f"{path.name}: expected a study file with data, inputs and target, "
            f"got {type(words).__name__}. Write one with 'bedside init DATA'."
        )
    return words


def _override(words: dict[str, Any], override: str) -> None:
    path, sign, value = override.partition("=")
    if not sign or not path:
        raise StudyError(f"--set: expected key=value such as training.epochs=5, got '{override}'.")
    *sections, key = path.strip().split(".")
    place = words
    for section in sections:
        inner = place.setdefault(section, {})
        if not isinstance(inner, dict):
            raise StudyError(f"--set {path}: '{section}' is a value, not a section.")
        place = inner
    try:
        place[key] = yaml.safe_load(value)
    except yaml.YAMLError:
        raise StudyError(f"--set {path}: the value is not valid YAML. Quote it.") from None
