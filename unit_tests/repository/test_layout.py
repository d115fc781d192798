"""Tests mirror the package: `unit_tests/<folder>/test_<file>.py` tests `destination_dust/<folder>/<file>.py`."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "destination_dust"
TESTS = ROOT / "unit_tests"
GRAPH = grimp.build_graph("destination_dust", "unit_tests", "integration_tests", "local_dust", cache_dir=None)
SOURCES = {
    str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py")
}
# Files without a unit test of their own, each with a test that covers it.
TESTED_ELSEWHERE = {
    "check.py": "integration_tests/test_check.py",
    "commands.py": "integration_tests/test_check.py",
    "dust/attempts.py": "unit_tests/dust/test_evidence.py",
    "dust/comparisons.py": "unit_tests/dust/test_evidence.py",
    "dust/connection.py": "unit_tests/dust/test_client.py",
    "dust/errors.py": "unit_tests/dust/test_responses.py",
    "dust/exchange.py": "unit_tests/dust/test_retrying.py",
    "dust/permit.py": "unit_tests/dust/test_pacer.py",
    "dust/request.py": "unit_tests/dust/test_retrying.py",
    "dust/unsettled.py": "unit_tests/dust/test_retrying.py",
    "hosted.py": "integration_tests/test_hosts.py",
    "hosts/bizon/destination.py": "integration_tests/hosts/test_bizon.py",
    "hosts/bizon/reading.py": "integration_tests/hosts/test_bizon_reading.py",
    "hosts/bizon/registration.py": "integration_tests/hosts/test_bizon_seams.py",
    "hosts/bizon/settings.py": "integration_tests/hosts/test_bizon_command.py",
    "hosts/dlt.py": "integration_tests/hosts/test_dlt.py",
    "loading/loader.py": "integration_tests/test_loading.py",
    "mapping/tables/bodies.py": "unit_tests/mapping/tables/test_rows.py",
    "mapping/tables/column_values.py": "unit_tests/mapping/tables/test_rows.py",
    "mapping/tables/csv_growth.py": "unit_tests/mapping/tables/test_rows.py",
    "mapping/documents/html_layout.py": "unit_tests/mapping/documents/test_html.py",
    "version.py": "unit_tests/repository/test_metadata.py",
    "wiring.py": "integration_tests/test_delivery.py",
    "writers/documents/look_ups.py": "unit_tests/writers/documents/test_fingerprints.py",
    "writers/documents/partial_documents.py": "integration_tests/cdc/test_unavailable_values.py",
    "writers/documents/splitting.py": "integration_tests/documents/test_splitting.py",
    "writers/documents/version.py": "unit_tests/writers/documents/test_queue.py",
    "writers/documents/writer.py": "integration_tests/documents/test_replacement.py",
    "writers/tables/client.py": "unit_tests/writers/tables/test_table.py",
    "writers/tables/context.py": "unit_tests/writers/tables/test_table.py",
    "writers/tables/definition.py": "unit_tests/writers/tables/test_table.py",
    "writers/tables/writer.py": "unit_tests/writers/tables/test_table.py",
    "writers/writer.py": "unit_tests/test_sync.py",
}


def unit_test(source: str) -> Path:
    """The unit test of a file, whether it exists or not."""
    path = Path(source)
    return TESTS / path.parent / f"test_{path.name}"


def module(path: str | Path) -> str:
    """The dotted name of a file, given from the root of the repository."""
    return ".".join(Path(path).with_suffix("").parts)


def test_every_file_has_a_unit_test_or_is_listed() -> None:
    """Entries of the list are files without a unit test of their own."""
    assert {source for source in SOURCES if not unit_test(source).exists()} == TESTED_ELSEWHERE.keys()


def test_every_unit_test_is_named_after_a_file() -> None:
    """Except for those in `repository`, which test no code."""
    found = {path for path in TESTS.rglob("test_*.py") if path.parent.name != "repository"}

    assert set() == found - {unit_test(source) for source in SOURCES}


@pytest.mark.parametrize(("source", "test"), TESTED_ELSEWHERE.items())
def test_a_listed_test_reaches_the_file(source: str, test: str) -> None:
    """It imports the file, directly or through what it tests."""
    assert (ROOT / test).exists()
    assert GRAPH.chain_exists(importer=module(test), imported=module(Path("destination_dust") / source))
