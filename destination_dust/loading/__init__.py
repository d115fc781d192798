"""The connector as a library: when a call returns, its records are in Dust.

    from destination_dust.loading import Delete, Loader, Stream, Upsert

    users = Stream("users", primary_key="id")
    with Loader(settings) as dust:                          # the settings of the connector; a mistyped one is refused
        dust.check()                                        # raises what would keep a call from storing anything
        dust.upsert(users, [{"id": 1, "name": "Ada"}])      # add, or replace what has the same key
        dust.delete(users, [{"id": 1}])                     # the fields of the key suffice
        dust.apply(users, [Upsert({"id": 3}, before={"id": 2}), Delete({"id": 4})])  # changes, in their order
        counts = dust.replace(users, rows)                  # all that Dust has of the stream; `[]` truncates

Records are mappings from names to values, or `bytes` that hold a JSON object. They may come from any iterable, which is
read on the thread of the caller, no further ahead than Dust keeps up with; what it raises is raised. Each call is a
whole sync, and its proof that everything is stored is the one on which Airbyte gets a state back
(docs/architecture.md). Each returns `Counts`. What Dust does not take raises `NotStored`; with `on_record_error: skip`
a record that is to blame is left out, logged by its id, and counted in `Counts.rejected`. A call that raised may have
stored a part, and can be repeated: a record with the same key is the same document or row.

Nothing of the process is changed: there are no signal handlers, and nothing of `logging` is set up. The logger's name
is `airbyte`. Calls may overlap on several threads; those about one stream wait for one another.
"""

from destination_dust.config import InvalidConfig
from destination_dust.loading.changes import Change, Delete, RecordData, Upsert
from destination_dust.loading.loader import Loader, NotStored, read_settings
from destination_dust.loading.stream import Stream
from destination_dust.reporting.counts import Counts

__all__ = [
    "Change",
    "Counts",
    "Delete",
    "InvalidConfig",
    "Loader",
    "NotStored",
    "RecordData",
    "Stream",
    "Upsert",
    "read_settings",
]
