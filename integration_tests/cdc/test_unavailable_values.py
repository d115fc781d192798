"""Updates without the large values that they left as they were: Dust keeps them, or the log says that they are lost."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import contents
from integration_tests.harness.messages import complete, state
from integration_tests.harness.postgres import TEXT, UNAVAILABLE, UNAVAILABLE_TEXT, changed, gone, table
from integration_tests.harness.tables import QUIET, plain, settings
from local_dust import LocalDust, World

BODY = " ".join(["a long text that Postgres stores apart"] * 60)
ROWS = "airbyte_tickets"
KEPT, LOST = "They were kept as they are in Dust.", "values are missing in Dust: "


@pytest.fixture
def dust() -> Iterable[LocalDust]:
    """A local Dust that merges quickly, without the limit of upserts."""
    with LocalDust(World(quiet_seconds=QUIET, upserts_per_minute=None)) as server:
        yield server


class Database:
    """A connection from one table of Postgres to Dust."""

    def __init__(self, dust: LocalDust, folder: Path, catalog: dict[str, Any] | None = None, **chosen: Any) -> None:
        self.dust = dust
        self._folder = folder
        self._catalog = catalog or table()
        is_table = chosen.get("data_format") == "tables"
        self._config = dust.config(documents_per_minute=100_000, **(settings(**chosen) if is_table else chosen))
        self._syncs = 0

    def sync(self, *messages: dict[str, Any], ends: Iterable[dict[str, Any]] = ()) -> list[str]:
        """Write them, in a process of its own, and return its warnings. A state between them and `ends` comes back."""
        self._syncs += 1
        connector = write(self._folder, self._config, self._catalog, [*messages, state("tickets", self._syncs), *ends])
        assert [float(len(messages))] == [each["destinationStats"]["recordCount"] for each in connector.states()]
        return warnings(connector)

    def document(self, number: int = 1) -> dict[str, Any]:
        fields: dict[str, Any] = contents(self.dust.world)[f"tickets-{number}"]
        return fields

    def row(self, number: int = 1) -> dict[str, Any]:
        cells = plain(self.dust.world.tables()[ROWS].rows()[f"tickets-{number}"])
        return {name: cell for name, cell in cells.items() if not name.startswith("_ab_cdc")}


def warnings(connector: Connector) -> list[str]:
    return [each["log"]["message"] for each in connector.messages("LOG") if each["log"]["level"] == "WARN"]


@pytest.mark.parametrize("placeholder", [UNAVAILABLE, UNAVAILABLE_TEXT, [UNAVAILABLE]])
def test_a_json_document_keeps_its_value(dust: LocalDust, tmp_path: Path, placeholder: object) -> None:
    """It is read once, and the log names stream, field and remedy."""
    database = Database(dust, tmp_path)
    assert [] == database.sync(changed(1, title="one", body=BODY))

    (warning,) = database.sync(changed(1, title="ONE", body=placeholder))

    assert {"id": 1, "title": "ONE", "body": BODY} == database.document()
    assert warning.startswith("Stream tickets: for 1 values, the source sent a placeholder")
    assert KEPT in warning
    assert "body (1)" in warning
    assert "REPLICA IDENTITY FULL" in warning
    assert 1 == sum(each.method == "GET" and each.path.endswith("tickets-1") for each in dust.world.arrivals)


def test_an_unchanged_document_is_not_sent_again(dust: LocalDust, tmp_path: Path) -> None:
    """With its kept value it has the fingerprint that it had."""
    database = Database(dust, tmp_path)
    database.sync(changed(1, title="one", body=BODY))
    sent = sum(each.is_upsert for each in dust.world.arrivals)

    database.sync(changed(1, title="one", body=UNAVAILABLE_TEXT))

    assert sent == sum(each.is_upsert for each in dust.world.arrivals)


@pytest.mark.parametrize("text_format", ["markdown", "auto"])
def test_a_text_for_readers_loses_the_value_and_says_so(dust: LocalDust, tmp_path: Path, text_format: str) -> None:
    """Nothing is asked, because the text gives no field back. The placeholder is not stored either."""
    database = Database(dust, tmp_path, text_format=text_format)
    database.sync(changed(1, title="one", body=BODY))

    (warning,) = database.sync(changed(1, title="ONE", body=UNAVAILABLE_TEXT))

    text = dust.world.documents()["tickets-1"].text
    assert "ONE" in text
    assert "Object" not in text
    assert warning.startswith(f"Stream tickets: 1 {LOST}body (1). ")
    assert not any(each.method == "GET" and each.path.endswith("tickets-1") for each in dust.world.arrivals)


@pytest.mark.parametrize("text_format", ["json", "markdown", "auto"])
def test_a_value_of_the_same_sync_is_kept_in_every_format(dust: LocalDust, tmp_path: Path, text_format: str) -> None:
    """Whatever became of the earlier record meanwhile, it had the value."""
    database = Database(dust, tmp_path, text_format=text_format)

    first = [changed(1, title="one", body="old"), changed(1, title="one", body=BODY)]
    (warning,) = database.sync(*first, *(changed(1, title=f"v{n}", body=UNAVAILABLE_TEXT) for n in range(3)))

    text = dust.world.documents()["tickets-1"].text
    assert BODY.strip() in text
    assert "v2" in text
    assert "body (3)" in warning
    assert KEPT in warning


def test_a_value_that_the_document_does_not_use_is_not_looked_for(dust: LocalDust, tmp_path: Path) -> None:
    """Nor does the log speak of it."""
    database = Database(dust, tmp_path, text_fields=["title"], text_format="json")
    database.sync(changed(1, title="one", body=BODY))

    assert [] == database.sync(changed(1, title="ONE", body=UNAVAILABLE_TEXT))

    assert {"title": "ONE"} == database.document()


@pytest.mark.parametrize(("text_format", "said"), [("json", KEPT), ("markdown", f"1 {LOST}")])
def test_a_document_that_keeps_all_fields_needs_all_values(
    dust: LocalDust, tmp_path: Path, text_format: str, said: str
) -> None:
    """The chosen fields are those of another stream, so this one's texts are of all fields."""
    database = Database(dust, tmp_path, text_fields=["description"], text_format=text_format)
    database.sync(changed(1, title="one", body=BODY))

    *_, warning = database.sync(changed(1, title="ONE", body=UNAVAILABLE_TEXT))

    assert said in warning
    assert "body (1)" in warning
    assert (BODY.strip() in dust.world.documents()["tickets-1"].text) == (text_format == "json")


