"""The connector as a library: when a call of a loader returns, its records are in Dust."""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from destination_dust import wiring
from destination_dust.dust.pacer import Pacer
from destination_dust.loading import Change, Counts, Delete, InvalidConfig, Loader, NotStored, Stream, Upsert
from destination_dust.loading import loader as loader_module
from destination_dust.sync import Sync
from integration_tests.harness import tables
from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT
from local_dust import LocalDust
from local_dust.control.arrivals import Arrival

PATIENCE = 60.0
USERS = Stream("users", primary_key="id")
DOCUMENTS: dict[str, Any] = {}
TABLES = tables.settings(confirmation_delay=0.2, burst_interval=0.1)
FORMATS = pytest.mark.parametrize("settings", [DOCUMENTS, TABLES], ids=["documents", "tables"])


@pytest.fixture(autouse=True)
def _merges_quickly(dust: LocalDust) -> None:
    dust.world.limits.quiet_seconds = 0.1


def users(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"id": number, **fields} for number in numbers]


def stored(dust: LocalDust, settings: dict[str, Any] = DOCUMENTS) -> dict[int, dict[str, Any]]:
    """The records of users in Dust, by their id."""
    found = contents(dust.world) if settings is DOCUMENTS else tables.stored(dust.world)
    return {record["id"]: record for name, record in found.items() if name.startswith("users-")}


def upsert_of(number: int) -> Callable[[Arrival], bool]:
    return lambda arrival: arrival.is_upsert and arrival.document_id == f"users-{number}"


def connections(dust: LocalDust) -> list[str]:
    """The established connections to a local Dust."""
    port = int(dust.url.rsplit(":", 1)[1])
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return [line for line in lines if re.match(rf" *\d+: \S+ \w+:{port:04X} 01 ", line)]


def refuse(dust: LocalDust, number: int) -> None:
    dust.faults.add("status", method="POST", path=f"users-{number}", status=400, type="invalid_request_error")


@FORMATS
def test_records_are_stored_when_the_call_returns(dust: LocalDust, settings: dict[str, Any]) -> None:
    """Mappings and ready lines alike; and a later record takes the place of an earlier one."""
    with Loader(dust.config(**settings)) as loader:
        loader.check()
        first = loader.upsert(USERS, [*users(1, 2, name="a"), b'{"id": 3,\n "name": "a"}'])
        assert dict.fromkeys((1, 2, 3), "a") == {
            number: each["name"] for number, each in stored(dust, settings).items()
        }
        second = loader.upsert(USERS, iter(users(2, name="b")))

    assert (3, 3, 1, 1) == (first.read, first.upserted, second.read, second.upserted)
    assert {1: "a", 2: "b", 3: "a"} == {number: each["name"] for number, each in stored(dust, settings).items()}


@FORMATS
def test_changes_are_applied_in_their_order(dust: LocalDust, settings: dict[str, Any]) -> None:
    """A record whose key has changed is deleted under the old one, and stored under the new one."""
    changes: list[Change] = [
        Upsert({"id": 2, "v": 2}, before={"id": 1}),
        Upsert({"id": 3, "v": 3}, before={"id": 2}),
        {"id": 4, "v": 4},
        Delete({"id": 4}),
        Delete({"id": 5}),
        {"id": 5, "v": 6},
        Upsert({"id": 6, "v": 7}, before={"id": 6, "v": 6}),
    ]
    with Loader(dust.config(**settings)) as loader:
        loader.upsert(USERS, users(1, 5, 6, 7, v=1))
        loader.apply(USERS, changes)
        loader.delete(USERS, users(7))

    assert {3: 3, 5: 6, 6: 7} == {number: each["v"] for number, each in stored(dust, settings).items()}


