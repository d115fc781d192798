"""The page of licences: it lists every locked package, and holds no surprise for a company's lawyers."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from release.licences import licence, locked

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
ROWS: list[tuple[str, str]] = re.findall(r"^\| ([a-z0-9.-]+) \| (.+) \|$", PAGE, re.MULTILINE)
VERSIONS = locked()

# The Mozilla licence covers only the files of its own package.
PERMISSIVE = re.compile(r"MIT|BSD|Apache|ISC|PSF-2\.0|CC0-1\.0|Mozilla Public License|MPL-2\.0")
COPYLEFT = re.compile(r"GPL|GNU|EUPL|SSPL|Creative Commons|CC-BY", re.IGNORECASE)
# Comes with the CDK, which imports it nowhere; see docs/dependencies.md.
KNOWN_COPYLEFT = {"unidecode"}


def test_the_page_lists_every_locked_package_once() -> None:
    """Those for other systems and Pythons, too."""
    assert sorted(VERSIONS) == [name for name, _ in ROWS if name != "package"]


def test_the_page_says_what_the_packages_say() -> None:
    """Those that this Python has, where the locks name one version: another may put it in other words."""
    installed = {name for name, _ in ROWS if name in VERSIONS and VERSIONS[name] == {_installed(name)}}

    assert {name: stated for name, stated in ROWS if name in installed} == {name: licence(name) for name in installed}
    assert len(installed) > len(VERSIONS) / 2


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:  # for other Pythons or systems
        return None


def test_no_other_package_is_under_a_copyleft() -> None:
    """The connector is under the MIT licence, which others rely on when they ship it."""
    stated = [row for row in ROWS if row[0] in VERSIONS]

    assert KNOWN_COPYLEFT == {name for name, licence in stated if COPYLEFT.search(licence)}
    assert KNOWN_COPYLEFT == {name for name, licence in stated if not PERMISSIVE.search(licence)}
