"""The page on operating: its tables and its example hold what programs and people get to see."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema

from destination_dust.failures import FAILURE_TYPES
from destination_dust.reporting.figures import VERSION
from unit_tests.reporting.report_schema import SCHEMA, described, paths

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
OF_EACH_STREAM = {"streams.namespace", "streams.name"}


def section(title: str) -> str:
    """What stands under a heading of the second level."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of all tables in a text, without heads and rulers."""
    lines = re.findall(r"^\|(.*)\|$", re.sub(r"^\|.*\|\n\|-.*\n", "", text, flags=re.MULTILINE), re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def names(cell: str) -> list[str]:
    """The names in a cell, as code."""
    return re.findall(r"`([^`]+)`", cell)


def fields(found: list[str]) -> set[str]:
    """Fields as the page names them: those of `totals` and of each stream by their own names."""
    kept = {path.removeprefix(".") for path in found} - OF_EACH_STREAM
    return {path.removeprefix("totals.").removeprefix("streams.") for path in kept}


def test_the_page_explains_every_field_of_the_report() -> None:
    """And none that is not in it."""
    explained = [name for row in rows(section("The report of each sync")) for name in names(row[0])]

    assert len(set(explained)) == len(explained)
    assert fields([*described(SCHEMA)]) == set(explained)


def test_the_example_is_a_report() -> None:
    """Of the current version, complete, and with counts that add up."""
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    example: dict[str, Any] = json.loads(block)

    jsonschema.validate(example, SCHEMA)
    assert sorted(described(SCHEMA)) == sorted(paths(example))
    assert VERSION == example["version"] == SCHEMA["properties"]["version"]["const"]
    counts = example["totals"]
    ends = ("upserted", "unchanged", "superseded", "deleted", "rejected", "unsettled")
    assert counts["read"] == sum(counts[end] for end in ends)
    assert sum(example["limit"]["waited_seconds"].values()) <= example["seconds"]


def test_alerts_and_ends_name_fields_that_there_are() -> None:
    """A typing error in an alert is one that never comes."""
    known = {path.removeprefix(".") for path in described(SCHEMA)}
    text = section("Alerts to set") + section("How long it takes, and how much it needs")
    used = [name for name in names(text) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", name)]

    assert len(used) > 5
    assert [] == [name for name in used if not any(path == name or path.endswith(f".{name}") for path in known)]


def test_every_error_stands_beside_its_failure_type() -> None:
    """As the log names it."""
    listed = {
        name: names(row[0])[0] for row in rows(section("How a sync ends")) if len(row) == 3 for name in names(row[2])
    }

    assert {error.__name__: kind.value for error, kind in FAILURE_TYPES.items()} == listed


def test_every_heading_is_in_the_list_at_the_top() -> None:
    """With a link that leads there."""
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    links = re.findall(r"^- \[(.*)\]\(#(.*)\)$", PAGE, re.MULTILINE)

    assert [(each, re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-")) for each in headings] == links
