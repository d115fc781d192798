"""Tombstones, in every mode: a deleted row goes, or stays with its mark; no document and no row is left hollow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import contents
from integration_tests.harness.messages import state
from integration_tests.harness.postgres import INTEGER, UNAVAILABLE, UNAVAILABLE_TEXT, changed, gone, table
from integration_tests.harness.tables import QUIET, settings, stored
from local_dust import LocalDust, World

ROWS = "airbyte_tickets"
MARK = "2026-05-02 00:00:00"
LATER = "2026-05-02T00:00:01.000000Z"


@pytest.fixture
def dust() -> Iterable[LocalDust]:
    """A local Dust that merges quickly, without the limit of upserts."""
    with LocalDust(World(quiet_seconds=QUIET, upserts_per_minute=None)) as server:
        yield server


def sync(dust: LocalDust, folder: Path, catalog: dict[str, Any], *messages: dict[str, Any], **chosen: Any) -> list[str]:
    """A sync of its own process. Its state comes back. Returns its warnings."""
    shortened = settings(**chosen) if chosen.get("data_format") == "tables" else chosen
    config = dust.config(documents_per_minute=100_000, **shortened)
    connector = write(folder, config, catalog, [*messages, state("tickets", 1)])
    assert [float(len(messages))] == [each["destinationStats"]["recordCount"] for each in connector.states()]
    return [each["log"]["message"] for each in connector.messages("LOG") if each["log"]["level"] == "WARN"]


def rows(dust: LocalDust) -> dict[str, dict[str, Any]]:
    """The rows without the columns of change data capture, except the mark of a deletion."""
    hidden = ("_ab_cdc_lsn", "_ab_cdc_updated_at")
    found = stored(dust.world, ROWS).items()
    return {each: {name: cell for name, cell in row.items() if name not in hidden} for each, row in found}


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_a_tombstone_deletes_its_document(dust: LocalDust, tmp_path: Path, mode: str) -> None:
    """Append is an upsert by id here, so a stored tombstone would replace the document by nulls."""
    streams = table(mode=mode)
    sync(dust, tmp_path, streams, changed(1, title="one"), changed(2, title="two"))

    assert [] == sync(dust, tmp_path, streams, gone(2))

    assert {"tickets-1"} == set(contents(dust.world))


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
def test_a_tombstone_deletes_its_row(dust: LocalDust, tmp_path: Path, mode: str) -> None:
    """With `cdc_deletes` as it is by default."""
    streams = table(mode=mode)
    sync(dust, tmp_path, streams, changed(1, title="one"), changed(2, title="two"), data_format="tables")

    assert [] == sync(dust, tmp_path, streams, gone(2), data_format="tables")

    assert {"tickets-1"} == set(rows(dust))


def test_a_row_that_is_inserted_again_is_there(dust: LocalDust, tmp_path: Path) -> None:
    """Delete and insert within a sync, and insert and delete: the last one decides, in both formats."""
    messages = [changed(1, title="a"), gone(1), changed(1, title="b"), changed(2, title="c"), gone(2)]
    for data_format in ("documents", "tables"):
        sync(dust, tmp_path, table(), *messages, data_format=data_format)

    assert {"tickets-1": {"id": 1, "title": "b"}} == contents(dust.world) == rows(dust)


@pytest.mark.parametrize("mode", ["append", "append_dedup"])
@pytest.mark.parametrize("identity", ["default", "full"])
def test_a_soft_delete_keeps_the_other_columns(dust: LocalDust, tmp_path: Path, mode: str, identity: str) -> None:
    """With the default replica identity only the key has a value, so the row is read and sent again with the mark."""
    streams, chosen = table(mode=mode, due={"type": "string", "format": "date"}), {"data_format": "tables"}
    values: dict[str, Any] = {"title": "two", "body": "b", "due": "2026-01-02"}
    sync(dust, tmp_path, streams, changed(1, title="x", body="y"), changed(2, **values), **chosen)

    tombstone = gone(2, **(values if identity == "full" else {"due": None}))
    sync(dust, tmp_path, streams, tombstone, **chosen, cdc_deletes="soft")

    kept = {"id": 2, "title": "two", "body": "b", "due": "2026-01-02 00:00:00"}
    assert {**kept, "_ab_cdc_deleted_at": MARK} == rows(dust)["tickets-2"]
    assert {"id": 1, "title": "x", "body": "y"} == rows(dust)["tickets-1"]


def test_a_soft_delete_keeps_what_its_tombstone_has_a_placeholder_for(dust: LocalDust, tmp_path: Path) -> None:
    """SQL Server sends the row as it was, but no large values."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft"}
    sync(dust, tmp_path, table(), changed(1, title="one", body="x"), changed(2, title="two", body="y"), **chosen)

    sync(dust, tmp_path, table(), gone(1, title="one", body=UNAVAILABLE), **chosen)

    assert {"id": 1, "title": "one", "body": "x", "_ab_cdc_deleted_at": MARK} == rows(dust)["tickets-1"]


