"""Sync the recording into a local Dust, show what comes of it, and fail unless all of it is right."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.connector import ConnectorFailed, run
from demo.local_dust import LocalDust, running_dust
from demo.recording import CATALOG, MESSAGES, Recording, recording

TEXT_SHOWN = 280


class Wrong(Exception):
    """The sync did not do what the recording asks for."""


def main() -> None:
    """Run the demo. Exits with 1 if anything is off."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    started = time.monotonic()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # or what goes to stderr overtakes it
    try:
        with running_dust() as dust, _settings(dust.config) as config:
            _show(dust, config, recording())
    except (Wrong, ConnectorFailed, RuntimeError) as error:
        sys.exit(f"\nThe demo failed: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    print(f"\nAll of it as expected, after {time.monotonic() - started:.0f} s. Nothing is left running.")


def _show(dust: LocalDust, config: Path, expected: Recording) -> None:
    print(f"A local Dust answers at {dust.url}, with the limits of dust.tt: 120 document upserts a minute.")

    _title("main.py check")
    _check(config)

    _title(f"main.py write < demo/{MESSAGES.name}")
    print(f"{_counts(expected.records)} and {len(expected.states)} states, recorded from Airbyte's source-faker")
    states = _write(config)

    _title("States that came back: what they cover is in Dust for good")
    for state in states:
        print(f"  {_state(state)}")
    _compare_states(expected, states)

    _title("What Dust has now, read with its own API")
    documents = dust.documents()
    stored = Counter(_stream_of_document(document) for document in documents)
    print(f"{len(documents)} documents: {_counts(stored)}")
    _expect("documents by stream", dict(expected.documents), dict(stored))
    for stream in stored:
        first = next(document for document in documents if _stream_of_document(document) == stream)
        _print_document(dust.document(first["document_id"]))


def _check(config: Path) -> None:
    statuses = []
    for message in run("check", "--config", str(config), stdin=Path(os.devnull)):
        _print_log(message)
        if message["type"] == "CONNECTION_STATUS":
            statuses.append(message["connectionStatus"]["status"])
            print(f"  {statuses[-1]}")
    _expect("the answer of check", ["SUCCEEDED"], statuses)


def _write(config: Path) -> list[dict[str, Any]]:
    """Sync, and return the states that came back."""
    states = []
    for message in run("write", "--config", str(config), "--catalog", str(CATALOG), stdin=MESSAGES):
        _print_log(message)
        if message["type"] == "STATE":
            states.append(message["state"])
    return states


def _compare_states(expected: Recording, states: list[dict[str, Any]]) -> None:
    echoed = [{key: part for key, part in state.items() if key != "destinationStats"} for state in states]
    for stream in expected.records:
        _expect(f"states of {stream}", _of(stream, expected.states), _of(stream, echoed))
    covered: Counter[str] = Counter()
    for state in states:
        covered[_stream_of_state(state)] += int(state["destinationStats"]["recordCount"])
    _expect("records that states acknowledge", dict(expected.records), dict(covered))


def _of(stream: str, states: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [state for state in states if _stream_of_state(state) == stream]


def _expect(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise Wrong(f"{what}: expected {expected}, found {found}.")


def _stream_of_state(state: dict[str, Any]) -> str:
    return str(state["stream"]["stream_descriptor"]["name"])


def _stream_of_document(document: dict[str, Any]) -> str:
    prefix = "airbyte:stream:"
    names = [tag.removeprefix(prefix) for tag in document["tags"] if tag.startswith(prefix)]
    if len(names) != 1:
        raise Wrong(f"document {document['document_id']} does not have exactly one {prefix} tag.")
    return str(names[0])


def _title(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}")


def _print_log(message: dict[str, Any]) -> None:
    if message["type"] == "LOG":
        print(f"  {message['log']['level']:<5} {message['log']['message']}")
    elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
        print(f"  ERROR {message['trace']['error']['message']}")


def _print_document(document: dict[str, Any]) -> None:
    text = document["text"]
    shown = text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]} …"
    print(f"\n  {document['document_id']}: {document['title']}")
    print(f"    tags: {', '.join(document['tags'])}")
    print("".join(f"    | {line}\n" for line in shown.splitlines()), end="")


def _state(state: dict[str, Any]) -> str:
    count = state["destinationStats"]["recordCount"]
    cursor = json.dumps(state["stream"]["stream_state"])
    return f"id {state['id']}, {_stream_of_state(state)}: {count:.0f} records; {cursor}"


def _counts(by_stream: Counter[str]) -> str:
    return ", ".join(f"{count} {stream}" for stream, count in by_stream.items())


@contextmanager
def _settings(config: dict[str, Any]) -> Iterator[Path]:
    """A file with the settings that only this user can read, until the end."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(config, file)
        file.flush()
        yield Path(file.name)


if __name__ == "__main__":
    main()
