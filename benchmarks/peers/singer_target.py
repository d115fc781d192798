"""A target on the Singer SDK that posts batches of records: `singer_target.py URL SIZE < messages`."""

from __future__ import annotations

import sys
from typing import Any

import orjson
import requests
from singer_sdk import Target, typing
from singer_sdk.sinks import BatchSink

URL, SIZE = sys.argv[1], int(sys.argv[2])


class HttpSink(BatchSink):  # type: ignore[misc] # the SDK is only in .bench-venv
    """Posts each batch as one JSON array."""

    max_size = SIZE
    session = requests.Session()

    def process_batch(self, context: dict[str, Any]) -> None:
        answer = self.session.post(
            URL, data=orjson.dumps(context["records"], default=str), headers={"Content-Type": "application/json"}
        )
        answer.raise_for_status()


class HttpTarget(Target):  # type: ignore[misc] # the same
    """Knows no settings."""

    name = "target-http"
    config_jsonschema = typing.PropertiesList().to_dict()
    default_sink_class = HttpSink


if __name__ == "__main__":
    HttpTarget(config={}).listen(sys.stdin)
