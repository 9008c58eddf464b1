"""The study file: what is asked, of which data, and how.

Enters: YAML on disk and ``key.path=value`` overrides. Leaves: a frozen `Study`
with every default filled in. Unknown keys are errors that name the nearest one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from bedside.errors import Problems, StudyError, nearest, study_faults
from bedside.yaml_words import override, read_yaml, write_yaml

Options = TypeVar("Options", bound=BaseModel)
SOURCES = ("table", "folder", "npz", "dicom", "decathlon", "annotated", "public", "synthetic")
OWN = {
    "table": ["root"],
    "dicom": ["labels", "labels_key"],
    "decathlon": ["groups"],
    "synthetic": ["patients", "seed", "days"],
}
INPUT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
AtLeastOne = Annotated[int, Field(strict=True, ge=1)]
AtLeastTwo = Annotated[int, Field(strict=True, ge=2)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(strict=True, ge=0)]
Threshold = Literal["youden"] | float | dict[Literal["sensitivity", "specificity"], float]


class Section(BaseModel):
    """One section of the study file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSection(Section):
    """Where the cases come from, and which columns say who, where and when."""

    table: Path | None = None
    folder: Path | None = None
    npz: Path | None = None
    dicom: Path | list[Path] | None = None
    annotated: Path | list[Path] | None = None
    labels: Path | None = None
    labels_key: str | None = None
    decathlon: Path | None = None
    groups: Path | None = None
    public: str | None = None
    synthetic: str | None = None
    root: Path | None = None
    case: str | None = None
    patient: str | None = None
    site: str | None = None
    time: str | None = None
    patients: int = Field(default=400, strict=True, ge=3)
    days: AtLeastOne | None = None
    seed: Seed = 7

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            got = "none" if not given else " and ".join(given)
            raise ValueError(f"expected exactly one of {', '.join(SOURCES)}, got {got}")
        for key, owner in self.idle.items():
            if key in self.model_fields_set and getattr(self, key) is not None:
                raise ValueError(f"expected {key} with {owner} only, got it with {given[0]}")
        if self.dicom == [] or (self.labels_key is not None and self.labels is None):
            raise ValueError("expected dicom with files and labels_key with labels, got one alone")
        return self

    @property
    def source(self) -> str:
        """Name of the one source that is given."""
        return next(name for name in SOURCES if getattr(self, name) is not None)

    @property
    def idle(self) -> dict[str, str]:
        """Keys that say something of another source only, with that source."""
        return {key: owner for owner in OWN if owner != self.source for key in OWN[owner]}


class OpenSection(BaseModel):
    """A section whose remaining keys belong to a plug-in, which validates them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_written(cls, words: Any) -> Any:
        return _without_nulls(words)


class InputSection(OpenSection):
    """One input: which modality reads it, and that modality's own options."""

    modality: str


class TargetSection(OpenSection):
    """What is predicted: which task, and that task's own options."""

    task: str


class SplitSection(Section):
    """How cases fall into train, validation and test."""

    by: Literal["patient", "site", "time", "case", "time_within_patient"] = "patient"
    column: str | None = None
    held_out_patients: float | None = Field(default=None, gt=0, lt=1)
    validation: float = Field(default=0.15, gt=0, lt=1)
    test: float = Field(default=0.2, gt=0, lt=1)
    test_sites: list[str] | None = None
    seed: Seed = 7

    @model_validator(mode="after")
    def _room_to_train(self) -> Self:
        if self.validation + self.test >= 1:
            total = self.validation + self.test
            raise ValueError(f"expected validation + test below 1, got {total:g}")
        if self.test_sites is not None and self.by != "site":
            raise ValueError(f"expected test_sites with by: site only, got it with by: {self.by}")
        if self.held_out_patients and (self.by != "time_within_patient" or self.column):
            got = "split.column" if self.column else f"by: {self.by}"
            raise ValueError(
                f"expected held_out_patients with by: time_within_patient only, got it with {got}"
            )
        return self


class ModelSection(Section):
    """Which encoder reads each input (a list is compared on validation), and how they join."""

    encoders: dict[str, str | list[str]] = Field(default_factory=dict)
    fusion: str = "concat"
    start_from: Path | None = None
    pretrained: str | None = None

    @model_validator(mode="after")
    def _whole_or_in_parts(self) -> Self:
        if self.pretrained and (self.encoders or self.start_from):
            other = "encoders" if self.encoders else "start_from"
            raise ValueError(f"expected pretrained or {other}, got both")
        return self


class TrainingSection(Section):
    """The recipe; ``auto`` follows the size of the training part."""

    epochs: AtLeastOne | Literal["auto"] = "auto"
    batch_size: AtLeastTwo | Literal["auto"] = "auto"
    cases_per_epoch: AtLeastTwo | Literal["auto"] = "auto"
    learning_rate: Rate | Literal["auto"] = "auto"
    weight_decay: float = Field(default=0.05, ge=0, allow_inf_nan=False)
    patience: AtLeastOne | Literal["auto"] = "auto"
    augment: bool | Literal["search"] = True
    pretrain: bool = False
    pseudo_labels: bool = False
    aids: Literal["judged", "always"] = "judged"
    imbalance: Literal["auto", "none"] = "auto"
    precision: Literal["auto", "float32", "bf16"] = "auto"
    seed: Seed = 7

    @property
    def learns_unlabelled(self) -> bool:
        """Whether training cases without an answer are learnt from too."""
        return self.pretrain or self.pseudo_labels