def test_a_document_that_is_not_there_has_no_value(dust: LocalDust, tmp_path: Path) -> None:
    """Someone deleted it, or its row got another key: Postgres then sends a delete and an insert."""
    database = Database(dust, tmp_path)
    database.sync(changed(1, title="one", body=BODY))

    (warning,) = database.sync(gone(1), changed(2, title="one", body=UNAVAILABLE_TEXT))

    assert {"tickets-2"} == set(contents(dust.world))
    assert {"id": 2, "title": "one"} == database.document(2)
    assert f"1 {LOST}body (1)" in warning


def test_a_document_of_another_stream_has_no_value(dust: LocalDust, tmp_path: Path) -> None:
    """Its id looks like ours, its tags do not."""
    dust.world.data_source.documents.upsert(
        "tickets-1",
        title="mine",
        text='{"body":"mine"}',
        tags=["airbyte:stream:others"],
        timestamp=1,
        mime_type="application/json",
        source_url=None,
        parents=[],
    )

    (warning,) = Database(dust, tmp_path).sync(changed(1, title="one", body=UNAVAILABLE_TEXT))

    assert f"1 {LOST}body (1)" in warning


@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_a_stream_that_is_replaced_gets_no_value_of_what_it_replaces(
    dust: LocalDust, tmp_path: Path, data_format: str
) -> None:
    """A row got the key of one that was deleted while nothing was captured, hence the refresh."""
    Database(dust, tmp_path, table(generation=1), data_format=data_format).sync(changed(1, title="one", body="theirs"))
    refreshed = Database(dust, tmp_path, table(generation=2, minimum=2), data_format=data_format)
    new = [changed(4, title="mine", body=BODY), gone(4), changed(1, title="mine", body=UNAVAILABLE_TEXT)]

    (warning,) = refreshed.sync(*new, ends=[complete("tickets")])

    assert {"id": 1, "title": "mine"} == (refreshed.row() if data_format == "tables" else refreshed.document())
    assert f"1 {LOST}body (1)" in warning


