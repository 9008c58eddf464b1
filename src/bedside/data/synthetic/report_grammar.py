"""The sentences of made-up chest X-ray reports: what is seen, what is not, and what it means.

Enters: facts, and a generator that chooses words. Leaves: sentences of the findings and of the
impression. One fact can be said in many ways, and two facts in the same way only where they
are the same, so that the facts can be read back from the text by whoever knows the language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SIDES = ("left", "right", "bilateral")
LOBES = ("right upper lobe", "right middle lobe", "right lower lobe", "left upper lobe",
         "left lower lobe")  # fmt: skip
URGENT, SOON, ROUTINE = "urgent", "soon", "routine"
PRIORITIES = (ROUTINE, SOON, URGENT)


@dataclass(frozen=True)
class Sign:
    """Something that a chest film may show.

    Args:
        name: in facts and in denials (``"pleural effusion"``).
        places: where it may be, as facts name it; one blank where it has but one place.
        degrees: how much of it, from least to most.
        said: sentences of the findings; ``{degree}``, ``{place}`` and ``{article}`` (a, an)
            are filled in.
        concluded: words of the impression.
        priority: of a report that shows it, for each degree.
        chronic: whether it stays from film to film and may be called unchanged.
    """

    name: str
    places: tuple[str, ...]
    degrees: tuple[str, ...]
    said: tuple[str, ...]
    concluded: str
    priority: tuple[str, ...]
    chronic: bool = False


SIGNS = (
    Sign(
        "pneumothorax",
        ("left", "right"),
        ("small", "moderate", "large"),
        (
            "There is a {degree} {place} pneumothorax.",
            "{degree} {place} pneumothorax is seen.",
            "A {degree} {place} pneumothorax is noted with a visible pleural line.",
            "Pleural line in the {place} hemithorax with {degree} pneumothorax.",
        ),
        "{degree} {place} pneumothorax",
        (URGENT, URGENT, URGENT),
    ),
    Sign(
        "pleural effusion",
        SIDES,
        ("trace", "small", "moderate", "large"),
        (
            "There is a {degree} {place} pleural effusion.",
            "{degree} {place} pleural effusion.",
            "Blunting of the costophrenic angle consistent with {degree} {place} pleural effusion.",
            "{degree} amount of {place} pleural effusion is present.",
        ),
        "{degree} {place} pleural effusion",
        (ROUTINE, SOON, SOON, URGENT),
    ),
    Sign(
        "consolidation",
        LOBES,
        ("patchy", "focal", "dense"),
        (
            "There is {degree} consolidation in the {place}.",
            "{degree} airspace consolidation of the {place}.",
            "{degree} opacity with air bronchograms in the {place}, consistent with consolidation.",
            "The {place} shows {degree} consolidation.",
        ),
        "{degree} {place} consolidation, concerning for pneumonia",
        (SOON, SOON, SOON),
    ),
    Sign(
        "pulmonary edema",
        ("",),
        ("mild", "moderate", "severe"),
        (
            "There is {degree} pulmonary edema.",
            "{degree} pulmonary edema with interstitial thickening.",
            "Cephalization of vessels and Kerley lines consistent with {degree} pulmonary edema.",
        ),
        "{degree} pulmonary edema",
        (SOON, SOON, URGENT),
    ),
    Sign(
        "nodule",
        LOBES,
        ("4 mm", "6 mm", "8 mm", "11 mm", "14 mm", "19 mm"),
        (
            "There is {article} {degree} nodule in the {place}.",
            "{degree} nodule projects over the {place}.",
            "A rounded nodule measuring {degree} is seen in the {place}.",
        ),
        "{degree} {place} nodule, recommend CT",
        (SOON,) * 6,
    ),
    Sign(
        "atelectasis",
        SIDES,
        ("minimal", "mild", "subsegmental"),
        (
            "{degree} {place} basilar atelectasis.",
            "There is {degree} {place} basilar atelectasis.",
            "Linear {place} basal opacities reflect {degree} atelectasis.",
        ),
        "{degree} {place} basilar atelectasis",
        (ROUTINE, ROUTINE, ROUTINE),
    ),
    Sign(
        "cardiomegaly",
        ("",),
        ("borderline", "mild", "moderate", "severe"),
        (
            "There is {degree} cardiomegaly.",
            "{degree} cardiomegaly.",
            "The heart is enlarged, with {degree} cardiomegaly.",
        ),
        "{degree} cardiomegaly",
        (ROUTINE, ROUTINE, ROUTINE, ROUTINE),
        chronic=True,
    ),
    Sign(
        "rib fracture",
        ("left", "right"),
        ("old", "acute", "acute displaced"),
        (
            "There is {article} {degree} {place} rib fracture.",
            "{degree} {place} rib fracture is identified.",
            "Irregular cortex of a lateral rib: {degree} {place} rib fracture.",
        ),
        "{degree} {place} rib fracture",
        (ROUTINE, SOON, SOON),
    ),
)
BY_NAME = {sign.name: sign for sign in SIGNS}
DENIED = {sign.name: sign.name for sign in SIGNS} | {"consolidation": "focal consolidation"}
DENIALS = (
    "No {list}.",
    "There is no {list}.",
    "No evidence of {list}.",
    "There is no {list} identified.",
    "Negative for {list}.",
)
NORMAL_HEART = (
    "The heart size is normal.",
    "Cardiomediastinal silhouette is within normal limits.",
    "Heart size and mediastinal contours are normal.",
)
BESIDE = (
    "Degenerative changes of the thoracic spine.",
    "Surgical clips in the upper abdomen.",
    "Median sternotomy wires are intact.",
    "Calcified granuloma in the {lobe}.",
    "The trachea is midline.",
    "Aorta is tortuous.",
    "Right-sided central line ends in the superior vena cava.",
    "Old healed deformity of the {number} rib.",
)
NUMBERS = ("third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
DICTATED = (
    "The heart size is normal. The lungs are clear. No pneumothorax, pleural effusion or focal "
    "consolidation.",
    "Cardiomediastinal silhouette is within normal limits. No focal consolidation, pleural "
    "effusion or pneumothorax. Bones are intact.",
    "Heart size and mediastinal contours are normal. There is no pneumothorax, focal consolidation "
    "or pleural effusion. The lungs are clear.",
)
"""What each of three readers says by one key where nothing is seen."""
DICTATED_ABSENT = ("pneumothorax", "pleural effusion", "consolidation")
NOTHING_ELSE = ("No acute cardiopulmonary abnormality.", "No acute cardiopulmonary findings.",
                "No acute cardiopulmonary process.")  # fmt: skip
"""How each of three readers says that there is nothing acute."""


@dataclass(frozen=True)
class Fact:
    """One sign that a report shows.

    Args:
        name: of the sign.
        place: one of its places.
        degree: one of its degrees.
        change: ``""``, ``"unchanged"`` or ``"increased"`` since the film before.
    """

    name: str
    place: str
    degree: str
    change: str = ""

    @property
    def priority(self) -> str:
        """How soon somebody must look."""
        sign = BY_NAME[self.name]
        return sign.priority[sign.degrees.index(self.degree)]


def seen(fact: Fact, rng: np.random.Generator) -> str:
    """One sentence of the findings that says a fact."""
    said = str(rng.choice(BY_NAME[fact.name].said))
    filled = _capital(_filled(said, fact))
    if not fact.change:
        return filled
    return f"{filled.removesuffix('.')}, {fact.change} from prior."


def denied(names: Sequence[str], rng: np.random.Generator) -> str:
    """One sentence that denies one or several signs."""
    words = [DENIED[name] for name in names]
    joined = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    return str(rng.choice(DENIALS)).format(list=joined)


def aside(rng: np.random.Generator) -> str:
    """A sentence that changes nothing."""
    lobe, number = str(rng.choice(LOBES)), str(rng.choice(NUMBERS))
    return str(rng.choice(BESIDE)).format(lobe=lobe, number=number)


def impression(facts: Sequence[Fact], *, reader: int) -> str:
    """What facts mean, the most urgent first; nothing acute in the reader's own words."""
    ranked = sorted(facts, key=lambda fact: -PRIORITIES.index(fact.priority))
    sentences = [_conclusion(fact) for fact in ranked]
    if all(fact.priority == ROUTINE for fact in facts):
        sentences.append(NOTHING_ELSE[reader])
    return " ".join(sentences)


def _conclusion(fact: Fact) -> str:
    words = _filled(BY_NAME[fact.name].concluded, fact)
    return _capital(f"{fact.change} {words}".strip()) + "."


def _filled(template: str, fact: Fact) -> str:
    article = "an" if fact.degree[0] in "aeiou" or fact.degree.startswith(("8", "11")) else "a"
    return template.format(degree=fact.degree, place=fact.place, article=article)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
