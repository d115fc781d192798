"""A dlt pipeline into a destination function that posts batches of records: `dlt_destination.py URL SIZE < messages`.

dlt has no format for messages; it is given the records of Airbyte's.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import dlt
import orjson
import requests

URL, SIZE = sys.argv[1], int(sys.argv[2])
session = requests.Session()


@dlt.destination(batch_size=SIZE, name="http", naming_convention="direct")  # type: ignore[untyped-decorator] # dlt is only in .bench-venv
def http(items: Any, table: Any) -> None:  # noqa: ARG001 - dlt's signature
    answer = session.post(URL, data=orjson.dumps(items, default=str), headers={"Content-Type": "application/json"})
    answer.raise_for_status()


def records() -> Iterator[Any]:
    for line in sys.stdin.buffer:
        message = orjson.loads(line)
        if message["type"] == "RECORD":
            yield dlt.mark.with_table_name(message["record"]["data"], message["record"]["stream"])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("peer", pipelines_dir=folder, destination=http, dataset_name="peer")
        pipeline.run(dlt.resource(records, name="records"))
