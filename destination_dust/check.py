"""Whether the settings work: each step finds one kind of mistake, and says how to mend it."""

from __future__ import annotations

import secrets
from typing import Any

from destination_dust.config import Config, DataFormat, InvalidConfig
from destination_dust.dust.client import Connection, DustClient


def check(config: Config, client: DustClient) -> None:
    """Raise an error, in words for the user, if a sync with these settings could not write."""
    refuse_what_is_not_available(config)
    at = config.connection
    _find_space(at, client.spaces())
    _find_data_source(at, client.data_sources())
    _try_to_write(client)


def refuse_what_is_not_available(config: Config) -> None:
    """Raise `InvalidConfig` for settings that this version knows but cannot serve."""
    if config.data_format is DataFormat.TABLES:
        raise InvalidConfig("data_format tables is not available yet. Use documents.")


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
                    f"The data source {at.data_source_id} is kept up by Dust's own connection to "
                    f"{source.get('connectorProvider') or 'another service'}, and nobody else can write to it. "
                    f"Use a folder of the space instead: {_listed(writable)}."
                )
            return
    raise InvalidConfig(
        f"The space {at.space_id} has no data source {at.data_source_id}. "
        f"Folders that can be written to: {_listed(writable)}."
    )


def _try_to_write(client: DustClient) -> None:
    """Delete a document that cannot exist: Dust then says whether the key may write, and changes nothing.

    No GET tells this, and an upsert would use up a part of the workspace's limit.
    """
    client.delete_document(f"airbyte-check-{secrets.token_hex(16)}")


def _listed(items: list[dict[str, Any]]) -> str:
    """Names and ids, for a message."""
    return ", ".join(f"{item.get('name')} ({item.get('sId')})" for item in items) or "none"
