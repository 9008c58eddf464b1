"""How many foreign cases does a package call outside what it was trained on?

    python benchmarks/outside.py DATA RUN --output results/outside.md

Enters: the folder of the open data sets, and a finished run of ``examples/pneumoniamnist.yaml``.
Leaves: a Markdown table: of each kind of picture how many are called outside. The package's
limit was set on validation so that one in a hundred of cases like these are.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import nibabel as nib
import numpy as np
from PIL import Image

import bedside
from bedside.evaluation.curves import wilson

SIDE, MOST = 28, 300


def kinds(data: Path) -> dict[str, np.ndarray]:
    """Pictures (n, 28, 28) uint8 by what they are."""
    rng = np.random.default_rng(7)
    with np.load(next(data.rglob("pneumoniamnist.npz"))) as stored:
        own = stored["test_images"]
    own = own[rng.permutation(len(own))[:MOST]]
    noise = rng.integers(0, 256, (MOST, SIDE, SIDE), dtype=np.uint8)
    films = sorted(next(data.rglob("nih_chest_xray")).rglob("*.png"))[:MOST]
    adults = np.stack([_shrunk(Image.open(path)) for path in films]) if films else None
    scans = sorted((next(data.rglob("Task04_Hippocampus")) / "imagesTr").glob("[!.]*.nii.gz"))
    brains = np.stack([_slice(path) for path in scans[:MOST]])
    found = {
        "the test part itself": own,
        "chest films of adults, another hospital (NIH)": adults,
        "turned by 90 degrees": np.rot90(own, axes=(1, 2)),
        "upside down": own[:, ::-1],
        "black and white reversed": 255 - own,
        "half as bright": own // 2,
        "blurred to 7 x 7": np.stack([_blurred(one) for one in own]),
        "slices of brain MR": brains,
        "noise": noise,
        "black": np.zeros((20, SIDE, SIDE), dtype=np.uint8),
    }
    return {name: np.ascontiguousarray(v) for name, v in found.items() if v is not None}


def _shrunk(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def _blurred(pixels: np.ndarray) -> np.ndarray:
    small = Image.fromarray(pixels).resize((7, 7), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _slice(path: Path) -> np.ndarray:
    volume = np.asarray(nib.load(path).dataobj, dtype=np.float32)  # type: ignore[attr-defined]
    plane = volume[:, :, volume.shape[2] // 2]
    low, high = np.percentile(plane, [1, 99])
    scaled = np.clip(255 * (plane - low) / max(high - low, 1e-6), 0, 255).astype(np.uint8)
    return _shrunk(Image.fromarray(scaled))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    predictor = bedside.load(options.run / "package")
    lines = [
        "| pictures | n | called outside | 95 % interval | median strangeness |",
        "|---|---|---|---|---|",
    ]
    for name, pixels in kinds(options.data).items():
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"{number:04d}.png" for number in range(len(pixels))]
            for path, one in zip(paths, pixels, strict=True):
                Image.fromarray(one).save(path)
            records = predictor.predict(predictor.cases(paths))
        outside = np.mean([record["outside"] == "yes" for record in records])
        low, high = wilson(np.array([outside]), np.array([len(records)]))
        median = np.median([float(record["strangeness"]) for record in records])
        lines.append(
            f"| {name} | {len(records)} | {100 * outside:.1f} % | {100 * low[0]:.1f} to "
            f"{100 * high[0]:.1f} | {median:.2f} |"
        )
        print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
