"""The standard tests that Airbyte's CDK makes for a connector."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

from airbyte_cdk.test.standard_tests._spec_lint import find_secret_marking_errors

from integration_tests.airbyte_tools.clients import Client, checkout
from integration_tests.airbyte_tools.conftest import QuickDust
from integration_tests.harness.launcher import ROOT

# The others build a Docker image, which downloads its parts.
OFFLINE = "not image_tests"


def test_the_standard_tests_of_the_cdk_pass(dust: QuickDust, tmp_path: Path, client: Client) -> None:
    """`airbyte-cdk connector test`, in which a local Dust stands for the account, finds right and wrong settings."""
    airbyte_cdk = Path(sys.executable).with_name("airbyte-cdk")
    connector = tmp_path / "destination-dust"  # by which the CDK finds its class
    checkout(connector)
    (connector / "secrets" / "config.json").write_text(json.dumps(dust.settings("documents")))

    client.run(
        airbyte_cdk, "connector", "test", "--pytest-arg=-m", f"--pytest-arg={OFFLINE}", cwd=connector, PYTHONPATH="."
    )

    (report,) = (connector / "build" / "test-results").rglob("*.xml")
    cases = {case.get("name"): [each.tag for each in case] for case in ElementTree.parse(report).iter("testcase")}
    assert {
        "test_check['config' Test Scenario]": [],
        "test_check['invalid_config' Test Scenario]": [],
        "test_config_matches_spec['config' Test Scenario]": [],
        # A form cannot detect its mistake.
        "test_config_matches_spec['invalid_config' Test Scenario]": ["skipped"],
    } == cases
    assert dust.world.arrivals


def test_the_lint_of_specifications_finds_nothing() -> None:
    """The standard tests apply it to images only: each field that can hold a secret, and no other, is marked."""
    spec = json.loads((ROOT / "destination_dust" / "spec.json").read_text(encoding="utf-8"))

    assert [] == find_secret_marking_errors(spec["connectionSpecification"])
