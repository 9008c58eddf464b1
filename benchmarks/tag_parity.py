"""A tag package without torch, beside the trained network it was made of, on test texts.

    python benchmarks/tag_parity.py RUN [--texts 200]

Enters: the folder of a finished run of annotated files, as `examples/ncbi_disease.yaml` has. The
network's own entities are those of its ``predictions.csv``, which the evaluation of the run wrote
with torch; the package is asked in a process of its own in which torch cannot be imported.
Leaves: how many texts have the same entities, places and labels, and how far their probabilities
differ. Ends with 1 where an entity differs.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bedside.data.annotated_source import read_annotated
from bedside.study import Study

ASK = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "pandas", "onnx", "onnxruntime"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocker())
import bedside, json
records = bedside.load(sys.argv[1], threads=1).predict(sys.argv[2])
assert "torch" not in sys.modules
print(json.dumps([json.loads(record["entities"]) for record in records]))
"""


def texts_of(run: Path, most: int) -> tuple[list[str], list[list[list[object]]]]:
    """Texts of the test part, and what the trained network found in them."""
    with (run / "predictions.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))[:most]
    study = Study.load(run / "study.yaml")
    files = study.data.annotated or []
    named = [files] if isinstance(files, str | Path) else files
    texts = read_annotated([Path(file) for file in named]).cases["text"].tolist()
    places = [int(row["case_id"].removeprefix("row-")) - 1 for row in rows]
    return [texts[place] for place in places], [json.loads(row["entities"]) for row in rows]


def main() -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--texts", type=int, default=200)
    asked = parser.parse_args()
    texts, wanted = texts_of(asked.run, asked.texts)
    column = json.loads((asked.run / "package" / "package.json").read_text())
    name = next(iter(column["inputs"].values()))["options"].get("column", "text")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "texts.csv"
        with table.open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([[name], *([text] for text in texts)])
        command = [sys.executable, "-c", ASK, str(asked.run / "package"), str(table)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    same = sum(
        [own[:3] for own in ours] == [own[:3] for own in theirs]
        for ours, theirs in zip(found, wanted, strict=True)
    )
    gaps = [
        abs(a[3] - b[3])
        for ours, theirs in zip(found, wanted, strict=True)
        for a, b in zip(ours, theirs, strict=False)
    ]
    print(f"{same} of {len(texts)} texts with the same entities, {len(gaps)} entities; ")
    print(f"largest difference of a probability {max(gaps, default=0.0):.1e}")
    return int(same < len(texts))


if __name__ == "__main__":
    raise SystemExit(main())
