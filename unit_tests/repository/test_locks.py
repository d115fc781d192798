"""The locks: each package with version and hashes, as its input asks for it; nothing is installed without them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPES = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "release/release.mk"))
LOCKS = [
    "requirements.txt",
    "requirements-dev.txt",
    "release/tools.txt",
    "integration_tests/airbyte_tools/pyairbyte.txt",
    "integration_tests/airbyte_tools/source-faker.txt",
    "integration_tests/airbyte_tools/airbyte-ops.txt",
    "benchmarks/findability/requirements.txt",
]


def entries(path: str) -> list[str]:
    """The requirements in a file, each in one line."""
    text = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def name(requirement: str) -> str:
    """The package of a requirement, as indexes compare names."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement)[0]).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_is_pinned_with_hashes(lock: str) -> None:
    """A version alone would take whatever an index serves under its name."""
    pinned = re.compile(r"[A-Za-z0-9._-]+==[^\s;]+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")

    assert entries(lock)
    assert [] == [entry for entry in entries(lock) if not pinned.fullmatch(entry)]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_its_input_asks_for(lock: str) -> None:
    """Otherwise `make lock` was forgotten."""
    wanted = entries(lock.replace(".txt", ".in"))
    found = entries(lock)

    assert set() == {name(each) for each in wanted} - {name(each) for each in found}
    pins = [each for each in wanted if "==" in each]
    assert [] == [pin for pin in pins if not any(entry.startswith(f"{pin} ") for entry in found)]


def test_make_lock_resolves_all_of_them() -> None:
    """One that it forgets would never be renewed."""
    assert [] == [lock for lock in LOCKS if Path(lock).name not in RECIPES]
    assert {lock.replace(".txt", ".in") for lock in LOCKS} == {
        str(path.relative_to(ROOT))
        for folder in {(ROOT / lock).parent for lock in LOCKS}
        for path in folder.glob("*.in")
    }


def test_make_installs_only_what_has_hashes() -> None:
    """Each `pip install` of a lock asks for them."""
    installs = [line for line in RECIPES.replace("\\\n", " ").splitlines() if "pip install" in line]

    assert len(installs) >= 3
    assert [] == [line for line in installs if "--require-hashes" not in line]


def test_the_connector_requires_what_it_imports() -> None:
    """What another package happens to bring may be gone with its next version."""
    nodes = [
        node
        for path in (ROOT / "destination_dust").rglob("*.py")
        if "hosts" not in path.parts  # extras, which `test_metadata.py` compares
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    modules = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    packages = {name(module.partition(".")[0]) for module in modules} - {*map(name, sys.stdlib_module_names)}

    # `requests` promises the last one: its certificates are those of certifi.
    assert {name(each) for each in entries("requirements.in")} == packages - {"destination-dust", "certifi"}
