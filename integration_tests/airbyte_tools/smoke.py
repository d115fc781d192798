"""One run of PyAirbyte's own test of destinations, and what it leaves at Dust."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration_tests.airbyte_tools.clients import CLIENTS, Client, Records, Source
from integration_tests.airbyte_tools.conftest import QuickDust
from integration_tests.harness.tables import stored
from local_dust import World

NAMESPACE = "smoke"
PREFLIGHT = "_preflight_basic_types"
SCENARIOS = {
    PREFLIGHT: 3,
    "basic_types": 3,
    "timestamp_types": 3,
    "large_decimals_and_numbers": 3,
    "nested_json_objects": 2,
    "null_handling": 3,
    "column_naming_edge_cases": 1,
    "table_naming_edge_cases": 1,
    "CamelCaseStreamName": 1,
    "wide_table_50_columns": 2,
    "empty_stream": 0,
    "single_record_stream": 1,
    "large_batch_stream": 1000,
    "unicode_and_special_strings": 4,
    "schema_with_no_primary_key": 2,
    "long_column_names": 1,
    "duplicate_primary_keys": 3,
    "time_types": 3,
    "union_types": 3,
    "array_of_primitives": 3,
    "large_string_values": 2,
    "sparse_records": 7,
    "special_number_values": 7,
}
"""The tool's streams, and how many keys (of streams without: different records) each has."""


@dataclass
class Smoke:
    """The tool's verdict, its output, and the world it wrote to."""

    verdict: dict[str, Any]
    printed: Records
    world: World

    def assert_succeeded(self) -> None:
        """All records were delivered, and the tool has nothing to remark."""
        read = sum(len(records) for stream, records in self.printed.items() if stream != PREFLIGHT)
        assert {
            "success": True,
            "destination": "destination-dust",
            "namespace": NAMESPACE,
            "records_delivered": read,
            "scenarios_requested": "all",
            "error": None,
            "preflight_passed": True,
            "table_statistics": None,
            "tables_not_found": None,
            "warnings": None,
        } == {name: said for name, said in self.verdict.items() if name != "elapsed_seconds"}

    def last_of_each_key(self) -> dict[str, dict[Any, dict[str, Any]]]:
        """The last record of each key of each stream that has any, sorted; without a key, the record is the key."""
        streams = {}
        for stream, records in self.printed.items():
            last = {each["data"].get("id", json.dumps(each["data"])): each["data"] for each in records}
            streams[stream] = {key: last[key] for key in sorted(last)}
        return streams

    def documents(self) -> dict[str, list[str]]:
        """The texts of each stream, sorted by their records' ids."""
        texts: dict[str, list[str]] = defaultdict(list)
        for document in self.world.documents().values():
            assert f"airbyte:namespace:{NAMESPACE}" in document.tags
            (stream,) = (tag for tag in document.tags if tag.startswith("airbyte:stream:"))
            texts[stream.removeprefix("airbyte:stream:")].append(document.text)
        return {stream: sorted(each, key=lambda text: json.loads(text).get("id", 0)) for stream, each in texts.items()}

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of each stream, sorted by their ids, without our columns and nulls."""
        return {
            table.title.removeprefix(f"{NAMESPACE}."): sorted(
                stored(self.world, table_id).values(), key=lambda row: row.get("id", 0)
            )
            for table_id, table in self.world.tables().items()
        }


def smoke(dust: QuickDust, folder: Path, data_format: str) -> Smoke:
    """Run all scenarios."""
    client = Client(folder)
    source = Source(client, CLIENTS / "source-smoke-test")
    said = client.run(
        CLIENTS / "pyab",
        "destination-smoke-test",
        f"--destination={client.connector()}",
        f"--config={json.dumps(dust.settings(data_format))}",
        "--scenarios=all",
        f"--reuse-namespace={NAMESPACE}",
        PATH=f"{source.executable.parent}{os.pathsep}{os.environ['PATH']}",  # it looks for its source there
    )
    preflight, scenarios = source.reads()
    # It also says there when it has finished a sync.
    verdict = json.loads("{" + said.partition("\n{")[2])
    return Smoke(verdict, {**preflight, **scenarios}, dust.world)
