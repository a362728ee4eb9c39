"""What is written to a log: where something failed, never the values it failed on."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lib.errors import StoreDamaged
from lib.store.process_store import ROOT

LOG = logging.getLogger("billing_tasks")


def keep_data_out() -> None:
    """Remove the message of every exception from this process's log lines from now on.

    A message may quote a value ("'Rivera' is not a date"), and the log is kept and read by people
    who need not see patients. Types, files and line numbers stay.
    """
    logging.setLogRecordFactory(_record)
    threading.excepthook = lambda ended: _leave(ended.exc_value)
    sys.unraisablehook = lambda ended: _leave(ended.exc_value)
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    LOG.addHandler(handler)
    LOG.propagate = False
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.levelno >= logging.WARNING)
    # Streamlit's own reports of a failed script, which errors.show_script_error reports better, and
    # of the port that app.py gives it; and uvicorn's report of each address, which can contain a
    # search for people. (A filter, since uvicorn undoes `disabled`.)
    for name in ("streamlit.error_util", "streamlit.config", "uvicorn.access"):
        logging.getLogger(name).addFilter(lambda _record: False)


def places(problem: BaseException) -> str:
    """Return the type of an exception, the file and line where it was raised, and those of each
    frame of ours on the way there; then the same for its causes."""
    frames = traceback.extract_tb(problem.__traceback__)
    told = [_place(frame) for frame in frames[:-1] if _is_ours(frame)]
    told += [_place(frame) for frame in frames[-1:]]
    where = f"{type(problem).__name__} at {' < '.join(reversed(told)) or 'an unknown place'}"
    if isinstance(problem, StoreDamaged):  # numbers and places in a file, in DuckDB's own words
        where = f"{where} ({problem.where})"
    cause = problem.__cause__ or problem.__context__
    return f"{where}; after {places(cause)}" if cause else where


def _is_ours(frame: traceback.FrameSummary) -> bool:
    return Path(frame.filename).is_relative_to(ROOT) and "site-packages" not in frame.filename


def _placed(value: object) -> object:
    return places(value) if isinstance(value, BaseException) else value


def _place(frame: traceback.FrameSummary) -> str:
    return f"{frame.filename.removeprefix(f'{ROOT}/')}:{frame.lineno}"


def _leave(problem: BaseException | None) -> None:
    """Report what nothing caught: in a thread, or in a finalizer."""
    if problem and not isinstance(problem, SystemExit):
        LOG.error("not caught: %s", places(problem))


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **kwargs)
    if isinstance(record.args, Mapping):
        record.args = {name: _placed(value) for name, value in record.args.items()}
    elif record.args:
        record.args = tuple(_placed(value) for value in record.args)
    if record.exc_info and isinstance(record.exc_info[1], BaseException):
        problem = record.exc_info[1]  # asyncio repeats it in its message
        said = record.getMessage().replace(repr(problem), type(problem).__name__)
        record.msg = f"{said}: {places(problem)}"
        record.args = None
    record.exc_info = None
    return record
