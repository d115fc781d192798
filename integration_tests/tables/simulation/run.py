"""One simulated connection: some syncs in trouble, and one in which all is well."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from typing import Any

from integration_tests.harness.in_process import Finished
from integration_tests.harness.messages import catalog
from integration_tests.harness.oracle import Oracle
from integration_tests.harness.source import DELETED_AT, FAILS, REFUSED, Mode, Sent, StateKind, Stream, send
from integration_tests.harness.virtual_sync import Ending, VirtualSimulation
from integration_tests.tables.simulation import hazards

# After so long, what a process that is gone has sent has landed, and the next may begin.
REST = 75.0


class Connection:
    """A connection of one source to one world, chosen by a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = chance = random.Random(f"tables {seed}")
        self._numbers = itertools.count(1)
        self._syncs = itertools.count(1)
        self._kind: StateKind = chance.choice(["STREAM", "STREAM", "GLOBAL", "LEGACY"])
        self._settings: dict[str, Any] = {
            "data_format": "tables",
            "confirm_rows": chance.random() < 0.75,
            "on_record_error": chance.choice(["skip", "fail"]),
            "cdc_deletes": chance.choice(["hard", "hard", "soft"]),
            "end_of_input_is_complete": chance.random() < 0.1,
        }
        self._hurried = self._settings["confirm_rows"] and chance.random() < 0.1
        """Whether syncs that replace one table follow one another so fast that a merge of the one meets the next.

        It undoes a replacement, which only `confirm_rows` sees; such a sync has to fail.
        """
        self._sluggish = self._settings["confirm_rows"] and not self._hurried and chance.random() < 0.1
        """Whether there is one table, whose deletes are often looked at before they are merged."""
        count = 1 if self._hurried or self._sluggish else chance.choice([1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 9])
        self._streams = [self._stream(f"s{number}") for number in range(count)]
        limits = hazards.limits(chance, count)
        if self._hurried or self._sluggish:
            limits = hazards.OUTLIVING if self._hurried else hazards.SLUGGISH
        self._simulation = VirtualSimulation(seed, limits=limits)
        fails, hard = self._settings["on_record_error"] == "fail", self._settings["cdc_deletes"] == "hard"
        self._oracle = Oracle(self._rows, fails=fails, hard=hard)
        self.log: list[str] = [f"{self._settings}, {self._simulation.limits}"]

    def run(self) -> None:
        """Check at each state, after each sync, and in the end."""
        for _ in range(self._chance.randint(1, 3)):
            self._attempt(in_trouble=True)
            self._rest()
        for each in self._streams:
            each.heal()
        if self._hurried:
            self._simulation.rest(3 * REST)
        sent = self._attempt(in_trouble=False)
        self._rest()
        written = {message["record"]["stream"] for _, message in sent.messages if message["type"] == "RECORD"}
        # Without `confirm_rows`, the last change has Dust merge what it left lying, if no merge takes minutes.
        rate = self._simulation.limits["merge_rows_per_second"]
        for each in self._streams:
            self._oracle.is_exact(each, readable=each.name in written and (rate is None or rate > 1000))

    def _rows(self, stream: Stream, readable: bool) -> Iterable[dict[str, Any]]:
        table_id, world = f"airbyte_{stream.name}", self._simulation.world
        if not self._settings["confirm_rows"] and not readable:
            return world.promised_rows(table_id).values()
        table = world.tables().get(table_id)
        return table.rows().values() if table else ()

    def _stream(self, name: str) -> Stream:
        chance = self._chance
        modes: list[Mode] = ["overwrite", "overwrite_dedup", "append", "append_dedup", "append_dedup"]
        return Stream(
            name,
            chance.choice(modes[:2] if self._hurried else modes[4:] if self._sluggish else modes),
            counted=chance.random() < 0.85,
            bad=chance.choice(["", "", FAILS, REFUSED]),
            widens=chance.random() < 0.5,
            keys=10 if self._sluggish else chance.choice([1, 3, 30]),
            deletes=0.5 if self._sluggish else 0.2,
        )

    def _attempt(self, *, in_trouble: bool) -> Sent:
        chance, simulation = self._chance, self._simulation
        sync = next(self._syncs)
        for each in self._streams:
            self._begin(each, anew=not in_trouble or chance.random() < 0.6)
        sent = send(
            self._streams,
            chance,
            kind=self._kind,
            first_state=1000 * sync,
            pause=chance.choice([0.0, 0.5] if self._hurried else [0.0, 0.5, 10.0, 90.0]),
            complete_share=0.8 if in_trouble else 1.0,
        )
        batch_size = chance.choice([1, 3, 10, 5000])
        hazards.clear(simulation)
        ending, troubles = None, ["none"]
        if in_trouble:
            hazards.poison(simulation)
            if not self._hurried:
                tables = [f"airbyte_{each.name}" for each in self._streams]
                lossy = self._settings["confirm_rows"]
                troubles = hazards.let_loose(simulation, chance, tables=tables, seconds=sent.seconds, lossy=lossy)
            if self._sluggish:
                troubles.append(hazards.outage_at_looks(simulation, chance))
            ending = self._ending(sent)
        before = {each.name: set(self._oracle.rows(each)) for each in self._streams}
        configured = catalog(*(each.configured(sync) for each in self._streams))
        self._note(sync, sent, [f"batches of {batch_size}", *troubles], ending)
        finished = simulation.write(
            configured,
            sent.messages,
            ending=ending,
            on_state=lambda state: self._went_out(sent, state["id"]),
            table_batch_size=batch_size,
            **self._settings,
        )
        self._judge(sent, finished, before, in_trouble=in_trouble, ending=ending, lossy="loses" in "".join(troubles))
        return sent

    def _begin(self, stream: Stream, *, anew: bool) -> None:
        """More records come to be. A stream to be replaced has another generation, unless its job is tried again."""
        anew = anew or self._hurried
        stream.generation += anew and stream.replaced
        if anew or not stream.replaced:
            # Of a host that counts nothing, a stream without a record proves nothing, so its table is left as it is.
            fewest = 1 if stream.replaced and not stream.counted else 0
            stream.grow(
                self._chance,
                self._chance.choice([30] if self._hurried else [8, 30] if self._sluggish else [fewest, 1, 8, 30]),
                self._numbers,
            )

    def _ending(self, sent: Sent) -> Ending | None:
        chance = self._chance
        if self._hurried:
            return Ending(sent.seconds + chance.uniform(2, 25), terminated=False)
        if chance.random() < 0.5:
            return None
        return Ending(chance.uniform(0, sent.seconds + chance.choice([1.0, 20.0, 300.0])), chance.random() < 0.4)

    def _went_out(self, sent: Sent, number: int) -> None:
        self.log.append(f"  {self._simulation.time.now:7.1f} state {number} went out: {sent.covers[number]}")
        for each in self._streams:
            if each.name in sent.covers[number]:
                self._oracle.holds(each, sent.covers[number][each.name])

    def _judge(
        self,
        sent: Sent,
        finished: Finished,
        before: dict[str, set[int]],
        *,
        in_trouble: bool,
        ending: Ending | None,
        lossy: bool,
    ) -> None:
        out = [state["id"] for state in finished.states]
        self.log.append(f"  {self._simulation.time.now:7.1f} ended: {finished.failure} {finished.message}")
        self._oracle.rejects(self._streams, sent, [*finished.logs, finished.message])
        unfinished = [each for each in self._streams if each.replaced and each.name not in sent.ends]
        poisoned = any("poison" in message.get("record", {}).get("data", {}) for _, message in sent.messages)
        allowed: set[str | None] = {None}
        allowed |= {"killed", "terminated"} if ending else set()
        allowed |= {"SourceFailed"} if unfinished else set()
        allowed |= {"BadRecord"} if poisoned and self._settings["on_record_error"] == "fail" else set()
        allowed |= {"Unconfirmed"} if in_trouble and (lossy or self._hurried) else set()
        allowed |= {"Unavailable"} if in_trouble and (lossy or self._lacks_comparison(sent)) else set()
        assert finished.failure in allowed, f"a sync failed: {finished.failure} {finished.message}"
        if finished.failure is None:
            assert sorted(sent.covers) == sorted(out), "a sync that ended well kept a state back"
        assert in_trouble or finished.failure is None
        for each in self._streams:
            covered = [sent.covers[number][each.name] for number in out if each.name in sent.covers[number]]
            assert covered == sorted(covered), f"{each.name}: states went out in another order"
            each.covered = max([0 if each.replaced else each.covered, *covered])
            if each in unfinished and not self._settings["end_of_input_is_complete"]:
                assert before[each.name] <= set(self._oracle.rows(each)), f"{each.name}: rows went without replacement"

    def _lacks_comparison(self, sent: Sent) -> bool:
        """Whether a row that fails may be the only one of the sync that Dust has to take: an outage looks like that.

        Rows of streams that are replaced come when all others are stored.
        """
        latest: dict[tuple[str, Any], dict[str, Any]] = {}
        for _, message in sent.messages:
            if message["type"] == "RECORD":
                record = message["record"]
                data = record["data"]
                latest[record["stream"], data.get("id", data["v"])] = data
        fails = {stream for (stream, _), data in latest.items() if data.get("poison") == FAILS}
        good = {stream for (stream, _), data in latest.items() if "poison" not in data and DELETED_AT not in data}
        good -= {each.name for each in self._streams if each.replaced}
        return any(not good - {stream} for stream in fails)

    def _rest(self) -> None:
        """What is acknowledged stays, whatever still lands."""
        self._simulation.rest(REST * (1 if self._hurried else self._chance.uniform(1, 3)))
        for each in self._streams:
            self._oracle.holds(each, each.covered)

    def _note(self, sync: int, sent: Sent, troubles: list[str], ending: Ending | None) -> None:
        now = self._simulation.time.now
        streams = [f"{s.name} {s.mode} {s.generation if s.counted else '-'}" for s in self._streams]
        self.log.append(f"  {now:7.1f} sync {sync}: {len(sent.messages)} messages in {sent.seconds:.0f} s, {streams}")
        self.log.append(f"          complete: {sorted(sent.ends)}; {ending}; {'; '.join(troubles)}")


def check(seed: int) -> None:
    """Run a connection. A failure names the seed, the command that runs it again, and what happened."""
    connection = Connection(seed)
    try:
        connection.run()
    except AssertionError as error:
        steps = "\n".join(connection.log)
        command = f"python -m integration_tests.tables.simulation {seed}"
        raise AssertionError(f"{error}\nRun it again: {command}\n{steps}") from error
