"""Warnings about a stream's odd records, for the report at the end."""

from __future__ import annotations

from collections.abc import Iterator

from destination_dust.airbyte.messages import StreamKey
from destination_dust.reporting.captured_changes import sentences
from destination_dust.reporting.counts import Counts

# Why the value of a chosen field was of no use, and what was done, by setting.
LEFT_OUT = {
    "title_field": "without a text, number or boolean. They have the title that they would have without it",
    "source_url_field": "that is not a URL Dust takes (http or https). They were stored without it",
    "tag_fields": "entry without a text, number or boolean. They were stored without its tags",
    "timestamp_field": (
        "that is not a date or time, or is a number that gives no time from 1980 to 2100. They have the time at which "
        "the source emitted them"
    ),
}


def warnings(stream: StreamKey, counts: Counts) -> Iterator[str]:
    """One sentence or two for each oddity that the counts show."""
    if counts.without_key:
        yield (
            f"Stream {stream}: {counts.without_key} records lacked a part of their primary key. Each was stored under "
            "a hash of its content, so a changed version of it is another document."
        )
    if counts.cleaned:
        yield (
            f"Stream {stream}: in {counts.cleaned} records, characters that Dust cannot store (NUL, halves of "
            "surrogate pairs) were removed or replaced by U+FFFD."
        )
    if counts.not_utf8:
        yield (
            f"Stream {stream}: {counts.not_utf8} records have bytes that are not UTF-8. Dust gets U+FFFD in their "
            "place. Let the source write UTF-8."
        )
    for setting, effect in LEFT_OUT.items():
        if records := counts.left_out[setting]:
            yield f"Stream {stream}: {records} records have a {setting} {effect}."
    if counts.lacking_text:
        yield (
            f"Stream {stream}: {counts.lacking_text} records have none of the text_fields. Their documents have only "
            "their title as text, or, until a record had one of the fields, all fields."
        )
    for sentence in sentences(counts):
        yield f"Stream {stream}: {sentence}"
    if counts.with_surplus_tags:
        yield (
            f"Stream {stream}: the tag_fields of {counts.with_surplus_tags} records have more than 100 values. Their "
            "documents have the first 100 as tags."
        )
