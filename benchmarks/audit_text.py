"""How often the audit sees text that was drawn into made-up chest X-rays, and cries wolf.

    python benchmarks/audit_text.py

Films of 256 pixels with the side markers of their hospitals. False alarms: share of films
without text that are flagged. Sensitivity: share of films flagged after one line was drawn,
by height of the font, grey of the text and corner; white text on bright tissue (bottom) and
black text on black air (top) can hardly be seen by anyone.
"""

from __future__ import annotations

import time

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from bedside.audit.lettering import find_lettering
from bedside.data.synthetic.chest_xray import make_chest_xrays

WORDS = ("MUSTER^ANNA", "Mayer, Otto 1951", "ID 4711-22", "2019-03-14 10:22", "PORTABLE AP")
PLACES = ("top left", "top right", "bottom left", "bottom right")


def lettered(film: np.ndarray, word: str, *, size: int, grey: int, place: str) -> np.ndarray:
    image = Image.fromarray(film)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    _, _, width, height = draw.textbbox((0, 0), word, font=font)
    left = 4 if "left" in place else image.width - width - 4
    top = 4 if "top" in place else image.height - height - 4
    draw.text((left, top), word, fill=grey, font=font)
    return np.asarray(image)


def share(films: list[np.ndarray]) -> float:
    return float(np.mean([bool(find_lettering(film / np.float32(255))) for film in films]))


def main() -> None:
    films = list(make_chest_xrays(patients=100, seed=2, size=256).arrays["image"])
    start = time.perf_counter()
    alarms = share(films)
    each = (time.perf_counter() - start) / len(films)
    print(
        f"{len(films)} films without text: {alarms:.1%} false alarms, {each * 1000:.0f} ms each.\n"
    )
    print("| font | grey | " + " | ".join(PLACES) + " |\n|" + "---|" * (2 + len(PLACES)))
    rng = np.random.default_rng(0)
    for size in (10, 14, 20):
        for grey in (255, 200, 0):
            found = [
                share(
                    [
                        lettered(film, str(rng.choice(WORDS)), size=size, grey=grey, place=place)
                        for film in films[:80]
                    ]
                )
                for place in PLACES
            ]
            print(f"| {size} | {grey} | " + " | ".join(f"{hit:.2f}" for hit in found) + " |")


if __name__ == "__main__":
    main()
