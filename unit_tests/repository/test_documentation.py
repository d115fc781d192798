"""The connector's page in Airbyte's documentation: its structure, and that its examples are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import orjson
import yaml

from destination_dust.airbyte.messages import StreamKey
from destination_dust.config import Config
from destination_dust.config.documents import SHAPE_FIELDS, STREAM_OVERRIDES
from destination_dust.mapping.documents.document import document
from destination_dust.mapping.ids import identifier
from destination_dust.mapping.tables.rows import RowEncoder
from unit_tests.builders import settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "integrations" / "destinations" / "dust.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.DOTALL | re.MULTILINE)
METADATA: dict[str, Any] = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))["data"]
FORM: dict[str, Any] = json.loads((ROOT / "destination_dust" / "spec.json").read_text("utf-8"))[
    "connectionSpecification"
]
SYNC_MODES = [
    "Full Refresh - Overwrite",
    "Full Refresh - Append",
    "Full Refresh - Overwrite + Deduped",
    "Incremental Sync - Append",
    "Incremental Sync - Append + Deduped",
]
TICKETS, ORDERS = StreamKey(None, "tickets"), StreamKey(None, "orders")


def section(title: str) -> str:
    """What stands under a heading, up to the next one of its level or above."""
    match = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^## |\Z)", PROSE, re.DOTALL | re.MULTILINE)
    assert match, title
    return match[1]


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def table(text: str) -> list[list[str]]:
    """The cells of all tables in a text, without their rulers."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("| :")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_of_sync_modes_names_all_five() -> None:
    """Airbyte's validator looks for each of them, under this heading."""
    rows = {re.sub(r"\[(.*)\]\(.*\)", r"\1", row[0]): row[1] for row in table(section("Supported sync modes"))}

    assert dict.fromkeys(SYNC_MODES, "Yes") == {mode: rows.get(mode) for mode in SYNC_MODES}


def test_the_headings_are_those_of_airbytes_template_in_its_order() -> None:
    """With the connector's own in between."""
    headings = re.findall(r"^#+ (.*)$", PROSE, re.MULTILINE)
    template = [
        METADATA["name"],
        "Prerequisites",
        "Setup guide",
        f"Set up {METADATA['name']}",
        f"Set up the {METADATA['name']} connector in Airbyte",
        "Supported sync modes",
        "Data type map",
        "Performance considerations",
        "Limitations & Troubleshooting",
        "Changelog",
    ]

    assert template == [heading for heading in headings if heading in template]


def test_the_prerequisites_name_every_required_setting() -> None:
    """By its title in the form."""
    text = section("Prerequisites")

    assert [] == [name for name in FORM["required"] if FORM["properties"][name]["title"] not in text]


def test_settings_are_called_as_in_the_form() -> None:
    """Those of documents, all of them, and others where they are mentioned."""
    documents = [FORM["properties"][name]["title"] for name in (*SHAPE_FIELDS, STREAM_OVERRIDES)]
    told = [row[0] for row in table(section("Choosing the text"))]

    assert sorted(documents) == sorted(told[1:])
    mentioned = {"Documents per Minute", "When a Record Cannot Be Stored", "End of Input Means Complete"}
    assert mentioned <= {field["title"] for field in FORM["properties"].values()}
    assert [] == [title for title in mentioned if title not in " ".join(PAGE.split())]


def test_the_connector_writes_the_example_of_a_document() -> None:
    """Text, title, tag and id."""
    record, chosen = (json.loads(block) for block in blocks(PAGE, "json")[:2])
    (text,) = blocks(PAGE, "markdown")
    shape = Config.parse(settings(**chosen)).documents.shape_of(TICKETS)

    content = document(*TICKETS, record, generation=None, emitted_at=1, shape=shape)

    assert text == content.text
    assert f"the document `{identifier(*TICKETS, (record['id'],))}` with the title `{content.title}`" in PAGE
    assert record["html_url"] == content.source_url
    assert {"status:open", "airbyte:stream:tickets"} <= set(content.tags)
    assert 1_795_176_000_000 == content.timestamp


def test_the_connector_writes_the_example_of_a_row() -> None:
    """Its columns and its cells, except the times of the sync."""
    record = json.loads(blocks(PAGE, "json")[2])
    properties: dict[str, Any] = {
        **{name: {} for name in record},
        "placed_at": {"type": "string", "format": "date-time"},
    }
    names, cells = table(section("Data type map").partition("becomes the row")[2])[:2]

    row = orjson.loads(b'{"value":{' + RowEncoder(properties, generation_id=3).encode("1", record, 1).content[1:])

    told = dict(zip(names, cells, strict=True))
    for name in ("id", "amount_paid", "shipped", "address"):
        value = row["value"][name]
        assert told[name] == (value if isinstance(value, str) else json.dumps(value))
    assert {"_airbyte_extracted_at", "_airbyte_loaded_at", "_airbyte_generation_id", "placed_at"} <= set(told)
    assert set(row["value"]) | {"_airbyte_loaded_at"} == set(told)


def test_the_changelog_begins_with_this_version() -> None:
    """Of the date in the metadata."""
    newest = table(section("Changelog"))[1]

    assert [METADATA["dockerImageTag"], METADATA["releaseDate"]] == newest[:2]
