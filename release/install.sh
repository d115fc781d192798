#!/usr/bin/env bash
# release/install.sh PYTHON FOLDER: makes an environment of the locked packages and the wheel in dist/, and nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

uv() {
    .tools-venv/bin/uv "$@" --quiet --no-config
}

uv venv --clear --python "$1" "$2"
uv pip install --python "$2/bin/python" --require-hashes --requirement requirements.txt
# By itself, because pip's hashes are for all packages of a command or for none.
uv pip install --python "$2/bin/python" --no-deps dist/*.whl
# The wheel declares its packages by itself: the lock must satisfy it.
uv pip check --python "$2/bin/python"
