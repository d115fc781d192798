"""What users set: every setting is read here, bounded, and refused with advice if it cannot work."""

from destination_dust.config.config import CdcDeletes, Config, DataFormat, OnRecordError, Timing
from destination_dust.config.fields import InvalidConfig

__all__ = ["CdcDeletes", "Config", "DataFormat", "InvalidConfig", "OnRecordError", "Timing"]
