"""The least that a destination on Airbyte's CDK can do: the CDK's own loop, and each record as JSON once."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from airbyte_cdk.destinations import Destination
from airbyte_cdk.models import (
    AirbyteConnectionStatus,
    AirbyteMessage,
    ConfiguredAirbyteCatalog,
    ConnectorSpecification,
    Status,
    Type,
)


class Floor(Destination):
    """Writes nothing, and gives the states back."""

    def spec(self, logger: Any) -> ConnectorSpecification:  # noqa: ARG002 - the CDK's signature
        return ConnectorSpecification(connectionSpecification={})

    def check(self, logger: Any, config: Mapping[str, Any]) -> AirbyteConnectionStatus:  # noqa: ARG002 - the same
        return AirbyteConnectionStatus(status=Status.SUCCEEDED)

    def write(
        self,
        config: Mapping[str, Any],  # noqa: ARG002 - the same
        configured_catalog: ConfiguredAirbyteCatalog,  # noqa: ARG002 - the same
        input_messages: Iterable[AirbyteMessage],
    ) -> Iterable[AirbyteMessage]:
        for message in input_messages:
            if message.type is Type.RECORD and message.record:
                orjson.dumps(message.record.data)
            elif message.type is Type.STATE:
                yield message


if __name__ == "__main__":
    Floor().run(sys.argv[1:])
