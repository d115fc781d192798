"""Sync the recording into a local Dust, show the result, and fail unless all of it is right."""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from demo.connector import ConnectorFailed, run
from demo.documents import list_documents, read_document
from demo.recording import CATALOG, MESSAGES, Recording, recording
from local_dust import LocalDust
from local_dust.client import Visitor

TEXT_SHOWN = 280
# The users have a field `title`, but "Dr." is not the title of a document.
CHOSEN = {
    "stream_overrides": [
        {
            "stream": "users",
            "title_field": "name",
            "text_format": "markdown",
            "tag_fields": ["nationality", "language"],
        },
        {"stream": "products", "title_field": "model"},
    ]
}


class Wrong(Exception):
    """The result of the sync does not match the recording."""


def main() -> None:
    """Run the demo. Exits with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the local Dust running, until Ctrl-C")
    keep = parser.parse_args().keep
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    started = time.monotonic()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # or lines on stderr overtake it
    try:
        with LocalDust() as dust, _settings(dust.config(**CHOSEN)) as config:
            _show(dust, config, recording())
            print(f"\nEverything arrived as expected, after {time.monotonic() - started:.0f} s.")
            if keep:
                _keep_running(dust)
    except (Wrong, ConnectorFailed, OSError) as error:
        sys.exit(f"\nThe demo failed: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    if not keep:
        print(f"Its page was at {dust.url}/. Nothing is left running: to look at it in a browser, `make demo-keep`.")


def _keep_running(dust: LocalDust) -> None:
    """Wait for Ctrl-C or SIGTERM."""
    print(f"See what arrived: {dust.url}/ (Ctrl-C stops it)")
    try:
        threading.Event().wait()
    except (KeyboardInterrupt, SystemExit):
        print("\nStopped. Nothing is left running.")


def _show(dust: LocalDust, config: Path, expected: Recording) -> None:
    print(f"A local Dust answers at {dust.url}, with the limits of dust.tt: 120 document upserts a minute.")

    _title("main.py check")
    _check(config)

    _title(f"main.py write < demo/{MESSAGES.name}")
    print(f"{_counts(expected.records)} and {len(expected.states)} states, recorded from Airbyte's source-faker")
    states = _write(config)

    _title("States that came back: Dust has stored the records before them")
    for state in states:
        print(f"  {_state(state)}")
    _compare_states(expected, states)

    _title("The documents in Dust now, read with its own API")
    client = Visitor(dust)
    documents = list_documents(client)
    stored = Counter(_stream_of_document(document) for document in documents)
    print(f"{len(documents)} documents: {_counts(stored)}")
    _expect("documents by stream", dict(expected.documents), dict(stored))
    for stream in stored:
        first = next(document for document in documents if _stream_of_document(document) == stream)
        _print_document(read_document(client, first["document_id"]))


def _check(config: Path) -> None:
    statuses = []
    for message in run("check", "--config", str(config), stdin=Path(os.devnull)):
        _print_log(message)
        if message["type"] == "CONNECTION_STATUS":
            statuses.append(message["connectionStatus"]["status"])
            print(f"  {statuses[-1]}")
    _expect("the answer of check", ["SUCCEEDED"], statuses)


def _write(config: Path) -> list[dict[str, Any]]:
    """Sync and return the states that came back."""
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
    over = "\r\033[K" if sys.stdout.isatty() else ""  # the connector may be showing its live line there
    if message["type"] == "LOG":
        if message["log"]["message"].startswith("SYNC_REPORT "):
            return  # for programs; the lines before it say the same
        print(f"{over}  {message['log']['level']:<5} {message['log']['message']}")
    elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
        print(f"{over}  ERROR {message['trace']['error']['message']}")


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
    """A temporary file with the settings, which only this user can read."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(config, file)
        file.flush()
        yield Path(file.name)


if __name__ == "__main__":
    main()
