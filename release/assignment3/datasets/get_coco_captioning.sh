#!/bin/sh
# Fetches the COCO captions, from wherever it is called: sh datasets/get_coco_captioning.sh [--mirror URL] [--to FOLDER]
# The same without a shell, in the folder that holds a3: python -m a3.download coco_captioning
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# The package lies beside this folder, or, in the course itself, in an assignment's folder.
root=
for each in "$here/.." "$here"/../source/*; do
    if [ -f "$each/a3/download.py" ]; then
        root=$(CDPATH='' cd -- "$each" && pwd)
        break
    fi
done
if [ -z "$root" ]; then
    echo "a3/download.py is not where it was: expected the folder a3 beside $here" >&2
    exit 1
fi

# An environment that is active, then the one that start_jupyter.sh makes, then whatever there is.
for python in "${VIRTUAL_ENV:-/nowhere}/bin/python" "${CONDA_PREFIX:-/nowhere}/bin/python" \
    "$root/.venv/bin/python" "$here/../.venv/bin/python" python3 python; do
    if command -v "$python" >/dev/null 2>&1; then
        PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" exec "$python" -m a3.download coco_captioning "$@"
    fi
done
echo "Python was not found. Install Python 3.11 or newer, or start the environment that has it." >&2
exit 1
