"""Warnings about chosen fields that will have no effect."""

from __future__ import annotations

from typing import Any

from destination_dust.airbyte.catalog import Catalog
from destination_dust.config import Config
from destination_dust.config.warnings import stream_warnings, warnings
from unit_tests.builders import configured, settings


def stream(name: str, *fields: str, **more: Any) -> dict[str, Any]:
    """A configured stream with these fields."""
    return configured(name, stream_json_schema={"properties": {field: {} for field in fields}}, **more)


def told(*streams: dict[str, Any], **chosen: Any) -> list[str]:
    """The warnings on settings, given the streams."""
    return [*warnings(Config.parse(settings(**chosen)).documents, Catalog.parse({"streams": streams}))]


TICKETS = stream("tickets", "id", "subject", "body", "requester")
ORDERS = stream("orders", "id", "amount")


def test_fields_that_exist_cause_no_warning() -> None:
    """Nested fields by the field that they begin with, and dots that belong to a name."""
    dotted = stream("dotted", "a.b")
    overrides = [{"stream": "orders", "text_fields": ["id", "amount"]}, {"stream": "dotted", "text_fields": ["a.b.c"]}]

    assert [] == told(TICKETS, ORDERS, dotted, text_fields=["subject", "requester.name"], stream_overrides=overrides)
    assert [] == told(TICKETS, ORDERS)


def test_fields_are_looked_for_as_in_records() -> None:
    """In lists, by position, in another letter case, and as deep as the schema goes."""
    body = {"type": "object", "properties": {"body": {"type": "string"}}}
    threads = configured("threads", stream_json_schema={"properties": {"Comments": {"type": "array", "items": body}}})
    fields = ["comments.*.body", "comments[0].Body", "Comments.body"]

    assert [] == told(threads, text_fields=fields, tag_fields=["comments"])
    (missing,) = told(threads, text_fields=fields, tag_fields=["comments.*.text"])
    assert missing.startswith("tag_fields is set to comments.*.text, which no schema")


def test_an_override_of_a_stream_that_is_not_there_has_no_effect() -> None:
    """The remark says which streams are."""
    (remark,) = told(TICKETS, ORDERS, stream_overrides=[{"stream": "Tickets", "title_field": "subject"}])

    assert "an entry for the stream Tickets, which this connection does not have" in remark
    assert remark.endswith("Streams here: tickets, orders.")


def test_an_override_of_another_namespace_has_no_effect() -> None:
    """Though the name is right."""
    entry = {"stream": "tickets", "namespace": "public", "title_field": "subject"}

    (remark,) = told(TICKETS, stream_overrides=[entry])

    assert "stream public.tickets, which" in remark


def test_a_field_that_no_stream_declares_is_remarked_on() -> None:
    """Once, however many streams there are; the setting is named."""
    remarked = told(TICKETS, ORDERS, timestamp_field="updated", tag_fields=["id", "stauts"])

    assert ["timestamp_field is set to updated,", "tag_fields is set to stauts,"] == [
        remark[: remark.index(",") + 1] for remark in sorted(remarked, reverse=True)
    ]


def test_an_override_is_held_against_its_own_stream() -> None:
    """What another stream declares does not help."""
    (remark,) = told(TICKETS, ORDERS, stream_overrides=[{"stream": "orders", "title_field": "subject"}])

    assert remark.startswith("stream_overrides, stream orders: title_field is set to subject, which")


def test_a_stream_with_none_of_the_text_fields_is_remarked_on() -> None:
    """Its documents would be empty: it needs an override."""
    (remark,) = told(TICKETS, ORDERS, text_fields=["subject", "body"])

    assert remark.startswith("Stream orders: its schema has none of the text_fields (subject, body)")


def test_a_stream_without_a_schema_may_have_any_field() -> None:
    """Some sources declare none."""
    assert [] == told(stream("anything"), text_fields=["subject"], title_field="x")


def test_many_streams_are_not_all_named() -> None:
    """A connection may have hundreds."""
    (remark,) = told(*(stream(f"s{n}", "a") for n in range(13)), stream_overrides=[{"stream": "x"}])

    assert remark.endswith("s8, s9 and 3 more.")


def test_deletions_without_a_key_are_remarked_on() -> None:
    """Only where the source may report deletions, and nothing tells which row they are about."""
    deletions = ("id", "_ab_cdc_deleted_at")
    streams = [
        stream("keyless", *deletions),
        stream("keyed", *deletions, primary_key=[["id"]]),
        stream("by_source", *deletions, stream_source_defined_primary_key=[["id"]]),
        stream("no_capture", "id"),
    ]

    (remark,) = stream_warnings(Catalog.parse({"streams": streams}))

    assert remark.startswith("Stream keyless: it has no primary key")
