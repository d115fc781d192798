"""Dust as a destination of bizon (https://github.com/bizon-data/bizon-core): `destination: {name: dust}`.

Importing this makes it known to bizon in this process; `python -m destination_dust.hosts.bizon` is bizon's own command
line with that done. docs/bizon.md is for its users.
"""

try:
    import bizon  # noqa: F401 only to say what is missing
except ModuleNotFoundError as error:
    raise ImportError("bizon is not installed here. Install the connector with it: pip install '.[bizon]'") from error

from destination_dust.hosts.bizon.destination import DustDestination
from destination_dust.hosts.bizon.registration import register
from destination_dust.hosts.bizon.settings import DustConfig

__all__ = ["DustConfig", "DustDestination", "register"]

register()
