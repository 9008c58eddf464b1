"""De-identification by rules and a trained tagger, beside rules alone, on held-out sentences.

    python benchmarks/deidentify_tagger.py "$BEDSIDE_DATA" --runs DIR

Reads ``text/presidio_synthetic.json`` below the folder, split by template as in
``deidentify.py``: a fifth of the templates is held out. The tagger (`bedside run`, task tag, all
defaults) learns from the other four fifths, of which some templates choose its epochs and some
others (the study's own test part) say here, before the held-out fifth is scored once, whether
beside the rules it does good. With --runs the training is kept, and done once.

F2 is counted as in ``deidentify.py``, whole and of each kind; tokens that are found and of no kind
cannot be told apart by kind, so they are shared out by the kinds' tokens. The sentences are made
up, so that the worst misses are shown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deidentify import WORST, f2, halves, measure

from bedside.deployment.predictor import load
from bedside.deployment.tagger import entities_in, labels_of
from bedside.pipeline import run
from bedside.privacy.identifiers import Tagger, find_identifiers
from bedside.privacy.trained import identifying
from bedside.progress import Progress
from bedside.study import Study

STUDY = {
    "name": "identifiers",
    "data": {"annotated": "develop.json", "patient": "template_id"},
    "inputs": {"sentence": {"modality": "text", "spelling": True}},
    "target": {"task": "tag", "overlapping": "longest"},
    "split": {"validation": 0.15, "test": 0.15},
}
LIMIT = 0.845


def trained(develop: Sequence[dict[str, Any]], folder: Path) -> tuple[Path, set[str]]:
    """The tagger's package, and the templates that it neither learnt from nor was chosen by."""
    import pandas as pd

    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "run"
    if not (place / "metrics.json").exists():
        (folder / "develop.json").write_text(json.dumps(develop), encoding="utf-8")
        (folder / "study.yaml").write_text(json.dumps(STUDY), encoding="utf-8")
        study = Study.load(folder / "study.yaml")
        run(study, place, resume=place.exists(), progress=Progress())
    splits = pd.read_csv(place / "splits.csv", dtype=str)
    own = splits.loc[splits["part"] == "test", "patient_id"]
    return place / "package", set(own)


def tagger_of(package: Path) -> Tagger:
    """The tagger as `bedside deidentify --tagger` uses it."""
    predictor = load(package, threads=1)
    return identifying(lambda text: entities_in(predictor, [text])[0], labels_of(predictor))


def told(name: str, rows: Sequence[dict[str, Any]], tagger: Tagger | None) -> dict[str, Any]:
    """Print one line of the first table; what was measured."""
    result = measure(rows, tagger=tagger)
    cells = []
    for key in ("total", "replaced"):
        counts = result[key]
        scores = f2(counts["hits"], counts["wrong"], counts["missed"])
        cells.append(" | ".join(f"{value:.3f}" for value in scores))
        result[f"{key}_f2"] = scores[2]
    print(f"| {name} | {len(rows)} | {' | '.join(cells)} |")
    return result


def kinds(alone: dict[str, Any], both: dict[str, Any]) -> None:
    """Print recall and F2 of each kind, of rules alone and with the tagger."""
    print("\n| kind | tokens | recall rules | recall both | F2 rules | F2 both |")
    print("|---|---|---|---|---|---|")
    for kind, (count, hits) in sorted(alone["kinds"].items(), key=lambda item: -item[1][0]):
        cells, ends = [], []
        for result, own in ((alone, hits), (both, both["kinds"][kind][1])):
            wrong = result["total"]["wrong"] * count / sum(c for c, _ in result["kinds"].values())
            cells.append(f"{own / count:.3f}")
            ends.append(f"{f2(own, wrong, count - own)[2]:.3f}")
        print(f"| {kind} | {count} | {' | '.join(cells + ends)} |")


def worst(result: dict[str, Any]) -> None:
    """Print the sentences with most missed tokens, one of a template; they are made up."""
    print("\n| missed tokens | template | what was missed |\n|---|---|---|")
    seen: set[int] = set()
    for count, template, missed in sorted(result["misses"], key=lambda miss: -miss[0]):
        if template in seen or len(seen) == WORST or not count:
            continue
        seen.add(template)
        words = " ".join(f"{word} ({kind})" for kind, word in missed)
        print(f"| {count} | {template} | {words} |")


def main() -> int:
    """Print the tables; 1 where rules and tagger together do not reach the limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--runs", type=Path, help="keep the training here, and go on with it")
    asked = parser.parse_args()
    rows = json.loads((asked.data / "text" / "presidio_synthetic.json").read_text())
    develop, held = halves(rows)
    with tempfile.TemporaryDirectory() as scratch:
        package, templates = trained(develop, asked.runs or Path(scratch))
        tagger = tagger_of(package)
    inner = [row for row in develop if str(row["template_id"]) in templates]
    find_identifiers("Warm up, Mary Smith.")
    head = "precision | recall | F2"
    print(f"| what finds | sentences | {head} of everything | {head} of what is replaced |")
    print("|---|---|---|---|---|---|---|---|")
    for part, own in (("four fifths, unseen by the tagger", inner), ("held-out fifth", held)):
        alone = told(f"rules alone, {part}", own, None)
        both = told(f"rules + tagger, {part}", own, tagger)
    kinds(alone, both)
    for name, result in (("rules alone", alone), ("rules + tagger", both)):
        print(f"\nWorst misses, {name}:")
        worst(result)
    return int(both["total_f2"] < LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
