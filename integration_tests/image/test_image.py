"""The image as platforms run it: as its own user, on a root that cannot be written to, with a temporary folder."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust

PATIENCE = 240.0
CODE = "/airbyte/integration_code"


@pytest.fixture(scope="session")
def container() -> list[str]:
    """The command that runs the image in a container; arguments follow."""
    if not (run := os.environ.get("IMAGE_RUN")):
        pytest.exit("These tests need an image: run `make image test-image`.")
    return [*shlex.split(run), "--rm", "--interactive", "--read-only", "--tmpfs", "/tmp", "--network", "host"]


def _output(command: list[str], input: bytes = b"") -> bytes:
    """The standard output of a run that must succeed."""
    ran = subprocess.run(command, input=input, capture_output=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode()
    return ran.stdout


def _python(container: list[str], program: str) -> object:
    """What a Python program prints in the image, as JSON."""
    return json.loads(_output([*container, "--entrypoint", "python", os.environ["IMAGE"], "-c", program]))


def _arguments(folder: Path, **files: object) -> list[str]:
    """Files that the image's user may read, as options of a container and of a command, with the image in between."""
    folder.chmod(0o755)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    options = [word for name in files for word in (f"--{name}", f"/settings/{name}.json")]
    return ["--volume", f"{folder}:/settings:ro", os.environ["IMAGE"], *options]


def _run(container: list[str], command: str, arguments: list[str], input: bytes = b"") -> list[dict[str, object]]:
    """The messages of a command of the connector."""
    image = arguments.index(os.environ["IMAGE"]) + 1
    output = _output([*container, *arguments[:image], command, *arguments[image:]], input)
    return [json.loads(line) for line in output.splitlines()]


def test_spec(container: list[str]) -> None:
    """Airbyte asks for it first."""
    (message,) = map(json.loads, _output([*container, os.environ["IMAGE"], "spec"]).splitlines())

    assert json.loads((ROOT / "destination_dust" / "spec.json").read_text(encoding="utf-8")) == message["spec"]


def test_the_entrypoint_of_the_platform_works(container: list[str]) -> None:
    """Airbyte starts what the variable says, through a shell."""
    shell = [*container, "--entrypoint", "sh", os.environ["IMAGE"], "-c", "$AIRBYTE_ENTRYPOINT spec"]

    assert b'"SPEC"' in _output(shell)


def test_check_and_write(container: list[str], dust: LocalDust, tmp_path: Path) -> None:
    """Records are in Dust, and their state comes back."""
    lines = [record("users", id=1), record("users", id=2), state("users", 2)]
    arguments = _arguments(tmp_path, config=dust.config(), catalog=catalog("users"))

    (status,) = _run(container, "check", arguments[:-2])
    messages = _run(container, "write", arguments, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    assert {"status": "SUCCEEDED"} == status["connectionStatus"]
    assert 1 == len([message for message in messages if message["type"] == "STATE"])
    assert [1, 2] == sorted(each["id"] for each in contents(dust.world).values())


def test_its_user_is_not_root_and_owns_no_code(container: list[str]) -> None:
    """Even on a root that could be written to."""
    writable = [each for each in container if each != "--read-only"]
    program = f"""
import json, os, sys
places = [{CODE!r}, *sys.path[1:]]
found = [folder for place in places for folder, _, files in os.walk(place)
    for path in (folder, *(os.path.join(folder, file) for file in files)) if os.access(path, os.W_OK)]
print(json.dumps([os.getuid(), found]))
"""

    assert [1000, []] == _python(writable, program)


def test_it_holds_the_connector_and_nothing_else_of_the_repository(container: list[str]) -> None:
    """Compiled, so that no start has to compile it again."""
    program = f"""
import json, os
print(json.dumps([sorted(os.listdir({CODE!r})), os.path.isdir({CODE!r} + "/destination_dust/__pycache__")]))
"""

    assert [["__pycache__", "destination_dust", "main.py", "requirements.txt"], True] == _python(container, program)
