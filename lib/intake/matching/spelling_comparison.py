"""Whether two spellings can name the same person or payer. Pure.

A family shares a number, a day and a member ID: first names are compared more strictly than last
names, so that John is not taken for Joan, nor Dan for Dana, nor a twin for the other.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache, lru_cache

from lib.intake.denial_advice import REFERENCE

NUMBERED = {"i": "1st", "v": "5th", "vi": "6th"}  # suffixes that can be initials or names as well
SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", *NUMBERED.values()})
WRITTEN_SUFFIXES = {"junior": "jr", "senior": "sr", "2nd": "ii", "3rd": "iii", "4th": "iv"}
TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "md"})  # no part of a name beside other words
WRITTEN = {"saint": "st", "sainte": "ste"}  # words of a name that have a usual short form
CUT_NAME = 10  # letters of a first or last name that senders keep at least
ENDS = frozenset("aeo")  # of another name: Maximilian, Maximiliana, Maximiliano
LOST = "?\ufffd„‡¿"  # what programs write for a letter that they cannot
LOSABLE = "acdegilnorstuyz"  # letters that names have with accents
KNOWN_LETTERS = 3  # of a name some letters of which were lost
LAST_NAME, FIRST_NAME = "last", "first"  # in which letters were lost
MOST_LOST = 3  # places in a name; each doubles what must be tried
LONG_NAME, LONG_FIRST = 5, 6  # letters from which one typing error is tolerated
SHARED_ID = 6  # letters of a member ID that identify it without its prefix or suffix
LONG_ID = 8  # letters of a member ID from which one typing error is tolerated
PERSON_CODE = 2  # last letters of a member ID, which can tell a dependent: -01, -02
UNITED = "unitedhealthcare"
ABBREVIATIONS = {  # of payers
    "bcbs": ("blue", "cross", "blue", "shield"), "bluecross": ("blue", "cross"),
    "blueshield": ("blue", "shield"), "uhc": (UNITED,),
    "bcbsm": ("blue", "cross", "blue", "shield", "michigan"),
    "geha": ("government", "employees", "health", "association"),
    "iehp": ("inland", "empire", "health", "plan"), "fep": ("federal", "employee", "program"),
}  # fmt: skip
WRITTEN_OUT = (  # several words, or several spellings, of one name
    (r"\bunited ?health(?: ?care)?\b", UNITED),
    (r"\bkaiser (?:permanente|foundation)\b", "kaiser"),
    (r"\bnational government services?\b", "ngs medicare"),
    (r"\bfirst coast service options\b", "fcso medicare"),
    (r"\bwisconsin physicians services?\b", "wps"),
    (r"\bpalmetto gba\b", "palmetto gba medicare"),
    (r"\b(noridian|novitas|cgs administrators)\b", r"\1 medicare"),
)
STATES = {
    "al": "alabama", "ak": "alaska", "az": "arizona", "ar": "arkansas", "ca": "california",
    "co": "colorado", "ct": "connecticut", "de": "delaware", "fl": "florida", "ga": "georgia",
    "hi": "hawaii", "id": "idaho", "il": "illinois", "in": "indiana", "ia": "iowa",
    "ks": "kansas", "ky": "kentucky", "la": "louisiana", "me": "maine", "md": "maryland",
    "ma": "massachusetts", "mi": "michigan", "mn": "minnesota", "ms": "mississippi",
    "mo": "missouri", "mt": "montana", "ne": "nebraska", "nv": "nevada", "nh": "new hampshire",
    "nj": "new jersey", "nm": "new mexico", "ny": "new york", "nc": "north carolina",
    "nd": "north dakota", "oh": "ohio", "ok": "oklahoma", "or": "oregon", "pa": "pennsylvania",
    "ri": "rhode island", "sc": "south carolina", "sd": "south dakota", "tn": "tennessee",
    "tx": "texas", "ut": "utah", "vt": "vermont", "va": "virginia", "wa": "washington",
    "wv": "west virginia", "wi": "wisconsin", "wy": "wyoming",
}  # fmt: skip
# Codes of states that are words as well: only "of" before them makes them a state.
WORDS_TOO = frozenset({
    "al", "co", "de", "hi", "id", "in", "la", "ma", "md", "me", "mo", "oh", "ok", "or", "pa", "va",
})  # fmt: skip
FILLERS = frozenset({
    "the", "of", "and", "inc", "llc", "co", "corp", "company", "ltd", "plan", "plans", "insurance",
    "ins", "health", "healthcare", "care", "life", "group", "services", "payer",
})  # fmt: skip
LEGAL = frozenset({"the", "of", "and", "inc", "llc", "co", "corp", "company", "ltd"})
PROGRAMS = frozenset({"medicare", "medicaid", "tricare", "champva"})  # which companies run, too
GENERIC = frozenset({  # words that many payers have: alone they name none
    "community", "partners", "partner", "partnership", "choice", "select", "first", "preferred",
    "premier", "better", "best", "complete", "total", "senior", "family", "kids", "american",
    "america", "national", "general", "mutual", "network", "networks", "net", "medical", "benefit",
    "benefits", "administrators", "administrative", "administration", "alliance", "trust", "fund",
    "managed", "management", "systems", "system", "solutions", "cooperative", "association",
    "employees", "employee", "county", "city", "state", "states", "regional", "physicians",
    "hospital", "hmo", "ppo", "epo", "for", "my", "your", "new", "north", "northern", "south",
    "southern", "east", "eastern", "west", "western", "central", "midwest", "northwest",
    "northeast", "southwest", "southeast", "pacific", "atlantic", "part", "a", "b", "dmerc", "dme",
    "alabama", "alaska", "arizona", "arkansas", "california", "colorado", "connecticut",
    "delaware", "florida", "georgia", "hawaii", "idaho", "illinois", "indiana", "iowa", "kansas",
    "kentucky", "louisiana", "maine", "maryland", "massachusetts", "michigan", "minnesota",
    "mississippi", "missouri", "montana", "nebraska", "nevada", "hampshire", "jersey", "mexico",
    "york", "carolina", "dakota", "ohio", "oklahoma", "oregon", "pennsylvania", "rhode", "island",
    "tennessee", "texas", "utah", "vermont", "virginia", "washington", "wisconsin", "wyoming",
    "usa", "us", "united", "priority", "plus", "universal",
})  # fmt: skip
AGENTS = frozenset({"noridian", "novitas", "palmetto", "ngs", "wps", "cgs", "fcso"})
CONTRACTORS = AGENTS | frozenset({  # of Medicare: beside the program's they name no other payer
    "gba", "solutions", "administrator", "administrators",
})  # fmt: skip
TELLING = frozenset({  # words that, added to a payer's name, make it another payer
    "supplement", "supplemental", "medigap", "secondary", "primary", "tertiary", "medicaid",
    "medicare", "advantage", "dental", "vision", "behavioral", "federal", "fep", "workers", "auto",
    "veterans", "tricare", "champva", "better", "healthspring",
})  # fmt: skip

# Words that make another plan of one company: CHAMPUS's and Medicaid's contracts are other payers.
PLANS = frozenset({
    "military", "community", "choice", "select", "preferred", "premier", "complete", "total",
    "senior", "family", "kids", "plus", "priority", "gold", "student",
})  # fmt: skip
NO_PLANS = frozenset({"blue", "cross", "shield", UNITED})  # ANTHEM BLUE CROSS is ANTHEM


@lru_cache(maxsize=16384)
def fold(text: str) -> tuple[str, ...]:
    """Return the words of a name without case, accents and punctuation."""
    # An apostrophe joins parts of a name (O'Brien, OBrien); other marks divide them.
    plain = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return tuple(re.findall(r"[^\W_]+", letters))


@lru_cache(maxsize=16384)
def _person(name: str) -> tuple[tuple[str, ...], tuple[str, ...], frozenset[str]]:
    """Return last names, first names and suffixes of "LAST, FIRST" or "First Last"."""
    last, mark, first = name.partition(",")
    if mark:
        (lasts, suffixes), (firsts, more) = _unsuffixed(fold(last)), _unsuffixed(fold(first))
        return _untitled(lasts), _untitled(firsts), suffixes | more
    words, suffixes = _unsuffixed(fold(name))
    words = _untitled(words)
    return words[-1:], words[:-1], suffixes


def _unsuffixed(words: tuple[str, ...]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the words of a name without its suffixes, and these in one spelling. A first word is
    a name: some are called Junior."""
    told = [WRITTEN_SUFFIXES.get(word, word) for word in words[1:]]
    kept = (word for word, suffix in zip(words[1:], told, strict=True) if suffix not in SUFFIXES)
    return (*words[:1], *kept), frozenset(told) & SUFFIXES


