"""`make demo-postgres`: a PostgreSQL, a local Dust, and a table that goes from one to the other with every change."""

from __future__ import annotations

from functools import partial

import psycopg2

from destination_dust.loading import Loader
from examples.postgres_replication.database import Database
from examples.postgres_replication.replication import Replication
from examples.postgres_replication.throwaway import postgres
from local_dust import LocalDust

STEPS = [
    "CREATE TABLE articles (id int PRIMARY KEY, title text, body text); CREATE PUBLICATION dust FOR TABLE articles",
    "INSERT INTO articles VALUES (1, 'Opening hours', 'We open at 9.'), (2, 'Prices', 'A coffee is 3 euros.')",
    "UPDATE articles SET body = 'We open at 8.' WHERE id = 1",
    "UPDATE articles SET id = 20 WHERE id = 2",
    "DELETE FROM articles WHERE id = 1",
    "TRUNCATE articles",
]


def main() -> None:
    """Run each statement, and show what Dust has once it has everything."""
    with postgres() as dsn, LocalDust() as dust:
        connection = psycopg2.connect(dsn)
        connection.autocommit = True
        database = Database(dsn)
        loader = partial(Loader, dust.config())
        for step in STEPS:
            connection.cursor().execute(step)
            Replication(dsn, loader, publication="dust", slot="dust").run(until=database.position())
            print(f"\n{step}")
            for name, document in dust.world.documents().items():
                if not name.startswith("airbyte--marker--"):
                    print(f"    {name}: {' '.join(document.text.split())}")


if __name__ == "__main__":
    main()
