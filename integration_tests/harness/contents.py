"""The contents of a world as records, and worlds with initial contents."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from destination_dust.airbyte.catalog import Catalog
from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.documents.document import DocumentShape, document
from destination_dust.mapping.ids import identifier
from integration_tests.harness.messages import catalog
from local_dust import StoredDocument, World

MARKERS = "airbyte--marker--"


def documents(world: World) -> dict[str, StoredDocument]:
    """The documents of records, by id."""
    return {each: stored for each, stored in world.documents().items() if not each.startswith(MARKERS)}


def contents(world: World) -> dict[str, Any]:
    """The records in the documents, by document id."""
    return {each: json.loads(stored.text) for each, stored in documents(world).items()}


def marks(world: World) -> list[str]:
    """The markers of streams, as tags."""
    markers = [stored for each, stored in world.documents().items() if each.startswith(MARKERS)]
    return [tag for stored in markers for tag in stored.tags if tag.startswith("airbyte:")]


def calls(world: World) -> dict[str, int]:
    """How many upserts, deletes, look-ups and pages of listings have arrived."""
    counts = dict.fromkeys(("upserts", "deletes", "look-ups", "pages"), 0)
    for arrival in world.arrivals:
        if arrival.is_upsert:
            counts["upserts"] += 1
        elif arrival.method == "DELETE":
            counts["deletes"] += 1
        elif "document_ids=" in arrival.query:
            counts["look-ups"] += 1
        elif "offset=" in arrival.query:
            counts["pages"] += 1
    return counts


def keep(world: World, configured: dict[str, Any], messages: Iterable[dict[str, Any]]) -> None:
    """Let a world hold the documents of some records, as if an earlier sync had stored them."""
    (plan,) = Catalog.parse(catalog(configured))
    for message in messages:
        data, emitted_at = message["record"]["data"], message["record"]["emitted_at"]
        assert StreamKey(message["record"].get("namespace"), message["record"]["stream"]) == plan.stream
        made = document(
            plan.stream.namespace,
            plan.stream.name,
            data,
            generation=plan.generation,
            emitted_at=emitted_at,
            shape=DocumentShape(),
        )
        world.data_source.documents.upsert(
            identifier(*plan.stream, plan.key_of(data)),
            title=made.title,
            text=made.text,
            tags=[*made.tags, f"title:{made.title}"],
            timestamp=made.timestamp,
            mime_type=made.mime_type,
            source_url=made.source_url,
            parents=[],
        )
