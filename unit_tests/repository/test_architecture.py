"""The page on architecture: the files and functions that it names exist, and it describes every folder."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "destination_dust"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^```.*?^```$", "", PAGE, flags=re.DOTALL | re.MULTILINE)
SPANS = sorted(set(re.findall(r"`([^`]+)`", PROSE)))
# A path may have a class or a function of its file behind a colon.
NAMES = [span for span in SPANS if "/" in span or re.search(r"\.(py|md|toml|json|ya?ml|txt)(:|$)", span)]


def _is_there(path: str) -> bool:
    """Whether a file, or a folder (with a slash at its end), is in the package or in the repository."""
    return any((root / path).is_dir() if path.endswith("/") else (root / path).is_file() for root in (PACKAGE, ROOT))


def _defined(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """Classes, functions and methods, by their qualified names."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.ClassDef):
            names |= {prefix + node.name} | _defined(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            names.add(prefix + node.name)
    return names


@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_a_file_or_a_function(name: str) -> None:
    """A page that names what has moved misleads its readers."""
    path, _, function = name.partition(":")

    assert _is_there(path)
    if function:
        assert function in _defined(ast.parse((PACKAGE / path).read_text(encoding="utf-8")).body)


def test_the_page_names_files_and_functions() -> None:
    """Otherwise the test above would have nothing to check."""
    assert len(NAMES) > 60
    assert len([name for name in NAMES if ":" in name]) > 30


def test_the_table_of_folders_has_every_folder_once() -> None:
    """And no folder that is gone."""
    folders = {f"{path.parent.relative_to(PACKAGE)}/" for path in PACKAGE.rglob("*.py")} - {"./"}

    assert sorted(folders) == sorted(re.findall(r"^\| `(\S+/)` \| [^|\s]", PAGE, re.MULTILINE))


def test_every_module_at_the_top_is_on_the_page() -> None:
    """They belong to no folder of the table."""
    top = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}

    assert set() == top - set(SPANS)
