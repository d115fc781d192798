"""Records and schemas made of nasty values: no function of the mapping raises but to refuse a record.

A run with a seed is repeated exactly. The values are a corpus of what JSON allows and sources have sent, put together
at random: in every field that has a meaning, as names of fields, and as schemas.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

from destination_dust.airbyte.catalog import Catalog, MissingKey, StreamPlan
from destination_dust.airbyte.messages import Record
from destination_dust.airbyte.reader import Reader
from destination_dust.config.documents import DocumentOptions
from destination_dust.config.warnings import warnings
from destination_dust.exact_json import dumps
from destination_dust.mapping.documents.document import Document, document, upsert_body
from destination_dust.mapping.ids import record_identifier, table_name
from destination_dust.mapping.tables import bodies, rows
from destination_dust.mapping.tables.columns import keeps
from destination_dust.mapping.tables.delimiters import misleading_columns
from destination_dust.mapping.tables.descriptions import table_description
from destination_dust.mapping.tables.differences import changed_types, differences, listed, renamed
from destination_dust.mapping.tables.rows import RowEncoder, TooManyColumns
from destination_dust.reporting.counts import Counts
from destination_dust.writers.record_ids import record_id

# Records that share a catalog and settings, as those of one sync do.
A_SYNC = 50

NUMBERS = [
    *("0", "-0", "-0.0", "1", "1.0", "7E+3", "1e5", "1e22", "-1E-7", "0.1", "1e400", "-1e400", "1e1000000"),
    *("-1e-1000000", "1e99999999999999999999", "0e99999999999999999999", "NaN", "Infinity", "-Infinity"),
    *("9" * 30, "-" + "9" * 5000, "9007199254740993", "9223372036854775807", "9223372036854775808"),
    *("18446744073709551616", "0." + "1" * 40, "1700000000", "1700000000.5", "1700000000000"),
    *("1700000000000000000", "20240105", "20240105100000", "2024", "45296", "19727", "1e30", "4133980800"),
    *("315532799", "5e-324", "1.7976931348623157e308", "1" + "0" * 400 + ".5"),
]
TEXTS = [
    *("", " ", "\n\t", "a", "A", "é", "e\u0301", "ß", "💥", "番号", "Тип", "\u200b", "\ufeff", "\u2028", "\0"),
    *("a\0b", "\ud800", "\udc00\ud800", "a\ud83d", "NaN", "nan", "-Infinity", "inf", "true", "f", "T", "null"),
    *("None", "007", "1e5", "32E0134", "1.0e400", "+33612345678", "9" * 5000, "0" * 5000 + "7", "1" * 65),
    *("-9223372036854775809", "2024-01-31", "2024-13-45", "0000-00-00", "0044-03-15 BC", "-0044-03-15"),
    *("10000-01-01", "+12024-01-01T00:00:00Z", "2024-01-31T10:11:12Z", "2024-01-31T10:11:12.123456789+99:00"),
    *("9999-12-31T23:59:59-18:00", "0001-01-01T00:00:00+18", "2016-12-31T23:59:60Z", "2024-01-0\ud800"),
    *("24:00:00", "12:30", "T12:30+02:00", "Feb 30 2021", "1700000000", "202401", "https://example.com/a"),
    *("https://h//x", "ftp://x", "https://h:99999/", "https://h:" + "9" * 5000 + "/", "https://[::1]/"),
    *("https://[::", "https://xn--a/", "https://" + "é" * 600, "https://a" + ".b" * 300, "javascript:x"),
    *("https://xn--\ud800/", "https://1.2.3.4.5/", "https://0x7f.1/", "https://a@b@c/", "https://h:/"),
    *("https://。/", "airbyte:stream:x", "title:x", "__DUST", "a;b;c;d;e;f;g", "\t" * 50),
    *('He said "x", then\r\nleft', "x" * 3000, "# h\n```\ncode\n```", "<p>html</p>", "💥" * 300, "a" * 255 + "💥"),
    *("../..", "a/b", "%2F", "?", "1_000", "٣", "12:3", "550e8400-e29b-41d4-a716-446655440000"),
]
NAMES = [
    *("id", "title", "Title", "name", "subject", "body", "Body", "comments", "labels", "url", "when", "amount"),
    *("tag", "a.b", "a", "b", "*", "0", "comments[0].body", "", " ", ".", "..", "番号", "Имя", "é", "É"),
    *("createdAt", "created_at", "a1", "a_1", "__dust_id", "_airbyte_loaded_at", "_ab_cdc_deleted_at"),
    *("_ab_cdc_lsn", "order", "💥", "\ud800", "\0", "k" * 3000, "__proto__", "x y", "X Y", "Straße", "STRASSE"),
    *("2fa", "a__b", "\n"),
]
PATHS = [
    *NAMES,
    "comments.*.body",
    "comments[0].body",
    "Comments.BODY",
    "labels.*",
    "*.*",
    "a.b.c",
    "$.a",
    "a[].b",
    "[0]",
]


class Nature:
    """What comes up: the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def name(self) -> str:
        return self.random.choice(NAMES)

    def value(self, depth: int = 3) -> str:
        """A JSON text."""
        kind = self.random.random()
        if kind < 0.35:
            return json.dumps(self.random.choice(TEXTS))
        if kind < 0.6:
            return self.random.choice(NUMBERS)
        if kind < 0.75:
            return self.random.choice(["null", "true", "false", "[]", "{}", '[[[{"body":[null]}]]]'])
        if kind < 0.752:
            nesting = self.random.choice([("[", "]"), ('{"a":', "}"), ('[{"body":', "}]")])
            return nesting[0] * 100 + "1" + nesting[1] * 100
        if depth == 0:
            return "0"
        values = [self.value(depth - 1) for _ in range(self.random.randrange(4))]
        if kind < 0.88:
            return f"[{','.join(values)}]"
        return self.object({self.name(): value for value in values})

    def object(self, fields: dict[str, str]) -> str:
        return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}"

    def scalar(self) -> str:
        return self.random.choice([json.dumps(self.random.choice(TEXTS)), self.random.choice(NUMBERS)])

    def line(self, chosen: Sequence[str]) -> bytes:
        """A RECORD, in which chosen fields mostly have a value that could be meant for them."""
        fields = {self.name(): self.value() for _ in range(self.random.randrange(12))}
        fields |= {name: self.scalar() for name in ("id", *chosen) if self.random.random() < 0.8}
        if self.random.random() < 0.002:
            fields |= {f"wide_{number}_x": self.value(0) for number in range(600)}
        emitted_at = self.random.choice(["1767225600000", *NUMBERS, "null", "true", '"x"', "[]"])
        return record_line(self.object(fields), emitted_at)

    def schema(self, depth: int = 2) -> Any:
        """Something at the place of a JSON schema."""
        if depth == 0 or self.random.random() < 0.2:
            return self.random.choice(
                [True, False, None, 5, "string", [], {}, {"type": "object"}, [{"type": "string"}]]
            )
        keys: dict[str, Callable[[], Any]] = {
            "type": lambda: self.random.choice(
                ["string", "number", ["null", "integer"], 5, {"a": 1}, [["x"], "\ud800"]]
            ),
            "format": lambda: self.random.choice(["date", "date-time", "time", "TIME\0", 5, ["date"], None]),
            "airbyte_type": lambda: self.random.choice(["big_integer", "timestamp_with_timezone", {}, "\ud800"]),
            "description": lambda: self.random.choice([*TEXTS, 5, None, ["x"]]),
            "properties": lambda: self.random.choice([self.properties(depth - 1), True, [1], None]),
            "items": lambda: self.random.choice([self.schema(depth - 1), [self.schema(depth - 1)]]),
            "oneOf": lambda: self.random.choice([[self.schema(depth - 1), {"type": "null"}], 5, {}, "x"]),
            "anyOf": lambda: [self.schema(depth - 1)],
        }
        return {key: keys[key]() for key in self.random.sample([*keys], self.random.randrange(1, 4))}

    def properties(self, depth: int = 2) -> dict[str, Any]:
        return {self.name(): self.schema(depth) for _ in range(self.random.randrange(8))}

    def plan(self) -> StreamPlan:
        """A stream, with a key or without."""
        schema = self.random.choice([{"properties": self.properties()}, self.schema(), True])
        key = self.random.choice([None, [["id"]], [["id"], ["a"]], [["a", "b"]]])
        configured = {
            "stream": {"name": self.random.choice(["users", *TEXTS[3:12]]), "json_schema": schema},
            "destination_sync_mode": "append_dedup" if key else "append",
            "primary_key": key,
        }
        (plan,) = Catalog.parse({"streams": [configured]})
        return plan

    def options(self) -> DocumentOptions:
        """Settings as the user may choose them."""
        paths = [path for path in PATHS if path.strip()]
        settings: dict[str, Any] = {
            name: self.random.choice([None, *paths]) for name in ("title_field", "source_url_field", "timestamp_field")
        }
        settings |= {
            name: self.random.sample(paths, self.random.randrange(4)) for name in ("text_fields", "tag_fields")
        }
        return DocumentOptions.parse(settings | {"text_format": self.random.choice(["json", "markdown"])})


