#!/usr/bin/env bash
# Looks at your work and makes the files that you hand in. From any folder:
#
#   bash path/to/collectSubmission.sh [--anyway] [--moodle] [--output FOLDER]
#
# It is `python -m a3.submit` for those who like a script. PYTHON=… names another Python than the first one found.
set -eu

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

for python in ${PYTHON:+"$PYTHON"} python3 python py; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1; then
    exec "$python" -c 'import sys; sys.path[0] = sys.argv.pop(1); from a3.submit import main; sys.exit(main())' "$here" "$@"
  fi
done

echo "No Python 3.9 or newer was found. Activate your environment, or name it: PYTHON=path/to/python bash $0" >&2
exit 2
