"""The user's settings: read, bounded, and refused with advice if they cannot work."""

from destination_dust.config.config import CdcDeletes, Config, DataFormat, OnRecordError, Timing
from destination_dust.config.fields import InvalidConfig

__all__ = ["CdcDeletes", "Config", "DataFormat", "InvalidConfig", "OnRecordError", "Timing"]