def record_line(data: str, emitted_at: str) -> bytes:
    """A RECORD with this data."""
    return f'{{"type":"RECORD","record":{{"stream":"users","data":{data},"emitted_at":{emitted_at}}}}}'.encode()


def read(lines: Iterable[bytes]) -> Iterator[Record]:
    """The records in these lines."""
    reader = Reader()
    for line in lines:
        message = reader.read(line)
        assert isinstance(message, Record)
        yield message


def units(text: str) -> int:
    """UTF-16 units, which is how Dust counts."""
    return len(text.encode("utf-16-le")) // 2


def check_document(content: Document) -> None:
    """Dust takes it: valid UTF-8 without NUL, a title, a text, times and tags within its limits."""
    sent = json.loads(upsert_body(content).decode("utf-8"))
    section = sent.get("section") or {"prefix": "", "content": sent.get("text")}
    text = section["prefix"] + section["content"]
    assert "\0" not in "".join([sent["title"], text, *sent["tags"]])
    assert 0 < units(sent["title"].strip()) <= 512
    assert text.strip()
    assert len(section["prefix"].encode()) <= 240
    assert max(map(units, sent["tags"][1:])) <= 257
    assert 0 <= sent.get("timestamp", 0) < 253_402_300_800_000
    assert sent.get("source_url", "http").startswith("http")


