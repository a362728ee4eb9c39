"""A process in which people work until it is killed, and which says each change as it is saved."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from lib import audit_log, people
from lib.errors import BillingError, NotCertain, NotWritten
from lib.models import Person
from lib.store.database import Connection, Store
from lib.upkeep import backup
from tests.conftest import NOON
from tests.torture.changes import Change, Hand, Importer
from tests.torture.contents import opened

DAY = 86_400
REST = 0.02  # seconds after a refusal, so that a full disk is not asked without end


@dataclass(frozen=True, slots=True)
class Plan:
    """What a process of the load is to do."""

    folder: Path
    database: str  # "" for DuckDB
    hands: tuple[tuple[int, tuple[int, ...]], ...]  # people's ids, and their tasks
    biller: int
    practice: int
    importer: int | None  # the person who imports, if this process does
    keeps_up: bool  # whether it also checkpoints, backs up and seals the record
    seed: int
    first: int  # changes are numbered from here, each hand and the importer by turns
    most: int = 10**6  # changes of each hand, after which it ends by itself
    forgiven: tuple[str, ...] = ()  # refusals that may come, by the name of their class


class Told:
    """The pipe to whoever started this process: a line for each change begun, and for its end."""

    def __init__(self, handle: int) -> None:
        self._handle, self._lock = handle, threading.Lock()

    def __call__(self, **what: Any) -> None:
        with self._lock:
            os.write(self._handle, json.dumps(what).encode() + b"\n")


def work(plan: Plan, handle: int) -> None:
    """Open the store and work, a thread for each hand, until they are through or it is killed."""
    logging.getLogger("billing_tasks").setLevel(logging.CRITICAL)
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    tell = Told(handle)
    try:
        store = _opened(plan, tell)
        tell(open=True)
        _work(plan, store, tell)
        store.close()
        tell(closed=True)
    except BaseException:
        tell(bug=traceback.format_exc())
        raise


def _opened(plan: Plan, tell: Told) -> Store:
    while True:
        try:
            return opened(plan.folder, plan.database)
        except BillingError as problem:
            if type(problem).__name__ not in plan.forgiven:
                raise
            tell(refused=type(problem).__name__)
            time.sleep(REST)


def _work(plan: Plan, store: Store, tell: Told) -> None:
    works = []
    con = store.connection()
    biller = _person(con, plan.biller)
    for place, (person, ids) in enumerate(plan.hands):
        if ids:
            random, actor = Random(plan.seed + place), _person(con, person)
            hand = Hand(store.connection(), random, actor, biller, list(ids))
            works.append((place, hand.next))
    if plan.importer:
        importer = Importer(
            store.connection(), Random(plan.seed - 1), _person(con, plan.importer),
            plan.practice,
        )  # fmt: skip
        works.append((len(plan.hands), importer.next))
    count = len(plan.hands) + 1
    threads = [
        threading.Thread(
            target=_hand, args=(plan, range(plan.first + place, 10**6, count), next_, tell)
        )
        for place, next_ in works
    ]
    if plan.keeps_up:
        threads.append(threading.Thread(target=_keep_up, args=(plan, store, tell), daemon=True))
    for thread in threads:
        thread.start()
    for thread in threads:
        if not thread.daemon:
            thread.join()


def _person(con: Connection, id_: int) -> Person:
    found = people.person(con, id_)
    assert found is not None
    return found


def _hand(
    plan: Plan, numbers: range, next_: Callable[[int, datetime], Change], tell: Told
) -> None:  # fmt: skip
    random = Random(plan.seed + numbers.start)
    try:
        for n in numbers[: plan.most]:
            change = _asked(plan, tell, partial(next_, n, _clock(random, n)))
            tell(n=n, name=change.name, facts=change.facts)
            _do(plan, n, change, tell)
    except BaseException:
        tell(bug=traceback.format_exc())


def _clock(random: Random, n: int) -> datetime:
    """Return a time that runs on with the changes, and often steps back. Its microsecond is `n`."""
    step = random.choice([0, 0, 0, -1, -3600, -DAY, -20 * DAY, 3600])
    return NOON + timedelta(seconds=n + step, microseconds=n)


def _asked(plan: Plan, tell: Told, ask: Callable[[], Change]) -> Change:
    """Return what to do next; that only reads, and is asked again where reading was refused."""
    while True:
        try:
            return ask()
        except BillingError as problem:
            if type(problem).__name__ not in plan.forgiven:
                raise
            tell(refused=type(problem).__name__)
            time.sleep(REST)


def _do(plan: Plan, n: int, change: Change, tell: Told) -> None:
    """Make the change, once more where it is not certain that it was, and say how it ended."""
    is_certain = True
    while True:
        try:
            change.do()
        except BillingError as problem:
            name = type(problem).__name__
            if name not in plan.forgiven:
                raise
            tell(refused=name)
            time.sleep(REST)
            if is_certain and not isinstance(problem, NotCertain):
                tell(n=n, failed=name)
                return
            if is_certain and not any(key.startswith(("form", "file")) for key in change.facts):
                tell(n=n, unsure=name)  # a verb without a form: who did it looks at the task
                return
            is_certain = False
        else:
            tell(n=n, done=True)
            return


def _keep_up(plan: Plan, store: Store, tell: Told) -> None:
    """Do what goes on beside people: the record is sealed, the log written off, a backup made."""
    from lib.store.duckdb.store import DuckDBStore

    random, n = Random(plan.seed - 2), plan.first
    con = store.connection()
    while True:
        time.sleep(random.expovariate(20))
        what = random.choice(["seal"] * 20 + ["checkpoint"] * 30 + ["backup"])
        try:
            if what == "seal":
                audit_log.settle(con, now=NOON + timedelta(seconds=n))
            elif what == "backup":
                backup.make(store, plan.folder / "backups", now=NOON + timedelta(days=n))
            elif isinstance(store, DuckDBStore):
                with store.exclusive():
                    store.checkpoint()
        except NotWritten:
            tell(refused="NotWritten")
        except BillingError as problem:
            if type(problem).__name__ not in (*plan.forgiven, "StoreClosing"):
                tell(bug=traceback.format_exc())
            time.sleep(REST)
        except BaseException:
            tell(bug=traceback.format_exc())
        else:
            tell(kept=what)
