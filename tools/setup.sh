#!/bin/sh
# Make the virtual environment of the Makefile: everything in constraints.txt, each file checked against its hash.
# usage: PYTHON=python3 setup.sh VENV STAMP
set -eu
venv=$1
stamp=$2

if [ -z "$PYTHON" ]; then
    echo "Coterie needs Python 3.11 or newer, and no python3 on the PATH is. Name one: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Coterie needs Python 3.11 or newer; '$PYTHON' is not." >&2
    exit 1
fi
if ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "'$PYTHON' cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi

# A folder that was moved, or whose Python was removed, is made anew.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Making $venv with $("$PYTHON" --version) …"
    "$PYTHON" -m venv --clear "$venv"
fi
echo "Installing what constraints.txt lists …"
# The stamp is as old as the start, so that a file edited meanwhile is newer.
touch "$venv/.started"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install -qq --no-deps --require-hashes -r constraints.txt
# setuptools came with the line above, so that this needs no network.
pip install -qq --no-deps --no-build-isolation --editable .
mv "$venv/.started" "$stamp"
echo "Ready: $venv"
