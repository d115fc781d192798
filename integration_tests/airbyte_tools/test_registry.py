"""The rules of Airbyte's registry and repository, by Airbyte's own tools."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_tools.clients import OPS, Client, checkout
from integration_tests.harness.launcher import ROOT

NAME = "destination-dust"
OF_AIRBYTES_REPOSITORY = {
    "CheckConnectorUsesPoetry",  # we lock with hashes, for pip
    "CheckConnectorLicenseMatchInPyproject",  # it looks for Poetry's table; the licence is in [project]
    "CheckConnectorVersionMatchInPyproject",  # it looks for Poetry's table; the version is in [project]
    "CheckConnectorUsesPythonBaseImage",  # no Dockerfile there: images are built from the base that metadata.yaml names
    "CheckConnectorUsesHTTPSOnly",  # it looks for the letters, which also stand where such addresses are refused
}
"""To be changed if the connector moves into Airbyte's repository."""


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tools' verdict on a checkout like Airbyte's that has this connector and its page."""
    home = tmp_path_factory.mktemp("registry")
    repository = home / "airbyte"
    client = Client(home)
    checkout(repository / "airbyte-integrations" / "connectors" / NAME)
    page = Path("docs", "integrations", "destinations", "dust.md")
    (repository / page.parent).mkdir(parents=True)
    shutil.copy(ROOT / page, repository / page)
    client.run("git", "init", "--quiet", cwd=repository)
    said = client.run(
        OPS / "python", ROOT / "integration_tests" / "airbyte_tools" / "drive_registry.py", NAME, cwd=repository
    )
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def test_no_validator_of_metadata_objects(verdict: dict[str, Any]) -> None:
    """Eight that run before the registry takes metadata, and the publisher's own."""
    assert 9 == len(verdict["validators"])
    assert dict.fromkeys(verdict["validators"]) == verdict["validators"]


def test_only_checks_of_its_own_packaging_fail(verdict: dict[str, Any]) -> None:
    """Documentation, changelog, licence, version, icon and the rest are as Airbyte's repository wants them."""
    failed = {name for name, status in verdict["checks"].items() if status == "Failed"}
    passed = {name for name, status in verdict["checks"].items() if status == "Passed"}

    assert OF_AIRBYTES_REPOSITORY == failed
    assert {
        "CheckMigrationGuide",
        "CheckDocumentationExists",
        "CheckChangelogEntry",
        "CheckConnectorLanguageTag",
        "ValidateBreakingChangesDeadlines",
        "ValidateBreakingChangesDeadlineAction",
        "CheckConnectorLicense",
        "CheckVersionFollowsSemver",
        "CheckConnectorIconIsAvailable",
    } == passed
