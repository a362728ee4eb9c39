"""FHIR R4 resources in JSON: a single one, a Bundle, or one a line (NDJSON). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from lib.errors import RefusedFile
from lib.intake.tables.table import clean, text_of
from lib.intake.x12.elements import FIRST_YEAR, LAST_YEAR

Resource = Mapping[str, Any]
MAX_RESOURCES = 50_000
LOOKED_AT = 65_536  # bytes; nobody sends JSON that begins after more blanks
MAX_BYTES = 50_000_000
MAX_DEPTH = 100  # nesting of lists and objects; FHIR's own resources need twenty
MAX_BUNDLES = 4  # nested; a server's answer that holds what others sent needs two
MAX_RAW = 100_000  # letters kept of what is no resource
MAX_DIGITS = 4300  # of a number; FHIR allows 18
MAX_TEXT = 200  # letters of one value
NOT_JSON = "it is not JSON"
_DEEP = f"its lists and objects stand in one another more than {MAX_DEPTH} deep, as in no FHIR file"
_LONG = f"it holds a number of more than {MAX_DIGITS:,} digits, which is not JSON as FHIR writes it"
_START = re.compile(rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*[{\[]")
_XML = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<")
_IN_FHIR = re.compile(rb"""xmlns(?::\w{1,20})? ?= ?["']http://hl7\.org/fhir["']""")
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.*)?)?)?")
_SERVER = re.compile(
    r"(\w{1,20}://.+/)[A-Za-z]+/[A-Za-z0-9.-]{1,64}(?:/_history/.*)?"
)  # of a fullUrl


@dataclass(frozen=True, slots=True)
class _Bad:
    """A line that holds no resource, and why."""

    raw: str
    problem: str


@dataclass(frozen=True, slots=True)
class Found:
    """One resource, its place in the file, and those it may refer to."""

    number: int  # of the resource in the file, counted from 1
    resource: Resource
    # by address: those of its own Bundle first, those of the file last
    others: tuple[Mapping[str, list[Found]], ...] = ()
    problem: str = ""  # why it is no resource
    raw: str = ""  # the text that stands there instead
    full: str = ""  # its full address, if given
    holder: Resource | None = None  # the resource that contains it
    zone: ZoneInfo | None = None  # of the practice

    def referred(self, reference: Any) -> Resource | None:
        """Return the resource that a Reference points to: contained, in the same Bundle, or in the
        file."""
        found = self.follow(reference)
        return found.resource if found else None

    def follow(self, reference: Any) -> Found | None:
        """Return what a Reference points to, with what it may refer to itself; None if nothing or
        nobody knows which.

        A relative reference is to the server of the resource it stands in
        (https://hl7.org/fhir/R4/bundle.html#references), else to a resource that names none.
        """
        if not isinstance(reference, Mapping):
            return None
        wanted = text(reference, "reference")
        if wanted.startswith("#"):
            for each in items(self.holder or self.resource, "contained"):
                if text(each, "id") == wanted[1:]:
                    return replace(self, resource=each, holder=self.holder or self.resource)
            return None
        wanted = wanted.partition("/_history/")[0]
        for known in self.others:
            for address in self._addresses(wanted):
                if several := known.get(address):
                    return _only(several)
        return None

    def identified(self, reference: Any, *kinds: str) -> Found | None:
        """Return the resource of one of these kinds that a logical reference names by its
        identifier; None if nothing or nobody knows which.

        Source: https://hl7.org/fhir/R4/references.html#logical. A number without its system can be
        anybody's.
        """
        named = _named(reference.get("identifier")) if isinstance(reference, Mapping) else ""
        for known in self.others if named else ():
            for kind in kinds:
                if several := known.get(f"{kind}{named}"):
                    is_one = len({(each.full, _address(each)) for each in several}) == 1
                    return _only(several) if is_one else None
        return None

    def address(self, reference: Any) -> str:
        """Return where a literal reference leads to, as exactly as it is known; empty for what the
        resource contains."""
        wanted = text(reference, "reference").partition("/_history/")[0]
        return "" if not wanted or wanted.startswith("#") else self._addresses(wanted)[0]

    def _addresses(self, wanted: str) -> tuple[str, ...]:
        """Return the addresses to look for, the most exact first."""
        anywhere = "/".join(["", *wanted.split("/")[-2:]])
        if ":" in wanted:
            return (wanted, anywhere) if "://" in wanted else (wanted,)
        server = _SERVER.fullmatch(self.full)
        return (f"{server[1]}{wanted}", anywhere) if server else (wanted,)

    def last_day(self, written: str) -> date | None:
        """Return the last day of a FHIR date or dateTime, as the practice counts its days."""
        return last_day(written, self.zone)

    def whole_day(self, written: str) -> date | None:
        """Return the day of a FHIR date or dateTime; None where it names a month or year only."""
        return self.last_day(written) if len(written) >= len("2025-01-01") else None


