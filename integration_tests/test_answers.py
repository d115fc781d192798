"""What both of Dust's servers answer is what the client takes for a success."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.dust.client import DustClient
from destination_dust.dust.connection import Connection
from destination_dust.dust.permit import NoPacing
from destination_dust.dust.retrying import RetryingCaller
from integration_tests.harness.in_process import WorldTransport
from local_dust import World

BODY = b'{"text":"a","tags":["x"],"timestamp":1700000000000%s}'
ROW = b'{"rows":[{"row_id":"1","value":{"name":"Ada"}}]%s}'


@pytest.fixture(params=["hono", "legacy"])
def world(request: pytest.FixtureRequest) -> World:
    """Both servers."""
    return World(server=request.param, quiet_seconds=0.0)


@pytest.fixture
def client(world: World) -> DustClient:
    """A client that takes no second try."""
    transport: Any = WorldTransport(world, lambda _: None)
    unpaced: Any = NoPacing()
    caller = RetryingCaller(transport, host="dust.tt", budget=0.001)
    return DustClient(Connection(**world.config()), caller, unpaced)


@pytest.mark.parametrize("light", [b"", b',"light_document_output":true'])
def test_documents(client: DustClient, light: bytes) -> None:
    """In the light and in the full output, and those that do not exist."""
    client.upsert_document("users-1", BODY % light)

    assert ["users-1"] == [document.document_id for document in client.list_documents(offset=0, limit=10)]
    assert ["users-1"] == [each.document_id for each in client.look_up_documents(["users-1", "users-2"])]
    assert "a" == client.document("users-1")["text"]
    client.delete_document("users-1")
    client.delete_document("users-1")
    assert [] == client.list_documents(offset=0, limit=10)


def test_tables(client: DustClient) -> None:
    """From an empty one, whose schema is null, to rows that are there and rows that are gone."""
    assert client.upsert_table("users", name="users", title="Users", description="", tags=["x"])["schema"] is None
    client.upsert_rows("users", ROW % b"")
    client.upsert_rows("users", ROW % b',"truncate":true')

    assert ["users"] == [table["table_id"] for table in client.tables()]
    assert ["x"] == client.table("users")["tags"]
    assert ([{"row_id": "1", "value": {"name": "Ada"}}], 1) == client.rows("users", limit=10)
    assert {"name": "Ada"} == client.row("users", "1")
    client.delete_row("users", "1")
    client.delete_row("users", "1")
    assert client.row("users", "1") is None
    assert ([], 0) == client.rows("users", limit=10)


def test_spaces_and_data_sources(client: DustClient, world: World) -> None:
    """Those that the key sees."""
    assert world.space.id in [space["sId"] for space in client.spaces()]
    assert world.data_source.id in [source["sId"] for source in client.data_sources()]
