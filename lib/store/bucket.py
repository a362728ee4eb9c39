"""Content in a bucket that speaks S3; key and server are named as for other tools of AWS."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from lib.errors import NotWritten, WrongDataFolder
from lib.store import durable_files
from lib.store.files import BOUND, Files, FilesUnreachable, Lying

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
# A click waits for the answer.
_CLIENT: ClientConfig = {"connect_timeout": "3s", "timeout": "60s"}
_RETRY: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=8)}
# Who asks whether it is there asks again soon.
_ASKING: ClientConfig = {"connect_timeout": "3s", "timeout": "3s"}
_ONCE: RetryConfig = {"max_retries": 0, "retry_timeout": timedelta(seconds=3)}


class Bucket(Files):
    """Content below a prefix of a bucket, each object whole or not there at all."""

    def __init__(self, address: str, server: str = "") -> None:
        found = _ADDRESS.fullmatch(address)
        if not found:
            raise WrongDataFolder(f"{address} is not the address of a bucket: s3://bucket/prefix.")
        prefix = (found[2] or "").strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        host = urlsplit(server).hostname
        is_here = host in {"127.0.0.1", "::1", "localhost"}
        if server and not (is_here or (host and server.startswith("https://"))):
            raise WrongDataFolder(
                f"{server} would get patients' documents unprotected: its address has to begin "
                "with https://."
            )

        def store(client: ClientConfig, retry: RetryConfig) -> S3Store:
            return S3Store(
                found[1], client_options={**client, "allow_http": is_here}, retry_config=retry,
                config={"endpoint": server} if server else None,
            )  # fmt: skip

        try:
            self._store, self._asked = store(_CLIENT, _RETRY), store(_ASKING, _ONCE)
        except BaseError as problem:
            raise WrongDataFolder(
                f"The settings of the bucket (AWS_…) are not understood: {type(problem).__name__}."
            ) from problem

    def keep(self, kind: str, sha256: str, content: bytes | Iterable[bytes]) -> bool:
        """Write content unless it is there. What comes in pieces is read to its end before."""
        found = self.problem(kind, sha256)
        if not found:
            return False
        with _whole(content) as whole, _sentences():
            obstore.put(self._store, self._key(kind, sha256), whole)
        return found == "is missing"

    def send(self, kind: str, sha256: str, content: bytes | Iterable[bytes]) -> bool:
        """Write content unless it is there."""
        return self.keep(kind, sha256, content)

    def keep_sent(
        self, kind: str, sha256: str, size: int, content: bytes | Iterable[bytes]
    ) -> bool:  # fmt: skip
        """Write content again only where it is gone, or is not as long."""
        return self.size(kind, sha256) != size and self.keep(kind, sha256, content)

    def ask(self) -> None:
        """Raise FilesUnreachable where the bucket does not answer or is not this store's."""
        try:
            with _sentences():
                obstore.head(self._asked, f"{self._prefix}{BOUND}")
        except FileNotFoundError as problem:
            raise FilesUnreachable(
                f"does not hold {BOUND}, and so is not this store's"
            ) from problem

    def pieces(self, kind: str, sha256: str) -> Iterator[bytes]:
        """Yield content."""
        with _sentences():
            found = obstore.get(self._store, self._key(kind, sha256))
            for piece in found.stream(min_chunk_size=durable_files.PIECE):
                yield bytes(piece)

    def size(self, kind: str, sha256: str) -> int | None:
        """Return the bytes of content."""
        try:
            with _sentences():
                return int(obstore.head(self._store, self._key(kind, sha256))["size"])
        except FileNotFoundError:
            return None

    def lying(self, kind: str) -> Iterator[Lying]:
        """Yield everything of that kind."""
        top = f"{self._prefix}{kind}/"
        with _sentences():
            for some in obstore.list(self._store, prefix=top):
                for each in some:
                    yield Lying(each["path"].removeprefix(top), each["last_modified"])

    def delete(self, kind: str, name: str) -> None:
        """Delete what lies there."""
        with _sentences():
            obstore.delete(self._store, f"{self._prefix}{kind}/{name}")

    def identity(self, *, is_new: bool) -> str:
        """Return what tells this store's files from those of another one; of a new store's bucket
        it is made now. Empty where there is none, or a new store finds one."""
        key = f"{self._prefix}{BOUND}"
        try:
            with _sentences():
                if is_new:
                    made = secrets.token_hex(16)
                    obstore.put(self._store, key, made.encode(), mode="create")
                    return made
                return bytes(obstore.get(self._store, key).bytes()).decode("ascii", "replace")
        except (FileNotFoundError, FileExistsError):
            return ""

    def _key(self, kind: str, sha256: str) -> str:
        return f"{self._prefix}{kind}/{sha256[:2]}/{sha256}"


@contextmanager
def _whole(content: bytes | Iterable[bytes]) -> Iterator[bytes | Path]:
    """Yield content as one: what comes in pieces lies in a temporary file meanwhile."""
    if isinstance(content, bytes):
        yield content
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content"
        durable_files.write(path, content)
        yield path


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn what the server says, or does not, into our sentences."""
    try:
        yield
    except (FileNotFoundError, NotFoundError) as problem:
        raise FileNotFoundError from problem
    except (FileExistsError, AlreadyExistsError) as problem:
        raise FileExistsError from problem
    except (PermissionDeniedError, UnauthenticatedError) as problem:
        raise FilesUnreachable("refuses us (its key or our rights are wrong)") from problem
    except BaseError as problem:
        raise FilesUnreachable("does not answer") from problem
    except OSError as problem:
        raise NotWritten from problem