def _only(several: Sequence[Found]) -> Found | None:
    """Return the one resource that has an address: of versions of one, the newest; None if they
    differ and nothing tells which is meant."""
    first, *more = several
    is_one = first.full and all(each.full == first.full for each in more)
    if all(_same(each.resource, first.resource) for each in more):
        return first
    dated = [text(each.resource, "meta", "lastUpdated") for each in several]
    if is_one or (all(dated) and not any(each.full for each in several)):
        return max(several, key=_version)
    return None


def _version(found: Found) -> tuple[str, int]:
    """Return by what versions of a resource are ordered: when each was written, and its number."""
    number = text(found.resource, "meta", "versionId")
    changed = moment(text(found.resource, "meta", "lastUpdated"))
    return changed, int(number) if number.isdecimal() else 0


def _same(one: Resource, other: Resource) -> bool:
    return one is other or _plain(one) == _plain(other)


def _plain(resource: Resource) -> dict[str, Any]:
    return {name: part for name, part in resource.items() if name not in {"meta", "text"}}


Places = dict[str, list[Found]]  # resources by address


def is_json(content: bytes) -> bool:
    """Return True if the content begins as a JSON object or list does."""
    return _START.match(content[:LOOKED_AT]) is not None


def is_fhir_xml(content: bytes) -> bool:
    """Return True for XML that names the FHIR namespace."""
    return _XML.match(content[:LOOKED_AT]) is not None and bool(_IN_FHIR.search(content[:2000]))


def resources(name: str, content: bytes, zone: ZoneInfo | None = None) -> list[Found]:
    """Return all resources of the file in its order; a Bundle stands for its entries. `zone` is the
    practice's.

    Raises RefusedFile with the sentence that says why not.
    """
    if len(content) > MAX_BYTES:
        raise RefusedFile(
            f"{name} was refused: a file of FHIR resources may have {MAX_BYTES // 1_000_000} MB; "
            "divide it."
        )
    try:
        raw = content.decode(json.detect_encoding(content))
    except (UnicodeDecodeError, LookupError) as problem:
        raise RefusedFile(f"{name} was refused: its text cannot be decoded.") from problem
    raw = raw.removeprefix("\ufeff")
    try:
        given = [_loads(raw)]
    except ValueError as problem:
        given = _lines(name, raw, problem)
    found: list[Found] = []
    whole: Places = {}
    for each in given:
        for one in each if isinstance(each, list) else [each]:
            for resource in _unpacked(one, len(found), (whole,), zone):
                found.append(resource)
                if len(found) > MAX_RESOURCES:
                    raise RefusedFile(
                        f"{name} was refused: it holds more than {MAX_RESOURCES:,} resources."
                    )
    if not found:
        what = "it" if isinstance(given[0], list) else "its Bundle"
        raise RefusedFile(f"{name} was refused: {what} holds no FHIR resource.")
    if all(each.problem for each in found):
        raise RefusedFile(f"{name} was refused: {found[0].problem}.")
    return found


def _lines(name: str, raw: str, problem: Exception) -> list[Any]:
    """Return one resource a line, or for a bad line what is wrong with it. Return only the sentence
    where the text is something else, or its last line is cut off."""
    lines = [(n, line) for n, line in enumerate(raw.split("\n"), start=1) if line.strip()]
    given: list[Any] = []
    for _, line in lines:
        try:
            given.append(_loads(line))
        except ValueError as bad:
            given.append(_Bad(line.strip(), str(bad) if isinstance(bad, _Beyond) else NOT_JSON))
    whole = sum(isinstance(each, dict) for each in given)
    is_lines = len(lines) > 1 and whole * 2 >= len(lines)
    last = given[-1]
    is_cut = isinstance(last, _Bad) and last.problem == NOT_JSON and not _is_balanced(last.raw)
    if is_lines and not is_cut:
        return given
    if isinstance(problem, _Beyond):
        raise RefusedFile(f"{name} was refused: {problem}.") from problem
    at = lines[-1][0] if is_lines else getattr(problem, "lineno", 1)
    raise RefusedFile(
        f"{name} was refused at line {at}: it is not whole or not JSON. Ask the sender for it "
        "again. Nothing of it was imported."
    ) from problem


def _unpacked(
    given: Any, before: int, around: tuple[Places, ...], zone: ZoneInfo | None, full: str = ""
) -> Iterator[Found]:
    """Yield the resource, or those of a Bundle and of its nested Bundles. Each is put where those
    `around` it can refer to it. `full` is its full address, if given."""
    if isinstance(given, _Bad):
        yield Found(before + 1, {}, around, given.problem, clean(given.raw[:MAX_RAW]))
        return
    if not isinstance(given, Mapping) or not text(given, "resourceType"):
        problem = "it is JSON but no FHIR resource (it has no resourceType)"
        yield Found(before + 1, {}, around, problem, json.dumps(given)[:MAX_RAW])
        return
    if given["resourceType"] != "Bundle":
        found = Found(before + 1, given, around, full=full, zone=zone)
        _put(found, around)
        yield found
        return
    if len(around) > MAX_BUNDLES:
        problem = f"Bundles stand in one another more than {MAX_BUNDLES} deep"
        yield Found(before + 1, {}, around, problem, json.dumps(given)[:MAX_RAW])
        return
    around = ({}, *around)
    for entry in items(given, "entry"):
        resource = entry.get("resource")
        if isinstance(resource, Mapping):
            for found in _unpacked(resource, before, around, zone, text(entry, "fullUrl")):
                before = found.number
                yield found


