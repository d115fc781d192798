"""The arguments of the connector: Airbyte's `spec`, `check` and `write`, and `preview` for people."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

NAME = "destination-dust"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command and its options. Exits with 2 if they are wrong, and with 0 after `--help`."""
    parser = argparse.ArgumentParser(NAME, description="Stores the records of an Airbyte source in a Dust data source.")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    commands.add_parser("spec", help="print the form of the settings")
    for name, does in {
        "check": "try whether a sync with the settings could write",
        "write": "write the records of the messages on standard input, and print the states that are safe",
        "preview": "show how records of the messages on standard input would be written",
    }.items():
        command = commands.add_parser(name, help=does, description=f"{does.capitalize()}.")
        command.add_argument("--config", metavar="FILE", required=True, help="the settings, as a JSON file")
        if name != "check":
            command.add_argument("--catalog", metavar="FILE", required=True, help="the streams, as a JSON file")
        if name == "preview":
            command.add_argument(
                "--records", metavar="NUMBER", type=int, default=3, help="of each stream; default: %(default)s"
            )
    return parser.parse_args(arguments)
