"""Names of people: by what stands beside them, by dictionary, and by being named before.

Enters: a text and its words. Leaves: spans. A word that also names a disease, a device or a
drug, or that is a word of English first, is a name only where something beside it says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bedside.privacy.spans import UNSURE, Span
from bedside.privacy.tokens import Token, adjoining, chains
from bedside.privacy.vocabulary import Vocabulary, eponymous
from bedside.privacy.words import ACRONYM, DRUGS, EPONYMS
from bedside.tasks.redaction import TITLES

TITLE = re.compile(
    rf"\b(?P<it>(?i:dr|drs|mr|mrs|ms|prof|mx)\.?|(?:{TITLES}|Miss|Mister|Sir|Lady|Madam|Nurse|Sister|"
    r"Captain)|(?:Mme|Mlle|Hr|Fr|Frk|Dott|Dra|Rev|Capt|Sgt|Lt|Col)\.?)[ \t]+$"
)
LABELS = re.compile(
    r"(?:\b(?:patient(?:'s)?\s+name|pt\s+name|name|full\s+name|first\s+name|last\s+name|"
    r"surname|attending|physician|provider|surgeon|assistant|anesthesiologist|radiologist|"
    r"pathologist|cardiologist|consultant|resident|interpreter|reviewed\s+by|dictated\s+by|"
    r"signed\s+by|electronically\s+signed\s+by|transcribed\s+by|referred\s+by|seen\s+by|"
    r"requested\s+by|prepared\s+by|authori[sz]ed\s+by|next\s+of\s+kin|emergency\s+contact|contact|"
    r"guardian|caregiver|witness|author|attn|attention|cc|pcp|gp|dr|user|re|regards|sincerely|"
    r"signed)\s*[:=,][ \t]*(?:is\s+)?|"
    r"\b(?:signed|dictated|transcribed|reviewed|referred|seen|examined|interpreted)\s+by\s+)$",
    re.IGNORECASE,
)
SAID = re.compile(
    r"\b(?:(?:my|his|her|their|the)\s+(?:first\s+|last\s+|full\s+|partner'?s?\s+|maiden\s+)?"
    r"name(?:\s+appears\s+as)?(?:\s+(?:is|was))?|my\s+partner's\s+name|under(?:\s+the\s+name)?|"
    r"(?:calls?|called)\s+(?:me|him|her|them|for)|was\s+called|named|i\s+am|i'm|this\s+is|"
    r"name\?|to\s+be\s+addressed\s+as|change\s+it\s+to|goes\s+by|known\s+as)\s+(?:is\s+)?$",
    re.IGNORECASE,
)
KIN = re.compile(
    r"\b(?:(?:mother|father|wife|husband|son|daughter|brother|sister|aunt|uncle|cousin|niece|nephew|"
    r"grandmother|grandfather|partner|friend|neighbou?r|kid|child|roommate|girlfriend|boyfriend|"
    r"fianc[eé]e?|colleague|daughter-in-law|son-in-law|caregiver|guardian|nurse|physician|"
    r"therapist|doctor|surgeon|dear|hi|hello|hey|thanks?|ask|tell|saw|met|"
    r"contact|said|says|add|featuring|starring|songwriter|producer|player|singer|director|"
    r"president|assistant\s+to|spoke\s+with|discussed\s+with|seen\s+by))[ \t]*,?[ \t]+$",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"\s*,?\s*(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|Ph\.?D\.?|N\.?P\.?|P\.?A\.?(?:-C)?|MBBS|FRCS|FACC|LCSW|"
    r"PharmD|D\.?D\.?S\.?|L\.?P\.?N\.?|C\.?N\.?M\.?|esq)\b"
)
SPEAKS = re.compile(
    r"\s*(?::(?=\s)|(?:'s|’s)?,?\s+(?:said|says|lives?|lived|works?|worked|called|"
    r"stated|states|reports|reported|from|is\s+(?:a|an|the|very)|was\s+(?:a|an|the)|will|has|had|"
    r"explained|points|began|listed|spent|just|gave|asked|told|wrote|came|agreed)\b)"
)
JOINED = re.compile(r"\b(?:with|and|by|for|to|about|of|is|per)[ \t]+$", re.IGNORECASE)
"""Before a name of the dictionary, or two words; alone it says nothing."""
FORMS_OF_ADDRESS = frozenset({
    "doctor", "professor", "miss", "mister", "sir", "lady", "madam", "nurse", "sister", "captain",
    "dr", "mr", "mrs", "ms", "prof",
})  # fmt: skip
SPEAKER = re.compile(
    r"\b(?:patient|pt|mother|father|spouse|wife|husband|son|daughter)\s*:[ \t]*$", re.IGNORECASE
)
"""After it stands a name in a letter's head, and anything at all in a dialogue."""
LOOK_BACK, TITLE_BACK = 48, 14
SURE, LIKELY, MAYBE, WEAK, HARDLY = 0.95, 0.8, 0.62, 0.5, 0.45
LONGEST = 5
SHORTEST_SMALL = 4
ROW = re.compile(r", (?:and )?| and ")
ROW_BACK = re.compile(r"(?:, (?:and )?| and )$")
REPEATED = 4
"""Letters from which a name that was told once is looked for everywhere else."""


