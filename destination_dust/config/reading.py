"""Settings from files and from hosts, read so that no error and no log shows the key."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from destination_dust.config.config import Config, bare_key
from destination_dust.config.fields import InvalidConfig
from destination_dust.redaction import add_secret

logger = logging.getLogger("airbyte")


def read_config(path: str) -> Config:
    """The settings in a JSON file. Raises `InvalidConfig`."""
    return parse_config(read_json(path))


def parse_config(settings: Mapping[str, Any]) -> Config:
    """Parse settings. The key is registered as a secret first, so that no error can show it."""
    add_secret(key_in(settings))
    config = Config.parse(settings)
    if config.unknown:
        logger.warning(
            "Settings that this version does not know were ignored: %s. Correct them if they are mistyped.",
            ", ".join(config.unknown),
        )
    return config


def key_in(settings: Mapping[str, Any]) -> str:
    """Whatever the settings have for a key, right or wrong; empty if they have none."""
    return bare_key(str(settings.get("api_key") or ""))


def read_json(path: str) -> dict[str, Any]:
    """The object in a JSON file. Errors do not quote its content: it may be secret."""
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InvalidConfig(f"The file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise InvalidConfig(f"The file {path} is not valid JSON.") from None
    if not isinstance(content, dict):
        raise InvalidConfig(f"The file {path} must contain a JSON object.")
    return content
