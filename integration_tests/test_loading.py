"""The connector as a library: when a call of a loader returns, its records are in Dust."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from destination_dust.loading import Change, Counts, Delete, InvalidConfig, Loader, NotStored, Stream, Upsert
from destination_dust.loading import loader as loader_module
from destination_dust.sync import Sync
from integration_tests.harness import tables
from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.loading import DOCUMENTS, TABLES, USERS, refuse, stored, users
from local_dust import LocalDust

FORMATS = pytest.mark.parametrize("settings", [DOCUMENTS, TABLES], ids=["documents", "tables"])


@pytest.fixture(autouse=True)
def _merges_quickly(dust: LocalDust) -> None:
    dust.world.limits.quiet_seconds = 0.1


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
def test_a_stream_is_replaced_also_by_nothing(
    dust: LocalDust, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What Dust has of other streams stays. The caller has said that the records are all: there is nothing to doubt."""
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
    assert [] == [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.parametrize("given", [{}, "", b"", {1: {"id": 1}}, {"id": 1}, b'{"id": 1}'])
def test_what_is_no_series_of_records_is_refused_before_anything_is_replaced(dust: LocalDust, given: Any) -> None:
    """An empty one looks like a stream that is empty, and would delete everything."""
    with Loader(dust.config()) as loader:
        loader.upsert(USERS, users(1))
        with pytest.raises(TypeError, match="one record or text"):
            loader.replace(USERS, given)

    assert ["users-1"] == [*contents(dust.world)]


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
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "users-2")
    seen: list[Counts] = []

    def watch(counts: Counts) -> None:
        seen.append(counts)
        if counts.upserted:
            hold.let_go()
            raise InterruptedError("enough")

    with Loader(dust.config(), on_progress=watch) as loader, pytest.raises(InterruptedError, match="enough"):
        loader.upsert(USERS, users(1, 2))

    assert 2 == seen[-1].read


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
