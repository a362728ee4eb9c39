#!/bin/sh
# environment.sh FILE…: makes .venv and installs the requirements FILE… into it, where they changed.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "$1" >&2
    exit 1
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3.14 python3 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    return 1
}

if ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    python=$(find_python) || fail "Billing Tasks needs Python 3.11 or newer: install it and try again."
    echo "Making the environment .venv with $("$python" --version) …"
    rm -rf .venv
    if ! "$python" -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        fail "$("$python" --version) cannot make environments: install its venv module (on Debian and Ubuntu the package python3-venv) and try again."
    fi
fi

for file in "$@"; do
    installed=.venv/installed-$file
    if ! cmp -s "$file" "$installed"; then
        echo "Installing $file …"
        .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
            -r "$file" ||
            fail "The packages of $file could not be installed: see above; the network is needed for this once."
        cp "$file" "$installed"
    fi
done
