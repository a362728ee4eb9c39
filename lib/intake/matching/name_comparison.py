"""Whether two spellings can name the same person, payer or claim. Pure.

A family shares a number, a day and a member ID: first names are compared more strictly than last
names, so that John is not taken for Joan, nor Dan for Dana.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "md"})  # no part of a name beside other words
WRITTEN = {"saint": "st", "sainte": "ste"}  # words of a name that have a usual short form
CUT_NAME = 10  # letters of a first or last name that senders keep at least
LONG_NAME, LONG_FIRST = 5, 6  # letters from which one typing error is tolerated
NICKNAME, NICKNAME_LEAVES_OUT = 3, 3  # letters: Rob is short for Robert, but Dan is not for Dana
SHARED_ID = 6  # letters of a member ID that identify it without its prefix or suffix
LONG_ID = 8  # letters of a member ID from which one typing error is tolerated
UNITED = "unitedhealthcare"
ABBREVIATIONS = {  # of payers
    "bcbs": ("blue", "cross", "blue", "shield"), "bluecross": ("blue", "cross"),
    "blueshield": ("blue", "shield"), "uhc": (UNITED,),
}  # fmt: skip
FILLERS = frozenset({
    "the", "of", "and", "inc", "llc", "co", "corp", "company", "ltd", "plan", "plans", "insurance",
    "ins", "health", "healthcare", "care", "life", "group", "services", "payer",
})  # fmt: skip
TELLING = frozenset({  # words that, added to a payer's name, make it another payer
    "supplement", "supplemental", "medigap", "secondary", "primary", "tertiary", "medicaid",
    "medicare", "advantage", "dental", "vision", "behavioral", "federal", "fep", "workers", "auto",
    "veterans", "tricare", "champva",
})  # fmt: skip


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
    words = fold(name)
    suffixes = frozenset(words) & SUFFIXES
    words = _untitled(words)
    if mark:
        lasts, firsts = _untitled(fold(last)), _untitled(fold(first))
    else:
        lasts, firsts = words[-1:], words[:-1]
        if words[-1:] and words[-1] in SUFFIXES:
            lasts, firsts = words[-2:-1], words[:-2]
    return (
        tuple(each for each in lasts if each not in SUFFIXES),
        tuple(each for each in firsts if each not in SUFFIXES),
        suffixes,
    )


def _untitled(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a name in their usual form, without titles."""
    kept = tuple(WRITTEN.get(word, word) for word in words if word not in TITLES)
    return kept or words


def is_same_name(one: str, other: str) -> bool:
    """Return True if both name the person letter by letter, apart from case and punctuation."""
    return _person(one) == _person(other)


def could_be_person(one: str, other: str, *, same_member: bool) -> bool:
    """Return True if both names can be one person's. `same_member`: their member IDs agree."""
    if is_same_name(one, other):
        return True
    (last, first, suffix), (last2, first2, suffix2) = _person(one), _person(other)
    if suffix and suffix2 and suffix != suffix2:
        return False
    if _last(last, last2) and _first(first, first2, same_member=same_member):
        return True
    # "First Last" without a comma, and senders that put the first name first.
    return bool(first and first2) and last == first2 and first == last2


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
    middles = [each for each in (one[1:], other[1:]) if each and len(each[0]) > 1]
    if len(middles) == 2 and middles[0] != middles[1]:  # Mary Ann, and Mary Jane
        return False
    short, long = sorted((one[0], other[0]), key=len)
    if long.startswith(short):
        is_nickname = len(short) >= NICKNAME and len(long) - len(short) >= NICKNAME_LEAVES_OUT
        is_initial = len(short) == 1 and same_member
        return short == long or is_nickname or is_initial or _is_cut_name(short, long)
    return (
        same_member
        and len(short) >= LONG_FIRST
        and short[-1] == long[-1]
        and short[0] == long[0]
        and is_one_slip(short, long)
    )


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
    error."""
    plain, plain2 = number_key(one), number_key(other)
    short, long = sorted((plain, plain2), key=len)
    if short == long:
        return True
    if len(short) >= SHARED_ID and (long.startswith(short) or long.endswith(short)):
        return True
    return len(short) >= LONG_ID and is_one_slip(short, long)


@lru_cache(maxsize=16384)
def payer_words(name: str) -> frozenset[str]:
    """Return the words that tell a payer from others."""
    words = frozenset(_payer_fold(name))
    if UNITED in words:
        words |= {"united"}  # which some lists call it
    return words - FILLERS or words


@lru_cache(maxsize=16384)
def _payer_fold(name: str) -> tuple[str, ...]:
    """Return the words of a payer's name, abbreviations written out and one name of several
    spellings written in one."""
    text = re.sub(r"\bunited ?health(?: ?care)?\b", UNITED, " ".join(fold(name)))
    return tuple(each for word in text.split() for each in ABBREVIATIONS.get(word, (word,)))


def could_be_payer(one: str, other: str) -> bool:
    """Return True if one name is the other with more words, none of which names another payer."""
    words, words2 = payer_words(one), payer_words(other)
    if not words or not words2:
        return False
    if words <= words2 or words2 <= words:
        return not (words ^ words2) & TELLING
    joined, joined2 = "".join(_payer_fold(one)), "".join(_payer_fold(other))
    return min(len(joined), len(joined2)) >= LONG_ID and is_one_slip(joined, joined2)


@lru_cache(maxsize=16384)
def number_key(number: str) -> str:
    """Return a number without case, separators, padding and leading zeros.

    lib/store/schema/010_claim_identity.sql does the same in SQL.
    """
    plain = re.sub(r"[^0-9A-Za-z]", "", number).lower()
    return plain.lstrip("0") or plain or number.strip()
