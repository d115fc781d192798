"""Debian's packages as records: texts of many hands, each with a summary that its author wrote for searchers."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

# Nearly all packages have a description, and hardly any are drawn from one source.
NAMES_PER_PACKAGE = 2
DESCRIPTION = "Description-en"


@dataclass(frozen=True)
class Package:
    """A record, and the question that it answers: its one-line summary, which is not in the record."""

    question: str
    record: dict[str, Any]


def packages(folder: Path, count: int) -> list[Package]:
    """So many packages, drawn at random, but always the same of one state of the archive.

    One of each source package, for its siblings (library, headers, documentation) have nearly the same text. The
    archive's lists are kept in the folder, apart from those of this machine, and fetched if they are not there.
    """
    options = _options(folder)
    if not list((folder / "lists").glob("*Translation-en*")):
        subprocess.run(["apt-get", "--quiet=2", "update", *options], check=True)
    names = sorted(_apt_cache("pkgnames", *options).split(), key=lambda name: sha256(name.encode()).digest())
    drawn = names[: count * NAMES_PER_PACKAGE]
    by_source: dict[str, Package] = {}
    for stanza in _apt_cache("show", "--no-all-versions", *options, *drawn).strip().split("\n\n"):
        fields = _fields(stanza)
        summary, _, description = fields.get(DESCRIPTION, "").partition("\n")
        if description:
            source = fields.get("Source", fields["Package"]).split()[0]
            by_source.setdefault(source, Package(summary, _record({**fields, DESCRIPTION: description})))
    return list(by_source.values())[:count]


def _record(fields: dict[str, str]) -> dict[str, Any]:
    """The fields in their order, as a source would send them."""
    record: dict[str, Any] = dict(fields)
    record[DESCRIPTION] = "\n".join("" if line == "." else line for line in fields[DESCRIPTION].splitlines())
    for name in {"Size", "Installed-Size"} & set(record):
        record[name] = int(record[name])
    if "Tag" in record:
        record["Tag"] = record["Tag"].replace("\n", " ").split(", ")
    return {name.removesuffix("-en"): value for name, value in record.items()}


def _fields(stanza: str) -> dict[str, str]:
    """The fields of one package. A line that begins with a blank goes on with the field before it."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith(" "):
            fields[name] += f"\n{line[1:]}"
        else:
            name, _, value = line.partition(": ")
            fields[name] = value
    return fields


def _apt_cache(*arguments: str) -> str:
    return subprocess.run(["apt-cache", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def _options(folder: Path) -> list[str]:
    """Lists with descriptions, in a folder that needs no rights on the machine."""
    settings = {
        "Acquire::GzipIndexes": "false",  # or each package would be looked up in a compressed file
        "Acquire::Languages": "en",
        "APT::Sandbox::User": "",
        "Dir::Cache": folder / "cache",
        "Dir::State::lists": folder / "lists",
    }
    for needed in ("lists/partial", "cache/archives/partial"):
        (folder / needed).mkdir(parents=True, exist_ok=True)
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
