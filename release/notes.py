"""Prints the changes of the version that a tag names, for its release: `python -m release.notes v0.2.0`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def declared() -> str:
    """The version in `pyproject.toml`. A test compares the other files that name it."""
    match = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert match, "pyproject.toml names no version"
    return match[1]


def notes(changelog: str, version: str) -> str:
    """The section of a version, without its heading. Raises `LookupError` if there is none or nothing in it."""
    match = re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## \[|\Z)", changelog, re.DOTALL | re.MULTILINE
    )
    if not match or not (text := match[1].strip()):
        raise LookupError(f"CHANGELOG.md has no changes under `## [{version}] - ` and a date. Add them.")
    return text


def main(tag: str) -> None:
    """Print the notes, or exit with what to correct."""
    if tag != f"v{declared()}":
        sys.exit(f"The tag '{tag}' is not v{declared()}, the version in pyproject.toml. Correct one of them.")
    try:
        sys.stdout.write(notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), declared()) + "\n")
    except LookupError as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main("".join(sys.argv[1:]))
