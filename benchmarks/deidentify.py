"""De-identification by rules on sentences with known identifiers, by kind, with the worst misses.

    python benchmarks/deidentify.py "$BEDSIDE_DATA" [--develop]

Reads ``text/presidio_synthetic.json`` below the folder. Sentences were made from templates, so
they are split by template: a fifth of the templates, drawn with a seed, is held out and scored;
the rules were written with the other four fifths (``--develop`` scores those).

F2 as Presidio's evaluator computes its ``pii_f`` with beta 2: over tokens, a token counts as found
where anything is found on it, of whatever kind; F2 = 5PR / (4P + R). Tokens are runs of letters
and digits, and each other mark that is no blank. A kind's row says which share of its tokens is
found. All kinds of the file count, titles, ages and nationalities too. The second line counts only
what bedside replaces by default: no titles, nationalities, countries, ages of 89 or less.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bedside.privacy.identifiers import Tagger, find_identifiers
from bedside.privacy.notes import stays

SEED, HELD_OUT = 20260101, 5
TOKEN = re.compile(r"\w+|[^\w\s]")
NOT_REPLACED = frozenset({"TITLE", "NRP", "AGE"})
LIMIT = 0.845
WORST = 5


def halves(rows: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Sentences to develop on and held-out ones; no template in both."""
    templates = sorted({row["template_id"] for row in rows})
    order = np.random.default_rng(SEED).permutation(len(templates))
    held = {templates[i] for i in order[: -(-len(templates) // HELD_OUT)]}
    return (
        [row for row in rows if row["template_id"] not in held],
        [row for row in rows if row["template_id"] in held],
    )


def f2(hits: int, wrong: int, missed: int) -> tuple[float, float, float]:
    """Precision, recall and F2."""
    precision, recall = hits / max(hits + wrong, 1), hits / max(hits + missed, 1)
    return precision, recall, 5 * precision * recall / max(4 * precision + recall, 1e-12)


def measure(rows: Sequence[dict[str, Any]], *, tagger: Tagger | None = None) -> dict[str, Any]:
    """Counts over tokens, and of each sentence the tokens missed; a tagger stands beside rules."""
    total: Counter[str] = Counter()
    replaced: Counter[str] = Counter()
    kinds: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    misses = []
    for row in rows:
        text = row["full_text"]
        truth: list[str | None] = [None] * len(text)
        for span in row["spans"]:
            for place in range(span["start_position"], span["end_position"]):
                truth[place] = span["entity_type"]
        found, gone = [False] * len(text), [False] * len(text)
        for one in find_identifiers(text, tagger=tagger):
            kept = stays(text[one.start : one.end], one.kind)
            for place in range(one.start, one.end):
                found[place], gone[place] = True, not kept
        missed = []
        for token in TOKEN.finditer(text):
            at = token.start()
            kind = truth[at]
            total[outcome(kind is not None, found[at])] += 1
            replaced[outcome(kind is not None and kind not in NOT_REPLACED, gone[at])] += 1
            if kind is not None:
                kinds[kind][0] += 1
                kinds[kind][1] += found[at]
                if not found[at]:
                    missed.append((kind, token.group()))
        misses.append((len(missed), row["template_id"], missed))
    return {"total": total, "replaced": replaced, "kinds": kinds, "misses": misses}


def outcome(true: bool, found: bool) -> str:
    """The cell of the table of two by two."""
    return {(True, True): "hits", (False, True): "wrong", (True, False): "missed"}.get(
        (true, found), "none"
    )


def shape(word: str) -> str:
    """What a missed word looks like, so that it need not be quoted."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_A-Z]", "x", re.sub("[A-Z]", "X", word)))


def main() -> int:
    """Print the tables; 1 where the limit is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--develop", action="store_true", help="score what the rules were made on")
    asked = parser.parse_args()
    rows = json.loads((asked.data / "text" / "presidio_synthetic.json").read_text())
    develop, held = halves(rows)
    chosen = develop if asked.develop else held
    find_identifiers("Warm up, Mary Smith.")
    start = time.perf_counter()
    result = measure(chosen)
    seconds = time.perf_counter() - start
    print(f"{len(chosen)} sentences of {len({r['template_id'] for r in chosen})} templates\n")
    print("| counted | tokens | precision | recall | F2 |\n|---|---|---|---|---|")
    scores = {}
    for name, label in (("total", "everything found"), ("replaced", "what is replaced")):
        cells = result[name]
        scores[name] = f2(cells["hits"], cells["wrong"], cells["missed"])
        numbers = " | ".join(f"{value:.3f}" for value in scores[name])
        print(f"| {label} | {cells['hits'] + cells['missed']} | {numbers} |")
    print("\n| kind | tokens | recall |\n|---|---|---|")
    for kind, (count, hit) in sorted(result["kinds"].items(), key=lambda item: -item[1][0]):
        print(f"| {kind} | {count} | {hit / count:.3f} |")
    print("\n| most missed tokens | template | kinds | shapes |\n|---|---|---|---|")
    by_template: dict[int, tuple[int, int, list[tuple[str, str]]]] = {}
    for miss in sorted(result["misses"], key=lambda m: -m[0]):
        by_template.setdefault(miss[1], miss)
    for count, template, missed in sorted(by_template.values(), key=lambda m: -m[0])[:WORST]:
        counts = Counter(kind for kind, _ in missed)
        listed = ", ".join(f"{n} {kind}" for kind, n in counts.items())
        print(f"| {count} | {template} | {listed} | {' '.join(shape(w) for _, w in missed)[:60]} |")
    print(f"\n{len(chosen) / seconds:.0f} sentences a second (a shared machine)")
    return int(scores["total"][2] < LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
