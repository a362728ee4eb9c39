"""Changed charges are written as claims that replace those filed, and can be read back."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import pyx12.params
import pyx12.x12file
import pyx12.x12n_document
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.export import replacement_claims_837p
from lib.export.replacement_claims_837p import Replacement
from lib.export.x12_writer import Envelope, plain
from lib.intake.records import Claim
from lib.intake.x12 import segment_reader
from lib.intake.x12.claims_837 import parse as read_claims
from lib.intake.x12.unreadable_claims import RejectedLoop
from lib.models import Charge, Patient, Payer, ServiceLine
from tests.fuzz import examples

ENVELOPE = Envelope("1234567893", "CLEARINGHOUSE", 7, datetime(2025, 3, 3, 12, 0, tzinfo=UTC))

NAMES = st.text(st.sampled_from("ABCDEFGHIJ O'-.&ÑÜ,"), min_size=1, max_size=20).map(
    lambda text: " ".join(text.replace(",", " ").split()) or "X"
)
PEOPLE = st.one_of(NAMES, st.tuples(NAMES, NAMES).map(", ".join))
CODES = st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789-", max_size=20)
NPIS = st.from_regex(r"[12]\d{9}", fullmatch=True) | st.just("")
DAYS = st.dates(date(1999, 1, 1), date(2030, 12, 31))
MONEY = st.decimals(0, Decimal("9999999.99"), places=2)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@st.composite
def service_lines(draw: st.DrawFn) -> ServiceLine:
    start, end = sorted((draw(DAYS), draw(DAYS)))
    return ServiceLine(
        date_from=start,
        date_to=end,
        procedure=draw(st.from_regex(r"[A-Z0-9]\d{4}", fullmatch=True)),
        modifiers=tuple(draw(st.lists(st.from_regex(r"[A-Z0-9]{2}", fullmatch=True), max_size=4))),
        pointers=tuple(draw(st.lists(st.integers(1, 12), max_size=4))),
        units=draw(st.decimals(0, 9999, places=3)),
        unit_charge=Decimal("1.00"),
        total=draw(MONEY),
    )


@st.composite
def replacements(draw: st.DrawFn) -> Replacement:
    lines = tuple(draw(st.lists(service_lines(), min_size=1, max_size=6)))
    charge = Charge(
        id=1, practice_id=1, patient_id=1, payer_id=1, filed_total=Decimal(0), is_edited=True,
        arrival_problems=(), version=2, lines=lines,
        claim_number=draw(CODES.filter(bool)),
        member_id=draw(CODES),
        authorization_number=draw(CODES),
        billing_npi=draw(NPIS), billing_name=draw(PEOPLE),
        rendering_npi=draw(NPIS), rendering_name=draw(PEOPLE),
        referring_npi=draw(NPIS), referring_name=draw(PEOPLE | st.just("")),
        supervising_npi=draw(NPIS), supervising_name=draw(PEOPLE | st.just("")),
        location=draw(NAMES | st.just("")),
        place_of_service=draw(st.sampled_from(["11", "21", "02"])),
        date_from=min(line.date_from for line in lines if line.date_from),
        date_to=max(line.date_to for line in lines if line.date_to),
        hospitalized_from=draw(DAYS | st.none()), hospitalized_to=draw(DAYS | st.none()),
        diagnoses=tuple(
            draw(st.lists(st.from_regex(r"[A-TV-Z]\d[0-9A-Z]{1,4}", fullmatch=True), max_size=12))
        ),
    )  # fmt: skip
    patient = Patient(1, 1, draw(NAMES), draw(NAMES | st.just("")), draw(DAYS), draw(SEXES))
    payer = Payer(1, 1, draw(CODES), draw(NAMES))
    return Replacement(charge, patient, payer, draw(CODES))


SEXES = st.sampled_from("FMU")


def written(*wanted: Replacement) -> str:
    return b"".join(replacement_claims_837p.write(wanted, ENVELOPE)).decode()


def read(text: str) -> list[Claim]:
    """Return what our own reader finds; it must find nothing odd about the envelopes."""
    warnings: list[str] = []
    found = [
        each for part in segment_reader.transactions(text, warnings) for each in read_claims(part)
    ]
    assert warnings == []
    assert not any(isinstance(each, RejectedLoop) for each in found)
    return [each for each in found if isinstance(each, Claim)]


def errors(text: str) -> list[object]:
    """Return what pyx12 finds wrong with the structure: envelopes, counts, hierarchy."""
    reader = pyx12.x12file.X12Reader(io.StringIO(text))
    found: list[object] = []
    for _ in reader:
        found += reader.pop_errors()
    return [*found, *reader.pop_errors()]


def is_accepted(text: str) -> bool:
    """Return True where pyx12 accepts every segment and element by the implementation guide."""
    answer = io.StringIO()
    is_valid = pyx12.x12n_document.x12n_document(
        pyx12.params.ParamsBase(), io.StringIO(text), answer, None
    )
    return bool(is_valid) and "IK5*A~" in answer.getvalue()


def assert_says(found: Claim, wanted: Replacement) -> None:
    """Assert that the claim carries every value of the charge."""
    charge, patient = wanted.charge, wanted.patient
    assert found.claim_number == charge.claim_number
    assert found.frequency == "7"
    assert (found.patient.last_name, found.patient.first_name) == (
        patient.last_name, patient.first_name,
    )  # fmt: skip
    assert (found.patient.birth_date, found.patient.sex) == (patient.birth_date, patient.sex)
    assert (found.payer.code, found.payer.name) == (wanted.payer.code, wanted.payer.name)
    assert found.member_id == charge.member_id
    assert found.authorization_number == charge.authorization_number
    for role in ("billing", "rendering", "referring", "supervising"):
        party = getattr(found, role)
        assert (party.npi, party.name) == (
            getattr(charge, f"{role}_npi"), getattr(charge, f"{role}_name"),
        ), role  # fmt: skip
    assert found.location == charge.location
    assert found.place_of_service == charge.place_of_service
    assert found.dates == (charge.date_from, charge.date_to)
    assert found.hospitalized == (charge.hospitalized_from, charge.hospitalized_to)
    assert found.diagnoses == charge.diagnoses
    assert found.filed_total == charge.total
    assert [replace(line, unit_charge=Decimal(0)) for line in found.lines] == [
        replace(line, unit_charge=Decimal(0)) for line in charge.lines
    ]


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(st.lists(replacements(), min_size=1, max_size=5))
def test_what_is_written_is_read_back_to_the_same_values(wanted: list[Replacement]) -> None:
    text = written(*wanted)

    found = read(text)

    assert len(found) == len(wanted)
    for each, replacement in zip(found, wanted, strict=True):
        assert_says(each, replacement)
    assert errors(text) == []
    for replacement in wanted:
        if replacement.payer_claim_number:
            assert f"REF*F8*{replacement.payer_claim_number}~" in text


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(replacements(), ANY_TEXT, ANY_TEXT)
def test_no_value_divides_a_segment(wanted: Replacement, text: str, other: str) -> None:
    changed = replace(
        wanted,
        charge=replace(wanted.charge, claim_number=f"A{text}", rendering_name=text, location=other),
        patient=replace(wanted.patient, last_name=f"B{other}"),
        payer_claim_number=text,
    )
    made = written(changed)

    [found] = read(made)

    assert found.claim_number == plain(f"A{text}")
    assert found.patient.last_name == plain(f"B{other}")
    assert len(found.lines) == len(wanted.charge.lines)
    assert errors(made) == []