def with_suffix(name: str, suffix: str) -> str:
    """Return a name that ends with a suffix, with that suffix in a form that is no initial: JOHN V
    as JOHN 5TH."""
    numbered = NUMBERED.get("".join(fold(suffix)))
    if not numbered or not name.endswith(suffix):
        return name
    return f"{name.removesuffix(suffix)}{numbered.upper()}"


def as_written(name: str) -> tuple[str, ...]:
    """Return the words of a name as its sender writes them, undoing `with_suffix`."""
    words = fold(name)
    letters = {numbered: suffix for suffix, numbered in NUMBERED.items()}
    return (*words[:-1], *(letters.get(word, word) for word in words[-1:]))


def written_name(name: str) -> str:
    """Return a name as its sender writes it, undoing `with_suffix`: JOHN V."""
    rest, _, last = name.rpartition(" ")
    suffix = {numbered: suffix for suffix, numbered in NUMBERED.items()}.get(last.casefold())
    return f"{rest} {suffix.upper()}" if rest and suffix else name


def _untitled(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a name in their usual form, without titles."""
    kept = tuple(WRITTEN.get(word, word) for word in words if word not in TITLES)
    return kept or words


def is_same_name(one: str, other: str) -> bool:
    """Return True if both name the person letter by letter, apart from case and punctuation."""
    return _person(one) == _person(other)


def has_same_suffix(one: str, other: str) -> bool:
    """Return True if both names have the same suffix, or neither has any."""
    return _person(one)[2] == _person(other)[2]


def names_of(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words of last and first names as they are compared, without titles and
    suffixes."""
    return _person(name)[:2]


def has_first_name(name: str) -> bool:
    """Return True if the name says more than the family's."""
    return bool(_person(name)[1])


def lost_letters(name: str) -> frozenset[str]:
    """Return in which parts of "LAST, FIRST" letters were lost on its way here. Of "First Last"
    nobody can say in which."""
    last, mark, first = name.partition(",")
    parts = ((LAST_NAME, last), (FIRST_NAME, first if mark else last))
    return frozenset(part for part, text in parts if _LOST_LETTERS.search(text))


def could_be_person(one: str, other: str, *, same_member: bool) -> bool:
    """Return True if both names can be one person's. `same_member`: their member IDs agree."""
    if is_same_name(one, other):
        return True
    one, other = _restored(one, other), _restored(other, one)
    if _is_illegible(one) or _is_illegible(other):
        return False
    (last, first, suffix), (last2, first2, suffix2) = _person(one), _person(other)
    if suffix and suffix2 and suffix != suffix2:
        return False
    if _last(last, last2) and _first(first, first2, same_member=same_member):
        return True
    # "First Last" without a comma, and senders that put the first name first.
    return bool(first and first2) and last == first2 and first == last2


def _restored(name: str, other: str) -> str:
    """Return a name with the letters that were lost on its way, as far as the other name has
    words that could be meant: MU?OZ as MUNOZ."""

    def word(found: re.Match[str]) -> str:
        if not _LOST_AFTER_LETTER.search(found[0]):
            return found[0]
        parts = ["".join(fold(each)) for each in _LOST_LETTERS.split(found[0])]
        if len("".join(parts)) < KNOWN_LETTERS or len(parts) > MOST_LOST + 1:
            return found[0]
        pattern = f"[{LOSABLE}]{{1,2}}".join(map(re.escape, parts))
        meant = [each for each in fold(other) if re.fullmatch(pattern, each)]
        return meant[0] if meant else found[0]

    return _WORD.sub(word, name)


def _is_illegible(name: str) -> bool:
    """Return True if all letters of the first name were lost: LI, ???."""
    first = name.partition(",")[2]
    return bool(_LOST_LETTERS.search(first)) and not fold(first)


_LOST_LETTERS = re.compile(f"[{LOST}]+")
_LOST_AFTER_LETTER = re.compile(rf"[^\W\d_][{LOST}]")
_WORD = re.compile(r"[^\s,-]+")


def _last(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return False
    if set(one) <= set(other) or set(other) <= set(one):  # García, and García López
        return True
    joined, joined2 = "".join(one), "".join(other)
    if joined == joined2 or _is_cut_name(joined, joined2):
        return True
    return min(len(joined), len(joined2)) >= LONG_NAME and is_one_slip(joined, joined2)


def _first(one: tuple[str, ...], other: tuple[str, ...], *, same_member: bool) -> bool:
    if not one or not other or "".join(one) == "".join(other):  # not stated, or the same
        return True
    one, other = _apart(one, other), _apart(other, one)
    if not _middles(one[1:], other[1:]):  # Mary Ann, and Mary Jane; twin A, and twin B
        return False
    short, long = sorted((one[0], other[0]), key=len)
    is_cut = _is_cut_name(short, long) and long.removeprefix(short) not in ENDS
    if short == long or is_cut or _is_nickname(short, long):
        return True
    is_initial = len(short) == 1 and long.startswith(short)
    return same_member and (is_initial or _is_one_spelling(short, long))


def _apart(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of one first name, joined where the other writes them as one: Mary Ann as
    Maryann."""
    for count in range(2, len(one) + 1):
        if "".join(one[:count]) == other[0]:
            return other[:1] + one[count:]
    return one


def _middles(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return True if nothing after the first names contradicts: the shorter side's words stand in
    the longer one, in order, in full or as initials."""
    if not one or not other:
        return True
    if len(one[-1]) == len(other[-1]) == 1 and one[-1] != other[-1]:
        return False
    short, long = sorted((one, other), key=len)
    rest = iter(long)
    return all(any(_is_middle(word, each) for each in rest) for word in short)


def _is_middle(one: str, other: str) -> bool:
    is_initial = 1 in {len(one), len(other)} and one[0] == other[0]
    return one == other or is_initial or _is_cut_name(one, other)


@cache
def _nicknames() -> frozenset[tuple[str, str]]:
    """Return every known pair of a nickname and a name. Two names never stand for each other, nor
    do two nicknames: Liz and Beth can be sisters."""
    with (REFERENCE / "nicknames.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(
            (short, row["name"])
            for row in csv.DictReader(file)
            for short in row["nicknames"].split()
        )


@cache
def _by_nickname() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for one, other in _nicknames():
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


def nicknames(word: str) -> frozenset[str]:
    """Return the names that a first name is a nickname of, and its own nicknames."""
    return _by_nickname().get(word, frozenset())


def _is_nickname(one: str, other: str) -> bool:
    return bool({(one, other), (other, one)} & _nicknames())


def is_nickname_of_several(one: str, other: str) -> bool:
    """Return True if two first names agree only as a nickname and its name, and it is one of other
    names, too: PAT of Patrick and Patricia. Names spelled in two ways are one (Steven, Stephen)."""
    (_, first, _), (_, first2, _) = _person(one), _person(other)
    if not first or not first2 or not _is_nickname(first[0], first2[0]):
        return False
    pairs = _nicknames()
    short, name = (first[0], first2[0]) if (first[0], first2[0]) in pairs else (first2[0], first[0])
    others = {each for nickname, each in pairs if nickname == short} - {name}
    return any(not _is_variant(name, each) for each in others)


def _is_variant(one: str, other: str) -> bool:
    """Return True if two names are one in two spellings: Catherine, Katherine."""
    plain, plain2 = (
        re.sub(r"h|(.)(?=\1)", "", each.replace("ph", "f").replace("c", "k").replace("y", "i"))
        for each in (one, other)
    )
    return plain == plain2 or is_one_slip(plain, plain2)


def _is_one_spelling(one: str, other: str) -> bool:
    """Return True if two neighboring letters were swapped (Micheal), or one was doubled (Philip,
    Phillip). A letter that is another makes another name: Marisa and Marina are sisters."""
    short, long = sorted((one, other), key=len)
    if len(short) < LONG_FIRST or short[0] != long[0] or short[-1] != long[-1]:
        return False
    if long.startswith(short):  # Gabriell is cut from Gabrielle, Juliann is no Julian
        return False
    single, single2 = (re.sub(r"(.)\1", r"\1", each) for each in (short, long))
    return single == single2 or (sorted(short) == sorted(long) and is_one_slip(short, long))


def _is_cut_name(one: str, other: str) -> bool:
    """Return True if a sender could have cut off the end of one name."""
    short, long = sorted((one, other), key=len)
    return len(short) >= CUT_NAME and long.startswith(short)


def is_one_slip(one: str, other: str) -> bool:
    """Return True if one letter is missing, wrong, or swapped with its neighbor."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    at = next((n for n, letter in enumerate(short) if letter != long[n]), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return True
    swapped = short[at : at + 2][::-1]
    return swapped == long[at : at + 2] and short[at + 2 :] == long[at + 2 :]


def could_be_member(one: str, other: str) -> bool:
    """Return True if two member IDs can be one: with or without a prefix or suffix, or one typing
    error before the last letters. Those can tell one dependent from another (-01, -02)."""
    plain, plain2 = (member_key(_PERSON_ZEROS.sub("-", each.strip())) for each in (one, other))
    short, long = sorted((plain, plain2), key=len)
    if short == long:
        return True
    if len(short) >= SHARED_ID and (long.startswith(short) or long.endswith(short)):
        return True
    is_same_end = short[-PERSON_CODE:] == long[-PERSON_CODE:]
    return len(short) >= LONG_ID and is_same_end and is_one_slip(short, long)


_PERSON_ZEROS = re.compile(r"[-\s/]0+(?=\d{1,2}$)")  # -01 and -1 are one


@lru_cache(maxsize=16384)
def payer_words(name: str) -> frozenset[str]:
    """Return the words that tell a payer from others."""
    words = frozenset(_payer_fold(name))
    words = words - FILLERS or words
    if words == {"united"}:  # as some lists call it
        return frozenset({UNITED})
    return words


@lru_cache(maxsize=16384)
def _payer_fold(name: str) -> tuple[str, ...]:
    """Return the words of a payer's name, abbreviations and states written out and one name of
    several spellings written in one."""
    text = " ".join(fold(_INITIALS.sub("", name)))
    text = _STATE_OF.sub(lambda found: STATES[found[0]], text)
    text = _BCBS_OF.sub(lambda found: f"bcbs {STATES[found[1]]}", text)
    for pattern, words in WRITTEN_OUT:
        text = re.sub(pattern, words, text)
    return tuple(
        dict.fromkeys(each for word in text.split() for each in ABBREVIATIONS.get(word, (word,)))
    )


_INITIALS = re.compile(r"(?<=\b[A-Za-z])\.(?=[A-Za-z]\b)")  # L.A. Care
_STATE_OF = re.compile(
    rf"(?<=\bof )(?:{'|'.join(STATES)})\b|\b(?:{'|'.join(STATES.keys() - WORDS_TOO)})\b"
)
_BCBS_OF = re.compile(rf"\bbcbs({'|'.join(STATES)})\b")


def could_be_payer(one: str, other: str) -> bool:
    """Return True if one name is the other with more words, none of which names another payer, and
    the words they share name one."""
    words, words2 = payer_words(one), payer_words(other)
    agents, agents2 = words & AGENTS, words2 & AGENTS
    is_other = bool(agents and agents2 and not agents & agents2)
    if "medicare" in words & words2:  # its contractors answer for it: Noridian is Medicare, too
        words, words2 = _without_agents(words), _without_agents(words2)
    if is_other or not words or not words2:
        return False
    whole, whole2 = _payer_fold(one), _payer_fold(other)
    if not (words <= words2 or words2 <= words):
        return _is_misspelled(whole, whole2)
    shared, more = words & words2, words ^ words2
    if more & TELLING or shared - GENERIC - PROGRAMS - FILLERS:
        return not more & TELLING
    if shared & PROGRAMS:  # Medicare of Texas is Medicare, Aetna Medicare is not
        return more <= GENERIC | CONTRACTORS
    # Health First and First Health are two.
    return _without(LEGAL, whole) == _without(LEGAL, whole2)


@lru_cache(maxsize=4096)
def is_other_plan(one: str, other: str) -> bool:
    """Return True if one of two names that could be one payer's has a word more that can name
    another plan of the company: HUMANA MILITARY, TRICARE FOR LIFE."""
    words, words2 = payer_words(one), payer_words(other)
    more = words ^ words2
    if words & words2 <= PROGRAMS:  # of a company, Life is its legal name
        return "life" in set(_payer_fold(one)) ^ set(_payer_fold(other))
    if not (words <= words2 or words2 <= words):  # one is misspelled
        return False
    known = (GENERIC - PLANS) | FILLERS | CONTRACTORS | PROGRAMS | NO_PLANS
    return bool(more - known)


def _is_misspelled(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return True if a space or one letter of a long word differs. Part A is not Part B."""
    joined, joined2 = "".join(one), "".join(other)
    if min(len(joined), len(joined2)) < LONG_ID or not is_one_slip(joined, joined2):
        return False
    return len(one) != len(other) or all(
        len(word) >= LONG_NAME for word, word2 in zip(one, other, strict=True) if word != word2
    )


def _without_agents(words: frozenset[str]) -> frozenset[str]:
    """Return the words of a name of Medicare without its contractor and jurisdiction (JE, J15)."""
    return frozenset(each for each in words - CONTRACTORS if not _JURISDICTION.fullmatch(each))


_JURISDICTION = re.compile(r"j(?:[a-n]|\d{1,2})")


def _without(some: frozenset[str], words: tuple[str, ...]) -> list[str]:
    return [word for word in words if word not in some]


@lru_cache(maxsize=16384)
def member_key(number: str) -> str:
    """Return a member ID without case, separators, padding and leading zeros: a payer has one way
    to write its own."""
    plain = re.sub(r"[^0-9A-Za-z]", "", number).lower()
    return plain.lstrip("0") or plain or number.strip()
