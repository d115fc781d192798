"""Whether the settings work: the check tries what a sync does, and explains what Dust refuses."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from destination_dust.config import Config, DataFormat
from destination_dust.config.config import CREATE_A_KEY
from destination_dust.config.fields import InvalidConfig
from destination_dust.dust.client import DustClient
from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import Misconfigured, NotFound, Unavailable
from destination_dust.threads import ends_within

ITEMS_NAMED = 20


def check(config: Config, client: DustClient) -> None:
    """Raise an error, in words for the user, if a sync with these settings could not write."""
    limit = config.timing.check_limit
    if not ends_within(limit, lambda: _check(config, client)):
        host = config.connection.host
        raise Unavailable(f"The check was stopped after {limit:g} s, before {host} had answered all of its calls.")


def _check(config: Config, client: DustClient) -> None:
    """Every verdict is Dust's: only its refusal of the space, or of the data source, proves that the ID is wrong.

    A list is no proof: it leaves out spaces of kinds that it was not asked for.
    """
    at = config.connection
    try:
        sources = client.data_sources()
    except Misconfigured as error:
        if error.reason != "space_not_found":
            raise
        raise _no_space(at, client.spaces()) from None
    _refuse_managed(at, sources)
    try:
        _try_to_write(config.data_format, client)
    except Misconfigured as error:
        if error.reason != "data_source_not_found":
            raise
        raise _no_data_source(at, sources) from None


def _no_space(at: Connection, spaces: list[dict[str, Any]]) -> InvalidConfig:
    return InvalidConfig(
        f"The API key sees no space {at.space_id}. It sees: {_listed(spaces)}. Correct the space ID; or, if it is "
        f"right, use a key that this space was added to. {CREATE_A_KEY}"
    )


def _refuse_managed(at: Connection, sources: list[dict[str, Any]]) -> None:
    # Dust itself would take rows for such a data source, and refuses only documents.
    for source in sources:
        if at.data_source_id in (source.get("sId"), source.get("name")) and not _is_folder(source):
            raise InvalidConfig(
                f"The data source {at.data_source_id} is managed by Dust's own connection to "
                f"{source.get('connectorProvider') or 'another service'} and cannot be written to. "
                f"Use a folder of the space instead: {_folders(sources)}."
            )


def _no_data_source(at: Connection, sources: list[dict[str, Any]]) -> InvalidConfig:
    # The browser's address shows the ID of the view through which a space sees the folder.
    view = " That is the ID of a view; the ID of the folder begins with dts_." if _is_view(at.data_source_id) else ""
    return InvalidConfig(
        f"The space {at.space_id} has no data source {at.data_source_id}.{view} "
        f"Folders that can be written to: {_folders(sources)}."
    )


def _is_view(data_source_id: str) -> bool:
    return data_source_id.startswith("dsv_")


def _try_to_write(data_format: DataFormat, client: DustClient) -> None:
    """Delete what cannot exist: Dust then says whether the key may write, and changes nothing.

    No GET shows this, and an upsert would count against the workspace's limit. For a row, Dust says that its table
    does not exist only if the key may write.
    """
    if data_format is DataFormat.DOCUMENTS:
        client.delete_document(f"airbyte-check-{secrets.token_hex(16)}")
    else:
        with suppress(NotFound):
            client.delete_row(f"airbyte-check-{secrets.token_hex(16)}", "none")


def _is_folder(source: dict[str, Any]) -> bool:
    return not source.get("connectorId")


def _folders(sources: list[dict[str, Any]]) -> str:
    folders = [source for source in sources if _is_folder(source)]
    return _listed(folders) if folders else "none yet (create one in Dust, in this space under Folders)"


def _listed(items: list[dict[str, Any]]) -> str:
    """Names and ids, for a message."""
    names = [f"{item.get('name')} ({item.get('sId')})" for item in items[:ITEMS_NAMED]]
    more = f" and {len(items) - ITEMS_NAMED} more" if len(items) > ITEMS_NAMED else ""
    return ", ".join(names) + more or "none"
