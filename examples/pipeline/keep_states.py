"""Keeps the states that the connector gives back: `… | destination-dust write … | keep_states.py state.json`.

A state comes back once everything before it is in Dust, so each is written at once. Logs go to standard error. The exit
code is 78 if the connector says that a setting is wrong.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

WRONG_SETTING = 78


def merged(states: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """All states with the new one. It replaces that of its stream, or every other if it is about the whole source."""
    if new.get("type") != "STREAM":
        return [new]
    stream = new["stream"]["stream_descriptor"]
    others = [each for each in states if each.get("type") == "STREAM"]
    return [*(each for each in others if each["stream"]["stream_descriptor"] != stream), new]


def save(path: Path, states: list[dict[str, Any]]) -> None:
    """Replace the file, which is whole at any time."""
    whole = path.with_suffix(".new")
    with whole.open("w") as file:
        json.dump(states, file)
        file.flush()
        os.fsync(file.fileno())
    whole.replace(path)


def main(path: Path) -> int:
    """Handle all messages. Returns what to exit with."""
    states: list[dict[str, Any]] = json.loads(path.read_bytes())
    code = 0
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if message["type"] == "STATE":
            states = merged(states, message["state"])
            save(path, states)
        elif message["type"] == "LOG":
            print(message["log"]["level"], message["log"]["message"], file=sys.stderr)
        elif message["type"] == "TRACE" and (error := message["trace"].get("error")):
            print("ERROR", error["message"], file=sys.stderr)
            code = WRONG_SETTING if error.get("failure_type") == "config_error" else code
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
