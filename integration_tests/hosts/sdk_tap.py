"""A tap made of the real Singer SDK: parents with children, and an incremental stream.

`python -m integration_tests.hosts.sdk_tap --config FILE --state FILE`
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

PARENTS, CHILDREN, EVENTS = 3, 2, 4


class Teams(Stream):  # type: ignore[misc] # the SDK is not installed where mypy runs
    """The whole table in each run; each record has records of `Members` behind it."""

    name = "teams"
    primary_keys = ("id",)
    schema = th.PropertiesList(th.Property("id", th.IntegerType)).to_dict()

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:  # noqa: ARG002 the SDK's signature
        for number in range(1, self.config.get("parents", PARENTS) + 1):
            yield {"id": number}

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002 as above
        return {"team": record["id"]}


class Members(Stream):  # type: ignore[misc] # as above
    """Declared anew for each parent."""

    name = "members"
    primary_keys = ("team", "id")
    parent_stream_type = Teams
    schema = th.PropertiesList(th.Property("team", th.IntegerType), th.Property("id", th.IntegerType)).to_dict()

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        for number in range(1, CHILDREN + 1):
            yield {"team": context["team"], "id": number}


class Events(Stream):  # type: ignore[misc] # as above
    """Brings what is new since the state."""

    name = "events"
    primary_keys = ("id",)
    replication_key = "id"
    is_sorted = True
    schema = th.PropertiesList(th.Property("id", th.IntegerType)).to_dict()

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:
        start = self.get_starting_replication_key_value(context) or 0
        for number in range(start + 1, self.config.get("events", EVENTS) + 1):
            yield {"id": number}


class TapOfTests(Tap):  # type: ignore[misc] # as above
    """The three streams."""

    name = "tap-of-tests"
    config_jsonschema = th.PropertiesList(
        th.Property("parents", th.IntegerType), th.Property("events", th.IntegerType)
    ).to_dict()

    def discover_streams(self) -> list[Stream]:
        return [Teams(self), Members(self), Events(self)]


if __name__ == "__main__":
    TapOfTests.cli()
