"""The local Dust is a program of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "local_dust").rglob("*.py") if "tests" not in path.parts)


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path} has a relative import"
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(ROOT)) for path in FILES])
def test_it_imports_nothing_of_the_product(path: Path) -> None:
    """If it did, the two could share a mistake, and a test of the one against the other would not show it."""
    ours = {name for name in imported(path) if (ROOT / name.split(".")[0]).is_dir()}

    assert [] == [name for name in ours if name.split(".")[0] != "local_dust"]


@pytest.mark.parametrize("folder", ["documents", "tables"])
def test_the_stores_know_no_http(folder: str) -> None:
    """Routes know stores, the server knows routes; never the other way round."""
    files = [path for path in FILES if path.parent.name == folder and path.parent.parent.name == "local_dust"]

    assert files
    for path in files:
        assert [] == [name for name in imported(path) if name.startswith(("local_dust.routes", "local_dust.server"))]
