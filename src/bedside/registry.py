"""Tables of names: ``name -> "module:object"``, imported only when looked up.

Enters: a name from the study file. Leaves: the class or function behind it.
Third parties join through the entry-point group ``bedside.<kind>``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

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
        self.check(name)
        target = self.table.get(name)
        if target is None:
            entry = next(e for e in self._entry_points() if e.name == name)
            return cast("T", entry.load())
        module, _, attribute = target.partition(":")
        return cast("T", getattr(import_module(module), attribute))

    def check(self, name: str) -> None:
        """Refuse an unknown name without importing anything.

        Raises:
            StudyError: the name is unknown; the nearest known one is named.
        """
        if name not in self.table and name not in self.names():  # our own need no search
            raise StudyError(f"Unknown {self.kind} '{name}'. {nearest(name, self.names())}")

    def _entry_points(self) -> list:  # type: ignore[type-arg]
        return list(entry_points(group=f"bedside.{self.kind}"))


def lookup(package: str) -> Registry[Any]:
    """The registry of a package by name (``"modalities"``, ``"tasks"``).

    The study and the package file name plug-ins as text; this is the one place
    where text becomes code, so no part has to import those below it.
    """
    registry: Registry[Any] = import_module(f"bedside.{package}").REGISTRY
    return registry