@FORMATS
def test_a_stream_is_replaced_also_by_nothing(dust: LocalDust, settings: dict[str, Any]) -> None:
    """What Dust has of other streams stays."""
    with Loader(dust.config(**settings)) as loader:
        loader.upsert(Stream("orders", "id"), users(1))
        loader.replace(USERS, users(1, 2))
        loader.replace(USERS, users(2, 3))
        replaced = {*stored(dust, settings)}
        loader.replace(USERS, [])

    assert {2, 3} == replaced
    assert {} == stored(dust, settings)
    others = contents(dust.world) if settings is DOCUMENTS else tables.stored(dust.world, "airbyte_orders")
    assert ["orders-1"] == [*others]


@FORMATS
def test_a_source_that_raises_replaces_nothing(dust: LocalDust, settings: dict[str, Any]) -> None:
    """Its error is raised as it is, because only the caller knows what it means."""

    def failing() -> Iterator[dict[str, Any]]:
        yield from users(2)
        raise KeyError("of the source")

    with Loader(dust.config(**settings)) as loader:
        loader.replace(USERS, users(1, 2))
        with pytest.raises(KeyError, match="of the source"):
            loader.replace(USERS, failing())

        assert {1, 2} == {*stored(dust, settings)}


def test_a_refused_record_is_named_in_the_error(dust: LocalDust) -> None:
    """And may have kept others from being stored, so all of them can be given again."""
    refuse(dust, 2)

    with Loader(dust.config()) as loader, pytest.raises(NotStored, match="users-2") as caught:
        loader.upsert(USERS, users(1, 2))

    assert not caught.value.may_pass


def test_refused_records_are_counted_under_skip(dust: LocalDust) -> None:
    """The others are stored."""
    refuse(dust, 2)

    with Loader(dust.config(on_record_error="skip")) as loader:
        counts = loader.upsert(USERS, users(1, 2, 3))

    assert (3, 2, 1) == (counts.read, counts.upserted, counts.rejected)
    assert {1, 3} == {*stored(dust)}


def test_trouble_of_dust_may_pass(dust: LocalDust) -> None:
    """So a host may give the records once more."""
    dust.faults.add("status", status=503, type="internal_server_error")

    with Loader(dust.config(timing={"retry_budget": 0.2})) as loader, pytest.raises(NotStored) as caught:
        loader.upsert(USERS, users(1))

    assert caught.value.may_pass


@FORMATS
def test_a_replacement_that_keeps_old_data_is_not_believed(dust: LocalDust, settings: dict[str, Any]) -> None:
    """A record without its key may be any of the old ones. A sync of Airbyte only warns of that."""
    with Loader(dust.config(**settings, on_record_error="skip")) as loader:
        loader.replace(USERS, users(1, 2))
        with pytest.raises(NotStored, match=r"was not replaced.*the key of a record is missing"):
            loader.replace(USERS, [*users(2), {"name": "no one"}])

    assert {1, 2} == {*stored(dust, settings)}


def test_a_stale_document_that_stays_is_not_passed_over(dust: LocalDust) -> None:
    """A sync of Airbyte only warns, because the next one tries again; but a program asked for this stream alone."""
    with Loader(dust.config()) as loader:
        loader.replace(USERS, users(1, 2))
        dust.faults.add("status", method="DELETE", path="users-1$", status=400, type="invalid_request_error")
        with pytest.raises(NotStored, match="Dust does not delete the document users-1"):
            loader.replace(USERS, users(2))

    assert {1, 2} == {*stored(dust)}