def test_a_soft_delete_keeps_the_columns_of_the_same_sync(dust: LocalDust, tmp_path: Path) -> None:
    """Though Dust has an older row: it lags behind."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft"}
    sync(dust, tmp_path, table(), changed(1, title="old", body="x"), **chosen)

    sync(dust, tmp_path, table(), changed(1, title="new", body="x"), gone(1), **chosen)

    assert {"id": 1, "title": "new", "body": "x", "_ab_cdc_deleted_at": MARK} == rows(dust)["tickets-1"]


def test_a_row_that_was_never_there_keeps_its_mark(dust: LocalDust, tmp_path: Path) -> None:
    """There is nothing else to keep, and nothing to warn of."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft"}

    assert [] == sync(dust, tmp_path, table(), gone(1), **chosen)
    assert [] == sync(dust, tmp_path, table(), gone(2), **chosen)

    assert {"id": 2, "_ab_cdc_deleted_at": MARK} == rows(dust)["tickets-2"]


def test_a_deleted_row_gives_nothing_to_the_next_row_of_its_key(dust: LocalDust, tmp_path: Path) -> None:
    """A row that gets the key comes as an insert, and may lack its large value: that of the old row is another's."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft"}
    sync(dust, tmp_path, table(), changed(1, title="old", body="theirs"), changed(2, title="x", body="y"), **chosen)
    sync(dust, tmp_path, table(), gone(1), **chosen)

    inserted = changed(1, at=LATER, title="new", body=UNAVAILABLE_TEXT)
    (warning,) = sync(dust, tmp_path, table(), inserted, **chosen)

    assert {"id": 1, "title": "new"} == rows(dust)["tickets-1"]
    assert "1 values are missing in Dust: body (1)" in warning


def test_a_change_that_comes_again_after_its_tombstone_keeps_the_value(dust: LocalDust, tmp_path: Path) -> None:
    """The attempt before this one had written both, and got no acknowledgement."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft"}
    sync(dust, tmp_path, table(), changed(1, title="old", body="mine"), **chosen)
    messages = [changed(1, title="new", body=UNAVAILABLE_TEXT), gone(1)]
    sync(dust, tmp_path, table(), *messages, **chosen)

    sync(dust, tmp_path, table(), *messages, **chosen)

    assert {"id": 1, "title": "new", "body": "mine", "_ab_cdc_deleted_at": MARK} == rows(dust)["tickets-1"]


def test_a_number_that_dust_rounds_is_not_kept(dust: LocalDust, tmp_path: Path) -> None:
    """Its API shows 9007199254740993 as 9007199254740992, so the row loses it, and the log says so."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft"}
    streams = table(big=INTEGER)
    sync(dust, tmp_path, streams, changed(1, title="one", body="x", big=2**53 + 1), **chosen)

    (warning,) = sync(dust, tmp_path, streams, gone(1), **chosen)

    assert {"id": 1, "title": "one", "body": "x", "_ab_cdc_deleted_at": MARK} == rows(dust)["tickets-1"]
    assert "1 values are missing in Dust: big (1)" in warning


def test_without_confirmation_a_soft_delete_empties_the_row_and_says_so(dust: LocalDust, tmp_path: Path) -> None:
    """Nothing proves that the row in Dust is the latest."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft", "confirm_rows": False}
    sync(dust, tmp_path, table(), changed(1, title="one", body="x"), **chosen)

    (warning,) = sync(dust, tmp_path, table(), gone(1), **chosen)

    assert "1 rows that were marked as deleted lost their other columns" in warning


def test_a_row_that_dust_has_not_merged_is_emptied_and_the_log_says_so(dust: LocalDust, tmp_path: Path) -> None:
    """Its table has no schema yet, like one without rows, but the sync before has acknowledged the row."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft", "confirm_rows": False}
    dust.world.limits.quiet_seconds = 600
    sync(dust, tmp_path, table(), changed(1, title="one", body="x"), **chosen)
    assert dust.world.tables()[ROWS].schema is None

    (warning,) = sync(dust, tmp_path, table(), gone(1), **chosen)

    assert "1 rows that were marked as deleted lost their other columns" in warning


def test_a_row_that_cannot_be_read_for_a_moment_is_not_emptied(dust: LocalDust, tmp_path: Path) -> None:
    """Reads of its table succeed all the while: Dust's trouble comes and goes."""
    chosen: dict[str, Any] = {"data_format": "tables", "cdc_deletes": "soft"}
    sync(dust, tmp_path, table(), changed(1, title="one", body="x"), **chosen)
    dust.faults.add("status", method="GET", path="/rows/tickets-1$", times=3)

    sync(dust, tmp_path, table(), gone(1), **chosen)

    assert {"id": 1, "title": "one", "body": "x", "_ab_cdc_deleted_at": MARK} == rows(dust)["tickets-1"]


@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_deletions_without_a_key_are_warned_of_at_the_start(dust: LocalDust, tmp_path: Path, data_format: str) -> None:
    """And counted at the end. None of them is stored: it would be a record of nulls."""
    streams = table(mode="append", key=[])

    first, last = sync(dust, tmp_path, streams, changed(1, title="one"), gone(1), data_format=data_format)

    assert first.startswith("Stream tickets: it has no primary key")
    assert "1 deletions were ignored" in last
    assert 1 == len(contents(dust.world) if data_format == "documents" else rows(dust))


def test_a_tombstone_without_its_key_is_refused(dust: LocalDust, tmp_path: Path) -> None:
    """It would be stored under a hash of its nulls. Other records of such a stream are stored like that."""
    tombstone = gone(1)
    del tombstone["record"]["data"]["id"]
    connector = Connector("write", tmp_path, config=dust.config(), catalog=table(mode="append"))

    assert 1 == connector.finish(tombstone)

    assert "the primary key field id is missing or null" in connector.failure()["message"]
    assert {} == contents(dust.world)
