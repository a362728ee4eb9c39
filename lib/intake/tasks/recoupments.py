"""Money that payers take back from whole payments (PLB), less what counter-entries settle, also
those that come once the take-back has its task.

A payer acknowledges a refund by WO above zero and 72 below zero, and moves a balance to the next
payment by an entry below zero there and one above zero here (005010X221A1 1.10.2.12, 1.10.2.17; X12
RFI 580, 1374, 1756, 2223). Where such entries add up to nothing, nothing was taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lib.history_event_kinds import EventKind
from lib.intake.import_context import ImportContext
from lib.intake.tasks import task_updates
from lib.intake.x12 import provider_adjustments_plb
from lib.intake.x12.remittance_records import Recoupment
from lib.store.database import Connection

# Provider-level adjustment reasons by which overpayments are recovered, refunded and carried over.
RECOVERY = frozenset({"72", "B2", "B3", "CS", "FB", "J1", "WO"})
# What the practice itself paid back: it always has its counter-entry.
REFUND = frozenset({"72", "B2", "B3"})
NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class CounterEntry:
    """A later entry that settles a take-back which has an open task, or a part of it."""

    task_id: int
    entry: Recoupment
    key: str
    amount: Decimal  # US dollars that the entries of this remittance settle
    still_open: Decimal  # US dollars of the task


@dataclass(frozen=True, slots=True)
class Settlement:
    """What the entries of one remittance come to, with the earlier ones of their accounts."""

    taken_back: list[Recoupment]  # each with the amount that no counter-entry settles
    told: list[CounterEntry]
    beyond: Decimal = NOTHING  # US dollars of counter-entries above what was taken back


def settle(con: Connection, practice_id: int, entries: Sequence[Recoupment]) -> Settlement:
    """Return what one remittance takes back, and what it settles of earlier take-backs."""
    if not entries:
        return Settlement([], [])
    keys = keys_of(entries)
    before = _balances(con, practice_id, {_account(each) for each in entries}, set(keys))
    open_amounts, credit = _open_amounts(entries, before)
    taken_back = [
        replace(each, amount=amount)
        for each, amount in zip(entries, open_amounts, strict=True)
        if amount > 0
    ]
    told = _counter_entries(con, practice_id, entries, keys, before, credit)
    return Settlement(taken_back, told, _beyond(entries, before, credit))


def _beyond(
    entries: Sequence[Recoupment], before: Mapping[str, Decimal], credit: Mapping[str, Decimal]
) -> Decimal:
    """Return the US dollars that counter-entries of this remittance leave over in accounts of which
    something was taken back. Elsewhere an entry below zero moves a balance to the next payment."""
    settling = {_account(each) for each in entries if each.amount < 0}
    taken = {_account(each) for each in entries if each.amount > 0}
    taken |= {account for account, balance in before.items() if balance > 0}
    return sum(
        (
            max(credit[account] - max(before.get(account, NOTHING), NOTHING), NOTHING)
            for account in settling & taken - {""}
        ),
        NOTHING,
    )


def _counter_entries(
    con: Connection,
    practice_id: int,
    entries: Sequence[Recoupment],
    keys: Sequence[str],
    before: Mapping[str, Decimal],
    credit: Mapping[str, Decimal],
) -> list[CounterEntry]:
    """Return what the entries below zero settle of the open tasks of their accounts. Of several
    tasks the oldest is settled first."""
    newest = {
        _account(each): (key, each)
        for key, each in zip(keys, entries, strict=True)
        if each.amount < 0
    }
    owed = {
        account: balance
        for account, balance in before.items()
        if account in newest and balance > 0 and credit[account] > 0
    }
    seen = _seen(con, practice_id, keys) if owed else frozenset()
    told = []
    for account, balance in owed.items():
        key, entry = newest[account]
        if key in seen:
            continue
        amount = min(credit[account], balance)
        left = balance - amount
        for task_id, taken in reversed(_open_tasks(con, practice_id, account)):
            still_open = min(taken, left)
            left -= still_open
            if still_open < taken:
                told.append(CounterEntry(task_id, entry, key, amount, still_open))
    return told


def _seen(con: Connection, practice_id: int, keys: Sequence[str]) -> frozenset[str]:
    rows = con.rows(
        """
        SELECT entry_key FROM payment_adjustment
        WHERE practice_id = $practice_id AND entry_key IN (SELECT unnest($keys::VARCHAR[]))
        """,
        practice_id=practice_id,
        keys=list(keys),
    )
    return frozenset(row[0] for row in rows)


def _open_tasks(con: Connection, practice_id: int, account: str) -> list[tuple[int, Decimal]]:
    """Return the open tasks that entries of an account made, the oldest first, and their US
    dollars."""
    found: dict[int, Decimal] = {}
    for entry_key, task_id, request_key, amount in con.rows(
        """
        SELECT entry_key, task.id, request_key, task.amount
        FROM payment_adjustment AS entry
        JOIN task ON task.practice_id = entry.practice_id
                 AND task.intake_file_id = entry.intake_file_id
                 AND task.segment_number = entry.segment_number
        WHERE entry.practice_id = $practice_id AND account = $account AND entry.amount > 0
          AND is_open AND starts_with(request_key, '835|takeback|')
        ORDER BY task.id
        """,
        practice_id=practice_id,
        account=account,
    ):
        _, reason, reference, _, _ = entry_key.rsplit("|", 4)
        if f"|{reason}|{reference}|" in request_key:
            found[task_id] = amount
    return list(found.items())


def tell(con: Connection, told: Iterable[CounterEntry], source: ImportContext) -> None:
    """Tell the open tasks what counter-entries settle; inside a transaction. Complete none."""
    for each in told:
        entry = each.entry
        when = f" on {entry.remitted_on:%m/%d/%Y}" if entry.remitted_on else ""
        verb = (
            "recouped" if provider_adjustments_plb.kind(entry.reason).is_recoupment else "deducted"
        )
        what = (
            f"{entry.payer.name or 'The payer'} settled {each.amount:,.2f} US dollars of what it "
            f"{verb}{when} by a counter-entry ({entry.reason}, trace number "
            f"{entry.trace or 'none'})"
        )
        number = entry.segment_number
        if each.still_open == 0:
            task_updates.suggest(
                con, each.task_id, EventKind.COMPLETION_SUGGESTED, f"{what}.", each.key, number,
                source,
            )  # fmt: skip
        else:
            said = f"{what}; {each.still_open:,.2f} are still {verb}."
            task_updates.tell(
                con, each.task_id, EventKind.ANSWERED_IN_PART, said, each.key, number, source
            )
            task_updates.change_amount(con, each.task_id, each.still_open, number, source)


def keep(con: Connection, entries: Sequence[Recoupment], source: ImportContext) -> None:
    """Insert the entries we don't have yet, inside a transaction."""
    for key, each in zip(keys_of(entries), entries, strict=True):
        con.execute(
            """
            INSERT INTO payment_adjustment (practice_id, entry_key, account, amount,
                                            intake_file_id, segment_number, recorded_at)
            VALUES ($practice_id, $key, $account, $amount, $file_id, $segment_number, $now)
            ON CONFLICT (practice_id, entry_key) DO NOTHING
            """,
            practice_id=source.practice.id,
            key=key,
            account=_account(each),
            amount=each.amount,
            file_id=source.file_id,
            segment_number=each.segment_number,
            now=source.now,
        )


