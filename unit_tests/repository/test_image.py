"""Dockerfile and .dockerignore, read as text: Airbyte's rules can be seen kept without a container engine."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DATA: dict[str, Any] = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
INSTRUCTIONS: list[tuple[str, str]] = [
    (word, rest.strip())
    for word, _, rest in (
        line.partition(" ")
        for line in (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
        if line and not line.startswith("#")
    )
]


def arguments(word: str) -> list[str]:
    """What follows every instruction of that name, in order."""
    return [rest for instruction, rest in INSTRUCTIONS if word == instruction]


def position(word: str, text: str) -> int:
    """The place of the first instruction of that name that contains the text."""
    return next(at for at, (found, rest) in enumerate(INSTRUCTIONS) if word == found and text in rest)


def label(name: str) -> str:
    """The value of a label of the image."""
    found = re.search(rf'{re.escape(name)}="([^"]+)"', " ".join(arguments("LABEL")))
    assert found, f"no label {name}"
    return found.group(1)


def test_the_base_is_the_one_that_metadata_names():
    """Airbyte builds on the base image of metadata.yaml, so our own build does too."""
    assert [f"BASE_IMAGE={DATA['connectorBuildOptions']['baseImage']}"] == arguments("ARG")
    assert ["${BASE_IMAGE}"] == arguments("FROM")


def test_the_base_is_pinned_by_digest():
    """A tag can be moved to another image; a digest cannot."""
    assert re.fullmatch(r"BASE_IMAGE=\S+:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", arguments("ARG")[0])


def test_the_entrypoint_is_said_twice_and_alike():
    """The Airbyte platform starts $AIRBYTE_ENTRYPOINT, everybody else the entrypoint."""
    entrypoint = " ".join(json.loads(arguments("ENTRYPOINT")[0]))

    assert [f'AIRBYTE_ENTRYPOINT="{entrypoint}"'] == arguments("ENV")


def test_the_entrypoint_is_in_the_working_directory():
    """The Airbyte protocol's home for a connector's code is /airbyte/integration_code."""
    assert ["/airbyte/integration_code"] == arguments("WORKDIR")
    assert f"{arguments('WORKDIR')[0]}/main.py" == json.loads(arguments("ENTRYPOINT")[0])[-1]


def test_the_connector_does_not_run_as_root():
    """Nothing is installed after the step down to the user of the base image."""
    assert ["airbyte"] == arguments("USER")
    assert {"USER", "ENV", "ENTRYPOINT"} == {word for word, _ in INSTRUCTIONS[position("USER", "airbyte") :]}


def test_the_labels_name_the_image():
    """Airbyte reads an image's name and version from its labels."""
    assert DATA["dockerRepository"] == label("io.airbyte.name")
    assert DATA["dockerImageTag"] == label("io.airbyte.version")


def test_packages_are_installed_as_they_were_locked():
    """A package that is not the one that was tested is refused."""
    installs = [run for run in arguments("RUN") if "pip install" in run]

    assert ["--require-hashes"] == [word for run in installs for word in run.split() if "hash" in word]
    assert "--requirement requirements.txt" in installs[0]


def test_a_change_of_code_does_not_install_packages_again():
    """The layer with the packages depends on the lock alone."""
    assert (
        position("COPY", "requirements.txt")
        < position("RUN", "pip install")
        < position("COPY", "main.py")
        < position("COPY", "destination_dust")
    )


def test_bytecode_is_compiled_when_the_image_is_built():
    """The user of the image cannot write bytecode, and without it every start takes about 0.8 s longer."""
    assert "--compile" in next(run for run in arguments("RUN") if "pip install" in run)
    assert position("COPY", "destination_dust") < position("RUN", "compileall")


@pytest.mark.parametrize("name", ["requirements.txt", "main.py", "destination_dust"])
def test_what_the_image_copies_reaches_the_build(name: str):
    """.dockerignore leaves everything out but what it names."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()

    assert lines.index("*") < lines.index(f"!{name}")


def test_secrets_do_not_reach_the_build():
    """Nothing is let back in but what the image runs."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()

    assert ["!destination_dust", "!main.py", "!requirements.txt"] == [line for line in lines if line[:1] == "!"]
