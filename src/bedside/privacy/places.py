"""Addresses, towns, countries, peoples and organisations.

Enters: a text and its words. Leaves: spans. An address is found by its anchors (a street
word, a box, a flat, a number beside a name) and grows along what follows it on the envelope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bedside.privacy.spans import Kind, Span
from bedside.privacy.tokens import Token, chains
from bedside.privacy.vocabulary import Vocabulary, eponymous
from bedside.privacy.words import DRUGS

CAP = r"[^\W\d_a-zµß][\w'’.-]{0,40}"
BARE = r"[^\W\d_a-zµß][\w'’-]{1,40}"
NAME = rf"(?:(?:(?:de|la|du|des|del|della|di|da|van|von|der|den|het|do|dos|y|of|the)\s+)*{CAP})"
STREET = (
    r"(?i:"
    r"street|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|court|ct|place|pl|square|"
    r"sq|terrace|way|circle|parkway|pkwy|highway|hwy|trail|trl|crescent"
    r")"
)
RARE_STREET = (
    r"(?i:"
    r"ter|cir|alley|cres|close|gardens|grove|mews|row|walk|plaza|loop|pike|ridge|view|hill|"
    r"hills|heights|point|crossing|island|islands|isle|forge|fork|forks|garden|glen|green|"
    r"hollow|inlet|junction|knoll|knolls|landing|manor|meadow|meadows|mill|mills|motorway|"
    r"mount|mountain|neck|orchard|oval|park|pass|passage|path|pine|pines|plains|port|prairie|"
    r"ranch|rapids|rest|river|shoal|shore|spring|springs|spur|squares|station|stream|summit|"
    r"throughway|trace|track|tunnel|turnpike|union|valley|via|viaduct|village|ville|vista|"
    r"walks|wall|well|wells|lights|locks|lodge|bayou|beach|bend|bluff|branch|bridge|brook|"
    r"burg|bypass|camp|canyon|cape|causeway|center|cliff|cliffs|club|common|corner|corners|"
    r"course|cove|creek|crest|curve|dale|dam|divide|estate|estates|expressway|extension|falls|"
    r"ferry|field|fields|flat|flats|ford|forest|fort|freeway|gateway|harbor|haven|key|keys|"
    r"lake|lakes|light|mission|ramp|stravenue|streets|roads|parks"
    r")"
)
"""Words that end names of streets, and mean much else."""
ABROAD_BEFORE = (
    r"(?:rue|avenue|boulevard|place|allée|chemin|quai|via|viale|piazza|vicolo|corso|largo|calle|"
    r"c/|avda\.?|avenida|plaza|paseo|camino|rúa|rua|travessa|praça|estrada|rodovia|alameda|ul\.|"
    r"ulica|al\.|os\.|pl\.|plac|trg|cesta|strada|bulevardul|chaussée|route|impasse|carrer|ronda|"
    r"calçada|rambla)"
)
ABROAD_END = (
    r"(?:stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|damm|ring|graben|gatan|gata|vägen|väg|gränd|"
    r"stigen|gade|vej|vænget|allé|stræde|veien|vei|gate|gaten|tie|katu|polku|kuja|tänav|tee|laan|"
    r"straat|plein|kade|dreef|utca|út|útja|tér|körút|ova|ulica|gatvė|iela|stræti|sgata|vegur|"
    r"braut|holt|hólar|smári|tún|tun|ilochka|prospekt|nám\.|náměstí|strada|park)"
)
ADDRESS = (
    (
        "street",
        rf"\b\d{{1,6}}[a-z]?(?:[-/]\d{{1,4}}[a-z]?)?,?\s+(?:(?:[NSEW]|North|South|East|West)"
        rf"\.?\s+)?(?:{NAME}\s+){{0,4}}{CAP}\s+{STREET}\b\.?(?:\s+(?:[NSEW]{{1,2}}\b))?",
    ),
    (
        "street-rare",
        rf"\b\d{{1,6}}[a-z]?,?\s+(?:{NAME}\s+){{0,3}}{CAP}\s+{RARE_STREET}\b\.?",
    ),
    (
        "street-name",
        rf"\b(?:{CAP}\s+){{1,3}}(?i:street|avenue|road|lane|boulevard|drive|crescent|"
        r"terrace|parkway|highway|trail|st\.|ave\.|rd\.|blvd\.?)(?!\w)",
    ),
    ("numbered-street", r"\b\d{1,3}(?:st|nd|rd|th)\s+(?i:street|avenue|ave|st)\b\.?"),
    (
        "abroad-before",
        rf"(?:\b\d{{1,6}}[a-z]?,?\s+)?(?<!\w)(?i:{ABROAD_BEFORE})\s+(?:[\w'’.-]+\s+)"
        rf"{{0,3}}?(?:{CAP}|\w+)(?:\s+{CAP}){{0,3}}(?:,?\s+\d{{1,5}}[a-z]?\b)",
    ),
    (
        "abroad-named",
        rf"(?<!\w)(?:Rue|Via|Calle|Rúa|Rua|Avenida|Piazza|Vicolo|Ul\.|ul\.|Plaza|Viale"
        rf"|Corso|Praça|Travessa)\s+(?:{NAME}\s*){{1,4}}",
    ),
    (
        "abroad-end",
        rf"(?:\b\d{{1,6}}\s+)?\b(?:{CAP}\s+){{0,2}}{CAP}?(?:{ABROAD_END})\s+\d{{1,5}}"
        r"[a-z]?\b",
    ),
    ("box", r"\b(?i:P\.?\s?O\.?\s?Box|PSC|Box|Postfach|Apartado)\s+\d+(?:,?\s+Box\s+\d+)?"),
    (
        "military",
        r"\b(?i:(?:USNV|USNS|USS|USCGC|Unit)\s+[\w-]+(?:\s+Box\s+\d+)?[\s,]+"
        r"(?:APO|FPO|DPO)\s+A[AEP]\s+\d{5})",
    ),
    ("flat", r"\b(?i:apt|apartment|suite|ste|flat|unit|floor|building|bldg)\.?\s*#?\s*\d+[a-z]?\b"),
    ("number-name-number", rf"\b\d{{1,6}}\s+(?:{NAME}\s+){{1,4}}\d{{1,5}}[a-z]?\b"),
    (
        "name-number",
        rf"(?<![\w.]){BARE}(?: {BARE}){{0,2}} (?!(?:1[89]|20)\d\d)\d{{1,4}}[a-z]?"
        r"(?=\s*(?:[,\n]|$))",
    ),
    ("number-name", rf"(?<![\w.,/-])\d{{2,6}}\s+(?:{NAME}\s+){{0,3}}{CAP}(?=[,\n])"),
    ("zip-state", r"\b[A-Z]{2}\s+\d{5}(?:-\d{4})?\b"),
    ("postcode-gb", r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b"),
    ("postcode-ca", r"\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b"),
    (
        "zip",
        r"(?i:\b(?:zip|postal|post)\s*(?:code)?\b[^\n\d]{0,8})"
        r"(?P<it>[A-Z]?\d[\dA-Z -]{1,8}[\dA-Z])",
    ),
    ("labelled", r"(?i:\b(?:street|home|mailing|billing)?\s*address\s*:\s+)(?P<it>[^\n]{4,80})"),
    (
        "lives-at",
        rf"(?i:\b(?:lives?|living|resid(?:es|ing)|located|sent|arrived|address\s+is|"
        rf"address\s+to|return|offices?\s+(?:is|are)|moved|meet)\s+(?:in|at|on|to|is|as)?\s*)"
        rf"(?P<it>\d{{1,6}}[A-Za-z]?\s+[^\n,.;]{{3,40}}|{CAP}(?:\s+{CAP}){{0,3}}\s+\d{{1,5}}[a-z]?\b)",
    ),
    (
        "street-of",
        rf"(?i:\b(?:corner\s+of|side\s+of|lives\s+on|station\s+is\s+on|enter\s+on|off\s+at"
        rf"|refers\s+to|located\s+(?:at|on))\s+)(?P<it>{NAME}(?:\s+{NAME}){{0,3}})",
    ),
)
PATTERNS = tuple((name, re.compile(pattern)) for name, pattern in ADDRESS)
STRONG = frozenset({"street", "box", "military", "zip-state", "labelled", "abroad-before", "zip"})
SEPARATOR = re.compile(r"(?:[ \t]*(?:,|\\,|\r?\n)[ \t>?]*|[ \t]+)+")
PIECE = re.compile(
    rf"(?:(?i:apt|suite|ste|unit|box|flat|floor)\.?\s*#?\d+[A-Za-z]?\b|[A-Z]{{2}}\b(?:\s+\d{{5}}\b)?|"
    rf"\d[\d-]{{1,9}}(?:\s?[A-Z]{{2}})?\b|(?:{CAP}(?:\s+(?:de|la|del|di|do|da|der|am|an)\s+{CAP})?))"
)
STOPPERS = frozenset({
    "phone", "tel", "fax", "email", "mobile", "desk", "e-mail", "office", "website", "web", "name",
    "call", "and", "the", "is", "i", "my", "please", "thank", "thanks", "regards",
})  # fmt: skip
PREPOSITION = re.compile(
    r"\b(?:in|from|to|near|at|visit|visiting|toward|towards|outside|around|lives?\s+in|based\s+in|"
    r"city\s+of|town\s+of|university\s+of|originally\s+from|southern|northern|eastern|western)\s+"
    r"(?:the\s+)?$",
    re.IGNORECASE,
)
FIRM = re.compile(
    rf"\b(?:{CAP}(?:\s*(?:&|and|of|,)\s+|\s+)){{1,5}}?(?:Hospital|Clinic|Infirmary|Hospice|Medical"
    r"\s+(?:Cent(?:er|re)|Group)|Health(?:care|\s+System)?|Cent(?:er|re)|Nursing\s+Home|Pharmacy|"
    r"Laborator(?:y|ies)|Surgery|Practice|Inc|LLC|Ltd|Corp(?:oration)?|Company|Co|Group|Bank|"
    r"University|College|School|Institute|Foundation|Insurance|Systems?|Technologies|Solutions|"
    r"Services?|Partners|Associates|Industries|Consulting|Software|Networks?|Labs?|Records|Church|"
    r"Association|Agency|Society|PLC|GmbH|Authority|Trust|Analytics|Research|Media|Holdings)\b\.?"
)
JOINED_FIRM = re.compile(
    rf"\b{CAP}-{CAP}(?=\W|$)|\b{CAP},\s+{CAP}\s+and\s+{CAP}|\b{CAP}\s+(?:and|&)\s+(?:Sons|Co)\b"
)
EMPLOYED = re.compile(
    r"\b(?:works?\s+(?:for|at)|worked\s+(?:for|at)|working\s+(?:for|at)|employed\s+(?:by|at)|"
    r"employee\s+of|employer\s*:|ceo\s+of|founded\s+by|recorded\s+for|year\s+at|retired\s+from|"
    r"insured\s+(?:by|with)|insurance\s*:|resident\s+of|transferred\s+(?:to|from)|attends|joined|"
    r"manufacturers?\s*:?|presented\s+to)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
NGRAM = 4


def place_spans(text: str, tokens: Sequence[Token], known: Vocabulary) -> list[Span]:
    """Addresses with what follows them, places, countries, groups and organisations."""
    found = list(_addresses(text, known))
    found += _listed(text, tokens, known)
    found += _organisations(text, known)
    for chain in chains(text, tokens):
        found += _by_context(text, chain, known)
    return found


def _addresses(text: str, known: Vocabulary) -> Iterator[Span]:
    for name, pattern in PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span("it") if "it" in pattern.groupindex else match.span()
            if not _like_address(text[start:end], name, known):
                continue
            while end > start and text[end - 1] in " .,;\n":
                end -= 1
            lines = list(_following_lines(text, end, known))
            confidence = 0.9 if name in STRONG or lines else 0.62
            for first, last in _joined(text, [(start, end), *lines]):
                yield Span(first, last, "address", confidence, f"address-{name}")


def _like_address(words: str, name: str, known: Vocabulary) -> bool:
    """Whether the capitalised words of a loose form are none of English or medicine."""
    if name in STRONG or name in ("flat", "postcode-gb", "postcode-ca"):
        return True
    letters = re.findall(r"[^\W\d_][\w'’-]*", words)
    judged = letters[:-1] if name in ("street-name", "street-rare") else letters
    ordinary = [w for w in judged if known.is_word(w.lower()) or w.lower() in DRUGS]
    if name in ("number-name-number", "name-number", "number-name"):
        shouted = all(w.isupper() for w in letters)
        return bool(letters) and not ordinary and not shouted and len(letters[0]) > 3
    return not judged or len(ordinary) < max(1, len(judged))


def _following_lines(text: str, end: int, known: Vocabulary) -> Iterator[tuple[int, int]]:
    """Towns, codes and countries that follow on the envelope."""
    while True:
        gap = SEPARATOR.match(text, end)
        piece = None if gap is None else PIECE.match(text, gap.end())
        if gap is None or piece is None or gap.group().count("\n") > 1:
            return
        word = piece.group().split()[0].rstrip(".").lower()
        marked = re.search(r"[,\n]", gap.group()) is not None
        if word in STOPPERS or (known.is_word(word) and not _placed(word, known)):
            return
        if not marked and not (piece.group()[0].isdigit() or piece.group()[0].isupper()):
            return
        end = piece.end() - piece.group().endswith(".")
        yield piece.start(), end
        if end < piece.end() and len(word) > len("apt."):
            return


def _joined(text: str, lines: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Neighbouring stretches as one, but for marks of quotation between them."""
    start, end = lines[0]
    for first, last in lines[1:]:
        if re.search("[>?]", text[end:first]):
            yield start, end
            start = first
        end = last
    yield start, end


