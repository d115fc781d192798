"""Documents as their users choose them: title, text, link, tags and time, by stream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import EMITTED_AT, catalog, record, stream
from local_dust import LocalDust, World

TICKET: dict[str, Any] = {
    "id": 7,
    "subject": "Printer on fire",
    "title": "Dr.",
    "body": {"text": "It burns since noon.\nPlease send water."},
    "status": "open",
    "labels": ["urgent", "title:x"],
    "links": {"web": "https://example.com/tickets/7"},
    "created": "2026-01-02T03:04:05Z",
    "secret_score": 0.5,
}
CHOSEN: dict[str, Any] = {
    "title_field": "subject",
    "text_fields": ["subject", "body.text", "status"],
    "text_format": "markdown",
    "source_url_field": "links.web",
    "tag_fields": ["status", "labels"],
    "timestamp_field": "created",
}
JANUARY_2 = 1_767_323_045_000


def test_documents_are_what_their_users_chose_stream_by_stream(dust: LocalDust, tmp_path: Path) -> None:
    """One sync with every setting: one stream as chosen for all, one that differs, one in two namespaces."""
    overrides = [
        {"stream": "people", "title_field": "email", "text_fields": ["email", "bio"], "text_format": "json"},
        {"stream": "notes", "text_fields": ["words"]},
        {"stream": "notes", "namespace": "private", "title_field": "number"},
        {"stream": "nothing"},
    ]
    fields: dict[str, Any] = {name: {} for name in TICKET}
    streams = [
        stream("tickets", fields=fields),
        stream("people", fields={"id": {}, "email": {}, "bio": {}}),
        stream("notes", fields={"id": {}, "words": {}}),
        stream("notes", namespace="private", fields={"id": {}, "words": {}, "number": {}}),
    ]
    messages = [
        record("tickets", **TICKET),
        record("tickets", id=8, subject=None, links={"web": "ftp://example.com"}, created="soon", status="closed"),
        record("tickets", id=9, secret_score=1),
        record("people", id=1, title="Dr.", name="Ann", email="ann@example.com", bio={"short": "Plays"}, age=5),
        record("notes", id=1, title="T", words="Hello."),
        record("notes", namespace="private", id=1, title="T", words="Hush.", number=12),
    ]

    connector = write(tmp_path, dust.config(**CHOSEN, stream_overrides=overrides), catalog(*streams), messages)

    documents = {document.title: document for document in dust.world.documents().values()}
    ticket = documents["Printer on fire"]
    assert (
        "# Printer on fire\n\n## body.text\n\nIt burns since noon.\nPlease send water.\n\n- status: open\n"
        == ticket.text
    )
    assert ("text/markdown", JANUARY_2) == (ticket.mime_type, ticket.timestamp)
    assert "https://example.com/tickets/7" == ticket.source_url
    # Dust adds a tag with the title.
    chosen_tags = [tag for tag in ticket.tags if not tag.startswith(("airbyte:", "title:"))]
    assert ["status:open", "labels:urgent", "labels:title:x"] == chosen_tags

    closed = dust.world.documents()["tickets-8"]
    assert (None, EMITTED_AT) == (closed.source_url, closed.timestamp)
    assert "# tickets record\n\n- status: closed\n" == closed.text

    person = documents["ann@example.com"]
    assert {"email": "ann@example.com", "bio": {"short": "Plays"}} == json.loads(person.text)
    assert "application/json" == person.mime_type
    assert {"# T\n\n- words: Hello.\n", "# 12\n\n- words: Hush.\n"} == {documents["T"].text, documents["12"].text}

    warnings = [message["log"]["message"] for message in connector.messages("LOG") if message["log"]["level"] == "WARN"]
    assert [
        "stream_overrides has an entry for the stream nothing",
        "Stream tickets: 1 records have a source_url_field",
        "Stream tickets: 1 records have a timestamp_field",
        "Stream tickets: 1 records have none of the text_fields",
    ] == [warning.partition(",")[0].partition(" that")[0].partition(".")[0] for warning in warnings]


@pytest.mark.parametrize("fields", [["comments.*.body"], ["Comments.Body"], ["comments[0].body"]])
@pytest.mark.parametrize("text_format", ["json", "markdown"])
def test_chosen_fields_are_found_as_users_write_them(world: World, fields: list[str], text_format: str) -> None:
    """With the wildcard of Airbyte's own destinations, a position, or in another letter case."""
    chosen: dict[str, Any] = {"text_fields": fields, "text_format": text_format}
    finished = sync(world, catalog("tickets"), [record("tickets", id=1, comments=[{"body": "It burns."}])], **chosen)

    assert "It burns." in world.documents()["tickets-1"].text
    assert not any("has none of the text_fields (" in line and "first record" in line for line in finished.warnings)


