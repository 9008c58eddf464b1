"""How often the audit finds a report again of which words were left out, and what else it pairs.

    python benchmarks/audit_near_texts.py --data DIR

Enters: Open-i's findings (``DIR/text/openi/summaries.csv``) and made-up reports. Of 300 reports of
15 words or more, drawn by lot, one copy each is planted with some words left out at random.
Found: share of planted copies that are paired with their source. Also paired: pairs among the
reports as they are, which nobody planted; of made-up reports every one is its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bedside.audit.near_texts import find_near_texts
from bedside.data.synthetic.reports import make_reports

SHARES = (0.02, 0.05, 0.1, 0.2, 0.3)
PLANTED, FEWEST_WORDS = 300, 15


def without(text: str, share: float, rng: np.random.Generator) -> str:
    """A text without some of its words."""
    words = text.split()
    gone = set(rng.choice(len(words), max(1, round(share * len(words))), replace=False).tolist())
    return " ".join(word for place, word in enumerate(words) if place not in gone)


def measure(name: str, texts: Sequence[str]) -> str:
    """One line of the table."""
    rng = np.random.default_rng(7)
    long = [place for place, text in enumerate(texts) if len(text.split()) >= FEWEST_WORDS]
    sources = rng.choice(long, min(PLANTED, len(long)), replace=False).tolist()
    start = time.perf_counter()
    own = len(find_near_texts(texts).pairs)
    seconds = time.perf_counter() - start
    shares = []
    for share in SHARES:
        planted = [without(texts[source], share, rng) for source in sources]
        pairs = {tuple(pair) for pair in find_near_texts([*texts, *planted]).pairs.tolist()}
        found = [(s, len(texts) + place) in pairs for place, s in enumerate(sources)]
        equal = [copy == texts[s] for copy, s in zip(planted, sources, strict=True)]
        shares.append(np.mean(np.logical_or(found, equal)))
    cells = " | ".join(f"{100 * share:.0f} %" for share in shares)
    return f"| {name} | {len(texts)} | {own} | {cells} | {seconds:.1f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder that holds text/openi")
    folder = parser.parse_args().data
    heads = " | ".join(f"{100 * share:.0f} %" for share in SHARES)
    print(f"| reports | texts | also paired | found, words left out: {heads} | time |")
    print("|" + "---|" * (4 + len(SHARES)))
    if folder is not None:
        table = pd.read_csv(folder / "text" / "openi" / "summaries.csv")
        print(measure("Open-i, findings", table["findings"].fillna("").astype(str).tolist()))
    made = make_reports(patients=1700, seed=5).table.drop_duplicates("patient_id")
    print(measure("made up, one a patient", made["findings"].tolist()))


if __name__ == "__main__":
    main()
