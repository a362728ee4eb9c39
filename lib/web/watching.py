"""Watch a folder while the app serves: its files come in beside the pages."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.errors import StoreStopped
from lib.store.database import Store
from lib.terminal import say
from lib.watch.watcher import EVERY, Watcher
from lib.web import error_reporting, serve_command
from lib.web.background_jobs import STOPPING


class _Stopped:
    """Tells the watcher when the server ends."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.is_asked = self._event.is_set
        self.wait = self._event.wait
        self.ask = self._event.set


@contextmanager
def watching(store: Store) -> Iterator[None]:
    """Watch the folder that the server was given, if any, for the duration of the block.

    Raises WrongUsage where the practice must be named and is not.
    """
    folder = os.environ.get(serve_command.WATCH_VARIABLE)
    if not folder:
        yield
        return
    practice, zone = map(
        os.environ.get, (serve_command.PRACTICE_VARIABLE, serve_command.ZONE_VARIABLE)
    )
    watcher = Watcher(store, Path(folder), practice, timezone=zone)
    stopped = _Stopped()
    thread = threading.Thread(target=_look, args=(watcher, stopped), name="watch", daemon=True)
    say(f"Watching {folder} for {watcher.practice}.")
    thread.start()
    try:
        yield
    finally:
        stopped.ask()
        # A file that is coming in now is finished, or rolled back when the store is closed: it
        # stays where it is and comes in again.
        thread.join(STOPPING)
        if not thread.is_alive():
            watcher.close()


def _look(watcher: Watcher, stopped: _Stopped) -> None:
    """Look until the server ends. A folder that is away, on a network for example, may come
    back."""
    complaint = ""
    while not stopped.is_asked():
        said = ""
        try:
            watcher.look(stopped)
        except OSError as problem:
            said = f"{watcher.path} cannot be used ({problem.strerror}); it is tried again."
        except StoreStopped as problem:
            said = str(problem)
        except Exception as problem:  # a bug: the pages go on, and so does the watching
            said = error_reporting.sentence(error_reporting.report(problem))
        if said and said != complaint:
            say(said)
        complaint = said
        stopped.wait(EVERY)
