"""The arguments of `target-dust`, and what it says of itself: to people, and to Meltano when it sets up the target."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from importlib import resources

from destination_dust.version import VERSION

NAME = "target-dust"
REPLACES = "process_activate_version_messages"
"""The one setting that is not the connector's; targets of the Singer SDK have it too."""

_REPLACES = {
    "type": "boolean",
    "default": True,
    "title": "Process ACTIVATE_VERSION messages",
    "description": (
        "Whether a full table takes the place of what Dust has of it, once the tap has activated its version after the "
        "last record. Turn it off for taps that never do."
    ),
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options. Exits with 2 if they are wrong, and with 0 after `--version` or `--help`."""
    parser = argparse.ArgumentParser(NAME, description="Stores what a Singer tap writes in a Dust data source.")
    parser.add_argument("--config", metavar="FILE", help="the settings, as a JSON file")
    parser.add_argument("--version", action="version", version=f"{NAME} {VERSION}")
    parser.add_argument("--about", action="store_true", help="show the settings and capabilities, as JSON")
    parser.add_argument("--format", choices=["json"], default="json", help="of --about")
    options = parser.parse_args(arguments)
    if not options.config and not options.about:
        parser.error("--config is missing: a JSON file with the settings. --about lists them.")
    return options


def about() -> str:
    """The name, the capabilities and the settings as JSON, as other targets show them."""
    spec = json.loads(resources.files("destination_dust").joinpath("spec.json").read_bytes())
    settings = spec["connectionSpecification"]
    properties = {name: each for name, each in settings["properties"].items() if name != "end_of_input_is_complete"}
    content = {
        "name": NAME,
        "description": "Stores records in a data source of Dust, as documents or as rows of tables.",
        "version": VERSION,
        "capabilities": ["about", "activate-version", "hard-delete"],
        "settings": {**settings, "properties": {**properties, REPLACES: _REPLACES}},
    }
    return json.dumps(content, indent=2, ensure_ascii=False)
