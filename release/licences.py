"""Writes docs/licences.md: the licences of the packages that the connector brings (`python -m release.licences`)."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.txt"
# Not installed where this usually runs: one is for Windows, the other for Python 3.10.
ELSEWHERE = {"colorama": "BSD License", "exceptiongroup": "MIT License"}

HEAD = """\
# Licences of the packages that the connector brings

As each package states it. `make licences` writes this page; a test compares it with the lock and with what is there.
[dependencies.md](dependencies.md) says why the packages are there.

| package | licence |
|---|---|
"""


def locked() -> dict[str, set[str]]:
    """The versions of each package in the lock: some have several, for different Pythons."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def licence(name: str) -> str:
    """The licence that a package states. Raises `LookupError` if it is not installed or states none."""
    try:
        stated = metadata(name)
    except PackageNotFoundError:
        return ELSEWHERE[name]
    # Not by index: Python 3.12 warns about a field that is missing.
    if expressions := stated.get_all("License-Expression"):
        return str(expressions[0])
    classifiers = [each for each in stated.get_all("Classifier") or () if each.startswith("License :: ")]
    # A classifier is a term that all packages share; the other field is free text, often all of the licence.
    if classifiers:
        return " or ".join(each.rpartition(" :: ")[2] for each in classifiers)
    if texts := stated.get_all("License"):
        return str(texts[0]).partition("\n")[0]
    raise LookupError(f"{name} states no licence")


if __name__ == "__main__":
    sys.stdout.write(HEAD + "".join(f"| {name} | {licence(name)} |\n" for name in sorted(locked())))
