"""Open a copy for analysts with released versions of DuckDB 1.x: `make released-duckdb`.

Each version comes from PyPI into an environment of its own, which is gone afterwards.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from lib.snapshot import copies
from lib.store.process_store import ROOT

VERSIONS = ("duckdb==1.0.0", "duckdb<2")  # the first of 1.x, and the last
READ = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
tables = con.execute("SELECT table_name FROM information_schema.tables").fetchall()
rows = sum(len(con.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in tables)
tasks = con.execute("SELECT count(*) FROM task").fetchone()[0]
print(f"DuckDB {duckdb.__version__}: {len(tables)} tables, {rows:,} rows, {tasks:,} tasks")
sys.exit(0 if tasks == int(sys.argv[2]) else 1)
"""
TASKS = 500


def main() -> None:
    """Print what each version reads; exit with 1 where one cannot."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        data = os.environ | {"BILLING_TASKS_DATA": str(folder / "data")}
        for asked in (
            ["generate", "--tasks", str(TASKS)],
            ["snapshot", "--to", str(folder / "copy")],
        ):
            subprocess.run([sys.executable, "-m", "lib", *asked], cwd=ROOT, env=data, check=True)
        failed = [each for each in VERSIONS if not _opens(folder, each)]
    sys.exit(f"These do not open the copy: {', '.join(failed)}" if failed else 0)


def _opens(folder: Path, version: str) -> bool:
    environment = folder / version.replace("<", "below")
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", version], check=True)
    file = folder / "copy" / copies.FILE
    done = subprocess.run([python, "-c", READ, str(file), str(TASKS)], check=False)
    return done.returncode == 0


if __name__ == "__main__":
    main()
