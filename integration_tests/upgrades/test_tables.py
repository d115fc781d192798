"""Tables of earlier versions: the next sync takes them over, in the same columns and without loss."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import PATIENCE, write
from integration_tests.harness.messages import complete, record, state
from integration_tests.harness.tables import QUIET, plain, settings
from integration_tests.upgrades.recorded import of_generation, play, recorded
from local_dust import LocalDust, World

ROWS = settings(burst_interval=0.5)
BLUE = [record("teams", id=2, name="Blue"), state("teams", 2), complete("teams")]


@pytest.fixture
def tables() -> Iterator[LocalDust]:
    """A local Dust with the tables of 0.1.0, merged."""
    with LocalDust(World(quiet_seconds=QUIET)) as dust:
        play(dust, recorded("0.1.0", "tables"))
        until = time.monotonic() + PATIENCE
        while not rows(dust, "airbyte_users"):
            assert time.monotonic() < until
            time.sleep(0.05)
        yield dust


def rows(dust: LocalDust, table_id: str) -> dict[str, dict[str, Any]]:
    """The plain rows of a table, by id."""
    return {row_id: plain(row) for row_id, row in dust.world.tables()[table_id].rows().items()}


def recorded_rows(table_id: str) -> dict[str, dict[str, Any]]:
    """The plain rows as 0.1.0 sent them, but with datetimes as the numbers they were sent as."""
    sent = [
        row
        for request in recorded("0.1.0", "tables").requests
        if request["path"] == f"/tables/{table_id}/rows"
        for row in request["body"]["rows"]
    ]
    return {row["row_id"]: row["value"] for row in sent}


def test_rows_of_0_1_0_are_sent_once_more_into_the_same_columns(tables: LocalDust, tmp_path: Path) -> None:
    """Also those of fields whose names Dust would change; the table says from then on whose each column is."""
    sync = recorded("0.1.0", "tables")

    connector = write(tmp_path, tables.config(**ROWS), sync.catalog, sync.messages)

    users, sent = rows(tables, "airbyte_users"), recorded_rows("airbyte_users")
    assert sent.keys() == users.keys()
    for row_id, cells in users.items():
        assert {name for name in sent[row_id] if not name.startswith("_airbyte")} == cells.keys()
        assert [181, 182, 183][int(row_id[-1]) - 1] == cells["gro_e"]
        assert f"N-{row_id[-1]}" == cells["column"]
    assert {"column": "番号"}.items() <= _columns(tables, "airbyte_users").items()
    assert [] == [log for log in connector.logs() if "may hold its earlier values" in log]
    requests = [each for each in tables.world.arrivals if each.method == "POST" and each.path.endswith("/rows")]
    assert {"airbyte_users": 1, "airbyte_teams": 1} == Counter(str(each.table_id) for each in requests)


def _columns(dust: LocalDust, table_id: str) -> dict[str, str]:
    """The fields of columns, as the tags of the table say."""
    tags = [tag.split(":", 3) for tag in dust.world.tables()[table_id].tags if tag.startswith("airbyte:column:")]
    return {column: field for _, _, column, field in tags}


def test_rows_of_0_1_0_that_no_sync_brings_stay(tables: LocalDust, tmp_path: Path) -> None:
    """With all their values, and new rows beside them in the same columns."""
    sync = recorded("0.1.0", "tables")
    before = {name: rows(tables, name) for name in ("airbyte_users", "airbyte_teams")}
    new = {**sync.messages[0], "record": {**sync.messages[0]["record"]}}
    new["record"]["data"] = {**new["record"]["data"], "id": 9}

    write(tmp_path, tables.config(**ROWS), sync.catalog, [new, state("users", 2)])

    now = rows(tables, "airbyte_users")
    assert before["airbyte_users"] == {each: now[each] for each in before["airbyte_users"]}
    assert {*before["airbyte_users"], "users-9"} == now.keys()
    assert {**before["airbyte_users"]["users-1"], "id": 9} == now["users-9"]
    assert before["airbyte_teams"] == rows(tables, "airbyte_teams")


def test_a_table_that_0_1_0_has_replaced_is_replaced_by_the_next_generation(tables: LocalDust, tmp_path: Path) -> None:
    """And not by an attempt of the same one, which may be the same sync."""
    sync = recorded("0.1.0", "tables")
    write(tmp_path, tables.config(**ROWS), sync.catalog, BLUE)
    assert {"teams-1", "teams-2"} == rows(tables, "airbyte_teams").keys()

    write(tmp_path, tables.config(**ROWS), of_generation(sync, 6, 71), BLUE)

    assert {"teams-2": {"id": 2, "name": "Blue"}} == rows(tables, "airbyte_teams")


def test_a_replacement_that_0_1_0_has_begun_is_begun_again(tmp_path: Path) -> None:
    """The tags of the table say that some rows may be missing, so no attempt can go on behind them."""
    sync = recorded("0.1.0", "tables")
    *begun, completed = sync.requests
    assert ["airbyte:replaced:5"] == completed["body"]["tags"]
    with LocalDust(World(quiet_seconds=QUIET)) as dust:
        play(dust, sync._replace(requests=begun))
        write(tmp_path, dust.config(**ROWS), sync.catalog, BLUE)

        assert {"teams-2"} == rows(dust, "airbyte_teams").keys()
        assert "airbyte:replaced:5:70" in dust.world.tables()["airbyte_teams"].tags
