"""Airbyte destination connector for Dust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from destination_dust.destination import DestinationDust

__all__ = ["DestinationDust"]


def __getattr__(name: str) -> Any:
    """Import the class when it is asked for: it brings Airbyte's CDK, and the process does without."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from destination_dust.destination import DestinationDust

    return DestinationDust
