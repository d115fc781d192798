"""A connection of the real process to a local Dust in trouble: syncs that may fail, and one in which all is well."""

from __future__ import annotations

import itertools
import json
import random
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from integration_tests.harness.connector import Connector
from integration_tests.harness.contents import documents
from integration_tests.harness.messages import catalog
from integration_tests.harness.oracle import Oracle
from integration_tests.harness.random_faults import BUDGET, begin_faults
from integration_tests.harness.source import Mode, Sent, StateKind, Stream, send
from integration_tests.harness.tables import QUIET
from local_dust import LocalDust, World

# After so long, what a process that is gone has sent has landed, and its rows are merged.
REST = 1.2
SETTINGS = {
    "documents_per_minute": 100_000,
    "timing": {"retry_budget": BUDGET, "batch_age": 1, "confirmation_delay": 2 * QUIET, "confirmation_limit": 20},
}


class Connection:
    """A connection, chosen by a seed, and what must hold of it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._chance = chance = random.Random(f"faults {seed}")
        self._folder = folder
        self._numbers = itertools.count(1)
        self._tables = chance.random() < 0.5
        self._kind: StateKind = chance.choice(["STREAM", "GLOBAL", "LEGACY"])
        deletes = chance.choice(["hard", "soft"])
        self._settings: dict[str, Any] = {
            **SETTINGS,
            "data_format": "tables" if self._tables else "documents",
            "cdc_deletes": deletes,
            "confirm_rows": chance.random() < 0.7,
            "skip_unchanged": chance.random() < 0.7,
            "on_record_error": chance.choice(["fail", "skip"]),
            "table_batch_size": chance.choice([3, 20, 5000]),
            "max_concurrency": chance.choice([1, 4, 32]),
        }
        self._oracle = Oracle(self._stored, fails=True, hard=deletes == "hard" or not self._tables)
        self._streams = [self._stream(f"s{number}") for number in range(chance.randint(1, 3))]
        self._world = World(
            upserts_per_minute=None, quiet_seconds=QUIET, lock_seconds=0.6, seed=seed, merge_rows_per_second=None
        )
        self.log = [f"{self._settings}"]

    def run(self) -> None:
        """Check whenever a state goes out, after each sync, and in the end."""
        with LocalDust(self._world) as dust:
            for number in range(1, self._chance.randint(1, 2) + 1):
                self._sync(dust, number, in_trouble=True)
            self._sync(dust, 9, in_trouble=False)
            for each in self._streams:
                self._oracle.is_exact(each, readable=True)

    def _stream(self, name: str) -> Stream:
        modes: list[Mode] = ["append", "append_dedup", "append_dedup", "overwrite", "overwrite_dedup"]
        return Stream(
            name,
            self._chance.choice(modes),
            counted=self._chance.random() < 0.8,
            bad="",
            widens=self._chance.random() < 0.3,
            keys=self._chance.choice([3, 30]),
        )

    def _sync(self, dust: LocalDust, number: int, *, in_trouble: bool) -> None:
        chance = self._chance
        for each in self._streams:
            anew = not in_trouble or chance.random() < 0.6
            each.generation += anew and each.replaced
            if anew or not each.replaced:
                each.grow(chance, chance.choice([1, 8, 30]), self._numbers)
        complete = 0.8 if in_trouble else 1.0
        sent = send(
            self._streams, chance, kind=self._kind, first_state=1000 * number, pause=0.0, complete_share=complete
        )
        dust.faults.clear()
        troubles = begin_faults(dust, chance, tables=self._tables) if in_trouble else []
        ends_at = len(self._world.arrivals) + chance.randint(1, 80) if in_trouble and chance.random() < 0.5 else None
        how = chance.choice([signal.SIGKILL, signal.SIGTERM])
        self.log.append(f"sync {number}: {troubles}, {how.name} at {ends_at}, complete {sorted(sent.ends)}")
        self.log += [
            f"  {each.name} {each.mode} {each.generation}, {len(each.changes)} changes" for each in self._streams
        ]
        connector = self._run(dust, number, sent, ends_at, how)
        self._judge(connector, sent, ended=ends_at is not None, in_trouble=in_trouble, wrong="wrong 200" in troubles)
        time.sleep(REST)
        for each in self._streams:
            self._oracle.holds(each, each.covered)

    def _run(self, dust: LocalDust, number: int, sent: Sent, ends_at: int | None, how: signal.Signals) -> Connector:
        configured = catalog(*(each.configured(number) for each in self._streams))
        config = dust.config(**self._settings)
        connector = Connector("write", self._folder, config=config, catalog=configured)
        for start in range(0, len(sent.messages), 20):
            try:
                connector.send(*(message for _, message in sent.messages[start : start + 20]))
            except BrokenPipeError:
                break
        connector.end_input()
        seen = 0
        while connector.process.poll() is None:
            if ends_at is not None and len(self._world.arrivals) >= ends_at:
                connector.kill(how)
                ends_at = None
            seen = self._look(connector, sent, seen)
            time.sleep(0.02)
        connector.wait()
        self._look(connector, sent, seen)
        return connector

    def _look(self, connector: Connector, sent: Sent, seen: int) -> int:
        """Whether the states that have gone out since are not ahead. Returns how many lines were seen."""
        lines = [line for _, line in [*connector.lines]]
        for line in lines[seen:]:
            if b'"STATE"' in line and (message := json.loads(line))["type"] == "STATE":
                for name, count in sent.covers[message["state"]["id"]].items():
                    self._oracle.holds(next(each for each in self._streams if each.name == name), count)
        return len(lines)

    def _judge(self, connector: Connector, sent: Sent, *, ended: bool, in_trouble: bool, wrong: bool) -> None:
        code, out = connector.process.returncode, [state["id"] for state in connector.states()]
        errors = [trace["trace"]["error"] for trace in connector.messages("TRACE")]
        self.log.append(f"  exit {code}, states {out}, {[error['message'][:200] for error in errors]}")
        self._oracle.rejects(self._streams, sent, [*connector.logs(), *(error["message"] for error in errors)])
        if code == 0:
            assert sorted(sent.covers) == sorted(out), "a sync that ended well kept a state back"
        else:
            assert in_trouble, "a sync without trouble failed"
            expected = {"transient_error"} | ({"config_error"} if wrong else set())
            assert ended or {error["failure_type"] for error in errors} <= expected, errors
        for each in self._streams:
            covered = [sent.covers[number][each.name] for number in out if each.name in sent.covers[number]]
            assert covered == sorted(covered), f"{each.name}: states went out in another order"
            each.covered = max([0 if each.replaced else each.covered, *covered])

    def _stored(self, stream: Stream, readable: bool) -> Iterable[dict[str, Any]]:
        if not self._tables:
            stored = documents(self._world).items()
            return [json.loads(each.text) for at, each in stored if at.startswith(f"{stream.name}-")]
        table_id = f"airbyte_{stream.name}"
        if not self._settings["confirm_rows"] and not readable:
            return self._world.promised_rows(table_id).values()
        table = self._world.tables().get(table_id)
        return table.rows().values() if table else ()


def check(seed: int, folder: Path) -> None:
    """Run a connection. A failure names the seed, and says what happened."""
    connection = Connection(seed, folder)
    try:
        connection.run()
    except AssertionError as error:
        steps = "\n".join(connection.log)
        command = f"python -m pytest integration_tests/test_fault_fuzz.py -m '' -k '[{seed}]'"
        raise AssertionError(f"{error}\nRun it again: {command}\n{steps}") from error