def _placed(word: str, known: Vocabulary) -> bool:
    return word in known.places or word in known.countries or word in ("apt", "suite", "unit")


def _listed(text: str, tokens: Sequence[Token], known: Vocabulary) -> Iterator[Span]:
    """Places, countries and groups of the dictionaries, longest first."""
    at = 0
    while at < len(tokens):
        step = 1
        for length in range(min(NGRAM, len(tokens) - at), 0, -1):
            run = tokens[at : at + length]
            words = text[run[0].start : run[-1].end]
            kind = _kind(" ".join(words.lower().split()), run, known)
            if kind is not None and "\n" not in words:
                told = PREPOSITION.search(text, max(0, run[0].start - 24), run[0].start)
                sure = 0.9 if kind != "place" else 0.8 if told or length > 1 else 0.58
                yield Span(run[0].start, run[-1].end, kind, sure, f"listed-{kind}")
                step = length
                break
        at += step


def _kind(lower: str, run: Sequence[Token], known: Vocabulary) -> Kind | None:
    if lower in known.countries and len(lower) > 1:
        return "country" if run[0].capital or len(lower) > 4 else None
    if len(run) == 1 and known.is_group(lower) and lower != "christian":
        return "group"
    ordinary = known.is_word(lower)
    if lower in known.places and run[0].capital and not ordinary:
        return "place" if not run[0].shouted or len(lower) > 4 else None
    return None


