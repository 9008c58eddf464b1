"""A package that finds entities, asked about texts.

Enters: an open package and texts of any length. Leaves: entities in the characters of each text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bedside.errors import PackageError, sentence
from bedside.modalities.text_entities import Entity
from bedside.schema import Sample
from bedside.tasks.tag import Tag

if TYPE_CHECKING:
    from bedside.deployment.predictor import Predictor

Sure = tuple[Entity, float]
"""An entity and its probability."""


def entities_in(predictor: Predictor, texts: Sequence[str]) -> list[list[Sure]]:
    """Find the entities of N texts.

    Args:
        predictor: of a package whose task is `tag`.
        texts: as they are; places count their characters.

    Raises:
        PackageError: the package has another task.
    """
    _check_tags(predictor)
    if not texts:
        return []
    records = predictor.predict([Sample(text) for text in texts])
    return [entities_of(record) for record in records]


def entities_of(record: Mapping[str, Any]) -> list[Sure]:
    """The entities of a record of such a package."""
    return [(Entity(*entry[:3]), entry[3]) for entry in json.loads(record["entities"])]


def labels_of(predictor: Predictor) -> tuple[str, ...]:
    """The labels that a package finds.

    Raises:
        PackageError: it has another task.
    """
    _check_tags(predictor)
    return tuple(predictor.package.contents.task_state["names"])


def _check_tags(predictor: Predictor) -> None:
    task = predictor.package.contents.task
    if not isinstance(task, Tag):
        raise PackageError(
            sentence(
                "Package",
                expected="one that finds entities (task: tag)",
                got=f"task: {getattr(task, 'task', 'another')}",
                remedy="Name the package of a tag study",
            )
        )
