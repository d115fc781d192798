"""docs/airbyte-test-cases.md names every case that a test is marked with, and only cases that tests hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.harness.launcher import ROOT

TESTS = ROOT / "integration_tests"
PAGE = (ROOT / "docs" / "airbyte-test-cases.md").read_text(encoding="utf-8")
SAME = "as for documents"
APPLIES = re.compile(r"applies|in part: .+|applies: .+")
in_both_formats = pytest.mark.parametrize("data_format", ["documents", "tables"])


def verdicts(data_format: str) -> dict[str, str]:
    """Whether each case applies, in the words of the page."""
    found = {}
    for line in PAGE.splitlines():
        if line.startswith("| ") and not line.startswith("| case "):
            names, documents, tables = (cell.strip() for cell in line.strip("|").split("|"))
            verdict = documents if data_format == "documents" or tables == SAME else tables
            assert APPLIES.fullmatch(verdict) or verdict.startswith("no: "), line
            found.update(dict.fromkeys(names.split(", "), verdict))
    return found


def marked(data_format: str) -> set[str]:
    """The cases that tests of a format are marked with. Tests outside `tables` write documents."""
    of_tables = data_format == "tables"
    paths = [path for path in TESTS.rglob("test_*.py") if of_tables == (TESTS / "tables" in path.parents)]
    return {case for path in paths for case in marks(path)}


def marks(path: Path) -> Iterator[str]:
    """The cases that a file names, read without importing it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.airbyte_case":
                    yield from map(ast.literal_eval, mark.args)


@in_both_formats
def test_every_case_that_applies_has_a_test(data_format: str) -> None:
    """A marked one, or a file that the page names."""
    applying = {case: verdict for case, verdict in verdicts(data_format).items() if APPLIES.fullmatch(verdict)}
    files = {case: file[1] for case, verdict in applying.items() if (file := re.search(r"`(\S+\.py)`", verdict))}

    assert set() == applying.keys() - files.keys() - marked(data_format)
    assert [] == [file for file in files.values() if not (ROOT / file).is_file()]


@in_both_formats
def test_every_mark_is_a_case_that_applies(data_format: str) -> None:
    """No test is marked with a case that the page lacks or excludes."""
    applying = {case for case, verdict in verdicts(data_format).items() if APPLIES.fullmatch(verdict)}

    assert applying
    assert set() == marked(data_format) - applying
