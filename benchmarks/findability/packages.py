"""Debian's packages as records: short texts of many hands, each with a summary that its author wrote for searchers."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from benchmarks.findability.archive import Archive, fields
from benchmarks.findability.items import Item, Set
from destination_dust.mapping.documents.document import DocumentShape

# Nearly all packages have a description, and hardly any are drawn from one source.
NAMES_PER_PACKAGE = 2
DESCRIPTION = "Description-en"
CHOSEN = DocumentShape(title_field="Package", text_fields=("Package", "Description"), text_format="markdown")


def packages(archive: Archive, count: int) -> Set:
    """So many packages, drawn at random, but always the same of one state of the archive.

    One of each source package, for its siblings (library, headers, documentation) have nearly the same text.
    """
    names = sorted(archive.cache("pkgnames").split(), key=lambda name: sha256(name.encode()).digest())
    by_source: dict[str, Item] = {}
    stanzas = archive.cache("show", "--no-all-versions", *names[: count * NAMES_PER_PACKAGE]).strip().split("\n\n")
    for found in map(fields, stanzas):
        summary, _, description = found.get(DESCRIPTION, "").partition("\n")
        if description:
            source = found.get("Source", found["Package"]).split()[0]
            by_source.setdefault(source, Item(summary, _record({**found, DESCRIPTION: description})))
    return Set("packages", list(by_source.values())[:count], CHOSEN)


def _record(found: dict[str, str]) -> dict[str, Any]:
    """The fields in their order, as a source would send them."""
    record: dict[str, Any] = dict(found)
    record[DESCRIPTION] = "\n".join("" if line == "." else line for line in found[DESCRIPTION].splitlines())
    for name in {"Size", "Installed-Size"} & set(record):
        record[name] = int(record[name])
    if "Tag" in record:
        record["Tag"] = record["Tag"].replace("\n", " ").split(", ")
    return {name.removesuffix("-en"): value for name, value in record.items()}
