"""How well the audit finds planted near copies among images that look alike, and how fast.

    python benchmarks/audit_copies.py DATA        # or BEDSIDE_DATA=DATA
    python benchmarks/audit_copies.py DATA --people

DATA holds imaging/pneumoniamnist.npz and imaging/nih_chest_xray; a set that is missing is
passed over, made-up chest X-rays are always used. Images are drawn at random, some are
copied with one change each, and the whole is searched, blind to what was planted:

    crop      a random window of 95 % of both sides, brought back to size (bicubic)
    jpeg      JPEG of quality 60
    bright    10 % brighter or darker, clipped
    resize    half the resolution and back (bilinear)
    combined  crop, then bright, then jpeg

Sensitivity: share of the planted pairs (original, copy) that are flagged. False pairs: share
of all flagged pairs that are neither planted nor two copies of one original; pairs that are
equal bit for bit in the source count neither way. Falsely flagged: share of all images that
are in a false pair. Two films of one person that look the same count as false here, although a
person who reads the audit wants to see them; where the patients are known, "one person" says
how many of the false pairs are such.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bedside.audit.likeness import fit_likeness
from bedside.audit.near_copies import CANDIDATE, find_near_copies, score_pairs
from bedside.audit.small_pictures import shrink_pictures
from bedside.data.synthetic.chest_xray import make_chest_xrays
from bedside.progress import Progress
from bedside.schema import Geometry, Sample

Picture = np.ndarray
LIKE = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
Change = Callable[[Picture, np.random.Generator], Picture]


def crop(picture: Picture, rng: np.random.Generator) -> Picture:
    height, width = picture.shape
    top, left = rng.uniform(0, 0.05, 2) * (height, width)
    box = (left, top, left + 0.95 * width, top + 0.95 * height)
    size = (width, height)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC, box=box))


def jpeg(picture: Picture, rng: np.random.Generator) -> Picture:
    del rng
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=60)
    return np.asarray(Image.open(stream).convert("L"))


def bright(picture: Picture, rng: np.random.Generator) -> Picture:
    factor = rng.choice([0.9, 1.1])
    return np.clip(np.rint(picture * factor), 0, 255).astype(np.uint8)


def resize(picture: Picture, rng: np.random.Generator) -> Picture:
    del rng
    height, width = picture.shape
    half = Image.fromarray(picture).resize((width // 2, height // 2), Image.Resampling.BILINEAR)
    return np.asarray(half.resize((width, height), Image.Resampling.BILINEAR))


def combined(picture: Picture, rng: np.random.Generator) -> Picture:
    return jpeg(bright(crop(picture, rng), rng), rng)


CHANGES: dict[str, Change] = {
    "crop": crop, "jpeg": jpeg, "bright": bright, "resize": resize, "combined": combined,
}  # fmt: skip


@dataclass(frozen=True)
class Films:
    """Images (N, H, W) and whose they are; None where nobody knows."""

    images: Picture
    patients: np.ndarray | None


def pneumonia(data: Path) -> Films:
    arrays = np.load(data / "imaging" / "pneumoniamnist.npz")
    parts = ("train", "val", "test")
    return Films(np.concatenate([arrays[f"{part}_images"] for part in parts]), None)


def nih(data: Path) -> Films:
    paths = sorted((data / "imaging" / "nih_chest_xray" / "images").rglob("*.png"))
    images = np.stack([np.asarray(Image.open(path).convert("L")) for path in paths])
    return Films(images, np.array([path.name.split("_")[0] for path in paths]))


def made_up(data: Path) -> Films:
    del data
    made = make_chest_xrays(patients=700, seed=5, size=128)
    return Films(made.arrays["image"], made.table["patient_id"].to_numpy(str))


def measure(films: Films, *, total: int, each: int, seed: int) -> dict[str, Any]:
    """Plant `each` copies of every change among `total` images and search them."""
    rng = np.random.default_rng(seed)
    copies = each * len(CHANGES)
    drawn = rng.permutation(len(films.images))[: total - copies]
    images = films.images[drawn]
    first = {}
    origin = [first.setdefault(image.tobytes(), row) for row, image in enumerate(images)]
    sources = rng.choice(len(images), copies, replace=False)
    planted, kinds = {}, {}
    altered = []
    for number, source in enumerate(sources):
        kind = list(CHANGES)[number % len(CHANGES)]
        row = len(images) + number
        altered.append(CHANGES[kind](images[source], rng))
        planted[(int(source), row)], kinds[row] = kind, kind
        origin.append(origin[source])
    everything = [*images, *altered]
    start = time.perf_counter()
    samples = [Sample(image, Geometry(shape=image.shape)) for image in everything]
    shapes = {row: image.shape for row, image in enumerate(everything)}
    small = shrink_pictures(samples, shapes, progress=Progress(quiet=True))
    found = find_near_copies(small.pictures)
    seconds = time.perf_counter() - start
    flagged = {
        (a, b)
        for a, b in zip(found.first.tolist(), found.second.tolist(), strict=True)
        if b >= len(images) or origin[a] != origin[b]  # exact copies have a check of their own
    }
    false = [pair for pair in flagged if origin[pair[0]] != origin[pair[1]]]
    whose = None if films.patients is None else films.patients[drawn[origin]]
    one = sum(bool(whose[a] == whose[b]) for a, b in false) if whose is not None else None
    answers: dict[str, Any] = {}
    for kind in CHANGES if each else ():
        own = [pair for pair, planted_kind in planted.items() if planted_kind == kind]
        answers[kind] = sum(pair in flagged for pair in own) / len(own)
    answers |= {
        "all": sum(pair in flagged for pair in planted) / max(len(planted), 1),
        "images": len(everything),
        "planted": copies,
        "false": len(false),
        "one person": "?" if one is None and false else one or 0,
        "flagged": len(flagged),
        "false images": len({row for pair in false for row in pair}) / len(everything),
        "line": found.lines[0],
        "line still": found.lines[1],
        "seconds": seconds,
    }
    return answers


def seeds(each: int) -> int:
    """Few copies are drawn more often, so that the numbers of all lines are told alike well."""
    return {80: 3, 20: 5, 4: 3, 0: 1}[each]


def rows(data: Path) -> Iterator[str]:
    for name, load, total, numbers in (
        ("PneumoniaMNIST, 28 px", pneumonia, 5000, (80, 20, 4, 0)),
        ("NIH ChestX-ray14, 64 px", nih, 1000, (20, 4, 0)),
        ("made-up chest X-rays, 128 px", made_up, 1100, (20, 4, 0)),
    ):
        try:
            films = load(data)
        except (FileNotFoundError, ValueError):
            continue
        for each in numbers:
            for seed in range(1, seeds(each) + 1):
                found = measure(films, total=total, each=each, seed=seed)
                parts = " | ".join(f"{found[kind]:.2f}" if each else "-" for kind in CHANGES)
                share = found["false"] / max(found["flagged"], 1)
                yield (
                    f"| {name} | {found['planted']} of {found['images']} | {seed} | {parts} | "
                    + (f"{found['all']:.3f}" if each else "-")
                    + f" | {found['false']}/{found['flagged']} = {share:.2%} | "
                    f"{found['one person']} | "
                    f"{found['false images']:.2%} | {found['line']:.3f}, "
                    f"{found['line still']:.3f} | {found['seconds']:.1f} |"
                )


def people(films: Films, *, side: int) -> Iterator[str]:
    """How many of the pairs that are so alike are two films of one person."""
    small = np.stack([
        np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))
        for image in films.images
    ])  # fmt: skip
    likeness = fit_likeness(small)
    pairs = likeness.candidates(small, least=CANDIDATE)
    scores = score_pairs(small, pairs, likeness)
    best: dict[tuple[int, int], float] = {}
    kept = pairs.take(~scores.astray)
    for a, b, score in zip(kept.first, kept.second, scores.placed().white, strict=True):
        pair = (min(int(a), int(b)), max(int(a), int(b)))
        best[pair] = max(best.get(pair, 0.0), float(score))
    whose = films.patients if films.patients is not None else np.arange(len(small))
    one = {pair: bool(whose[pair[0]] == whose[pair[1]]) for pair in best}
    for least in LIKE:
        found = [pair for pair, score in best.items() if score >= least]
        yield f"| {side} | {least:.2f} | {len(found)} | {sum(one[pair] for pair in found)} |"
    others = max((score for pair, score in best.items() if not one[pair]), default=0.0)
    yield f"| {side} | most alike of two people | {others:.3f} | |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=os.environ.get("BEDSIDE_DATA", "."))
    parser.add_argument(
        "--people", action="store_true", help="NIH: how alike one person's films are"
    )
    options = parser.parse_args()
    data = Path(options.data)
    if options.people:
        print("| pixels | likeness from | pairs | of one person |\n|---|---|---|---|")
        for side in (64, 28):
            print("\n".join(people(nih(data), side=side)), flush=True)
        return
    heads = ["images", "planted", "seed", *CHANGES, "all", "false/flagged pairs",
             "of them one person", "images falsely flagged", "lines", "seconds"]  # fmt: skip
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for row in rows(data):
        print(row, flush=True)


if __name__ == "__main__":
    main()
