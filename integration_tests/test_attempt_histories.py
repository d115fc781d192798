"""Histories of connections, found by search: nothing that the source has is ever lost, nothing stale stays.

A history is a few jobs of one or more connections, each with attempts that end well, whose source dies, or that are
killed at any request; between them, records of the source change and go. As the platform has it, a job brings a stream
from its beginning, or from the last state that came back; an attempt goes on behind the last state of its job. Hosts
that count no generations bring everything each time, or only the final state again.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from integration_tests.harness.contents import documents
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.simulation import Death, Simulation
from integration_tests.harness.tables import GONE

Kind = Literal["overwrite", "refresh", "incremental"]
FEW = 100
MANY = 20_000
NAMES = ("users", "orders")
NO_RECORDS = "the input brought no record of the stream"  # of a job that looks like a host without generations
UNPROVEN, ADDED = "not provably by this sync", "replaced before by this sync"
# Of a table, only all rows can go: if some may have been acknowledged, all stay.
HAS_ROWS = "has rows of this refresh already"


@dataclass
class Stream:
    """A stream of the source, and what the host knows of it."""

    name: str
    overwrites: bool
    rows: dict[int, int] = field(default_factory=dict)
    """The version of each row that the source has."""
    pending: dict[int, bool] = field(default_factory=dict)
    """What no acknowledged state covers: whether the row exists."""
    generation: int = 0
    kind: Kind = "incremental"
    kept: set[int] = field(default_factory=set)
    """What Dust may have though the source does not, until the stream is replaced."""

    def begin(self, kind: Kind, *, goes_on: bool) -> None:
        """A new job. Without a refresh, or with one that an earlier job has begun, it goes on behind the last state."""
        if goes_on and self.kind == "refresh" == kind:
            return
        self.kind = kind
        if kind != "incremental":
            self.generation += 1
            self.pending = dict.fromkeys(self.rows, True)

    def messages(self, *, dies: bool, first_state: int) -> list[dict[str, Any]]:
        """What the source sends: a state in the middle and one at the end, unless it dies in between."""
        records = [
            record(self.name, id=number, v=self.rows[number]) if exists else record(self.name, id=number, **GONE)
            for number, exists in sorted(self.pending.items())
        ]
        half = len(records) // 2
        head = [*records[:half], state(self.name, first_state)]
        return head if dies else [*head, *records[half:], state(self.name, first_state + 1), complete(self.name)]

    def acknowledge(self, states: set[int], first_state: int) -> None:
        """States came back."""
        numbers = sorted(self.pending)
        if first_state + 1 in states:
            self.pending = {}
        elif first_state in states:
            self.pending = {number: self.pending[number] for number in numbers[len(numbers) // 2 :]}


class History:
    """One history, chosen by a seed."""

    def __init__(self, seed: int, data_format: str) -> None:
        self.chance = random.Random(seed)
        self.simulation = Simulation(seed)
        self.settings = {"data_format": data_format}
        self.tables = data_format == "tables"
        self.jobs = 1  # 1, 1 and 1 are the ids of hosts that count nothing
        self.version = 0
        self.uncounted = self.chance.choice([None, None, None, None, (1, 1, 1), (None, None, None)])
        """The three ids that the host always sends, if it counts nothing."""
        self.streams = [
            Stream(name, overwrites=self.uncounted is not None or self.chance.random() < 0.5)
            for name in NAMES[: self.chance.randint(1, 2)]
        ]
        self.log: list[str] = []

    def run(self) -> None:
        """Check after each attempt."""
        self._change()
        for _ in range(self.chance.randint(1, 4)):
            if self.chance.random() < 0.15:
                self._make_connection_again()
            self._job()

    def _make_connection_again(self) -> None:
        """The platform counts generations anew, and what it knew of the states is gone."""
        self.log.append("made again")
        for each in self.streams:
            # What the old connection left, no sync of the new one knows about, until one replaces the stream.
            each.generation = self.chance.choice([0, max(0, each.generation - 1), 8])
            each.kind = "incremental"
            each.pending = dict.fromkeys(each.rows, True)
            each.kept |= self._stored(each) - each.rows.keys()

    def _job(self) -> None:
        self.jobs += 1
        for each in self.streams:
            kind: Kind = "overwrite" if each.overwrites else self.chance.choice(["incremental", "refresh"])
            each.begin(kind, goes_on=self.chance.random() < 0.4)
            # Until a job comes to the end of the stream, nothing deletes what the source does not report.
            each.kept |= self._stored(each) - each.rows.keys() - each.pending.keys()
            self.log.append(f"job {self.jobs}: {each.name} {kind} {each.generation}")
        for _ in range(self.chance.randint(1, 3)):
            self._attempt()
            if self.chance.random() < 0.7:
                self._change()

    def _attempt(self) -> None:
        before = {each.name: self._stored(each) for each in self.streams}
        configured, messages = [], []
        repeats = self.uncounted is not None and self.chance.random() < 0.3
        for at, each in enumerate(self.streams):
            minimum = 0 if each.kind == "incremental" else each.generation
            ids = self.uncounted or (each.generation, minimum, self.jobs)
            mode = "overwrite" if each.overwrites else "append_dedup"
            configured.append(stream(each.name, mode=mode, generation=ids[0], minimum=ids[1], sync=ids[2]))
            if repeats:
                messages += [state(each.name, 10 * at), complete(each.name)]
                continue
            if self.uncounted:
                each.pending = dict.fromkeys(each.rows, True)
                each.kept |= self._stored(each) - each.rows.keys()
            messages += each.messages(dies=self.chance.random() < 0.25, first_state=10 * at)
        death = Death(self.chance.randint(0, 25), self.chance.random() < 0.5) if self.chance.random() < 0.4 else None
        finished = self.simulation.sync(catalog(*configured), messages, death=death, **self.settings)
        states = {each["id"] for each in finished.states}
        self.log.append(f"attempt: {death}, {finished.failure}, states {sorted(states)}")
        if finished.failure == "config_error":
            raise AssertionError(finished.message)
        if finished.failure is None:
            given = {each["state"]["id"] for each in messages if each["type"] == "STATE"}
            assert given == states, "a sync that ended well kept a state back"
        if self.tables:
            self.simulation.time.pause(60)  # what is queued when the process dies is merged
        for at, each in enumerate(self.streams):
            if repeats:
                assert before[each.name] <= self._stored(each), "a repeated end deleted records"
                continue
            each.acknowledge(states, 10 * at)
            is_done = 10 * at + 1 in states and (each.rows or not self.uncounted)
            self._check(each, before[each.name], is_done=bool(is_done), logs=finished.logs)

    def _check(self, each: Stream, before: set[int], *, is_done: bool, logs: list[str]) -> None:
        after = self._versions(each)
        # A table is replaced in one step, so a row that was brought but not yet sent may be gone in between.
        touched = self.tables and each.kind != "incremental" and not is_done
        if not touched:
            assert each.rows.keys() & before <= after.keys(), "a document of the source was deleted"
            covered = {number: version for number, version in each.rows.items() if number not in each.pending}
            assert covered == {number: after[number] for number in covered}, "an acknowledged record is not stored"
        if is_done:
            said = "".join(line for line in logs if f"Stream {each.name}:" in line)
            if any(words in said for words in (UNPROVEN, NO_RECORDS, HAS_ROWS)):
                each.kept = self._stored(each)
            elif each.kind != "incremental" and ADDED not in said:
                each.kept = self._of_this_generation(each)
            stale = after.keys() - each.rows.keys() - each.kept
            assert not stale, f"stale: {stale}"

    def _of_this_generation(self, each: Stream) -> set[int]:
        """What an earlier attempt may have written, and a replacement therefore leaves."""
        return {number for number, generation in self._generations(each).items() if generation == each.generation}

    def _is_marked(self, each: Stream) -> bool:
        """Whether an attempt of this job has finished the replacement, even if it died before its states went out."""
        tag = f"airbyte:replaced:{each.generation}:{self.jobs}"
        world = self.simulation.world
        if self.tables:
            table = world.tables().get(f"airbyte_{each.name}")
            return table is not None and tag in table.tags
        return any(tag in stored.tags and each.name in stored.title for stored in world.documents().values())

    def _change(self) -> None:
        self.version += 1
        for each in self.streams:
            for number in self.chance.sample(range(8), self.chance.randint(0, 4)):
                if self.chance.random() < 0.4:
                    existed = each.rows.pop(number, None) is not None
                    if each.overwrites:
                        each.pending.pop(number, None)
                        if self._is_marked(each):
                            each.kept.add(number)  # until the next job: such a source does not report it
                    elif existed:
                        each.pending[number] = False
                else:
                    each.rows[number] = self.version
                    each.pending[number] = True

    def _stored(self, each: Stream) -> set[int]:
        return set(self._versions(each))

    def _versions(self, each: Stream) -> dict[int, int]:
        if self.tables:
            return {number: int(row["v"]) for number, row in self._rows(each).items()}
        return {
            int(document_id.removeprefix(f"{each.name}-")): json.loads(stored.text)["v"]
            for document_id, stored in documents(self.simulation.world).items()
            if document_id.startswith(each.name)
        }

    def _generations(self, each: Stream) -> dict[int, int]:
        if self.tables:
            return {number: int(row.get("_airbyte_generation_id") or -1) for number, row in self._rows(each).items()}
        return {
            int(document_id.removeprefix(f"{each.name}-")): int(tag.split(":")[1])
            for document_id, stored in documents(self.simulation.world).items()
            for tag in stored.tags
            if document_id.startswith(each.name) and tag.split(":")[1].isdigit()
        }

    def _rows(self, each: Stream) -> dict[int, Any]:
        table = self.simulation.world.tables().get(f"airbyte_{each.name}")
        return {int(row_id.rpartition("-")[2]): row for row_id, row in table.rows().items()} if table else {}


def check_histories(data_format: str, seeds: range) -> None:
    """Run a history for each seed. A failure names the seed and the steps."""
    for seed in seeds:
        history = History(seed, data_format)
        try:
            history.run()
        except AssertionError as error:
            steps = "\n".join(history.log)
            raise AssertionError(f"seed {seed}, {data_format}: {error}\n{steps}") from error


@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_no_history_loses_records_or_keeps_stale_ones(data_format: str) -> None:
    """Few of them, each time the same."""
    check_histories(data_format, range(FEW))


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_no_history_of_many_loses_records_or_keeps_stale_ones(data_format: str) -> None:
    """Other seeds."""
    check_histories(data_format, range(FEW, FEW + MANY))
