"""What a charge was filed as, stored before a claim replaces it or somebody first edits it: answers
to the earlier claim are still about this charge."""

from __future__ import annotations

from datetime import datetime

from lib.store.database import Connection


def keep_earlier(con: Connection, charge_id: int, *, now: datetime) -> None:
    """Store the charge as it is, inside the transaction that changes it."""
    con.execute(
        """
        INSERT INTO earlier_claim (practice_id, charge_id, claim_number, number_key, patient_id,
            payer_id, payer_role, member_id, date_from, date_to, filed_total, ended_at)
        SELECT practice_id, id, claim_number, coalesce(number_key, claim_number), patient_id,
               payer_id, payer_role, member_id, date_from, date_to, filed_total, $now
        FROM charge WHERE id = $id
        """,
        id=charge_id,
        now=now,
    )
