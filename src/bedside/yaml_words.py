"""YAML on disk and ``key.path=value`` overrides, as the study file uses them.

Enters: a file, or words to write. Leaves: plain words (dicts, lists, scalars), or their
text. A key that stands twice is refused, since the second would silently win.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path, PurePath
from typing import Any

import yaml

from bedside.errors import StudyError, sentence


def write_yaml(words: Any) -> str:
    """Plain words as YAML text, keys in their order; paths become text, tuples lists."""
    return yaml.dump(_plain(words), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    """Plain YAML types: paths as text, tuples as lists."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, PurePath) else value


class _Dumper(yaml.SafeDumper):
    """Writes equal lists twice instead of an anchor and a reference, which nobody reads."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is PyYAML's
        return True


class _TwiceError(yaml.MarkedYAMLError):
    """A key stands twice in one section."""


class _Loader(yaml.SafeLoader):
    """Plain YAML, in which the second of two equal keys does not silently win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for name, _ in node.value:
            if isinstance(name, yaml.ScalarNode) and name.tag != "tag:yaml.org,2002:merge":
                if name.value in seen:
                    raise _TwiceError(problem=name.value[:40], problem_mark=name.start_mark)
                seen.add(name.value)
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a study file.

    Raises:
        StudyError: it is missing, not YAML, or no mapping; the line is named.
    """
    try:
        words = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        raise StudyError(
            f"{path.name}: no such study file. Write one with 'bedside init DATA -o {path.name}'."
        ) from None
    except UnicodeDecodeError:
        raise _no_study_file(path, "a file that is not UTF-8 text") from None
    except OSError as error:
        got = "a folder" if path.is_dir() else f"an error of the disk ({type(error).__name__})"
        if isinstance(error, PermissionError):
            got = "a file that may not be read"
        raise _no_study_file(path, got) from None
    except _TwiceError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise StudyError(
            f"{path.name}{line}: expected each key once, got '{error.problem}' again. "
            "Remove one of the two."
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: 2024-02-31
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise StudyError(f"{path.name}{line}: not valid YAML. Check indents and quotes.") from None
    if not isinstance(words, dict):
        raise StudyError(
            f"{path.name}: expected a study file with data, inputs and target, "
            f"got {type(words).__name__}. Write one with 'bedside init DATA'."
        )
    return words


def _no_study_file(path: Path, got: str) -> StudyError:
    return StudyError(
        sentence(
            path.name or str(path),
            expected="a study file (YAML text)",
            got=got,
            remedy="Name the study file, or write one with 'bedside init DATA'",
        )
    )


def override(words: dict[str, Any], change: str) -> None:
    """Set one key in place, as ``--set training.epochs=5`` says; sections are made as needed.

    Raises:
        StudyError: it has no ``=``, leads through a value, or its value is not YAML.
    """
    path, sign, value = change.partition("=")
    if not sign or not path:
        raise StudyError(f"--set: expected key=value such as training.epochs=5, got '{change}'.")
    *sections, key = path.strip().split(".")
    place = words
    for section in sections:
        if place.get(section) is None:
            place[section] = {}
        inner = place[section]
        if not isinstance(inner, dict):
            raise StudyError(f"--set {path}: '{section}' is a value, not a section.")
        place = inner
    try:
        place[key] = yaml.load(value, Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise StudyError(f"--set {path}: the value is not valid YAML. Quote it.") from None
