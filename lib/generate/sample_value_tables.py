"""The sample lists, copied into the store so that SQL can draw from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lib.samples.value_lists import (
    Conversation,
    Diagnosis,
    Fee,
    FirstName,
    Name,
    Request,
    SamplePayer,
    SampleProvider,
    read,
)
from lib.store.database import Connection, Value


def add_payers(con: Connection, practice_id: int) -> str:
    """Insert the payers inside the caller's transaction. Return the billing NPI."""
    for payer in read("payers", SamplePayer):
        con.execute(
            "INSERT INTO payer (practice_id, code, name) VALUES ($practice_id, $code, $name)",
            practice_id=practice_id,
            code=payer.code,
            name=payer.name,
        )
    billing: SampleProvider = next(
        p for p in read("providers", SampleProvider) if p.role == "billing"
    )
    return billing.npi


def fill(con: Connection, workers: Sequence[int]) -> None:
    """Create and fill the temporary lists of lists.sql; `workers` are ids of people."""
    con.execute(Path(__file__).with_name("lists.sql").read_text(encoding="utf-8"))
    ids: dict[str, int] = dict(con.rows("SELECT code, id FROM payer"))
    names: dict[int, str] = dict(con.rows("SELECT id, name FROM person"))
    payers = [p for p in read("payers", SamplePayer) for _ in range(p.weight)]
    _slots(con, "payer_slot", [{"payer_id": ids[p.code], "name": p.name} for p in payers])
    _slots(con, "provider_slot", [{"npi": p.npi, "name": p.name} for p in _rendering()])
    _slots(con, "last_name_slot", [{"name": n.name} for n in read("last_names", Name)])
    first_names = read("first_names", FirstName)
    _slots(con, "first_name_slot", [{"name": n.name, "sex": n.sex} for n in first_names])
    fees = [f for f in read("fees", Fee) if f.practice == "harbor" for _ in range(f.weight)]
    _slots(
        con,
        "fee_slot",
        [
            {"code": f.code, "charge": f.charge, "modifiers": [f.modifier] if f.modifier else []}
            for f in fees
        ],
    )
    codes = [d.code for d in read("diagnoses", Diagnosis) if d.practice == "harbor"]
    runs = [codes[n:] + codes[:n] for n in range(len(codes))]
    _slots(con, "diagnosis_slot", [{"codes": run} for run in runs])
    requests = [r for r in read("requests", Request) for _ in range(r.weight)]
    _slots(
        con,
        "request_slot",
        [
            {
                "type": r.type,
                "title": r.title,
                "instructions": r.instructions,
                "document_label": r.document_label or None,
                "codes": r.codes,
            }
            for r in requests
        ],
    )
    talks = {t.type: t for t in read("conversations", Conversation)}.values()
    con.insert(
        "talk",
        [
            {"type": t.type, "question": t.question, "answer": t.answer, "note": t.note}
            for t in talks
        ],
    )
    _slots(con, "worker_slot", [{"person_id": w, "name": names[w]} for w in workers])


def _rendering() -> list[SampleProvider]:
    return [p for p in read("providers", SampleProvider) if p.role == "rendering"]


def _slots(con: Connection, table: str, rows: Sequence[dict[str, Value]]) -> None:
    con.insert(table, [{"slot": slot, **row} for slot, row in enumerate(rows)])
