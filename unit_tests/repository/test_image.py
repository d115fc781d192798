"""Dockerfile and .dockerignore, read as text: Airbyte's rules can be seen kept without a container engine."""

import json
import re
from pathlib import Path
from typing import Any

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


def test_the_base_is_the_one_that_metadata_names() -> None:
    """Airbyte builds on the base image of metadata.yaml, so our own build does too."""
    assert [f"BASE_IMAGE={DATA['connectorBuildOptions']['baseImage']}"] == arguments("ARG")
    assert ["${BASE_IMAGE}"] == arguments("FROM")


def test_both_entrypoints_are_alike() -> None:
    """The Airbyte platform starts $AIRBYTE_ENTRYPOINT, everyone else the entrypoint."""
    entrypoint = " ".join(json.loads(arguments("ENTRYPOINT")[0]))

    assert [f'AIRBYTE_ENTRYPOINT="{entrypoint}"'] == arguments("ENV")


def test_the_connector_does_not_run_as_root() -> None:
    """Nothing is installed after the step down to the user of the base image."""
    assert ["airbyte"] == arguments("USER")
    assert {"USER", "ENV", "ENTRYPOINT"} == {word for word, _ in INSTRUCTIONS[position("USER", "airbyte") :]}


def test_the_labels_name_the_image() -> None:
    """Airbyte reads an image's name and version from its labels."""
    assert DATA["dockerRepository"] == label("io.airbyte.name")
    assert DATA["dockerImageTag"] == label("io.airbyte.version")