def keys_of(entries: Iterable[Recoupment]) -> list[str]:
    """Return a key for each entry of one remittance; an entry that appears twice has two."""
    seen: Counter[str] = Counter()
    keys = []
    for each in entries:
        said = (each.payer.code, each.payer.name, each.trace, each.remitted_on, each.payee,
                each.reason, each.reference, each.amount)  # fmt: skip
        key = "|".join(map(str, said))
        seen[key] += 1
        keys.append(f"{key}|{seen[key]}")
    return keys


def _account(entry: Recoupment) -> str:
    """Return the account within which entries settle each other; empty if there is no reference."""
    reference = "".join(filter(str.isalnum, entry.reference)).casefold()
    if not reference:
        return ""
    kind = "" if entry.reason in RECOVERY else entry.reason
    payer = entry.payer.code or entry.payer.name.casefold()
    return "|".join((payer, entry.payee, kind, reference))


def _balances(
    con: Connection, practice_id: int, accounts: set[str], keys: set[str]
) -> dict[str, Decimal]:
    """Return the sum of each account's earlier entries."""
    rows = con.rows(
        """
        SELECT entry_key, account, amount FROM payment_adjustment
        WHERE practice_id = $practice_id AND account <> ''
          AND account IN (SELECT unnest($wanted::VARCHAR[]))
        """,
        practice_id=practice_id,
        wanted=list(accounts),
    )
    earlier = {key: (account, amount) for key, account, amount in rows}
    found: dict[str, Decimal] = {}
    for key, (account, amount) in earlier.items():
        if key not in keys:
            found[account] = found.get(account, NOTHING) + amount
    return found


def _open_amounts(
    entries: Sequence[Recoupment], before: Mapping[str, Decimal]
) -> tuple[list[Decimal], dict[str, Decimal]]:
    """Return how much of each entry is taken back for good (nothing for entries below zero), and
    the credit that is left in each account."""
    accounts = [_account(each) for each in entries]
    credit = {account: -min(before.get(account, NOTHING), NOTHING) for account in accounts}
    for account, each in zip(accounts, entries, strict=True):
        if account and each.amount < 0:
            credit[account] -= each.amount
    credit[""] = NOTHING
    left = []
    for account, each in zip(accounts, entries, strict=True):
        settled = min(max(each.amount, NOTHING), credit[account])
        credit[account] -= settled
        left.append(max(each.amount, NOTHING) - settled)
    return _paired(entries, accounts, left, credit), credit


def _paired(
    entries: Sequence[Recoupment],
    accounts: Sequence[str],
    left: list[Decimal],
    credit: dict[str, Decimal],
) -> list[Decimal]:
    """Settle by amount alone the entries without a reference, and refunds under another
    reference."""
    for account, each in zip(accounts, entries, strict=True):
        is_loose = not account or (each.reason in REFUND and credit[account] >= -each.amount)
        if each.amount >= 0 or not is_loose:
            continue
        place = next(
            (
                at
                for at, other in enumerate(entries)
                if left[at] == -each.amount
                and (account or not accounts[at])
                and (other.reason == each.reason or {other.reason, each.reason} <= RECOVERY)
            ),
            None,
        )
        if place is not None:
            left[place] = NOTHING
            credit[account] += each.amount if account else NOTHING
    return left
