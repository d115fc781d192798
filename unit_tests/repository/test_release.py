"""What releases a version: its notes, and GitHub's workflows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from release.notes import declared, notes

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")}
STEPS = [
    step
    for text in WORKFLOWS.values()
    for job in yaml.safe_load(text)["jobs"].values()
    for step in job["steps"]
    if isinstance(step, dict)
]
CHANGELOG = """
## [Unreleased]

- Not yet.

## [0.2.0] - 2026-12-01

### Added

- This.

## [0.1.0] - 2026-11-20

"""


def test_the_notes_are_those_of_the_version() -> None:
    """Neither of what comes later nor of what came before."""
    assert "### Added\n\n- This." == notes(CHANGELOG, "0.2.0")


@pytest.mark.parametrize("version", ["0.1.0", "0.1", "0.3.0", "Unreleased"])
def test_a_release_without_notes_fails(version: str) -> None:
    """A version that is not dated, not there, or of which nothing is said."""
    with pytest.raises(LookupError, match=re.escape(f"[{version}]")):
        notes(CHANGELOG, version)


@pytest.mark.parametrize("tag", ["", "v9.9.9", declared()])
def test_a_tag_of_another_version_releases_nothing(tag: str) -> None:
    """Whoever tags forgot to set the version, or the `v`."""
    ran = subprocess.run(
        [sys.executable, "-m", "release.notes", tag], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )

    assert (1, "") == (ran.returncode, ran.stdout)
    assert f"v{declared()}, the version in pyproject.toml" in ran.stderr


def test_the_current_version_has_notes() -> None:
    """It was released, or is about to be."""
    assert notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), declared())


def test_workflows_use_actions_by_their_commits() -> None:
    """A tag can be moved to other code. The comment says which version it is, and dependabot keeps both."""
    used = [line.strip("- ") for text in WORKFLOWS.values() for line in text.splitlines() if "uses:" in line]

    assert used
    assert [] == [line for line in used if not re.fullmatch(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)]


def test_workflows_run_targets_that_exist() -> None:
    """They are linted without being run."""
    makefiles = (ROOT / "Makefile").read_text("utf-8") + (ROOT / "release" / "release.mk").read_text("utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefiles, re.MULTILINE))
    called = {
        word
        for step in STEPS
        for line in str(step.get("run", "")).splitlines()
        if line.startswith("make ")
        for word in line.split()[1:]
        if "=" not in word
    }

    assert {"check", "test", "test-package", "release-notes"} <= called
    assert set() == called - targets


def test_the_workflow_tests_every_python_that_the_package_promises() -> None:
    """And no other."""
    promised = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    jobs: dict[str, Any] = yaml.safe_load(WORKFLOWS["checks.yml"])["jobs"]

    assert promised == jobs["test"]["strategy"]["matrix"]["python"]
