"""Check a copy of a database file block by block, free blocks included, against DuckDB's checksums.

A block is 256 KiB and begins with the checksum of its remainder. Before the blocks stand three
headers of 4 KiB, laid out the same way. Source: DuckDB, checksum.cpp and
single_file_block_manager.cpp.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

HEADER, HEADERS = 4096, 3
BLOCK = 262_144
SEED, FACTOR = 5381, 0xBF58476D1CE4E5B9


def damaged(copy: Path) -> Iterator[str]:
    """Yield a sentence for each header or block of the file whose checksum is wrong.

    Use it on a copy only: the process that holds the live file must not open it a second time.
    """
    with copy.open("rb") as file:
        headers = [file.read(HEADER) for _ in range(HEADERS)]
        for number, header in enumerate(headers):
            yield from _check(number * HEADER, header, HEADER)
        end = HEADERS * HEADER + BLOCK * _count(headers[1:])
        while True:
            at = file.tell()
            block = file.read(BLOCK)
            if not block or (len(block) < BLOCK and at >= end):  # begun when the disk was full
                return
            yield from _check(at, block, BLOCK)


def checksum(content: bytes) -> int:
    """Return DuckDB's checksum of a block's content. The length must be a multiple of eight."""
    import numpy as np  # not for every command: it takes as long as a tenth of a start

    numbers = np.frombuffer(content, dtype="<u8")
    return int(np.bitwise_xor.reduce(numbers * np.uint64(FACTOR), initial=np.uint64(SEED)))


def is_whole(block: bytes) -> bool:
    """Return True if the checksum of a block or header is right."""
    return len(block) % 8 == 0 and checksum(block[8:]) == int.from_bytes(block[:8], "little")


def _count(headers: list[bytes]) -> int:
    """Return how many blocks the database has, by that of its two headers that was written last."""
    last = max(headers, key=lambda header: int.from_bytes(header[8:16], "little"))
    return int.from_bytes(last[32:40], "little")


def _check(at: int, block: bytes, size: int) -> Iterator[str]:
    if len(block) < size:
        yield f"The database file ends in the middle of what begins at byte {at}."
    elif not is_whole(block) and any(block):
        yield f"The database file is damaged between byte {at} and byte {at + size}."
