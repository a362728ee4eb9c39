"""What the commands print: lines whose control characters are shown, never obeyed."""

from __future__ import annotations

import argparse
import errno
import os
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

# Names of files, people and practices come from others: an escape sequence would colour or rewrite
# what stands on the screen, a new line would be a line of ours, a bidi override would turn one.
_SHOWN = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CONTROLS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # they belong to words of some languages
_problems: list[str] = []  # what kept output from being written


def say(*lines: str) -> None:
    """Print each line to standard output, at once."""
    _write(sys.stdout, lines)


def complain(*lines: str) -> None:
    """Print each line to standard error: what went wrong, or what was not done."""
    _write(sys.stderr, lines)


def visible(text: str) -> str:
    """Return the text with every control character written as in JSON: \\u001b, for example."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(sign) for sign in text)


def is_text(text: str) -> bool:
    """Return False for a text that has bytes in it which are no UTF-8, as a file's name may."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def unwritten() -> str:
    """Return what kept this process's output from being written, if anybody still reads it."""
    return _problems[0] if _problems else ""


def prepare() -> None:
    """Let everything that this process prints be printable, and go nowhere where its output or
    errors were closed: the next file that is opened would get their number, and their lines."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            stream = os.fdopen(number, "w" if number else "r", closefd=False)
            setattr(sys, name, stream)
    for each in (sys.stdout, sys.stderr):
        each.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


class Parser(argparse.ArgumentParser):
    """An argparse parser that speaks as all commands do."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Return what was asked. End with 2 where a name or text is not Unicode: no store takes it;
        a file or folder may have such a name."""
        asked, rest = super().parse_known_args(args, namespace)
        for value in vars(asked).values():
            if isinstance(value, str) and not is_text(value):
                self.error(f"{value} is not text in UTF-8")
        return asked, rest

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:  # noqa: ARG002
        """Print what the command understands."""
        say(*self.format_help().splitlines())

    def error(self, message: str) -> NoReturn:
        """Say what was asked wrongly, and end with 2."""
        complain(*self.format_usage().splitlines(), f"{self.prog}: error: {message}")
        raise SystemExit(2)


def _visible(sign: str) -> str:
    if unicodedata.category(sign) not in _CONTROLS or sign in _JOINERS:
        return sign
    if sign in _SHOWN:
        return _SHOWN[sign]
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _write(stream: TextIO, lines: Iterable[str]) -> None:
    """Print the lines. Where they cannot be written any more, the work goes on without them: what
    was begun is not left half done for it."""
    try:
        for line in lines:
            stream.write(f"{visible(line)}\n")
        stream.flush()
    except OSError as problem:
        if problem.errno != errno.EPIPE:  # who read it has enough, as `head`
            _problems.append(problem.strerror or type(problem).__name__)
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