@pytest.mark.parametrize("text_format", ["json", "markdown"])
def test_a_choice_that_names_no_field_empties_no_document(world: World, text_format: str) -> None:
    """Documents keep their text, and the log says so: at its beginning, at the first record, and at the end."""
    streams = catalog(stream("tickets", fields={"id": {}, "body": {}}))
    messages = [record("tickets", id=number, body="It burns.") for number in range(3)]

    finished = sync(world, streams, messages, text_fields=["boddy"], text_format=text_format)

    assert ["It burns."] * 3 == [text[text.index("It") :][:9] for text in (d.text for d in world.documents().values())]
    first, second, third, last = finished.warnings
    assert finished.logs.index(f"WARNING {first}") == 0
    assert "text_fields is set to boddy, which no schema of these streams has" in first
    assert "Stream tickets: its schema has none of the text_fields (boddy)" in second
    assert "the first record has none of the text_fields (boddy), so its document keeps all fields" in third
    assert "Stream tickets: 3 records have none of the text_fields." in last


def test_a_record_that_has_a_chosen_field_proves_the_choice(world: World) -> None:
    """Records after it that lack the field have only their title: what was not chosen may be secret."""
    messages = [record("tickets", id=1, a="x"), record("tickets", id=2, note="y"), record("tickets", id=3, a="z")]

    sync(world, catalog("tickets"), messages, text_fields=["note"])

    texts = {name: json.loads(document.text) for name, document in world.documents().items()}
    assert {"id": 1, "a": "x"} == texts["tickets-1"]
    assert {"note": "y"} == texts["tickets-2"]
    assert {"title": "tickets record"} == texts["tickets-3"]


def _logged(connector: Connector, part: str) -> list[str]:
    lines = [message["log"]["message"] for message in connector.messages("LOG")]
    return [line for line in lines if part in line]


def test_without_a_choice_the_automatic_format_makes_documents_readable(dust: LocalDust, tmp_path: Path) -> None:
    """Texts, facts, numbers; by the schema's formats too. What is left out is said once."""
    fields: dict[str, Any] = {"id": {}, "when": {"type": "string", "format": "time"}, "uuid": {}}
    body = "<p>It burns since noon.</p><p>Please send some water.</p>"
    messages = [
        record("tickets", id=n, subject="Fire", body=body, when="noon", uuid="550e8400-e29b-41d4-a716-446655440000")
        for n in (1, 2)
    ]

    connector = write(tmp_path, dust.config(text_format="auto"), catalog(stream("tickets", fields=fields)), messages)

    text = "# Fire\n\nIt burns since noon.\n\nPlease send some water.\n\n- id: {}\n- when: noon\n"
    assert [text.format(1), text.format(2)] == [document.text for document in dust.world.documents().values()]
    (said,) = _logged(connector, "leave out")
    assert "Stream tickets: texts leave out 2 values" in said
    assert "in the fields uuid." in said


def test_a_change_of_format_is_said_and_sends_every_document_once(dust: LocalDust, tmp_path: Path) -> None:
    """With their number and the time; not when the records themselves have changed, and not again."""
    tickets = [record("tickets", id=n, subject=f"S{n}", status="open") for n in range(5)]
    changed = [record("tickets", id=n, subject=f"S{n}", status="closed") for n in range(5)]

    def synced(messages: list[dict[str, Any]], **settings: Any) -> tuple[int, int]:
        before = sum(arrival.is_upsert for arrival in dust.world.arrivals)
        connector = write(tmp_path, dust.config(**settings), catalog("tickets"), messages)
        said = _logged(connector, "its documents in Dust have the text_format json, and it is auto now.")
        assert all("and all 5 of the data source would take" in line for line in said)
        return sum(arrival.is_upsert for arrival in dust.world.arrivals) - before, len(said)

    dust.world.limits.total_lag_seconds = 0
    assert (5, 0) == synced(tickets)
    assert (5, 0) == synced(changed)
    assert (5, 1) == synced(changed, text_format="auto")
    assert (0, 0) == synced(changed, text_format="auto")
    assert (5, 0) == synced(tickets, text_format="auto")


@pytest.mark.parametrize("character", ["x", "印", "💥"])
def test_a_long_title_never_makes_a_prefix_that_dust_refuses(dust: LocalDust, tmp_path: Path, character: str) -> None:
    """Not even if each character is a token; the document's text is complete."""
    dust.world.limits.token_characters = 1
    ticket = record("tickets", id=1, title=character * 250, body="It burns. " * 300)

    write(tmp_path, dust.config(text_format="markdown"), catalog("tickets"), [ticket])

    document = dust.world.documents()["tickets-1"]
    assert f"# {character * 250}\n\n## body\n\n{'It burns. ' * 299}It burns.\n\n- id: 1\n" == document.text
    assert len(document.chunks) > 5
    assert all(chunk.startswith(f"# {character * 50}") for chunk in document.chunks)


def test_a_setting_that_cannot_be_used_stops_the_sync_before_anything_is_written(
    dust: LocalDust, tmp_path: Path
) -> None:
    """The failure is a config_error that names the setting."""
    config = dust.config(stream_overrides=[{"stream": "tickets", "text_format": "html"}])
    connector = Connector("write", tmp_path, config=config, catalog=catalog("tickets"))

    assert 1 == connector.finish(record("tickets", id=1))
    assert "config_error" == connector.failure()["failure_type"]
    message = "stream_overrides, entry 1: text_format must be one of: auto, markdown, json."
    assert message == connector.failure()["message"]
    assert {} == dust.world.documents()
