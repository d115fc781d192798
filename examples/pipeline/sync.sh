#!/usr/bin/env bash
# Syncs a source to Dust with two programs and a pipe: sync.sh SOURCE FOLDER
#
# SOURCE: an Airbyte source as a command, such as venv/bin/source-faker.
# FOLDER: has source.json and dust.json (the settings of both), and catalog.json (a ConfiguredAirbyteCatalog). state.json is
#   kept there: what Dust has for certain. The next attempt, and the next sync, go on from it.
# DUST: the command of the connector (destination-dust by default). RETRY_AFTER: the seconds to wait before each repetition.
#
# Exits with 0 when everything is stored, with 75 if another sync of the folder is running, with 78 if a setting is wrong,
# and with 1 if every attempt failed. For a schedule, in crontab: 17 * * * * /path/to/sync.sh /path/to/source-faker /path/to/folder
set -uo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source="$1"
cd "$2" || exit

exec 9> lock
# Two syncs of a stream would overtake each other. The lock goes with the process, however that ends.
flock --nonblock 9 || { echo "Another sync of $2 is running." >&2; exit 75; }

for seconds in 0 ${RETRY_AFTER-60 300 900}; do
    sleep "$seconds"
    [[ -s state.json ]] || echo "[]" > state.json
    "$source" read --config source.json --catalog catalog.json --state state.json |
        "${DUST:-destination-dust}" write --config dust.json --catalog catalog.json |
        python3 "$here/keep_states.py" state.json
    ended=("${PIPESTATUS[@]}")
    # All three: a source that fails may have closed its output as one that has finished does.
    [[ "${ended[*]}" == "0 0 0" ]] && exit 0
    echo "The sync failed (source ${ended[0]}, destination ${ended[1]})." >&2
    # Waiting changes no setting.
    ((ended[2] == 78)) && exit 78
done
exit 1
