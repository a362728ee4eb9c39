"""When the claims of a charge were written (BHT04, BHT05): the last one counts, whatever comes
first."""

from __future__ import annotations

from collections.abc import Sequence

from lib.store.database import Connection

REPLACES, VOIDS = "7", "8"  # CLM05-3
SUPERSEDED = "superseded"  # a replacement or void that was written before what was held


def is_after(one: str, other: str) -> bool:
    """Return True if the first of two messages was written after the second, as both say."""
    return "" < other < one


def first(con: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return when these charges were filed, of those that came in as originals and that nothing
    replaced since."""
    if not ids:
        return {}
    rows = con.rows(
        """
        SELECT id, filed_at FROM charge
        WHERE id IN (SELECT unnest($ids::BIGINT[])) AND filed_at <> ''
          AND frequency NOT IN ($replaces, $voids)
          AND id NOT IN (SELECT charge_id FROM charge_arrival)
        """,
        ids=list(ids),
        replaces=REPLACES,
        voids=VOIDS,
    )
    return dict(rows)


def last(con: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return when these charges were last filed; an empty text where that is not stated."""
    rows = con.rows(
        """
        SELECT id, greatest(coalesce(filed_at, ''), coalesce((
                   SELECT max(later.filed_at) FROM charge_arrival AS later
                   WHERE charge_id = charge.id AND later.frequency IN ($replaces, $voids)), ''))
        FROM charge WHERE id IN (SELECT unnest($ids::BIGINT[]))
        """,
        ids=list(ids),
        replaces=REPLACES,
        voids=VOIDS,
    )
    return dict(rows)