def test_a_list_of_which_nothing_is_known_proves_nothing(dust: LocalDust, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether or not something stale was on it."""
    documents = dust.world.data_source.documents
    right_order = documents.page
    with Loader(dust.config()) as loader:
        loader.upsert(USERS, [Upsert(*users(number), emitted_at=datetime(2026, 1, number)) for number in (1, 2)])
        monkeypatch.setattr(documents, "page", lambda *wanted: right_order(*wanted)[::-1])
        with pytest.raises(NotStored, match="in another order"):
            loader.replace(USERS, users(1, 2))


def test_a_missing_key_leaves_nothing_old_where_there_is_nothing(dust: LocalDust) -> None:
    """A first replacement has replaced all that there was."""
    with Loader(dust.config(on_record_error="skip")) as loader:
        counts = loader.replace(USERS, [*users(1), {"name": "no one"}])

    assert (1, 1) == (counts.upserted, counts.rejected)


def test_progress_is_told_and_may_end_the_call(dust: LocalDust) -> None:
    """The caller's own error comes out of the call."""
    hold = dust.hold(upsert_of(2))
    seen: list[Counts] = []

    def watch(counts: Counts) -> None:
        seen.append(counts)
        if counts.upserted:
            hold.let_go()
            raise InterruptedError("enough")

    with Loader(dust.config(), on_progress=watch) as loader, pytest.raises(InterruptedError, match="enough"):
        loader.upsert(USERS, users(1, 2))

    assert 2 == seen[-1].read


def test_a_source_is_read_on_the_callers_thread(dust: LocalDust) -> None:
    """A connection of SQLite, for example, serves no other one."""
    database = sqlite3.connect(":memory:")
    rows = database.execute("SELECT 1 AS id UNION SELECT 2")

    with Loader(dust.config()) as loader:
        loader.upsert(USERS, ({"id": number} for (number,) in rows))

    assert {1, 2} == {*stored(dust)}
    database.close()


def test_a_closed_loader_has_no_connections_and_opens_them_again(dust: LocalDust) -> None:
    """A program may close it whenever it has nothing to load."""
    loader = Loader(dust.config())
    for number in (1, 2):
        loader.upsert(USERS, users(number))
        assert connections(dust)
        loader.close()
        assert [] == connections(dust)

    assert {1, 2} == {*stored(dust)}


def test_all_calls_share_one_pacer(dust: LocalDust, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call with its own would send 120 documents at once, of which Dust refuses all but the first."""
    made: list[Pacer] = []

    def make(limit: int) -> Pacer:
        made.append(Pacer(limit))
        return made[-1]

    monkeypatch.setattr(wiring, "Pacer", make)

    with Loader(dust.config()) as loader:
        loader.upsert(USERS, users(1))
        loader.upsert(USERS, users(2))

    assert [2] == [pacer.status().calls for pacer in made]


def test_calls_about_one_stream_wait_for_one_another(dust: LocalDust) -> None:
    """Or an older version of a record could land behind a newer one. Those about others go on."""
    hold = dust.hold(upsert_of(1))
    second_began = threading.Event()

    def second() -> Iterator[dict[str, Any]]:
        second_began.set()
        yield from users(1, v=2)

    with Loader(dust.config()) as loader:
        threads = [threading.Thread(target=loader.upsert, args=(USERS, each)) for each in (users(1, v=1), second())]
        threads[0].start()
        hold.wait_for(1)
        threads[1].start()
        loader.upsert(Stream("orders", "id"), users(1))
        assert not second_began.is_set()
        hold.let_go()
        for thread in threads:
            thread.join(PATIENCE)

    assert 2 == json.loads(dust.world.documents()["users-1"].text)["v"]


@pytest.mark.parametrize(("page", "documents"), [("README.md", ["articles-1"]), ("docs/python.md", ["articles-4"])])
def test_the_examples_of_the_pages_run(dust: LocalDust, page: str, documents: list[str]) -> None:
    """As they are, and they print what they say."""
    text = (ROOT / page).read_text(encoding="utf-8")
    (program,) = [
        block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "with Loader(settings)" in block
    ]
    variables = {f"DUST_{name.upper()}": value for name, value in dust.config().items() if isinstance(value, str)}

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True
    )

    assert ("", re.findall("# (.* rejected.*)", program)) == (done.stderr, done.stdout.splitlines())
    assert documents == [*dust.world.documents()]


def test_a_mistyped_setting_is_refused(dust: LocalDust) -> None:
    """Airbyte's users see a warning instead, because their saved settings may be of another version."""
    with pytest.raises(InvalidConfig, match="no setting text_feilds"):
        Loader(dust.config(text_feilds=["name"]))


def test_nothing_of_the_process_is_changed(dust: LocalDust) -> None:
    """The CDK, for example, has the root logger print JSON to standard output."""
    program = """
import json, logging, signal, sys, threading
def settings():
    loggers = [(each.handlers, each.level, each.propagate) for each in (logging.root, logging.getLogger("airbyte"))]
    hooks = sys.excepthook, threading.excepthook, sys.stdout, sys.stderr
    return [signal.getsignal(each) for each in signal.valid_signals()], hooks, loggers
before = settings()
from destination_dust.loading import Loader
with Loader(json.load(sys.stdin)) as loader:
    loader.upsert("users", [{"id": 1}])
assert before == settings()
assert "airbyte_cdk" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, input=json.dumps(dust.config()), capture_output=True, text=True
    )

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_an_interrupted_call_lets_go_soon(dust: LocalDust) -> None:
    """Ctrl-C reaches the program as in any other call, once what is under way has ended."""
    hold = dust.hold(lambda arrival: arrival.is_upsert)
    program = """
import json, sys
from destination_dust.loading import Loader
Loader(json.load(sys.stdin)).upsert("users", [b'{"id": 1}'])
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stderr
        with process.stdin as settings:
            settings.write(json.dumps(dust.config()))
        hold.wait_for(1)

        process.send_signal(signal.SIGINT)
        hold.let_go()
        errors = process.stderr.read()

    assert -signal.SIGINT == process.returncode
    assert "KeyboardInterrupt" in errors


@pytest.mark.parametrize(
    "states", [[], [b'{"state": {"destinationStats": {"recordCount": 1.0}}}']], ids=["none", "less"]
)
def test_without_its_state_a_call_is_not_believed(
    dust: LocalDust, monkeypatch: pytest.MonkeyPatch, states: list[bytes]
) -> None:
    """Whatever the sync forgot: records are stored if the state behind all of them came back."""

    def forgetful(sync: Sync) -> Iterator[bytes]:
        for _ in sync.run():
            pass
        yield from states

    monkeypatch.setattr(loader_module, "run_after_earlier", forgetful)

    with Loader(dust.config()) as loader, pytest.raises(RuntimeError, match="without proof"):
        loader.upsert(USERS, users(1, 2))


def resources() -> tuple[int, int, int]:
    """How many descriptors and threads this process has, and how many KB of memory it has had at most."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return len(os.listdir("/proc/self/fd")), threading.active_count(), memory  # noqa: PTH208 only counted


def load(dust: LocalDust, calls: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The resources after ten calls, and after all: upserts, deletes, and one in ten that fails."""
    refuse(dust, 0)
    with Loader(dust.config()) as loader:
        for number in range(calls):
            if number == 10:
                before = resources()
            if number % 10:
                loader.apply(USERS, [*users(number), Delete({"id": number - 1})])
            else:
                with pytest.raises(NotStored):
                    loader.upsert(USERS, users(0, v=number))
        return before, resources()


@pytest.mark.parametrize("calls", [60, pytest.param(1000, marks=pytest.mark.long)])
def test_no_call_leaves_threads_or_descriptors_behind(
    dust: LocalDust, caplog: pytest.LogCaptureFixture, calls: int
) -> None:
    """However many there are; `-rP` shows the figures. The local Dust's ends of the connections are among them."""
    caplog.set_level(logging.CRITICAL, "airbyte")  # or pytest would keep each message
    began = time.monotonic()

    before, after = load(dust, calls)

    print(f"{calls} calls in {time.monotonic() - began:.1f} s; descriptors, threads, KB: {before}, {after}")
    assert after[0] <= before[0] + 8
    assert after[1] <= before[1] + 4
