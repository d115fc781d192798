"""Airbyte destination connector for Dust."""

from destination_dust.destination import DestinationDust

__all__ = ["DestinationDust"]
