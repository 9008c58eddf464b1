"""The ways in which a network may be trained where labels are scarce, and which suit a study.

Enters: a study's words. Leaves: its `Way`s: plain training, each aid alone, and all of them
together. Validation decides later whether an aid helped (`evaluation.aids`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedside.abilities import SoftLabelled, Strengthened
from bedside.errors import Problems, StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedside.schema import Modality, Task
    from bedside.study import Study

START, PRETRAIN, PSEUDO = "start-from", "pretrain", "pseudo-labels"
STRENGTHS = (0.0, 0.5, 2.0)
"""Of augmentation, times the usual, which plain training has."""


@dataclass(frozen=True)
class Way:
    """How a network is trained.

    Args:
        name: what tells it from plain training in the name of a model; empty for plain.
        aids: which of `START`, `PRETRAIN` and `PSEUDO` it uses.
        strength: of augmentation, times the usual.
    """

    name: str = ""
    aids: frozenset[str] = frozenset()
    strength: float = 1.0

    def of(self, model: str) -> str:
        """The name of a model that is trained in this way."""
        return f"{model}+{self.name}" if self.name else model

    def may_teach(self, student: Way) -> bool:
        """Whether its network may label cases for another's: it uses no more aids itself."""
        return PSEUDO not in self.aids and self.aids < student.aids and self.strength == 1

    def vary(self, modalities: Mapping[str, Modality]) -> dict[str, Modality]:
        """The inputs' modalities with this way's augmentation."""
        if self.strength == 1:
            return dict(modalities)
        return {
            name: own.strengthened(self.strength) if isinstance(own, Strengthened) else own
            for name, own in modalities.items()
        }


PLAIN = Way()


def ways_of(study: Study) -> list[Way]:
    """Plain training, then what the study asks to be tried; without `judged`, the aids alone.

    The first is the one that the others are measured against.
    """
    training = study.training
    asked = {
        START: study.model.start_from is not None,
        PRETRAIN: training.pretrain,
        PSEUDO: training.pseudo_labels,
    }
    aids = [aid for aid, wanted in asked.items() if wanted]
    if training.aids == "always":
        first = Way(aids=frozenset(aids) - {PSEUDO})
        ways = [first, Way(PSEUDO, frozenset(aids))] if PSEUDO in aids else [first]
    else:
        ways = [PLAIN, *(Way(aid, frozenset({aid})) for aid in aids)]
        if len(aids) > 1:
            ways.append(Way("+".join(aids), frozenset(aids)))
    if training.augment == "search":
        ways += [Way(f"augment-{factor:g}", ways[0].aids, strength=factor) for factor in STRENGTHS]
    return ways


def differing(ways: Sequence[Way], modalities: Mapping[str, Modality]) -> list[Way]:
    """Ways without those that vary cases as one before them does: of texts, none is usual."""
    found: list[Way] = []
    seen: list[tuple[frozenset[str], dict[str, Modality]]] = []
    for way in ways:
        made = way.aids, way.vary(modalities)
        if made not in seen:
            seen.append(made)
            found.append(way)
    return found


def check_aids(study: Study, task: Task, modalities: Mapping[str, Modality]) -> None:
    """Refuse aids that a study's task or inputs cannot use, before anything is read.

    Raises:
        StudyError: with every such key.
    """
    training, problems = study.training, Problems(StudyError)
    varied = [isinstance(own, Strengthened) for own in modalities.values()]
    searches = training.augment == "search"
    asked = {"training.pretrain": training.pretrain, "training.augment": searches}
    for key in (key for key, wanted in asked.items() if wanted):
        if task.needs != "pooled":
            problems.add(
                key,
                expected="a task that answers once for a whole case, such as classify",
                got=f"'{study.target.task}'",
                remedy="Leave it out",
            )
        elif not (any(varied) if searches and not training.pretrain else all(varied)):
            problems.add(
                key,
                expected="inputs of which several views can be made: image, volume or text",
                got="another",
                remedy="Leave it out, or that input",
            )
    if training.pseudo_labels and not isinstance(task, SoftLabelled):
        problems.add(
            "training.pseudo_labels",
            expected="task classify",
            got=f"'{study.target.task}'",
            remedy="Leave it out",
        )
    aided = training.learns_unlabelled or searches
    if aided and study.model.pretrained is not None:
        problems.add(
            "model.pretrained",
            expected="no pretrain, pseudo_labels or search beside it",
            got="one",
            remedy="Leave one out",
        )
    problems.raise_if_any()
