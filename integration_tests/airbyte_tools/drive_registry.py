"""Runs in the environment of Airbyte's own tools, in a checkout like Airbyte's: judges the connector as they do.

Writes JSON: `{"validators": {name: error or null}, "checks": {name: "Passed" | "Failed"}}`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airbyte_ops_mcp.connector_ops.utils import Connector
from airbyte_ops_mcp.connector_qa.checks import ENABLED_CHECKS
from airbyte_ops_mcp.metadata_validator import PRE_UPLOAD_VALIDATORS, ValidatorOptions, validate_and_load
from airbyte_ops_mcp.registry.validate import ValidateOptions, validate_metadata

# They ask Docker Hub and GitHub for what was published before, which is nothing.
ONLINE = {"ValidateMetadata", "CheckVersionIncrement"}
# It stops at a pyproject.toml that is not Poetry's.
POETRY_ONLY = {"CheckConnectorCDKTag"}
# What is not released is judged more strictly. Whether it is, they would look up online.
Connector.is_released = False


def main(name: str) -> None:
    """Judge the connector of this name."""
    connector = Connector(name)
    page = str(connector.documentation_file_path)
    options = ValidatorOptions(docs_path=page, disable_dockerhub_checks=True)
    before_upload = {
        validator.__name__: validate_and_load(Path(connector.metadata_file_path), [validator], options)[1]
        for validator in PRE_UPLOAD_VALIDATORS
    }
    before_publishing = validate_metadata(connector.metadata, ValidateOptions(docs_path=page))
    checks = {
        type(check).__name__: check.run(connector).status.name.capitalize()
        for check in ENABLED_CHECKS
        if type(check).__name__ not in ONLINE | POETRY_ONLY
    }
    validators = {**before_upload, "validate_metadata": "; ".join(before_publishing.errors) or None}
    json.dump({"validators": validators, "checks": checks}, sys.__stdout__ or sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
