#!/usr/bin/env bash
# Runs unit tests, a short set of integration tests and the tests of the wheel on each Python that is named (all supported
# ones by default) and found: on the PATH, or where pyenv, GitHub's runners or uv keep theirs. Prints which were not found.
# Fails if a test fails, or if no Python was found.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

SHORT=(unit_tests local_dust/tests integration_tests/test_check.py integration_tests/test_delivery.py
    integration_tests/test_hosts.py integration_tests/test_signals.py integration_tests/documents/test_writing.py
    integration_tests/tables/test_writing.py)

find_python() { # version
    local candidate
    for candidate in "$(command -v "python$1")" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python \
        "${RUNNER_TOOL_CACHE:-/opt/hostedtoolcache}"/Python/"$1".*/x64/bin/python \
        "${XDG_DATA_HOME:-$HOME/.local/share}"/uv/python/cpython-"$1".*/bin/python; do
        # A name proves neither the version nor that it can make an environment: pyenv's "python3.12" may start nothing.
        "$candidate" -c "import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != tuple(map(int, '$1'.split('.'))))" \
            2>/dev/null && echo "$candidate" && return
    done
    return 1
}

install() { # python, environment
    [[ "$2/.ready" -nt requirements-dev.txt ]] && return
    echo "Installing locked packages into $2 with $1"
    .tools-venv/bin/uv venv --quiet --no-config --clear --python "$1" "$2" &&
        .tools-venv/bin/uv pip install --quiet --no-config --python "$2/bin/python" --require-hashes \
            --requirement requirements-dev.txt && touch "$2/.ready"
}

results=()
found=0
failed=0
(($#)) || set -- 3.10 3.11 3.12 3.13
for version in "$@"; do
    if ! python="$(find_python "$version")"; then
        results+=("$version: not found here, so not tested")
        continue
    fi
    found=1
    environment=".pythons/$version"
    if install "$python" "$environment" &&
        "$environment/bin/python" -m pytest -q -n "${WORKERS:-2}" --dist worksteal "${SHORT[@]}" &&
        release/install.sh "$python" "build/runtime-$version" &&
        INSTALLED="$PWD/build/runtime-$version" "$environment/bin/python" -m pytest -q integration_tests/package/test_wheel.py; then
        results+=("$version: passed, with $("$environment/bin/python" --version)")
    else
        results+=("$version: FAILED")
        failed=1
    fi
done

printf '%s\n' "" "Pythons:" "${results[@]}"
if ((!found)); then
    echo "None of them was found." >&2
    exit 1
fi
exit "$failed"
