"""What a charge was filed as, stored before a claim replaces it or somebody first edits it: answers
to the earlier claim are still about this charge."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from lib.models import Charge, Payer
from lib.store.database import Connection

# What each charge was since the biller last filed it: corrections that people made here.
_SINCE_FILED = """
    WITH last_filed AS (
        SELECT charge_id, max(arrived_at) AS arrived_at FROM charge_arrival
        WHERE frequency = '7' AND charge_id IN (SELECT unnest($ids::BIGINT[]))
        GROUP BY charge_id
    ),
    since AS (
        SELECT earlier.charge_id, earlier.payer_id, earlier.ended_at
        FROM earlier_claim AS earlier LEFT JOIN last_filed USING (charge_id)
        WHERE charge_id IN (SELECT unnest($ids::BIGINT[]))
          AND ended_at > coalesce(arrived_at, '-infinity'::TIMESTAMP)
    )
"""


def keep_earlier(con: Connection, charge_id: int, *, now: datetime) -> None:
    """Store the charge as it is, inside the transaction that changes it."""
    con.execute(
        """
        INSERT INTO earlier_claim (practice_id, charge_id, claim_number, number_key, patient_id,
            payer_id, payer_role, member_id, date_from, date_to, filed_total, patient_more,
            ended_at)
        SELECT practice_id, id, claim_number, coalesce(number_key, claim_number), patient_id,
               payer_id, payer_role, member_id, date_from, date_to, filed_total, patient_more, $now
        FROM charge WHERE id = $id
        """,
        id=charge_id,
        now=now,
    )


def add_earlier(
    con: Connection,
    was: Charge,
    number_key: str,
    *,
    payer_role: str,
    patient_more: str,
    now: datetime,
) -> None:
    """Store what a charge was filed as before, which comes in after what replaced it; inside a
    transaction. Its payer is the charge's: only another spelling is told apart from that."""
    con.execute(
        """
        INSERT INTO earlier_claim (practice_id, charge_id, claim_number, number_key, patient_id,
            payer_id, payer_role, member_id, date_from, date_to, filed_total, patient_more,
            ended_at)
        SELECT practice_id, id, $claim_number, $key, $patient_id, payer_id, $role, $member_id,
               $first, $last, $total, $more, $now
        FROM charge WHERE id = $id
        """,
        id=was.id,
        claim_number=was.claim_number,
        key=number_key,
        patient_id=was.patient_id,
        role=payer_role,
        member_id=was.member_id,
        first=was.date_from,
        last=was.date_to,
        total=was.filed_total,
        more=patient_more,
        now=now,
    )


def filed_payers(con: Connection, charge_ids: Collection[int]) -> dict[int, Payer]:
    """Return the payer each charge was last filed with, where somebody corrected it since."""
    rows = con.rows(
        f"""
        {_SINCE_FILED}
        SELECT charge.id, payer.id, payer.practice_id, payer.code, payer.name
        FROM charge
        JOIN (SELECT DISTINCT ON (charge_id) charge_id, payer_id FROM since
              ORDER BY charge_id, ended_at) AS filed
          ON filed.charge_id = charge.id AND filed.payer_id <> charge.payer_id
        JOIN payer ON payer.id = filed.payer_id
        """,
        ids=list(charge_ids),
    )
    return {row[0]: Payer(*row[1:]) for row in rows}


def with_corrected_payer(con: Connection, charge_ids: Collection[int]) -> set[int]:
    """Return which of these charges had another payer than now since they were last filed."""
    rows = con.rows(
        f"""
        {_SINCE_FILED}
        SELECT DISTINCT charge.id FROM charge JOIN since ON since.charge_id = charge.id
        WHERE since.payer_id <> charge.payer_id
        """,
        ids=list(charge_ids),
    )
    return {row[0] for row in rows}
