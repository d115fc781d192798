"""The page on architecture: every file that it names exists, and every folder of the package is on it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "destination_dust"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATHS = sorted(set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*(?:/|\.py))`", PAGE)))


def test_the_files_that_it_names_exist() -> None:
    """A page that names files of yesterday leads nowhere."""
    assert len(PATHS) > 30
    assert [] == [path for path in PATHS if not (PACKAGE / path).exists() and not (ROOT / path).exists()]


def test_every_folder_and_every_file_at_the_top_is_on_it() -> None:
    """A reader learns of each what it is for."""
    folders = {f"{path.parent.relative_to(PACKAGE)}/" for path in PACKAGE.rglob("*.py")} - {"./"}
    top = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}
    within = {folder for folder in folders if folder.startswith("mapping/")}  # told as one

    assert set() == (folders - within | top) - set(PATHS)