def check_row(row: bytes) -> dict[str, Any]:
    """Dust takes it: columns that it keeps, scalar cells, times in whole seconds. Returns its cells."""
    (sent,) = json.loads(bodies.upsert_body([row], 1_800_000_000).decode("utf-8"))["rows"]
    value: dict[str, Any] = sent["value"]
    for name, cell in value.items():
        assert keeps(name)
        if isinstance(cell, dict):
            assert (["epoch", "type"], 0) == (sorted(cell), cell["epoch"] % 1000)
        else:
            assert isinstance(cell, (str, int, float, bool))
            assert "\0" not in str(cell)
    return value


def map_records(plan: StreamPlan, options: DocumentOptions, records: Iterable[Record]) -> None:
    """Map the records of one stream in every way, and describe what became of them."""
    assert all(warnings(options, [plan]))
    shape, counts = options.shape_of(plan.stream), Counts()
    encoder = RowEncoder(plan.properties, generation_id=plan.generation)
    made: list[rows.Row] = []
    for record in records:
        plan.deletes(record.data)
        try:
            row_id = record_id(plan, record, lambda _: counts)
        except MissingKey:
            row_id = record_identifier(*plan.stream, record.data)
        for keeps_all in (True, False):
            content = document(
                *plan.stream,
                record.data,
                generation=plan.generation,
                emitted_at=record.emitted_at,
                shape=shape,
                keeps_all=keeps_all,
            )
            check_document(content)
        try:
            row = encoder.encode(row_id, record.data, record.emitted_at)
        except TooManyColumns:
            continue
        check_row(row.content)
        made.append(row)
    misleading_columns(made)
    key = [".".join(path) for path in plan.primary_key]
    for existing in (None, encoder.in_table):
        text = table_description(str(plan.stream), key, plan.properties, encoder.columns, existing=existing)
        assert "\0" not in text
        assert text.encode("utf-8")
    assert dumps(table_name("airbyte_", *plan.stream)).isascii()
    assert all(text for _, text in differences(encoder.columns))
    assert all(changed_types(encoder.columns, encoder.existing))
    assert listed(renamed(encoder.columns)).isprintable()


def map_random_records(seed: int, syncs: int) -> None:
    """Map the records of so many syncs, each with a stream and settings of its own."""
    nature = Nature(seed)
    for _ in range(syncs):
        options = nature.options()
        shape = options.shape
        chosen = [shape.title_field, shape.source_url_field, shape.timestamp_field, *shape.tag_fields]
        names = [name for name in chosen if name]
        map_records(nature.plan(), options, read(nature.line(names) for _ in range(A_SYNC)))


FORMATS: list[dict[str, Any]] = [
    *({}, {"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}, {"type": "number"}),
    *({"type": "string", "format": "time"}, {"type": "integer"}, {"type": "string", "airbyte_type": "big_integer"}),
]


@pytest.mark.parametrize("text_format", ["json", "markdown"])
@pytest.mark.parametrize("schema", FORMATS, ids=json.dumps)
def test_each_value_may_have_each_meaning(schema: dict[str, Any], text_format: str) -> None:
    """As a key, a title, a link, a tag, a time, in the text, and as a cell of each declared format."""
    settings = {f"{name}_field": "x" for name in ("title", "source_url", "timestamp")}
    options = DocumentOptions.parse({**settings, "tag_fields": ["x"], "text_fields": ["x"], "text_format": text_format})
    configured = {
        "stream": {"name": "users", "json_schema": {"properties": {"x": schema}}},
        "destination_sync_mode": "append",
        "primary_key": [["x"]],
    }
    (plan,) = Catalog.parse({"streams": [configured]})
    values = [*map(json.dumps, TEXTS), *NUMBERS, "null", "true", "[]", "{}", "[" * 3000 + "]" * 3000]

    map_records(plan, options, read(record_line(f'{{"x":{value}}}', "0") for value in values))


@pytest.mark.parametrize("seed", range(4))
def test_no_value_and_no_schema_stops_the_mapping(seed: int) -> None:
    """A record is mapped, or refused because of its key or its width; nothing else is raised."""
    map_random_records(seed, syncs=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 200))
def test_no_value_and_no_schema_stops_the_mapping_of_a_hundred_thousand_records(seed: int) -> None:
    """The same, a hundred times 20 syncs of 50 records."""
    map_random_records(seed, syncs=20)
