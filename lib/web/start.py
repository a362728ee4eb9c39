"""Start and stop the server: its address, its store, its memory."""

from __future__ import annotations

import gc
import ipaddress
import os
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import streamlit as st
from streamlit.runtime import Runtime

from lib.errors import BillingError, StoreMoved
from lib.store import process_store
from lib.store.database import Store
from lib.web import serve
from lib.web.sockets import SOCKETS
from lib.web.upkeep import looked_after
from lib.web.uploads import UPLOADS
from lib.web.watching import watching

ONLY_LOOPBACK = (
    "Billing Tasks listens on this computer only (127.0.0.1), because anybody may sign in as one "
    "of its sample people. Leave server.address as it is."
)
_ended_with = 0
HEAVY = ("pandas", "pyarrow", "altair")  # a second each for the first click that needs them


def is_loopback(address: str | None) -> bool:
    """Return True for an address that no other computer can reach."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def refuse_other_addresses() -> None:
    """End the process if Streamlit is told to listen to other computers."""
    if not is_loopback(st.get_option("server.address")):
        sys.exit(ONLY_LOOPBACK)


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Hold the store while the server runs, and watch a folder if one was named. End the process if
    the store cannot be opened or the folder cannot be watched."""
    watched = ExitStack()
    try:
        store = process_store.open_store()
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
    print(
        f"Billing Tasks is ready: http://{serve.ADDRESS}:{st.get_option('server.port')}", flush=True
    )
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


def _note_the_end(store: Store) -> None:
    global _ended_with  # noqa: PLW0603 - a process has one exit code
    try:
        store.place.check()
    except StoreMoved as problem:
        print(problem, file=sys.stderr, flush=True)
        _ended_with = 1


def _nouns() -> list[str]:
    modules = iter_modules([str(process_store.ROOT / "lib")], "lib.")
    return [module.name for module in modules if not module.ispkg and "__" not in module.name]


def _end(sentence: str) -> None:
    """End at once: an exception raised from here would be reported with its traceback."""
    print(sentence, file=sys.stderr, flush=True)
    os._exit(1)
