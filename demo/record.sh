#!/usr/bin/env bash
# Re-records demo/messages.jsonl and demo/catalog.json from a real Airbyte source: source-faker.
#
# The source printed both, and the script adds two things, as the Airbyte platform does: it configures the
# catalog (incremental, append_dedup, generation and sync IDs), and gives every STATE an integer `id`.
# Needs python3 (3.10 or 3.11) and a Python package index. The source lives in a temporary directory.
set -euo pipefail

demo="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet "airbyte-source-faker==7.2.1"
cd "$work"

# About 36 users, products and purchases each: fewer documents than Dust accepts in a minute.
cat >config.json <<'JSON'
{"count": 36, "seed": 1, "parallelism": 1, "records_per_slice": 12, "always_updated": false}
JSON

venv/bin/source-faker discover --config config.json >discovered.jsonl
venv/bin/python - <<'PYTHON' >"$demo/catalog.json"
import json

messages = map(json.loads, open("discovered.jsonl"))
catalog = next(message["catalog"] for message in messages if message["type"] == "CATALOG")
configured = [
    {
        "stream": stream,
        "sync_mode": "incremental",
        "destination_sync_mode": "append_dedup",
        "cursor_field": stream["default_cursor_field"],
        "primary_key": stream["source_defined_primary_key"],
        "generation_id": 1,
        "minimum_generation_id": 0,
        "sync_id": 1,
    }
    for stream in catalog["streams"]
]
print(json.dumps({"streams": configured}, indent=2))
PYTHON

venv/bin/source-faker read --config config.json --catalog "$demo/catalog.json" >read.jsonl
venv/bin/python - <<'PYTHON' >"$demo/messages.jsonl"
import json

states = 0
for line in open("read.jsonl"):
    message = json.loads(line)
    if message["type"] == "STATE":
        states += 1
        message["state"]["id"] = states
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n"
    print(line, end="")
PYTHON
