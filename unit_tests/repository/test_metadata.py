"""metadata.yaml: the connector's entry in Airbyte's registry."""

import importlib
import json
import re
import uuid
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from destination_dust.version import VERSION

ROOT = Path(__file__).parents[2]
METADATA: dict[str, Any] = yaml.safe_load((ROOT / "metadata.yaml").read_text())
DATA: dict[str, Any] = METADATA["data"]
PYPROJECT = (ROOT / "pyproject.toml").read_text()


def declared(name: str) -> str:
    """The string that pyproject.toml gives to a name of its [project] table."""
    match = re.search(rf'^{name} = "([^"]+)"', PYPROJECT, re.MULTILINE)
    assert match, f"pyproject.toml declares no {name}"
    return match.group(1)


def unnamed(schema: Any) -> Any:
    """The schema without `$id`s: its parts were bundled with theirs, yet refer to the whole."""
    if isinstance(schema, dict):
        return {key: unnamed(part) for key, part in schema.items() if key != "$id"}
    return [unnamed(part) for part in schema] if isinstance(schema, list) else schema


def test_metadata_fits_the_schema_of_airbyte() -> None:
    """Airbyte's registry refuses metadata that its JSON schema refuses."""
    models = pytest.importorskip("airbyte_connector_models", reason="its wheels end at Python 3.12")
    path = Path(models.__file__).parent / "metadata/v0/ConnectorMetadataDefinitionV0.json"
    schema = unnamed(json.loads(path.read_text()))
    # What the registry adds is described in words that are no JSON schema, and is not ours to set.
    del schema["properties"]["data"]["properties"]["generated"]

    jsonschema.validate(METADATA, schema, format_checker=jsonschema.FormatChecker())


def test_metadata_fits_the_model_of_airbyte() -> None:
    """Airbyte's own tools read metadata through a stricter pydantic model."""
    v0 = pytest.importorskip(
        "airbyte_connector_models.metadata.v0.connector_metadata_definition_v0",
        reason="its wheels end at Python 3.12",
    )

    model = v0.ConnectorMetadataDefinitionV0.model_validate(METADATA)

    assert DATA["dockerRepository"] == model.data.docker_repository


def test_the_image_and_the_code_have_the_version_of_the_package() -> None:
    """One release has one version."""
    assert declared("version") == VERSION == DATA["dockerImageTag"]


def test_the_registry_names_the_package_as_it_is() -> None:
    """An install from a package index gets this package."""
    assert declared("name") == DATA["remoteRegistries"]["pypi"]["packageName"]


def test_the_definition_keeps_its_random_identity() -> None:
    """Airbyte identifies a connector by a random UUID, which may never change once it is used."""
    assert 4 == uuid.UUID(DATA["definitionId"]).version
    assert "b5f8ccb1-4d3f-4e72-87fb-47a6fa63f4c7" == DATA["definitionId"]


def test_the_documentation_is_where_airbyte_keeps_it() -> None:
    """Airbyte derives documentation, issue label and image from one name."""
    assert "https://docs.airbyte.com/integrations/destinations/dust" == DATA["documentationUrl"]
    assert "destination-dust" == DATA["githubIssueLabel"]
    assert "airbyte/destination-dust" == DATA["dockerRepository"]


def test_the_tags_name_the_language() -> None:
    """Airbyte chooses build and test tools by the tags, each `key:value`."""
    assert {"language:python", "cdk:python"} <= set(DATA["tags"])


def test_the_icon_exists() -> None:
    """The registry shows the icon that metadata names."""
    assert "<svg" in (ROOT / DATA["icon"]).read_text()


def test_both_regions_of_dust_may_be_reached() -> None:
    """The platform blocks hosts that are not listed, whatever the configuration says."""
    assert {"dust.tt", "eu.dust.tt"} <= set(DATA["allowedHosts"]["hosts"])


def test_allowed_hosts_are_hosts() -> None:
    """The platform compares host names: a scheme, a port or a path would never match."""
    plain = [host for host in DATA["allowedHosts"]["hosts"] if not host.startswith("$")]

    assert [] == [host for host in plain if not re.fullmatch(r"[a-z0-9.-]+", host)]


def test_allowed_hosts_refer_to_settings_that_exist() -> None:
    """The platform drops a host whose `${setting}` it does not find, without a word."""
    spec = json.loads((ROOT / "destination_dust" / "spec.json").read_text())
    named = re.findall(r"\$\{([^}]+)\}", " ".join(DATA["allowedHosts"]["hosts"]))

    assert ["base_url"] == named
    assert set(named) <= set(spec["connectionSpecification"]["properties"])


def test_the_specification_links_to_the_same_documentation() -> None:
    """Users reach the documentation from the form as from the registry."""
    spec = json.loads((ROOT / "destination_dust" / "spec.json").read_text())

    assert DATA["documentationUrl"] == spec["documentationUrl"]


HOSTS = ROOT / "integration_tests" / "hosts"
EXTRAS = re.findall(
    r"^(\w+) = (\[.*\])",
    re.split(r"^\[.*\]\n", PYPROJECT.partition("optional-dependencies]\n")[2], flags=re.M)[0],
    re.M,
)


def test_there_are_extras() -> None:
    """Otherwise the test below would have nothing to check."""
    assert "bizon" in dict(EXTRAS)


@pytest.mark.parametrize(("extra", "requirements"), EXTRAS)
def test_an_extra_is_tested_with_the_packages_that_it_installs(extra: str, requirements: str) -> None:
    """Not with others that happen to work."""
    assert {*json.loads(requirements)} <= {*(HOSTS / f"{extra}.in").read_text().splitlines()}


@pytest.mark.parametrize("extra", [name for name, _ in EXTRAS])
def test_without_its_extra_a_host_says_what_to_install(extra: str) -> None:
    """And nothing else of the connector needs it."""
    with pytest.raises(ImportError, match=rf"pip install '\.\[{extra}\]'"):
        importlib.import_module(f"destination_dust.hosts.{extra}")


@pytest.mark.parametrize("host", sorted(path.stem for path in HOSTS.glob("*.in")))
def test_the_environment_of_a_host_is_locked_and_has_tests(host: str) -> None:
    """Every package has its hashes, and those of the connector are the ones that users get."""
    lock = (HOSTS / f"{host}.txt").read_text()
    packages = re.findall(r"^[\w.-]+(?:\[[\w,-]+\])?==.*\n(.*)", lock, re.MULTILINE)

    assert [*HOSTS.glob(f"test_{host}*.py")]
    assert len(packages) > 20
    assert all("--hash=sha256:" in following for following in packages)
    assert re.findall("^airbyte-cdk==.*", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[0] in lock
