"""A line to a real server that can be slow or broken: what is sent through it waits, or is cut."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """A TCP port of this computer that passes everything on to another one."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._is_free = threading.Event()
        self._is_free.set()
        self.is_cut = False
        self.waiting = threading.Event()  # something came in while it was held
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing through while the block runs."""
        self.waiting.clear()
        self._is_free.clear()
        try:
            yield
        finally:
            self._is_free.set()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Refuse whoever connects while the block runs, and end all connections."""
        self.is_cut = True
        self._drop()
        try:
            yield
        finally:
            self.is_cut = False

    def close(self) -> None:
        """End all connections, and take no more."""
        self._is_free.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        self._drop()
        for thread in self._threads:
            thread.join()

    def _drop(self) -> None:
        for end in list(self._open):
            _shut(end)

    def _accept(self) -> None:
        while True:
            try:
                here = self._listening.accept()[0]
            except OSError:
                return
            if self.is_cut:
                here.close()
                continue
            thread = threading.Thread(target=self._serve, args=(here,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, here: socket.socket) -> None:
        with here, socket.create_connection(("127.0.0.1", self._to_port)) as there:
            self._open |= {here, there}
            back = threading.Thread(target=self._pass_on, args=(there, here))
            back.start()
            self._pass_on(here, there)
            back.join()
            self._open -= {here, there}

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(1 << 16):
                if not self._is_free.is_set():
                    self.waiting.set()
                    self._is_free.wait()
                other.sendall(piece)
        _shut(one)
        _shut(other)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
