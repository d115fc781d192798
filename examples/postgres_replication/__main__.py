"""`python -m examples.postgres_replication --dsn … --publication … --config dust.json`: copies, then streams."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from functools import partial
from pathlib import Path

import psycopg2

from destination_dust.loading import InvalidConfig, Loader, NotStored
from examples.postgres_replication.database import Database, Unusable
from examples.postgres_replication.replication import Replication


def main() -> int:
    """What to exit with. The process can be killed at any time: the next one goes on where this one was."""
    parser = argparse.ArgumentParser(prog="postgres_replication", description=__doc__)
    parser.add_argument("--dsn", default=os.environ.get("PGDSN", ""), help="of the database; default: $PGDSN")
    parser.add_argument("--publication", required=True, help="its tables are kept in Dust")
    parser.add_argument("--slot", default="dust", help="the replication slot, made if it is missing; default: dust")
    parser.add_argument("--config", required=True, type=Path, help="the settings of the connector, as a JSON file")
    parser.add_argument("--once", action="store_true", help="end when Dust has what is committed now")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("airbyte").setLevel(logging.WARNING)
    try:
        until = Database(options.dsn).position() if options.once else None
        settings = json.loads(options.config.read_bytes())
        dust = partial(Loader, settings)
        Replication(options.dsn, dust, publication=options.publication, slot=options.slot).run(until=until)
    except (NotStored, InvalidConfig, Unusable, psycopg2.Error) as error:
        logging.error("%s", error)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
