"""The launcher of the bare page: no gate and no store, otherwise like the product's own app.py."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from lib.web import serve_command
from lib.web.start import HEAVY


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Import what is slow to import, and freeze it, as the product does."""
    for name in HEAVY:
        import_module(name)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


async def health(_request: Request) -> PlainTextResponse:
    """Answer "ok" once the server is up."""
    return PlainTextResponse("ok")


app = st.App(
    Path(__file__).with_name(sys.argv[1] if len(sys.argv) > 1 else "page.py"),
    routes=[Route("/healthz", health)],
    lifespan=lifespan,
)

if __name__ == "__main__":
    app.run(config={"server.port": serve_command.port()})
