"""How fast documents go under Dust's real limit, by the times at which they arrive there."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust, World
from local_dust.control.arrivals import Arrival


def accepted(dust: LocalDust) -> list[Arrival]:
    """The upserts that Dust took, in the order of their arrival."""
    return [arrival for arrival in dust.world.arrivals if arrival.is_upsert and arrival.status == 200]


def refused(dust: LocalDust) -> list[Arrival]:
    """The upserts that Dust refused for its limit."""
    return [arrival for arrival in dust.world.arrivals if arrival.is_upsert and arrival.status == 429]


class Watch:
    """Measures how long this machine stood still, as one with shared processors does: that time does not count."""

    def __init__(self) -> None:
        self.stood_still = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._ended.wait(0.01):
            now = time.monotonic()
            late = now - before - 0.01
            self.stood_still += late if late > 0.02 else 0.0
            before = now


@pytest.mark.first
@pytest.mark.timeout(500)
def test_one_connection_uses_the_whole_limit(tmp_path: Path) -> None:
    """300 documents at 120 a minute take the two minutes that they must, and 5 % at most on top."""

    def seconds(latency: float) -> tuple[float, int]:
        folder = tmp_path / str(latency)
        folder.mkdir()
        with LocalDust(World()) as dust:
            dust.faults.latency = latency
            messages = [record("users", id=number) for number in range(300)]
            write(folder, dust.config(), catalog("users"), [*messages, state("users", 1)], patience=400)
            times = [arrival.time for arrival in accepted(dust)]
            assert 300 == len(times)
            return times[-1] - times[0], len(refused(dust))

    with Watch() as watch, ThreadPoolExecutor() as both:
        results = list(both.map(seconds, (0.0, 3.0)))

    for taken, calls_refused in results:
        assert taken <= 1.05 * 120 + watch.stood_still, f"{watch.stood_still:.1f} s of it stood the machine still"
        assert calls_refused <= 3


def test_waiting_for_the_limit_is_logged_and_ends_at_once(tmp_path: Path) -> None:
    """Progress lines say why nothing moves, and a signal does not wait for the limit."""
    with LocalDust(World()) as dust:
        config = dust.config(documents_per_minute=3, timing={"progress_interval": 1})
        connector = Connector("write", tmp_path, config=config, catalog=catalog("users"))
        connector.send(*[record("users", id=number) for number in range(5)], state("users", 1))
        connector.wait_for(lambda: any("limit of upserts" in log for log in connector.logs()))
        began = time.monotonic()

        connector.kill(signal.SIGTERM)

        assert 143 == connector.wait()
        # Far less than the minute until the limit lets the next one go.
        assert time.monotonic() - began < 30
        assert 3 == len(accepted(dust))


@pytest.mark.long
@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    ("count", "documents", "seconds_apart", "smallest", "most_refused"),
    [(2, 650, 30, 0.3, 0.1), (4, 450, 10, 0.12, 0.1)],
    ids=["two", "four"],
)
def test_connections_share_the_limit(
    tmp_path: Path, count: int, documents: int, seconds_apart: float, smallest: float, most_refused: float
) -> None:
    """Started one after the other, each gets its part of six minutes, and together they use the limit."""
    names = [f"part{number}" for number in range(count)]
    with LocalDust(World()) as dust:
        connectors: list[Connector] = []
        for name in names:
            time.sleep(seconds_apart if connectors else 0)
            messages = [record(name, id=number) for number in range(documents)]
            connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog(name))
            connector.send(*messages, state(name, 1))
            connector.end_input()
            connectors.append(connector)
        assert [0] * count == [connector.wait(2200) for connector in connectors]

        calls = [arrival for arrival in dust.world.arrivals if arrival.is_upsert]
        of = {name: [a for a in accepted(dust) if str(a.document_id).startswith(f"{name}-")] for name in names}
        begin = max(min(a.time for a in calls if str(a.document_id).startswith(f"{name}-")) for name in names)
        share = {name: sum(begin <= a.time <= begin + 360 for a in of[name]) for name in names}
        together = sum(share.values())
        print(f"{share} in six minutes, {together} in all; {len(refused(dust))} of {len(calls)} calls were refused")

        assert min(max(a.time for a in of[name]) for name in names) >= begin + 360, "one had ended before that"
        assert min(share.values()) >= smallest * together
        assert together >= 0.9 * 6 * 120
        assert len(refused(dust)) <= most_refused * len(calls)
