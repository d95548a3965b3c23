#!/bin/sh
# Opens the assignment in JupyterLab. The first time, and when the lists of packages have changed, it makes an
# environment of its own in .venv and installs them; that takes some minutes, and changes nothing outside of .venv.
#
#   sh start_jupyter.sh                install what is missing, then open JupyterLab
#   sh start_jupyter.sh --only-install
#   TORCH_INDEX=https://download.pytorch.org/whl/cpu sh start_jupyter.sh
#                                      take torch from there: on Linux, this one is small, and for the processor alone
set -eu
cd "$(dirname -- "$0")"

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

usable='import sys; sys.exit(sys.version_info < (3, 11))'
if [ ! -x .venv/bin/python ]; then
    found=
    for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python; do
        if command -v "$python" >/dev/null 2>&1 && "$python" -c "$usable" >/dev/null 2>&1; then
            found=$python
            break
        fi
    done
    [ -n "$found" ] || fail "Python 3.11 or newer was not found." \
        "Install it, or name the one to use: PYTHON=/path/to/python sh start_jupyter.sh"
    echo "Making the environment .venv with $("$found" --version)."
    "$found" -m venv .venv || {
        rm -rf .venv
        fail "The environment could not be made. On Debian and Ubuntu: sudo apt install python3-venv"
    }
fi
.venv/bin/python -c "$usable" || fail "The environment .venv does not work, or its Python is older than 3.11." \
    "Remove the folder .venv and run this script again."

# What is installed is noted in .venv, so that it is installed once.
cat requirements.txt requirements-notebooks.txt >.venv/wanted.txt
if ! cmp -s .venv/wanted.txt .venv/installed.txt; then
    echo "Installing what the assignment needs; this happens once, and takes some minutes."
    .venv/bin/python -m pip install --disable-pip-version-check ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
        -r requirements.txt -r requirements-notebooks.txt ||
        fail "The packages could not be installed; the lines above say why." \
            "Is this machine on the network? Run this script again: what is there already is not fetched again."
    cp .venv/wanted.txt .venv/installed.txt
fi

if [ "${1:-}" = --only-install ]; then
    echo "Everything is there. To open JupyterLab: sh start_jupyter.sh"
    exit 0
fi
exec .venv/bin/python -m jupyterlab "$@"