def _organisations(text: str, known: Vocabulary) -> Iterator[Span]:
    for match in FIRM.finditer(text):
        words = re.findall(r"[^\W\d_][\w'’-]*", match.group())[:-1]
        if any(not known.is_word(w.lower()) for w in words):
            yield Span(*match.span(), "organisation", 0.75, "firm")
    for match in JOINED_FIRM.finditer(text):
        words = re.findall(r"[^\W\d_]+", match.group())
        named = sum(known.is_surname(w.lower()) for w in words)
        if named >= 2 and not eponymous("", text[match.end() : match.end() + 30]):
            yield Span(*match.span(), "organisation", 0.65, "joined-firm")


def _by_context(text: str, chain: list[Token], known: Vocabulary) -> Iterator[Span]:
    """Unknown capitalised words after a word of place or of employment."""
    before = text[max(0, chain[0].start - 32) : chain[0].start]
    employed = EMPLOYED.search(before) is not None
    if not employed and PREPOSITION.search(before) is None:
        return
    if eponymous(chain[-1].lower, text[chain[-1].end : chain[-1].end + 40]):
        return
    odd = [t for t in chain if not known.is_word(t.lower) and not t.initial]
    short = all(t.shouted and len(t.text) <= 4 for t in chain)
    if not odd or (short and not employed):
        return
    kind: Kind = "organisation" if employed else "place"
    yield Span(chain[0].start, chain[-1].end, kind, 0.7 if employed else 0.52, "beside")
