"""The launcher: `python -m lib serve` (which is `python app.py`) or `streamlit run app.py`."""

import os
import signal
import sys
from contextlib import suppress

import streamlit as st
from starlette.middleware import Middleware

from lib.store.process_store import ROOT
from lib.web import error_reporting, logs, serve_command, start
from lib.web.frontend_files import FrontendFiles
from lib.web.gate import Gate
from lib.web.routes import ROUTES
from lib.web.uploads import UploadGate

# Whose forwarding headers are believed, and for what, says lib/web/reach.py alone.
os.environ["FORWARDED_ALLOW_IPS"] = ""
logs.keep_data_out()
start.refuse_other_addresses()

app = st.App(
    ROOT / "lib/frame/app_shell.py",
    routes=ROUTES,
    middleware=[Middleware(Gate), Middleware(FrontendFiles), Middleware(UploadGate)],
    lifespan=start.lifespan,
    on_script_error=error_reporting.show_script_error,
)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, start.end)  # what uvicorn raises again when it has stopped
    with suppress(KeyboardInterrupt):  # Ctrl-C is the usual way to stop it
        app.run(config=serve_command.options())
    sys.exit(start.exit_code())
