"""The wheel as users get it: installed with the locked packages alone, and run in a folder without the repository."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from pathlib import Path

from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust

PATIENCE = 120.0


def _messages(installed: Path, folder: Path, *arguments: str, input: bytes = b"") -> dict[str, list[dict[str, object]]]:
    """The messages of a run that must succeed, by type. It sees no module of the repository."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [installed / "bin" / "destination-dust", *arguments],
        cwd=folder,
        env=variables,
        input=input,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode()
    messages: dict[str, list[dict[str, object]]] = {}
    for message in map(json.loads, ran.stdout.splitlines()):
        messages.setdefault(message["type"], []).append(message)
    return messages


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    """No tests, no local Dust: they would be importable beside it."""
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    kept = {str(path.relative_to(ROOT)) for path in (ROOT / "destination_dust").rglob("*.py")}

    assert {"destination_dust"} == {top for top in tops if not top.endswith(".dist-info")}
    assert {*kept, "destination_dust/spec.json", "destination_dust/py.typed"} == {
        name for name in names if name.startswith("destination_dust/")
    }


def test_spec(installed: Path, tmp_path: Path) -> None:
    """The form is data of the package, which a wheel can lack."""
    (message,) = _messages(installed, tmp_path, "spec")["SPEC"]

    form = json.loads((ROOT / "destination_dust" / "spec.json").read_text(encoding="utf-8"))
    assert form == message["spec"]


def test_check(installed: Path, dust: LocalDust, tmp_path: Path) -> None:
    """With settings in a file, as hosts pass them."""
    (tmp_path / "config.json").write_text(json.dumps(dust.config()))

    (message,) = _messages(installed, tmp_path, "check", "--config", "config.json")["CONNECTION_STATUS"]

    assert {"status": "SUCCEEDED"} == message["connectionStatus"]


def test_write(installed: Path, wheel: Path, dust: LocalDust, tmp_path: Path) -> None:
    """Records are in Dust, their state comes back, and Dust sees the version of the wheel."""
    (tmp_path / "config.json").write_text(json.dumps(dust.config()))
    (tmp_path / "catalog.json").write_text(json.dumps(catalog("users")))
    lines = [record("users", id=1), record("users", id=2), state("users", 2)]

    messages = _messages(
        installed,
        tmp_path,
        *("write", "--config", "config.json", "--catalog", "catalog.json"),
        input=b"".join(json.dumps(line).encode() + b"\n" for line in lines),
    )

    assert [1, 2] == sorted(each["id"] for each in contents(dust.world).values())
    assert 1 == len(messages["STATE"])
    version = wheel.name.split("-")[1]
    assert {f"airbyte-destination-dust/{version}"} == {each.headers["user-agent"] for each in dust.world.arrivals}
