"""Whether the settings work: each step finds one kind of mistake, and says how to fix it."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from destination_dust.config import Config, DataFormat
from destination_dust.config.fields import InvalidConfig
from destination_dust.dust.client import DustClient
from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import NotFound


def check(config: Config, client: DustClient) -> None:
    """Raise an error, in words for the user, if a sync with these settings could not write."""
    at = config.connection
    _find_space(at, client.spaces())
    _find_data_source(at, client.data_sources())
    if config.data_format is DataFormat.TABLES:
        _try_to_write_rows(client)
    else:
        _try_to_write(client)


def _find_space(at: Connection, spaces: list[dict[str, Any]]) -> None:
    if any(space.get("sId") == at.space_id for space in spaces):
        return
    raise InvalidConfig(
        f"The API key sees no space {at.space_id}. It sees: {_listed(spaces)}. "
        "Correct the space ID, or give the key access to the space in Dust."
    )


def _find_data_source(at: Connection, sources: list[dict[str, Any]]) -> None:
    writable = [source for source in sources if not source.get("connectorId")]
    for source in sources:
        if at.data_source_id in (source.get("sId"), source.get("name")):
            if source not in writable:
                raise InvalidConfig(
                    f"The data source {at.data_source_id} is managed by Dust's own connection to "
                    f"{source.get('connectorProvider') or 'another service'} and cannot be written to. "
                    f"Use a folder of the space instead: {_listed(writable)}."
                )
            return
    # The browser's address shows the ID of the view through which a space sees the folder.
    view = " That is the ID of a view; the ID of the folder begins with dts_." if _is_view(at.data_source_id) else ""
    raise InvalidConfig(
        f"The space {at.space_id} has no data source {at.data_source_id}.{view} "
        f"Folders that can be written to: {_listed(writable)}."
    )


def _is_view(data_source_id: str) -> bool:
    return data_source_id.startswith("dsv_")


def _try_to_write(client: DustClient) -> None:
    """Delete a document that cannot exist: Dust then says whether the key may write, and changes nothing.

    No GET shows this, and an upsert would count against the workspace's limit.
    """
    client.delete_document(f"airbyte-check-{secrets.token_hex(16)}")


def _try_to_write_rows(client: DustClient) -> None:
    """The same for tables: delete a row of a table that cannot exist. Dust says so only if the key may write."""
    client.tables()
    with suppress(NotFound):
        client.delete_row(f"airbyte-check-{secrets.token_hex(16)}", "none")


def _listed(items: list[dict[str, Any]]) -> str:
    """Names and ids, for a message."""
    return ", ".join(f"{item.get('name')} ({item.get('sId')})" for item in items) or "none"
