"""Writes a study file in which every line says what it means.

Enters: the sections that were guessed from the data. Leaves: YAML text; the sections
that follow no data carry the study's own defaults, so the text cannot drift from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from bedside.study import (
    AboutSection,
    AuditSection,
    EvaluationSection,
    ModelSection,
    PrivacySection,
    Section,
    SplitSection,
    TrainingSection,
)

COMMENT_AT = 40
INDENT = "  "
SECTIONS: dict[str, tuple[Section, str]] = {
    "model": (ModelSection(), "the deep model"),
    "training": (TrainingSection(), "the recipe; auto follows the size of the training part"),
    "baselines": (Section(), "classical peers: auto, or a list such as [majority]"),
    "evaluation": (EvaluationSection(), "how the answer is measured"),
    "audit": (AuditSection(), "what is wrong with the data, looked for before training"),
    "privacy": (PrivacySection(), "protection of the patients behind the model"),
    "about": (AboutSection(), "words that the report and the package print"),
}
MEANING = {
    "split.by": "what stays together: patient, site, time or case",
    "split.validation": "share that chooses epochs and the threshold",
    "split.test": "share that gives the final answer, looked at once",
    "split.held_out_patients": "of signals: share of patients kept as a test part of their own",
    "split.seed": "draws the parts; the same seed gives the same parts",
    "split.test_sites": "with by: site, the sites to test on; by default they are drawn",
    "model.encoders": "input -> encoder, {image: cnn}; a list is compared; empty: the default",
    "model.fusion": "how several inputs are joined",
    "model.start_from": "folder of a finished run whose network to start from",
    "model.pretrained": "of summarise: a seq2seq model of Hugging Face, its folder or its name",
    "training.epochs": "passes over the training part, or a number",
    "training.batch_size": "cases per step, or a number",
    "training.cases_per_epoch": "cases drawn for one epoch at most, or a number",
    "training.learning_rate": "step size, or a number such as 0.001",
    "training.weight_decay": "pulls weights to zero; more for small data",
    "training.patience": "epochs without gain before it stops, or a number",
    "training.augment": "vary the training cases; false: as they are; search: try how far",
    "training.pretrain": "learn from inputs alone first, unlabelled ones too",
    "training.pseudo_labels": "learn from unlabelled cases by another network's answers",
    "training.aids": "judged keeps the two above where validation shows a gain; or always",
    "training.imbalance": "auto weighs rare classes up; none: as they come",
    "training.precision": "auto, float32 or bf16",
    "training.seed": "draws weights and batches; the same seed gives the same metrics",
    "evaluation.subgroups": "columns whose groups are reported one by one",
    "evaluation.bootstrap": "redraws of the patients behind each interval",
    "evaluation.confidence": "coverage of the intervals",
    "evaluation.coverage": "how often the set of classes in an answer must hold the true one",
    "evaluation.abstain": "share of the least certain cases that mark where a human is asked",
    "evaluation.threshold": "youden, a number, {sensitivity: 0.95} or {specificity: 0.95}",
    "evaluation.lexicon": "of summaries: a file of findings that both texts are searched for",
    "audit.waive": "blocking findings, by check, that somebody has looked at and accepts",
    "privacy.epsilon": "differential privacy is not part of this version",
    "about.question": "the clinical question, in one sentence",
    "about.intended_use": "who may use the answer, and for what",
    "about.contact": "whom to ask",
    "device": "auto (the first CUDA GPU, else the CPU), cpu, cuda, cuda:1 or mps",
    "threads": "auto, or how many CPU threads to use",
}


class Verbatim(str):
    """YAML that is written as it stands."""

    __slots__ = ()


NULL = Verbatim("null")


@dataclass
class StudyText:
    """The lines of a study file, each with its comment."""

    lines: list[str] = field(default_factory=list)

    def say(self, comment: str) -> None:
        """Add a line that is a comment only."""
        self.lines.append(f"# {comment}")

    def add(self, key: str, value: Any = None, *, means: str, depth: int = 1) -> None:
        """Add ``key: value  # means``; without a value the key opens a section."""
        text = f"{INDENT * depth}{scalar(key)}:"
        if value is not None:
            text += f" {flow(value)}"
        self.lines.append(f"{text:<{COMMENT_AT}} # {means}")

    def offer(self, key: str, value: Any, *, means: str, depth: int = 1) -> None:
        """Add a line that is commented out, to be switched on by its reader."""
        text = f"{INDENT * depth}# {scalar(key)}: {flow(value)}"
        self.lines.append(f"{text:<{COMMENT_AT}} # {means}")

    def open(self, section: str, *, means: str) -> None:
        """Open a top section after an empty line."""
        self.lines.append("")
        self.add(section, means=means, depth=0)

    def defaults(self, section: Section, name: str, *, skip: tuple[str, ...] = ()) -> None:
        """Add the fields of a section with their defaults; None stays commented out."""
        for key in type(section).model_fields:
            if key in skip:
                continue
            value, means = getattr(section, key), MEANING.get(f"{name}.{key}", key)
            if value is None and name != "privacy":
                self.offer(key, Verbatim("..."), means=means)
            else:
                self.add(key, NULL if value is None else value, means=means)

    def split(self, *, by: str) -> None:
        """Add the fields of the split section with their defaults, but for `by`."""
        self.add("by", by, means=MEANING["split.by"])
        self.defaults(
            SplitSection(), "split", skip=("by", "column", "test_sites", "held_out_patients")
        )
        self.offer("test_sites", ["..."], means=MEANING["split.test_sites"])

    def rest(self, *, subgroups: list[str]) -> None:
        """Add all sections that follow no data."""
        for name, (section, means) in SECTIONS.items():
            if name == "baselines":
                self.lines.append("")
                self.add(name, "auto", means=means, depth=0)
                continue
            if name == "about":
                self.lines.append("")
                self.add(
                    name, {}, means=f"{means}: {', '.join(AboutSection.model_fields)}", depth=0
                )
                continue
            self.open(name, means=means)
            if name == "evaluation":
                self.add("subgroups", subgroups, means=MEANING["evaluation.subgroups"])
            self.defaults(section, name, skip=("subgroups",))
        self.lines.append("")
        self.add("device", "auto", means=MEANING["device"], depth=0)
        self.add("threads", "auto", means=MEANING["threads"], depth=0)

    def text(self) -> str:
        """The whole file."""
        return "\n".join(self.lines) + "\n"


def scalar(value: Any) -> str:
    """One YAML scalar on one line, quoted where YAML would read it as something else."""
    if isinstance(value, str):
        if re.fullmatch(r"[^\W\d][\w./-]*", value) and yaml.safe_load(value) == value:
            return value
        return yaml.safe_dump(
            value, default_style='"', allow_unicode=True, width=float("inf")
        ).strip()
    return str(yaml.safe_dump(value, width=float("inf"))).removesuffix("...\n").strip()


def flow(value: Any) -> str:
    """A value on one line: a scalar, ``[a, b]`` or ``{a: b}``."""
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(item) for item in value)}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{scalar(key)}: {flow(item)}" for key, item in value.items())
        return f"{{{inner}}}"
    return scalar(value)
