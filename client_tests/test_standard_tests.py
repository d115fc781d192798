"""The standard tests that Airbyte's CDK makes for a connector."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from client_tests.clients import ROOT, Client
from client_tests.conftest import QuickDust

# The others build a Docker image, which downloads its parts.
OFFLINE = "not image_tests"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what git has or would take; the CDK finds a connector by the name of its directory."""
    copy = tmp_path / "destination-dust"
    listed = subprocess.check_output(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    return copy


def test_the_standard_tests_of_the_cdk_pass(dust: QuickDust, checkout: Path, client: Client) -> None:
    """`airbyte-cdk connector test`, in which a local Dust stands for the account, finds right and wrong settings."""
    airbyte_cdk = Path(sys.executable).with_name("airbyte-cdk")
    (checkout / "secrets" / "config.json").write_text(json.dumps(dust.settings("documents")))

    client.run(
        airbyte_cdk, "connector", "test", "--pytest-arg=-m", f"--pytest-arg={OFFLINE}", cwd=checkout, PYTHONPATH="."
    )

    (report,) = (checkout / "build" / "test-results").rglob("*.xml")
    cases = {case.get("name"): [each.tag for each in case] for case in ElementTree.parse(report).iter("testcase")}
    assert {
        "test_check['config' Test Scenario]": [],
        "test_check['invalid_config' Test Scenario]": [],
        # Our list names no settings for it.
        "test_config_matches_spec['config' Test Scenario]": ["skipped"],
        "test_config_matches_spec['invalid_config' Test Scenario]": ["skipped"],
    } == cases
    assert dust.world.arrivals