def person_spans(text: str, tokens: Sequence[Token], known: Vocabulary) -> list[Span]:
    """Names of people, titles, and the places where a name comes again."""
    found: list[Span] = []
    for chain in chains(text, tokens):
        found += _of_chain(text, chain, known)
    found += _in_small_letters(text, tokens, known)
    found += _reversed(text, tokens, known)
    found += _in_row(text, tokens, found, known)
    found += _again(text, tokens, found, known)
    found += _titles(text, tokens)
    return found


def _of_chain(text: str, chain: list[Token], known: Vocabulary) -> Iterator[Span]:
    """The names in a run of capitalised words."""
    at = 0
    while at < len(chain):
        told, rule = _told(text, chain[at], known)
        if told == SURE and not chain[at].particle:
            end = _end_of_told(text, chain, at, known)
            if end > at:
                yield _span(chain[at], chain[end - 1], told, rule)
                at = end
                continue
        end = at
        while end < len(chain) and end - at < LONGEST and _may_name(text, chain, end, known):
            end += 1
        if end == at:
            at += 1
            continue
        confidence, rule = _weighed(text, chain[at:end], (told, rule), known)
        if confidence:
            first, last = _edges(chain[at:end])
            yield _span(first, last, confidence, rule)
        at = end


def _span(first: Token, last: Token, confidence: float, rule: str) -> Span:
    return Span(first.start, last.end, "name", confidence, rule)


def _edges(run: list[Token]) -> tuple[Token, Token]:
    kept = [t for t in run if not t.particle or t.capital] or run
    return kept[0], kept[-1]


def _told(text: str, token: Token, known: Vocabulary) -> tuple[float, str]:
    """How sure what stands before a word makes it a name, and the rule's name.

    Of words that are no name by any dictionary, only a title can make one.
    """
    if TITLE.search(text, max(0, token.start - TITLE_BACK), token.start):
        return SURE, "title"
    if known.is_word(token.lower) and not _in_names(token, known):
        return 0.0, ""
    before = text[max(0, token.start - LOOK_BACK) : token.start]
    for pattern, confidence, rule in (
        (LABELS, SURE, "label"),
        (SAID, LIKELY, "said"),
        (KIN, MAYBE, "beside"),
        (SPEAKER, MAYBE, "speaker"),
        (JOINED, WEAK, "joined"),
    ):
        if pattern.search(before):
            return confidence, rule
    return 0.0, ""


def _end_of_told(text: str, chain: list[Token], at: int, known: Vocabulary) -> int:
    """How far a name reaches after a title or a label: at least one word, best all that fit."""
    titled = TITLE.search(text, max(0, chain[at].start - TITLE_BACK), chain[at].start) is not None
    if known.is_word(chain[at].lower):
        following = chain[at + 1] if at + 1 < len(chain) else None
        named = following is not None and not known.is_word(following.lower)
        if not _in_names(chain[at], known) or not (titled or named):
            return at
    end = at + 1
    while end < min(len(chain), at + LONGEST) and (
        not known.is_word(chain[end].lower)
        or chain[end].initial
        or chain[end].particle
        or known.is_surname(chain[end].lower)
    ):
        end += 1
    while end - 1 > at and chain[end - 1].particle and not chain[end - 1].capital:
        end -= 1
    return end


def _in_names(token: Token, known: Vocabulary) -> bool:
    return known.is_given(token.lower) or known.is_surname(token.lower)


def _may_name(text: str, chain: list[Token], place: int, known: Vocabulary) -> bool:
    """Whether a word can be a part of a name at all."""
    token = chain[place]
    if token.initial or token.particle:
        return True
    if token.lower in FORMS_OF_ADDRESS:
        return False
    if known.is_group(token.lower) or token.lower in DRUGS or token.lower in known.countries:
        return False
    named = _in_names(token, known)
    if token.shouted and len(token.text) <= ACRONYM and (not named or len(chain) == 1):
        return False
    if eponymous(token.lower, text[token.end : token.end + 40]) and token.lower in EPONYMS:
        return named and _beside_given(chain, place, known)
    if eponymous(token.lower, text[token.end : token.end + 40]):
        return False
    if known.is_word(token.lower):
        return named and _beside_given(chain, place, known)
    return True


def _beside_given(chain: list[Token], place: int, known: Vocabulary) -> bool:
    """Whether a plain given name stands right before, or an initial between them."""
    before = chain[max(0, place - 2) : place]
    after = [t for t in chain[place + 1 :] if not t.initial and (t.capital or not t.particle)][:1]
    plain = [t for t in before[-1:] if known.is_given(t.lower) and not known.is_word(t.lower)]
    if len(before) == 2 and before[1].initial:
        plain += [before[0]] if known.is_given(before[0].lower) else []
    follows = [
        t
        for t in after
        if known.is_given(chain[place].lower)
        and (known.is_surname(t.lower) or not chain[place].first or chain[place].lower in EPONYMS)
        and not known.is_word(t.lower)
        and not t.shouted
    ]
    return bool(plain or follows)


