"""Users for loaders, and what became of them."""

from __future__ import annotations

from typing import Any

from destination_dust.loading import Stream
from integration_tests.harness import tables
from integration_tests.harness.contents import contents
from local_dust import LocalDust

USERS = Stream("users", primary_key="id")
DOCUMENTS: dict[str, Any] = {}
TABLES = tables.settings(confirmation_delay=0.2, batch_age=0.1)


def users(*numbers: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"id": number, **fields} for number in numbers]


def stored(dust: LocalDust, settings: dict[str, Any] = DOCUMENTS) -> dict[int, dict[str, Any]]:
    """The records of users in Dust, by their id."""
    found = contents(dust.world) if settings is DOCUMENTS else tables.stored(dust.world)
    return {record["id"]: record for name, record in found.items() if name.startswith("users-")}


def refuse(dust: LocalDust, number: int) -> None:
    dust.faults.add("status", method="POST", path=f"users-{number}", status=400, type="invalid_request_error")
