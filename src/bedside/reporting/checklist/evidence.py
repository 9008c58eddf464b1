"""Where in a run an answer stands: a file and a key, or a section of the report.

Enters: pointers. Leaves: whether each leads somewhere, and how a reader is told.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from bedside.errors import BedsideError
from bedside.run_folder import read_json

if TYPE_CHECKING:
    from bedside.run_folder import RunFolder


@dataclass(frozen=True)
class Pointer:
    """A place in a run folder.

    Args:
        file: relative to the folder.
        keys: the way to an entry of JSON or YAML; of a CSV, one column; of a page, one section.
    """

    file: str
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        """``metrics.json: models > resnet > auroc``."""
        if self.file.endswith(".html"):
            return f"{self.file}#{self.keys[0]}" if self.keys else self.file
        if self.file.endswith(".csv") and self.keys:
            return f"{self.file}: column {self.keys[0]}"
        return f"{self.file}: {' > '.join(self.keys)}" if self.keys else self.file


@dataclass(frozen=True)
class Answer:
    """What a run knows of an item.

    Args:
        text: plain sentences.
        pointers: where that stands; without any, nothing is said.
    """

    text: str
    pointers: tuple[Pointer, ...]


def at(file: str, *keys: str) -> Pointer:
    """A pointer, in short."""
    return Pointer(file, keys)


class Evidence:
    """The files of a run folder, each read once, to follow pointers into.

    Args:
        folder: of a finished run.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._read: dict[str, Any] = {}

    def holds(self, pointer: Pointer) -> bool:
        """Whether there is something at the place: null and empty lists are nothing."""
        path = self.folder.root / pointer.file
        if not path.exists():
            return False
        if not pointer.keys:
            return True
        if path.suffix == ".html":
            return pointer.keys[0] in self._sections
        found = self._content(pointer.file)
        for key in pointer.keys:
            if not isinstance(found, dict) or key not in found:
                return False
            found = found[key]
        return found not in (None, [], {}, "")

    @cached_property
    def _sections(self) -> frozenset[str]:
        page = self.folder.report.read_text(encoding="utf-8")
        return frozenset(re.findall(r'<(?:section|h2)[^>]* id="([\w-]+)"', page))

    def _content(self, file: str) -> Any:
        if file not in self._read:
            path = self.folder.root / file
            try:
                if path.suffix == ".csv":
                    with path.open(newline="", encoding="utf-8") as stream:
                        header = next(csv.reader(stream), [])
                    self._read[file] = dict.fromkeys(header, True)
                elif path.suffix == ".yaml":
                    self._read[file] = yaml.safe_load(path.read_text(encoding="utf-8"))
                else:
                    self._read[file] = read_json(path)
            except (OSError, UnicodeDecodeError, yaml.YAMLError, BedsideError):
                self._read[file] = None  # damaged: it proves nothing
        return self._read[file]
