"""Make sure that there is a PostgreSQL for the tests on it: `python -m tests.install_postgres`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import postgres

# Debian's package would start a server of its own, for which nobody asked.
SETTINGS = Path("/etc/postgresql-common/createcluster.conf")
NONE = (
    "The tests on PostgreSQL need one of version 15 or newer: install the package postgresql, or "
    "set BILLING_TASKS_TEST_DATABASE to the address of a server whose user may make databases."
)


def main() -> int:
    """Install PostgreSQL if it is not there, and whoever asks is root. Return 0 if it is there at
    the end, else 1."""
    if is_there():
        return 0
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing PostgreSQL for the tests …", flush=True)
        from_debian()
    if is_there():
        return 0
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


if __name__ == "__main__":
    sys.exit(main())