def _weighed(
    text: str, run: list[Token], told_by: tuple[float, str], known: Vocabulary
) -> tuple[float, str]:
    """The confidence that a run of words is a name; 0 where it is none."""
    words = [t for t in run if not t.initial and not t.particle]
    if not words:
        return 0.0, ""
    given = [t for t in words if known.is_given(t.lower)]
    surname = [t for t in words if known.is_surname(t.lower)]
    told, rule = told_by
    after = text[run[-1].end : run[-1].end + 24]
    if AFTER.match(after):
        return SURE, "degree"
    if told >= LIKELY and (given or surname or not run[0].first or rule != "said"):
        return told, rule
    if len(words) + sum(t.initial for t in run) >= 2:
        if words[0] in given:
            return 0.9, "given-name-first"
        if given or surname:
            return LIKELY, "names-together"
        return (MAYBE if told or SPEAKS.match(after) else HARDLY), "capitals-together"
    word = words[0]
    if given or surname:
        base = 0.72 if given else 0.6
        return min(base + (0.13 if told >= MAYBE or SPEAKS.match(after) else 0), 0.85), "dictionary"
    if SPEAKS.match(after) and not word.shouted:
        return 0.5, "speaks"
    if told >= MAYBE and rule != "speaker" and not word.first:
        return 0.5, rule
    return 0.0, ""


def _in_small_letters(text: str, tokens: Sequence[Token], known: Vocabulary) -> Iterator[Span]:
    """Names without capitals: after a title or a phrase, or two names of the dictionary."""
    for place, token in enumerate(tokens):
        if token.capital or token.particle or len(token.text) < SHORTEST_SMALL:
            continue
        if known.is_word(token.lower):
            continue
        named = _in_names(token, known)
        titled = TITLE.search(text, max(0, token.start - TITLE_BACK), token.start)
        told, rule = _told(text, token, known) if named or titled else (0.0, "")
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        pair = (
            following is not None
            and not following.capital
            and named
            and adjoining(text, token, following)
            and _in_names(following, known)
            and not known.is_word(following.lower)
            and known.is_given(token.lower)
        )
        if pair and following is not None:
            yield _span(token, following, MAYBE + 0.1 * (told >= LIKELY), "small-letters")
        elif named and (told >= LIKELY):
            yield _span(token, token, 0.7, rule)
        elif rule == "title":
            yield _span(token, token, 0.65, rule)


def _reversed(text: str, tokens: Sequence[Token], known: Vocabulary) -> Iterator[Span]:
    """Family name first: *DOE, JOHN*."""
    for last, first in pairwise(tokens):
        if (
            text[last.end : first.start] == ", "
            and last.capital
            and first.capital
            and last.shouted == first.shouted
            and known.is_given(first.lower)
            and known.is_surname(last.lower)
            and not known.is_word(first.lower)
            and not known.is_word(last.lower)
        ):
            yield _span(last, first, 0.82, "family-name-first")


def _in_row(
    text: str, tokens: Sequence[Token], found: Sequence[Span], known: Vocabulary
) -> Iterator[Span]:
    """An unknown word in one row with a name: *Romi, Erik and Amy*."""
    starts = {s.start for s in found if s.confidence >= UNSURE and s.kind == "name"}
    ends = {s.end for s in found if s.confidence >= UNSURE and s.kind == "name"}
    for place, token in enumerate(tokens):
        if not token.capital or token.shouted or token.initial or known.is_word(token.lower):
            continue
        after = ROW.match(text, token.end)
        before = ROW_BACK.search(text, max(0, token.start - 6), token.start)
        if (after is not None and after.end() in starts) or (
            before is not None and before.start() in ends and place
        ):
            yield _span(token, token, 0.55, "in-row")


def _again(
    text: str, tokens: Sequence[Token], found: Sequence[Span], known: Vocabulary
) -> Iterator[Span]:
    """Every other place of a word that was surely part of a name."""
    sure: set[str] = set()
    for span in found:
        if span.confidence >= LIKELY:
            words = re.findall(r"[^\W\d_]+(?:['’‑-][^\W\d_]+)*", text[span.start : span.end])
            sure |= {w.lower() for w in words if len(w) >= REPEATED}
    for token in tokens:
        if token.lower not in sure or eponymous("", text[token.end : token.end + 40]):
            continue
        plain = not known.is_word(token.lower) and token.lower not in EPONYMS
        if plain or (token.capital and not token.first):
            yield Span(token.start, token.end, "name", 0.78 if plain else MAYBE, "again")


def _titles(text: str, tokens: Sequence[Token]) -> Iterator[Span]:
    """Forms of address before a word."""
    for token in tokens:
        match = TITLE.search(text, max(0, token.start - TITLE_BACK), token.start)
        if match is not None:
            yield Span(*match.span("it"), "title", 0.9, "title")
