"""A local Dust: the rules of Dust's server in memory (`World`), and a real HTTP server over them (`LocalDust`)."""

from local_dust.control.arrivals import Arrival
from local_dust.control.faults import Fault, Faults, Rule
from local_dust.control.holds import Hold
from local_dust.documents.stored import StoredDocument
from local_dust.limits import Limits
from local_dust.server.local_dust import LocalDust
from local_dust.tables.stored import StoredTable
from local_dust.world import World

__all__ = [
    "Arrival",
    "Fault",
    "Faults",
    "Hold",
    "Limits",
    "LocalDust",
    "Rule",
    "StoredDocument",
    "StoredTable",
    "World",
]
