"""What every check looks at.

Enters: the cohort, readings, targets and parts. Leaves: `Evidence`, which also
computes once what several checks need: copies, images, answers of each class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bedside.audit.findings import Finding, Severity
from bedside.audit.glance import Glance, glance_at
from bedside.audit.near_copies import NearCopies, find_near_copies
from bedside.audit.small_pictures import SmallPictures, shrink_pictures
from bedside.audit.text_look import TextLook, look_at
from bedside.data.cohort import Cohort
from bedside.modalities.reading import Readings
from bedside.progress import Progress
from bedside.schema import PARTS, Array, Kind, Modality, Targets

if TYPE_CHECKING:
    from bedside.audit.described import Described
    from bedside.audit.learning_curve import Curve

WHOLE = "all cases"
MOST_COMPARED, MOST_COMPARED_DEEP = 10_000, 60_000
"""Images of which each is compared with every other: in a run, in an audit of its own."""
DRAWN = 2000
"""Where there are more, so many test images are compared with all."""
REPORTED_EVERY = 256
FEWEST_DESCRIBED = 60
"""Cases without which no small model is trained."""


@dataclass(frozen=True)
class Means:
    """What the checks may use.

    Args:
        modalities: by input, for checks that describe cases; may lack some.
        deep: look at more cases where a run, to lose no time, looks at some by lot.
        threads: that may be used; no finding depends on it.
        progress: told by checks that take more than a few seconds.
        target_columns: columns of the cohort that the target reads.
    """

    modalities: Mapping[str, Modality] = field(default_factory=dict)
    deep: bool = False
    threads: int = 1
    progress: Progress = field(default_factory=lambda: Progress(quiet=True))
    target_columns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Evidence:
    """N cases under audit.

    Args:
        cohort: the cases.
        inputs: input name -> its readings, N samples.
        targets: truth and known (N, K).
        kind: of the targets.
        parts: (N,) of train, validation and test; None before a split.
        by: what the split keeps together: patient, site, time or case.
        means: what the checks may use.
    """

    cohort: Cohort
    inputs: Mapping[str, Readings]
    targets: Targets
    kind: Kind
    parts: Array | None
    by: str
    means: Means = field(default_factory=Means)

    def finding(
        self,
        check: str,
        severity: Severity,
        message: str,
        *,
        rows: Iterable[int] = (),
        count: int | None = None,
        remedy: str = "",
        pairs: Iterable[tuple[int, int]] = (),
        details: Iterable[str] = (),
    ) -> Finding:
        """A finding on rows 0..N-1; `count` is their number where not given."""
        found = [int(row) for row in rows]
        first = self.cohort.first_row
        return Finding(
            check,
            severity,
            message[:1].upper() + message[1:],
            len(found) if count is None else count,
            tuple(row + first for row in found),
            remedy,
            tuple((int(a) + first, int(b) + first) for a, b in pairs),
            tuple(details),
        )

    def rows_by_part(self) -> dict[str, Array]:
        """Part -> its rows; one entry for the whole cohort before a split."""
        if self.parts is None:
            return {WHOLE: np.arange(len(self.cohort))}
        return {part: np.flatnonzero(self.parts == part) for part in PARTS}

    def spoken(self, name: str) -> str:
        """How a message names an input: not at all where there is only one."""
        return f"input '{name}': " if len(self.inputs) > 1 else ""

    @cached_property
    def glances(self) -> dict[str, list[Glance | None]]:
        """Input -> what is kept of each of its N samples, None of an unreadable one."""
        return {name: self._glances(readings) for name, readings in self.inputs.items()}

    def _glances(self, readings: Readings) -> list[Glance | None]:
        glances: list[Glance | None] = []
        with self.means.progress.bar("looking at cases", len(readings.samples)) as done:
            for sample in readings.samples:
                glances.append(None if sample is None else glance_at(sample))
                if len(glances) % REPORTED_EVERY == 0:
                    done(len(glances))
        return glances

    @cached_property
    def images(self) -> dict[str, dict[int, Glance]]:
        """Input -> row -> glance, for the inputs that are images, unreadable ones left out."""
        return {
            name: found
            for name, glances in self.glances.items()
            if (found := {row: g for row, g in enumerate(glances) if g and g.is_image})
        }

    @cached_property
    def text_looks(self) -> dict[str, dict[int, TextLook]]:
        """Input -> row -> what was noted of its text, for the inputs that are texts."""
        found: dict[str, dict[int, TextLook]] = {}
        for name, glances in self.glances.items():
            if not any(glance is not None and glance.is_text for glance in glances):
                continue
            looks = (None if s is None else look_at(s) for s in self.inputs[name].samples)
            found[name] = {row: look for row, look in enumerate(looks) if look is not None}
        return found

    @cached_property
    def copies(self) -> dict[str, list[Array]]:
        """Input -> groups of rows (two or more, ascending) whose values are equal bit for bit.

        One hash a case, so the cost grows linearly with the cohort.
        """
        return {name: _equal_rows(glances) for name, glances in self.glances.items()}

    @cached_property
    def small(self) -> dict[str, SmallPictures]:
        """Input -> its images, small, grey and of one size; inputs without images left out."""
        return {
            name: shrink_pictures(
                self.inputs[name].samples,
                {row: glance.shape for row, glance in images.items()},
                progress=self.means.progress,
            )
            for name, images in self.images.items()
        }

    @cached_property
    def near_copies(self) -> dict[str, NearCopies]:
        """Input -> pairs of rows that show the same picture but are not equal bit for bit."""
        return {name: self._near_copies(name, small) for name, small in self.small.items()}

    def _near_copies(self, name: str, small: SmallPictures) -> NearCopies:
        surplus = np.concatenate([np.empty(0, np.int64), *(g[1:] for g in self.copies[name])])
        once = ~np.isin(small.rows, surplus)  # of exact copies, one is compared with the others
        rows = small.rows[once]
        asked = self._drawn_for_copies(rows)
        with self.means.progress.bar("comparing images", rows.size) as done:
            pictures = small.pictures if once.all() else small.pictures[once]  # mostly no copy
            found = find_near_copies(pictures, asked=asked, progress=done)
        return found.renamed(rows, asked=None if asked is None else asked.size)

    def _drawn_for_copies(self, rows: Array) -> Array | None:
        """Positions in `rows` that are compared with all; None for all of them.

        Where all pairs are too many, some test cases are drawn, since a copy of one costs
        most: the time then grows with the cohort and not with its square.
        """
        if rows.size <= (MOST_COMPARED_DEEP if self.means.deep else MOST_COMPARED):
            return None
        tested = np.arange(rows.size)
        if self.parts is not None and (self.parts[rows] == "test").any():
            tested = np.flatnonzero(self.parts[rows] == "test")
        lot = np.random.default_rng(0).permutation(tested)[:DRAWN]
        return np.sort(lot)

    @cached_property
    def described(self) -> Described | None:
        """Cases outside the test part with their hand-made features; None where too few."""
        from bedside.audit.described import describe_cases

        return describe_cases(self, fewest=FEWEST_DESCRIBED)

    @cached_property
    def learning_curve(self) -> Curve | None:
        """How a simple model gains from more patients; None where nothing can be said."""
        from bedside.audit.asked import SEED, answers_of
        from bedside.audit.learning_curve import draw_curve

        answers = answers_of(self)
        if answers is None or self.described is None:
            return None
        groups = self.cohort.groups()
        learnt = groups if self.parts is None else groups[self.parts == "train"]
        rows = self.described.rows
        return draw_curve(
            self.described.compressed,
            answers.values[rows],
            groups[rows],
            now=int(np.unique(learnt).size),
            seed=SEED,
        )

    @cached_property
    def answers(self) -> dict[str, Array]:
        """What a model must tell apart -> (N,) bool, True where a case is known to be that.

        Binary and classes: one entry a class. Labels: each label present and absent.
        """
        if self.kind in ("forecast", "summary", "mask", "entities", "language"):
            return {}
        truth = self.targets.arrays["truth"] > 0.5
        known = self.targets.arrays["known"].astype(bool)
        names = self.targets.names
        if self.kind == "binary":
            return {names[0]: known[:, 0] & ~truth[:, 0], names[1]: known[:, 0] & truth[:, 0]}
        if self.kind == "classes":
            return {name: known[:, k] & truth[:, k] for k, name in enumerate(names)}
        present = {f"{name} present": known[:, k] & truth[:, k] for k, name in enumerate(names)}
        absent = {f"{name} absent": known[:, k] & ~truth[:, k] for k, name in enumerate(names)}
        return {**present, **absent}


def _equal_rows(glances: Iterable[Glance | None]) -> list[Array]:
    rows: dict[bytes, list[int]] = {}
    for row, glance in enumerate(glances):
        if glance is not None and glance.fingerprint is not None:
            rows.setdefault(glance.fingerprint, []).append(row)
    return [np.asarray(group) for group in rows.values() if len(group) > 1]
