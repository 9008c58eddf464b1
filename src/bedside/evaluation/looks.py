"""How often a test part has been looked at.

A test part that many studies were tuned against no longer tells the truth. The
ledger lies beside the study file, keyed by a hash of the test cases' ids; it
counts distinct studies, since repeating one (same seed) shows nothing new.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from bedside.errors import RunError, sentence
from bedside.run_folder import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from bedside.schema import Array
    from bedside.study import Study

LEDGER = ".bedside-looks.json"
PASSING = ("name", "about", "package", "device", "threads", "cache")
"""Keys of a study that change no number."""


def count_look(study: Study, test_ids: Array, *, folder: Path) -> int:
    """Note that this study looks at these test cases; returns how many studies have.

    Args:
        study: resolved; its name, place and machine settings do not count.
        test_ids: (n,) case ids of the test part.
        folder: where the ledger lies, beside the study file.

    Raises:
        RunError: the ledger is damaged; it is never silently begun anew.
    """
    ledger = folder / LEDGER
    looks = read_json(ledger) if ledger.exists() else {}
    if not isinstance(looks, dict) or not all(isinstance(seen, list) for seen in looks.values()):
        raise RunError(
            sentence(
                ledger.name,
                expected="a ledger of looks as bedside writes it",
                got="another form",
                remedy="Put back a copy of it; without one the count is lost, so say that",
            )
        )
    part = hashlib.sha256("\n".join(sorted(map(str, test_ids))).encode()).hexdigest()[:16]
    words = study.model_dump(mode="json", exclude=set(PASSING))
    asked = hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:16]
    seen: list[str] = looks.setdefault(part, [])
    if asked not in seen:
        seen.append(asked)
        write_json(ledger, looks)
    return len(seen)
