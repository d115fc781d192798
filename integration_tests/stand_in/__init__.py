"""A local Dust: the rules of Dust's server in memory (`World`), and a real HTTP server over them (`StandIn`)."""

from integration_tests.stand_in.arrivals import Arrival
from integration_tests.stand_in.faults import Fault, Faults, Rule
from integration_tests.stand_in.holds import Hold
from integration_tests.stand_in.limits import Limits
from integration_tests.stand_in.stand_in import StandIn
from integration_tests.stand_in.stored_documents import StoredDocument
from integration_tests.stand_in.stored_tables import StoredTable
from integration_tests.stand_in.world import World

__all__ = [
    "Arrival",
    "Fault",
    "Faults",
    "Hold",
    "Limits",
    "Rule",
    "StandIn",
    "StoredDocument",
    "StoredTable",
    "World",
]
