"""Resources of FHIR R4 in JSON: one, a Bundle of them, or one a line (NDJSON). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lib.errors import RefusedFile
from lib.intake.tables.table import clean
from lib.intake.x12.elements import FIRST_YEAR, LAST_YEAR

Resource = Mapping[str, Any]
MAX_RESOURCES = 50_000
MAX_TEXT = 200  # letters of one value
_START = re.compile(rb"^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*[{\[]")
_XML = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<")
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T.*)?)?)?")


@dataclass(frozen=True, slots=True)
class Found:
    """One resource, where it stands, and those it may refer to."""

    number: int  # of the resource in the file, counted from 1
    resource: Resource
    others: tuple[Mapping[str, Resource], ...] = ()  # by address: its Bundle first, the file last
    problem: str = ""  # why it is no resource
    raw: str = ""  # what stands there then

    def referred(self, reference: Any) -> Resource | None:
        """The resource that a Reference points to: contained, of the same Bundle, of the file."""
        if not isinstance(reference, Mapping):
            return None
        wanted = text(reference, "reference")
        if wanted.startswith("#"):
            for each in items(self.resource, "contained"):
                if text(each, "id") == wanted[1:]:
                    return each
            return None
        wanted = wanted.partition("/_history/")[0]
        anywhere = "/".join(["", *wanted.split("/")[-2:]]) if "://" in wanted else wanted
        for known in self.others:
            if found := known.get(wanted) or known.get(anywhere):
                return found
        return None


def is_json(content: bytes) -> bool:
    return _START.match(content) is not None


def is_fhir_xml(content: bytes) -> bool:
    return _XML.match(content) is not None and b"http://hl7.org/fhir" in content[:2000]


def resources(name: str, content: bytes) -> list[Found]:
    """All resources of the file in its order; a Bundle stands for its entries.

    Raises RefusedFile with the sentence that says why not.
    """
    try:
        raw = content.decode(json.detect_encoding(content))
    except (UnicodeDecodeError, LookupError) as problem:
        raise RefusedFile(f"{name} was refused: its text cannot be decoded.") from problem
    raw = raw.removeprefix("\ufeff")
    try:
        given = [json.loads(raw)]
    except (ValueError, RecursionError) as problem:
        given = _lines(name, raw, problem)
    found: list[Found] = []
    whole: dict[str, Resource] = {}  # by address
    for each in given:
        for one in each if isinstance(each, list) else [each]:
            for resource in _unpacked(one, len(found), (whole,)):
                found.append(resource)
                if len(found) > MAX_RESOURCES:
                    raise RefusedFile(
                        f"{name} was refused: it holds more than {MAX_RESOURCES:,} resources."
                    )
    if not found:
        raise RefusedFile(f"{name} was refused: it holds no FHIR resource.")
    if all(each.problem for each in found):
        raise RefusedFile(f"{name} was refused: {found[0].problem}.")
    return found


def _lines(name: str, raw: str, problem: Exception) -> list[Any]:
    """One resource a line, the text of a line that is no JSON; or the sentence where the text is
    something else, or its last line is cut off."""
    lines = [(n, line) for n, line in enumerate(raw.split("\n"), start=1) if line.strip()]
    given: list[Any] = []
    for _, line in lines:
        try:
            given.append(json.loads(line))
        except (ValueError, RecursionError):
            given.append(line.strip())
    whole = sum(isinstance(each, dict) for each in given)
    is_lines = len(lines) > 1 and whole * 2 >= len(lines)
    if is_lines and not isinstance(given[-1], str):
        return given
    at = lines[-1][0] if is_lines else getattr(problem, "lineno", 1)
    raise RefusedFile(
        f"{name} was refused at line {at}: it is not whole or not JSON. Ask the sender for it "
        "again. Nothing of it was imported."
    ) from problem


def _unpacked(
    given: Any, before: int, around: tuple[dict[str, Resource], ...], full: str = ""
) -> Iterator[Found]:
    """The resource, or those of a Bundle and of the Bundles in it; each is put where those
    `around` it can refer to it. `full` is its address, where it is given."""
    if isinstance(given, str):
        yield Found(before + 1, {}, around, "it is not JSON", given)
        return
    if not isinstance(given, Mapping) or not text(given, "resourceType"):
        problem = "it is JSON but no FHIR resource (it has no resourceType)"
        yield Found(before + 1, {}, around, problem, json.dumps(given))
        return
    if given["resourceType"] != "Bundle":
        _put(given, full, around)
        yield Found(before + 1, given, around)
        return
    around = ({}, *around)
    for entry in items(given, "entry"):
        resource = entry.get("resource")
        if isinstance(resource, Mapping):
            for found in _unpacked(resource, before, around, text(entry, "fullUrl")):
                before = found.number
                yield found


def _put(resource: Resource, full: str, places: tuple[dict[str, Resource], ...]) -> None:
    """Let the resource be found by its full address and by Type/id; a reference to any server is
    to it where its own server is not named."""
    address = f"{text(resource, 'resourceType')}/{text(resource, 'id')}"
    for known in places:
        known.setdefault(address, resource)
        if full:
            known.setdefault(full, resource)
        if "://" not in full:
            known.setdefault(f"/{address}", resource)


def items(holder: Any, *path: str) -> list[Mapping[str, Any]]:
    """The objects of a list below `path`; a single object counts as a list of one."""
    found = at(holder, *path)
    if isinstance(found, Mapping):
        return [found]
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def at(holder: Any, *path: str) -> Any:
    """What stands below `path`, of lists the first; None where there is nothing."""
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
    """The text or number below `path` in one line; empty where there is none."""
    found = at(holder, *path)
    if isinstance(found, bool) or not isinstance(found, (str, int, float)):
        return ""
    return " ".join(clean(str(found)).split())[:MAX_TEXT]


def codes(concepts: Any) -> set[str]:
    """The codes of a CodeableConcept or of a list of them."""
    holder = concepts if isinstance(concepts, list) else [concepts]
    return {
        text(coding, "code")
        for concept in holder
        if isinstance(concept, Mapping)
        for coding in items(concept, "coding")
    } - {""}


def last_day(written: str) -> date | None:
    """The last day of a FHIR date or dateTime ("2022-06" is the 30th), or None."""
    found = _DAY.fullmatch(written)
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        if day and month:
            return date(year, month, day)
        if month:
            return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    except ValueError:
        return None
    return date(year, 12, 31)
