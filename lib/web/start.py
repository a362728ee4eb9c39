"""Start and stop the server: its address, its store, its memory."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import streamlit as st
from streamlit.runtime import Runtime

from lib import accounts
from lib.errors import BillingError, StoreMoved, WrongInput
from lib.store import process_store
from lib.store.database import Store
from lib.terminal import complain, say
from lib.ui import report_prefetch
from lib.web import (
    invitation_mail,
    openid_provider,
    openid_settings,
    reach,
    serve_command,
    set_up,
)
from lib.web.background_jobs import looked_after
from lib.web.sockets import SOCKETS
from lib.web.uploads import UPLOADS
from lib.web.watching import watching

ONLY_LOOPBACK = (
    "Billing Tasks listens on this computer only (127.0.0.1), unless `python -m lib serve --host` "
    "says otherwise. Leave server.address as it is."
)
NO_ACCOUNTS = (
    "Other computers are served only where everybody has an account of their own, and here anybody "
    "may sign in as one of the sample people. Name an empty folder with BILLING_TASKS_DATA."
)
UNENCRYPTED = (
    "Beware: without a proxy that speaks HTTPS, passwords and patients travel unencrypted. See "
    "docs/operating.md."
)
_ended_with = 0
HEAVY = ("pandas", "pyarrow", "altair")  # a second each for the first click that needs them


def refuse_other_addresses() -> None:
    """End the process if Streamlit is told to listen to other computers."""
    if not reach.is_loopback(st.get_option("server.address")):
        sys.exit(ONLY_LOOPBACK)
    try:
        reach.current().check()
    except WrongInput as problem:
        sys.exit(str(problem))


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Hold the store while the server runs, and watch a folder if one was named. End the process if
    the store cannot be opened or the folder cannot be watched."""
    watched = ExitStack()
    try:
        os.environ.setdefault(
            process_store.ADDRESS_VARIABLE, serve_command.address(st.get_option("server.port"))
        )
        invitation_mail.server()
        store = process_store.open_store()
        _require_accounts(store)
        openid_provider.use(openid_settings.read(store.folder))
        watched.enter_context(report_prefetch.threads())
        watched.enter_context(looked_after(store))
        watched.enter_context(watching(store))
    except BillingError as problem:
        _end(str(problem))
    for name in (*HEAVY, *_nouns()):
        import_module(name)
    # Streamlit collects garbage after every run; what is loaded by now is never garbage, and
    # checking it each time costs a hundred milliseconds.
    gc.collect()
    gc.freeze()
    say(f"Billing Tasks is ready: {process_store.address()}")
    if link := set_up.link():
        say(f"Nobody can sign in yet. Set it up here, once: {link}")
    UPLOADS.watch(Runtime.instance())
    try:
        async with SOCKETS.watched():
            yield
    finally:
        watched.close()
        _note_the_end(store)
        process_store.close_stores()
        gc.unfreeze()  # or DuckDB's binding reports its own types as leaked


def exit_code() -> int:
    """Return 1 if the data folder was no longer the one that was opened when the server ended."""
    return _ended_with


def end(*_: object) -> None:
    """End the process on SIGTERM, with the exit code it has earned."""
    sys.exit(_ended_with)


def _require_accounts(store: Store) -> None:
    """Raise WrongInput if other computers could sign in as people of the sample."""
    told = reach.current()
    if not told.is_open:
        return
    con = store.connection()
    try:
        if not (accounts.are_there_any(con) or accounts.is_empty(con)):
            raise WrongInput(NO_ACCOUNTS)
    finally:
        con.close()
    if not told.proxies:
        complain(UNENCRYPTED)


def _note_the_end(store: Store) -> None:
    global _ended_with  # noqa: PLW0603 - a process has one exit code
    try:
        store.check()
    except StoreMoved as problem:
        complain(str(problem))
        _ended_with = 1


def _nouns() -> list[str]:
    modules = iter_modules([str(process_store.ROOT / "lib")], "lib.")
    return [module.name for module in modules if not module.ispkg and "__" not in module.name]


def _end(sentence: str) -> None:
    """End at once: an exception raised from here would be reported with its traceback."""
    complain(sentence)
    os._exit(1)
