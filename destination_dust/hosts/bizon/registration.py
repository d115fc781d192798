"""Makes Dust known to bizon, which has no plug-ins: its configuration takes one of the classes in a union, and its
factory knows each destination by name.

The tests name what this relies on (`integration_tests/hosts/test_bizon_seams.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union, get_args

from bizon.common.models import BizonConfig
from bizon.destination.destination import AbstractDestination, DestinationFactory

from destination_dust.hosts.bizon.destination import DustDestination
from destination_dust.hosts.bizon.settings import NAME, DustConfig


def register() -> None:
    """Let `destination: {name: dust}` be valid, and lead to `DustDestination`, in this process."""
    field = BizonConfig.model_fields["destination"]
    if DustConfig in get_args(field.annotation):
        return
    field.annotation = Union[field.annotation, DustConfig]  # noqa: UP007 `|` would not add to bizon's own union
    # An error would quote the settings, and with them a part of the key. Only the outermost model decides.
    BizonConfig.model_config["hide_input_in_errors"] = True
    BizonConfig.model_rebuild(force=True)
    others: Callable[..., AbstractDestination] = DestinationFactory.get_destination

    def get_destination(sync_metadata: Any, config: Any, **parts: Any) -> AbstractDestination:
        if config.name == NAME:
            return DustDestination(sync_metadata, config.config, **parts)
        return others(sync_metadata=sync_metadata, config=config, **parts)

    DestinationFactory.get_destination = staticmethod(get_destination)
