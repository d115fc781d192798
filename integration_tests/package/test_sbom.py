"""The list of packages that a release comes with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.launcher import ROOT


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    """The list that `make sbom` wrote."""
    content: dict[str, Any] = json.loads((ROOT / "dist" / "destination-dust.cdx.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def versions(installed: Path) -> dict[str, str]:
    """The packages of the environment, as its own Python sees them."""
    script = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    found: dict[str, str] = json.loads(subprocess.check_output([installed / "bin" / "python", "-I", "-c", script]))
    return found


def test_it_describes_the_wheel(listed: dict[str, Any], versions: dict[str, str]) -> None:
    """Its name, version and licence."""
    component = listed["metadata"]["component"]

    assert ("destination-dust", versions["destination-dust"]) == (component["name"], component["version"])
    assert "MIT" in json.dumps(component["licenses"])


def test_it_lists_what_is_installed(listed: dict[str, Any], versions: dict[str, str]) -> None:
    """Every package with the address by which scanners know it, and no other."""
    components = listed["components"]

    assert {**versions} == {
        "destination-dust": versions["destination-dust"],
        **{each["name"]: each["version"] for each in components},
    }
    assert [] == [each["name"] for each in components if not each["purl"].startswith("pkg:pypi/")]


def test_it_says_what_the_wheel_depends_on(listed: dict[str, Any]) -> None:
    """And so why each package is there."""
    edges = {each["ref"]: each.get("dependsOn", []) for each in listed["dependencies"]}
    names = {each["bom-ref"]: each["name"] for each in listed["components"]}

    direct = edges[listed["metadata"]["component"]["bom-ref"]]
    assert {"airbyte-cdk", "anyascii", "orjson", "requests", "urllib3"} == {names[each] for each in direct}
    reached, todo = set(), list(direct)
    while todo:
        if (each := todo.pop()) not in reached:
            reached.add(each)
            todo += edges[each]
    assert names.keys() == reached
