"""Tables of names: ``name -> "module:object"``, imported only when looked up.

Enters: a name from the study file. Leaves: the class or function behind it.
Third parties join through the entry-point group ``bedside.<kind>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from bedside.errors import StudyError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


@dataclass(frozen=True)
class Registry(Generic[T]):
    """One explicit table of one kind of plug-in.

    Args:
        kind: what the entries are, in the singular (``"encoder"``); the
            entry-point group is ``bedside.<kind>``.
        table: name -> ``"module:object"``.
    """

    kind: str
    table: Mapping[str, str]

    def names(self) -> list[str]:
        """All known names, third parties' included, sorted."""
        return sorted({*self.table, *(e.name for e in self._entry_points())})

    def load(self, name: str) -> T:
        """Import and return the object behind a name.

        Raises:
            StudyError: the name is unknown; the nearest known one is named.
        """
        target = self.table.get(name)
        if target is None:
            for entry in self._entry_points():
                if entry.name == name:
                    return cast("T", entry.load())
            raise StudyError(f"Unknown {self.kind} '{name}'. {nearest(name, self.names())}")
        module, _, attribute = target.partition(":")
        return cast("T", getattr(import_module(module), attribute))

    def _entry_points(self) -> list:  # type: ignore[type-arg]
        return list(entry_points(group=f"bedside.{self.kind}"))
