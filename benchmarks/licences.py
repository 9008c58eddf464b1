"""List what the project pulls in, with version and licence, as a Markdown table.

Enters: pyproject.toml and the installed environment. Leaves: a table on stdout, one row per
package, and exit 1 when a licence is missing or not permissive. docs/dependencies.md holds its
output; tests/test_install.py uses the same functions.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = (
    *("", "text", "volumes", "study", "onnxruntime", "dicom-seg", "huggingface"),
    *("privacy", "dev"),
)
REFUSED = re.compile(r"\b[AL]?GPL|General Public|proprietary|non-?commercial", re.IGNORECASE)


def main() -> int:
    seen: set[str] = set()
    faults = []
    print("| package | version | licence | comes with |\n|---|---|---|---|")
    for extra in EXTRAS:
        for name in sorted(closure(extra) - seen):
            found = distribution(name)
            licence = licence_of(found)
            version = found.version.partition("+")[0]
            print(f"| {name} | {version} | {licence} | {extra or 'base'} |")
            if not licence or REFUSED.search(licence):
                faults.append(name)
        seen |= closure(extra)
    for name in faults:
        print(f"{name}: licence missing or not permissive. Look at it.", file=sys.stderr)
    return int(bool(faults))


def required(extra: str) -> list[Requirement]:
    """What pyproject.toml itself asks for; the base install is the extra ``""``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"][extra] if extra else project["dependencies"]
    found = [Requirement(line) for line in lines]
    own = [extra for one in found if one.name == "bedside" for extra in one.extras]
    outside = [one for one in found if one.name != "bedside"]
    return outside + [requirement for extra in own for requirement in required(extra)]


def closure(*extras: str) -> set[str]:
    """Canonical names of all that some extras pull in on this machine.

    Raises:
        PackageNotFoundError: one of them is not installed.
    """
    todo = [requirement for extra in extras for requirement in required(extra)]
    done: set[tuple[str, str]] = set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras}:
            if (name, extra) in done:
                continue
            done.add((name, extra))
            inner = map(Requirement, distribution(name).requires or [])
            todo += [r for r in inner if r.marker is None or r.marker.evaluate({"extra": extra})]
    return {name for name, _ in done}


def licence_of(found: Distribution) -> str:
    """Licence of one package: the SPDX expression, else a short field, else its classifiers."""
    facts = found.metadata
    expression = facts.get("License-Expression")
    if expression:
        return str(expression)
    stated = str(facts.get("License") or "").strip().removeprefix("OSI Approved :: ")
    if stated and len(stated) < 60 and "\n" not in stated and stated != "UNKNOWN":
        return stated
    classifiers = facts.get_all("Classifier") or []
    return ", ".join(c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License ::"))


if __name__ == "__main__":
    sys.exit(main())