@pytest.mark.parametrize("data_format", ["documents", "tables"])
def test_a_placeholder_in_dust_is_no_value(dust: LocalDust, tmp_path: Path, data_format: str) -> None:
    """Earlier versions of the connector stored it: the value was lost then."""
    captured, before = table(), table()
    for name in ("_ab_cdc_lsn", "_ab_cdc_updated_at", "_ab_cdc_deleted_at"):
        del before["streams"][0]["stream"]["json_schema"]["properties"][name]
    as_before = changed(1, title="one", body=UNAVAILABLE_TEXT)
    for name in ("_ab_cdc_updated_at", "_ab_cdc_deleted_at"):
        del as_before["record"]["data"][name]
    Database(dust, tmp_path, before, data_format=data_format).sync(as_before)

    (warning,) = Database(dust, tmp_path, captured, data_format=data_format).sync(
        changed(1, title="ONE", body=UNAVAILABLE_TEXT)
    )

    assert f"1 {LOST}body (1)" in warning


def test_a_row_keeps_its_value(dust: LocalDust, tmp_path: Path) -> None:
    """It is read where Dust has merged it; other columns change."""
    database = Database(dust, tmp_path, table(price={"type": "number"}), data_format="tables")
    database.sync(changed(1, title="one", body=BODY, price=1.5))

    (warning,) = database.sync(changed(1, title=None, body=UNAVAILABLE_TEXT, price=2))

    assert {"id": 1, "body": BODY, "price": 2} == database.row()
    assert KEPT in warning
    assert "body (1)" in warning


def test_a_row_keeps_the_value_that_waits_to_be_merged(dust: LocalDust, tmp_path: Path) -> None:
    """Rows lag behind in Dust, so an earlier record of the sync counts for more."""
    database = Database(dust, tmp_path, data_format="tables")
    database.sync(changed(1, title="one", body="old"))
    before = len(dust.world.arrivals)

    database.sync(changed(1, title="one", body=BODY), changed(1, title="ONE", body=UNAVAILABLE_TEXT))

    assert {"id": 1, "title": "ONE", "body": BODY} == database.row()
    calls = [each.row_id or each.method for each in dust.world.arrivals[before:]]
    assert "tickets-1" not in calls[: calls.index("POST")], "it is only read to see that it is stored"


def test_a_row_that_is_not_in_its_table_has_no_value(dust: LocalDust, tmp_path: Path) -> None:
    """Dust's answer says no more than that of an outage, so the table is read as well."""
    database = Database(dust, tmp_path, data_format="tables")
    database.sync(changed(1, title="one", body=BODY))

    (warning,) = database.sync(changed(2, title="two", body=UNAVAILABLE_TEXT))

    assert {"id": 2, "title": "two"} == database.row(2)
    assert f"1 {LOST}body (1)" in warning


def test_an_outage_does_not_make_a_row_look_gone(dust: LocalDust, tmp_path: Path) -> None:
    """A read that fails once, and a table that cannot be read for a moment, prove nothing."""
    database = Database(dust, tmp_path, data_format="tables")
    database.sync(changed(1, title="one", body=BODY))
    dust.faults.add("status", method="GET", path="/rows", times=2)

    (*_, warning) = database.sync(changed(1, title="ONE", body=UNAVAILABLE_TEXT))

    assert {"id": 1, "title": "ONE", "body": BODY} == database.row()
    assert KEPT in warning


def test_without_confirmation_nothing_proves_that_a_row_is_the_latest(dust: LocalDust, tmp_path: Path) -> None:
    """An earlier sync may have acknowledged what Dust has not merged. So the value is lost, and not an old one kept."""
    database = Database(dust, tmp_path, data_format="tables", confirm_rows=False)
    database.sync(changed(1, title="one", body=BODY))

    (warning,) = database.sync(changed(1, title="ONE", body=UNAVAILABLE_TEXT))

    assert f"1 {LOST}body (1)" in warning


def test_the_first_sync_of_a_table_asks_nothing(dust: LocalDust, tmp_path: Path) -> None:
    """There is no row to read, and a table without rows may not be readable."""
    database = Database(dust, tmp_path, data_format="tables")

    (warning,) = database.sync(changed(1, title="one", body=UNAVAILABLE_TEXT), changed(2, title="two", body="x"))

    assert f"1 {LOST}body (1)" in warning


def test_the_same_text_without_change_data_capture_is_a_text(dust: LocalDust, tmp_path: Path) -> None:
    """A stream of logs may well have it."""
    database = Database(dust, tmp_path, table(note=TEXT))
    message = changed(1, title="one", body=UNAVAILABLE_TEXT)
    for name in ("_ab_cdc_updated_at", "_ab_cdc_deleted_at"):
        del message["record"]["data"][name]

    assert [] == database.sync(message)

    assert UNAVAILABLE_TEXT == database.document()["body"]