class EvaluationSection(Section):
    """Intervals, subgroups, what is chosen on validation (threshold, promises), the lexicon."""

    subgroups: list[str] = Field(default_factory=list)
    bootstrap: int = Field(default=1000, strict=True, ge=100)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    threshold: Threshold = "youden"
    coverage: float | None = Field(default=0.9, ge=0.5, lt=1)
    abstain: float | None = Field(default=0.1, gt=0, lt=1)
    lexicon: Path | None = None

    @field_validator("threshold")
    @classmethod
    def _threshold_is_a_share(cls, rule: Threshold) -> Threshold:
        shares = list(rule.values()) if isinstance(rule, dict) else [rule]
        if len(shares) != 1 or any(isinstance(s, float) and not 0 < s < 1 for s in shares):
            raise ValueError("expected 'youden', one number in (0, 1) or {sensitivity: 0.95}")
        return rule


class ExplanationSection(Section):
    """How the report shows what the network looks at; method ``none`` leaves it out."""

    method: str = "auto"
    cases: int = Field(default=6, strict=True, ge=1, le=40)


class AuditSection(Section):
    """Blocking findings that someone has looked at and accepts, by the check's name."""

    waive: list[str] = Field(default_factory=list)


class PrivacySection(Section):
    """Differential privacy is not part of this version: epsilon stays null."""

    epsilon: None = None

    @field_validator("epsilon", mode="before")
    @classmethod
    def _not_yet(cls, epsilon: object) -> None:
        if epsilon is not None:
            raise ValueError("expected null: this version has no differential privacy")


class AboutSection(Section):
    """Words for the report, the model card and the package."""

    question: str | None = None
    intended_use: str | None = None
    contact: str | None = None


class PackageSection(Section):
    """How the package computes, and whether it may hold training cases."""

    precision: Literal["float32", "auto"] = "float32"
    carry_cases: bool = False


class Study(Section):  # noqa: PLW1641 - it holds dicts, so it never had a hash
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
    explanation: ExplanationSection = ExplanationSection()
    audit: AuditSection = AuditSection()
    privacy: PrivacySection = PrivacySection()
    about: AboutSection = AboutSection()
    package: PackageSection = PackageSection()
    cache: Path | None = None
    device: str = "auto"
    threads: AtLeastOne | Literal["auto"] = "auto"
    _path: Path | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _null_is_not_written(cls, words: Any) -> Any:
        return _without_nulls(words)

    @field_validator("inputs")
    @classmethod
    def _plain_names(cls, inputs: dict[str, InputSection]) -> dict[str, InputSection]:
        if not all(INPUT_NAME.fullmatch(name) for name in inputs):
            raise ValueError(
                "expected names of letters, digits, - and _ that start with a letter, got another"
            )
        return inputs

    def __eq__(self, other: object) -> bool:
        """Whether both ask the same, wherever their files lie."""
        return isinstance(other, Study) and self.model_dump() == other.model_dump()

    @property
    def path(self) -> Path | None:
        """The study file it was loaded from; None for one made in Python."""
        return self._path

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
        words = read_yaml(path)
        for change in overrides or []:
            override(words, change)
        words.setdefault("name", path.stem)
        study = cls.parse(words, where=path.name).anchored(path.resolve().parent)
        study._path = path.resolve()
        return study

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
        changes: dict[str, Path | list[Path]] = {
            name: folder / value
            for name in (
                *("table", "folder", "npz", "root", "labels", "dicom", "decathlon", "groups"),
                "annotated",
            )
            if isinstance(value := getattr(self.data, name), Path)
        }
        for name in ("dicom", "annotated"):
            if isinstance(files := getattr(self.data, name), list):
                changes[name] = [folder / file for file in files]
        start, lexicon = self.model.start_from, self.evaluation.lexicon
        whole = self.model.pretrained  # a folder beside the study, or a name that others know
        if whole and (whole.startswith(".") or (folder / whole).is_dir()):
            whole = str(folder / whole)
        model = {"start_from": start and folder / start, "pretrained": whole}
        anchored = {
            "data": self.data.model_copy(update=changes),
            "model": self.model.model_copy(update=model),
            "evaluation": self.evaluation.model_copy(
                update={"lexicon": lexicon and folder / lexicon}
            ),
            "cache": None if self.cache is None else folder / self.cache,
        }
        return self.model_copy(update=anchored)

    def dump(self) -> str:
        """The resolved study as YAML, every default in use visible; `load` reads the same study."""
        return write_yaml(self.model_dump(exclude_none=True, exclude={"data": set(self.data.idle)}))


def parse_options(model: type[Options], words: Any, *, where: str) -> Options:
    """Validate words of a study file against a pydantic model; `where` as in `study_faults`.

    Raises:
        StudyError: one sentence per fault, with the key's full path; an unknown
            key names the nearest known one.
    """
    try:
        return model.model_validate(words)
    except ValidationError as error:
        faults = study_faults(error, model=model, words=words, where=where)
    Problems(StudyError, faults).raise_if_any()
    raise StudyError(f"{where}: not valid.")  # never reached: pydantic names at least one fault


def _without_nulls(words: Any) -> Any:
    """A key without a value counts as not written, as YAML leaves it under a lone heading."""
    if not isinstance(words, dict):
        return words
    return {key: value for key, value in words.items() if value is not None}
