"""`python -m lib serve`: the app, on this computer only."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from datetime import datetime

from lib.runtime import ROOT

ADDRESS = "127.0.0.1"
PORT = 8501
COMMAND = (sys.executable, "app.py")  # from the project's folder
PORT_VARIABLE = "BILLING_TASKS_PORT"


def main(arguments: Sequence[str], *, now: datetime) -> int:
    """Become the server; returns only where that is not possible."""
    parser = argparse.ArgumentParser(prog="python -m lib serve", description=__doc__)
    parser.add_argument("--port", type=int, default=PORT, help=f"{PORT} unless told")
    wanted = parser.parse_args(arguments).port
    if is_free(wanted):
        sys.stdout.flush()
        os.chdir(ROOT)  # where .streamlit/config.toml is
        # Not a child: whoever stops this process, in whatever way, has stopped the server.
        os.execve(sys.executable, COMMAND, os.environ | {PORT_VARIABLE: str(wanted)})
    print(
        f"Port {wanted} is in use, perhaps by Billing Tasks itself (http://{ADDRESS}:{wanted}). "
        "Stop what uses it, or choose another port: `make run PORT=8600`.",
        file=sys.stderr,
    )
    return 1


def port() -> int:
    """The port this process was told to serve on."""
    return int(os.environ.get(PORT_VARIABLE) or PORT)


def is_free(port: int) -> bool:
    """True where nothing listens on that port of this computer."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((ADDRESS, port))
        except (OSError, OverflowError):
            return False
        return True
