"""The connector for hosts with Airbyte's CDK, as its class `Destination` and in its models of the protocol.

Nothing else imports the CDK: that takes over a second and 40 MB, and the process does without.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    AirbyteMessageSerializer,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteCatalogSerializer,
    Status,
)
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets

from destination_dust import commands, exact_json
from destination_dust.airbyte.catalog import Catalog
from destination_dust.command_line import parse
from destination_dust.config.reading import key_in, parse_config
from destination_dust.hosted import written


class DestinationDust(Destination):
    """Writes records to a Dust data source, as documents or as table rows."""

    def run(self, args: list[str]) -> None:
        """Run a command as the process does.

        Exits with 1 after a failure, with 2 if `args` are wrong, or with 128 plus the number of the signal.
        """
        if ended := commands.run(parse(args)):
            sys.exit(ended)

    def check(self, logger: logging.Logger, config: Mapping[str, Any]) -> AirbyteConnectionStatus:
        """Whether a sync with this configuration could write. Never raises."""
        _hide_key(config)
        found = commands.connection_status(config, logger)
        return AirbyteConnectionStatus(status=Status[found["status"]], message=found.get("message"))

    def write(
        self,
        config: Mapping[str, Any],
        configured_catalog: ConfiguredAirbyteCatalog,
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterator[AirbyteMessage]:
        """Write messages of a host in the same process, and yield the states that are safe.

        The CDK's messages carry less than a line does (no `id` of a state, for example). Whatever `input_messages`
        raise is raised, and is no end of the input. A thread of its own iterates over them.

        When the generator ends or is closed, its threads and descriptors are given back. Calls under way have some
        seconds to end; the next `write` begins when those that took longer have ended, so none overtakes it.
        """
        _hide_key(config)
        catalog = Catalog.parse(ConfiguredAirbyteCatalogSerializer.dump(configured_catalog))
        lines = (exact_json.dumps(AirbyteMessageSerializer.dump(message)) for message in input_messages)
        with closing(written(parse_config(config), catalog, lines)) as states:
            for line in states:
                yield AirbyteMessageSerializer.load(orjson.loads(line))


def _hide_key(settings: Mapping[str, Any]) -> None:
    """The host may log through the CDK, whose loggers hide only the secrets that the CDK knows."""
    add_to_secrets(key_in(settings))