class _Beyond(ValueError):
    """JSON that is more than a FHIR file may hold; the message says in what."""


def _loads(raw: str) -> Any:
    """Return the parsed JSON. Raise ValueError for what is no JSON, or not such as FHIR files
    hold."""
    try:
        given = json.loads(raw, parse_constant=lambda _: None)
    except RecursionError as problem:
        if _is_balanced(raw):
            raise _Beyond(_DEEP) from problem
        raise ValueError("it is cut off") from problem
    except json.JSONDecodeError:
        raise
    except ValueError as problem:  # int() refuses thousands of digits
        raise _Beyond(_LONG) from problem
    if raw.count("{") + raw.count("[") > MAX_DEPTH and _depth_above(given, MAX_DEPTH):
        raise _Beyond(_DEEP)
    return given


def _is_balanced(raw: str) -> bool:
    """Return True if as many lists and objects end as begin: a file that was cut off has fewer
    ends."""
    return raw.count("[") + raw.count("{") == raw.count("]") + raw.count("}")


def _depth_above(given: Any, most: int) -> bool:
    """Return True if lists and objects are nested more than `most` deep."""
    level = [given]
    for _ in range(most + 1):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def _put(found: Found, places: tuple[Places, ...]) -> None:
    """Make the resource findable by its full address and by Type/id. A reference to any server
    finds it unless the resource names its own server."""
    address, kind = _address(found), text(found.resource, "resourceType")
    numbers = {f"{kind}{named}" for each in items(found.resource, "identifier")
               if (named := _named(each))}  # fmt: skip
    for known in places:
        for number in numbers:
            known.setdefault(number, []).append(found)
        known.setdefault(address, []).append(found)
        if found.full and found.full != address:
            known.setdefault(found.full, []).append(found)
        if "://" not in found.full:
            known.setdefault(f"/{address}", []).append(found)


def _address(found: Found) -> str:
    return f"{text(found.resource, 'resourceType')}/{text(found.resource, 'id')}"


def _named(identifier: Any) -> str:
    """Return what stands in the place of an id where a resource is named by an identifier; empty
    where system or number is not stated."""
    if not isinstance(identifier, Mapping):
        return ""
    system, value = text(identifier, "system"), text(identifier, "value")
    return f"?{system}|{value}" if system and value else ""


def items(holder: Any, *path: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list below `path`; a single object counts as a list of one."""
    found = at(holder, *path)
    if isinstance(found, Mapping):
        return [found]
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def at(holder: Any, *path: str) -> Any:
    """Return the value below `path`, of lists the first item; None if there is nothing."""
    for place, step in enumerate(path):
        if isinstance(holder, list):
            holder = holder[0] if holder else None
        if not isinstance(holder, Mapping):
            return None
        holder = holder.get(step)
        if place + 1 == len(path):
            return holder
    return holder


def text(holder: Any, *path: str) -> str:
    """Return the text or number below `path` in one line; empty if there is none."""
    found = at(holder, *path)
    if isinstance(found, bool) or not isinstance(found, (str, int, float)):
        return ""
    if isinstance(found, float) and not isfinite(found):  # 1e999999
        return ""
    written = text_of(found) if isinstance(found, (str, int)) else str(found)
    return " ".join(clean(written).split())[:MAX_TEXT]


def codes(concepts: Any) -> set[str]:
    """Return the codes of a CodeableConcept or of a list of them."""
    holder = concepts if isinstance(concepts, list) else [concepts]
    return {
        text(coding, "code")
        for concept in holder
        if isinstance(concept, Mapping)
        for coding in items(concept, "coding")
    } - {""}


def moment(written: str) -> str:
    """Return a FHIR instant or dateTime in UTC, so that two of them can be compared as text; empty
    if it is none."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return written if _DAY.fullmatch(written) else ""
    if len(written) <= len("2025-01-01"):
        return written
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC).isoformat()
    except OverflowError:  # in the year 1 or 9999
        return ""


def last_day(written: str, zone: ZoneInfo | None = None) -> date | None:
    """Return the last day of a FHIR date or dateTime ("2022-06" is the 30th), or None.

    A time is a day of the `zone`, if given; midnight where it was written is a day without a time.
    """
    found = _DAY.fullmatch(written)
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        if day and month:
            return _day_in(written, zone) or date(year, month, day)
        if month:
            return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    except ValueError:
        return None
    return date(year, 12, 31)


def _day_in(written: str, zone: ZoneInfo | None) -> date | None:
    """Return the day of a moment in a zone; None where no moment or no zone is given."""
    if zone is None or "T" not in written:
        return None
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    is_moment = found.tzinfo is not None and found.time() != time()
    return found.astimezone(zone).date() if is_moment else None
