"""Counts the numbers of Backlog pages on threads of their own: while a page draws its filters, and
from the moment its address is asked for, before the browser has loaded what draws it."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from lib.access import may_anywhere
from lib.backlog import measures, report_url
from lib.backlog.measures import Counted
from lib.backlog.report_scope import View
from lib.errors import StoreClosing
from lib.models import Person
from lib.store.database import Store
from lib.ui import navigation, practice_switch
from lib.ui.task_list import colleagues_of

AT_ONCE = 2  # pages that are counted at a time; the others wait

_threads: ThreadPoolExecutor | None = None
_on_their_way: dict[Hashable, Future[Counted]] = {}
_room = threading.Lock()


@contextmanager
def threads() -> Iterator[None]:
    """Count on threads of their own for the duration of the block. At its end what is being counted
    is waited for, and what has not begun never does."""
    global _threads  # noqa: PLW0603 - a process serves one store
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="counting")
    _threads = pool
    try:
        yield
    finally:
        _threads = None
        pool.shutdown(cancel_futures=True)


def begin(store: Store, page: str, view: View) -> Future[Counted]:
    """Begin to count a page, unless it is counted already or on its way. What was begun before a
    change of the store is no answer to who asks after it. Where there are no threads, it is counted
    at once."""
    pool = _threads
    known: Counted | None = store.cached(_key(page, view), lambda: None)
    if known is not None or pool is None:
        return _at_once(store, page, view)
    key = (store, store.revision, page, view)
    with _room:
        found = _on_their_way.get(key)
        if found is not None:
            return found
        try:
            found = pool.submit(_count, store, page, view)
        except RuntimeError:  # the threads end
            raise StoreClosing from None
        _on_their_way[key] = found
    found.add_done_callback(lambda _: _on_their_way.pop(key, None))
    return found


def wait(counting: Future[Counted]) -> Counted:
    """Return the numbers once they are counted. Raises what counting raised, and StoreClosing where
    the process ends before."""
    try:
        return counting.result()
    except CancelledError:
        raise StoreClosing from None


def begin_ahead(
    store: Store, name: str, says: Mapping[str, str], *, actor: Person, now: datetime
) -> None:
    """Begin to count what the address of a page asks for, exactly as the page will; nothing where
    it is no page of numbers, or none that the person may see."""
    entry = next((each for each in navigation.PAGES if each.url_path == name), None)
    if entry is None or entry.group != "Backlog" or entry.title not in measures.PAGES:
        return
    if not may_anywhere(actor, entry.needs):
        return
    here = practice_switch.of_address(actor, says.get(practice_switch.KEY))
    if not store.is_in_file:  # a copy may have to be made first: the page says that it counts
        return
    report = report_url.read(says, here, colleagues_of(here), now)
    begin(store, entry.title, report.view)


def _key(page: str, view: View) -> Hashable:
    return "backlog", page, view


def _at_once(store: Store, page: str, view: View) -> Future[Counted]:
    done: Future[Counted] = Future()
    try:
        done.set_result(_count(store, page, view))
    except Exception as problem:  # raised where it is waited for, as on the threads
        done.set_exception(problem)
    return done


def _count(store: Store, page: str, view: View) -> Counted:
    con = store.connection()
    try:
        found: Counted = store.cached(_key(page, view), lambda: measures.counted(con, page, view))
    finally:
        con.close()
    return found
