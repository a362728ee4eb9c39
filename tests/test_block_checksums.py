"""A changed byte in a real database file is met with a sentence, and the log says where."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lib.errors import StoreDamaged
from lib.store import block_checksums, data_folder_lock
from lib.store.database import Connection, transaction
from lib.store.duckdb.store import DuckDBStore
from lib.upkeep import verify
from lib.web.logs import places
from tests.server import running
from tests.test_upkeep import flip

pytestmark = pytest.mark.slow


def blocks_of(con: Connection, table: str, column: str) -> list[int]:
    """Where the blocks begin that hold a column's values."""
    con.execute("CHECKPOINT")
    rows = con.rows(
        f"SELECT DISTINCT block_id FROM pragma_storage_info('{table}') "
        f"WHERE column_name = '{column}' AND segment_type = 'VARCHAR' AND block_id >= 0"
    )
    return [3 * block_checksums.HEADER + block * block_checksums.BLOCK for (block,) in rows]


def flip_a_text(store: DuckDBStore, table: str, column: str) -> None:
    """Close the store and change a byte in the first block of a column's values."""
    damaged = blocks_of(store.connection(), table, column)[0]
    store.close()
    flip(store.folder / data_folder_lock.DATABASE, damaged + 5000)


def test_damage_is_met_with_a_sentence_and_the_log_says_where(
    data: Path,
) -> None:
    store = DuckDBStore(data)
    con = store.connection()
    with transaction(con):
        con.execute(
            "INSERT INTO note (practice_id, task_id, channel, text, author_id, written_at) "
            "SELECT 1, 1, 'question', 'Rivera ' || md5(CAST(i AS VARCHAR)), 1, now() "
            "FROM range(60000) AS r (i)"
        )
    flip_a_text(store, "note", "text")
    store = DuckDBStore(data)
    con = store.connection()

    with pytest.raises(StoreDamaged) as problem:
        con.rows("SELECT count(*), max(text), bit_xor(hash(note)) FROM note")
    said = places(problem.value)
    store.close()

    assert store.is_damaged
    assert "python -m lib verify" in str(problem.value)
    assert "computed checksum" in said
    assert "Rivera" not in said


def test_a_flipped_byte_that_is_met_makes_the_server_unhealthy(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    store = DuckDBStore(folder)
    con = store.connection()
    with transaction(con):
        con.execute(
            "INSERT INTO person (name, email, is_sample, created_at) "
            "SELECT 'Rivera ' || md5(CAST(i AS VARCHAR)), 'x', true, now() "
            "FROM range(20000) AS r (i)"
        )
    flip_a_text(store, "person", "name")

    with running(folder) as server:
        page = server.ask("/sign-in")
        health = server.ask("/healthz")
        log = server.log.read_text()

    assert "A part of the data on disk is damaged" in page.text
    assert health.status == 503
    assert "computed checksum" in log
    assert "Rivera" not in log


@pytest.mark.parametrize("held", [8, 71_968, block_checksums.BLOCK - 1])
def test_a_block_begun_on_a_full_disk_is_no_damage_and_one_that_is_cut_off_is(
    held: int, data: Path
) -> None:
    """DuckDB begins blocks beyond those it counts, and cuts them off when it is opened again."""
    DuckDBStore(data).close()
    file = data / data_folder_lock.DATABASE
    whole = file.stat().st_size
    with file.open("ab") as begun:
        begun.write(b"\xe7" * held)
    of_a_full_disk = verify.verify(data).all
    os.truncate(file, whole - block_checksums.BLOCK + held)
    of_a_cut = verify.verify(data).all

    assert of_a_full_disk == ()
    at = whole - block_checksums.BLOCK
    assert f"The database file ends in the middle of what begins at byte {at}." in of_a_cut
