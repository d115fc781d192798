"""The destination's part of a pipeline's configuration: bizon's settings, and those of the connector beside them."""

from __future__ import annotations

from typing import Any, Literal

from bizon.destination.config import AbstractDestinationConfig, AbstractDestinationDetailsConfig
from bizon.engine.resolvers import collect_references_in_config
from pydantic import ConfigDict, model_validator

from destination_dust.config import InvalidConfig
from destination_dust.loading import read_settings

NAME = "dust"


class DustSettings(AbstractDestinationDetailsConfig):  # type: ignore[misc] # bizon has no types here
    """`config`, in which what bizon does not know is for the connector."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _are_those_of_the_connector(self) -> DustSettings:
        if _references(self.connector):
            return self  # bizon validates without its secrets: there will be others in their place
        try:
            read_settings(self.connector)
        except InvalidConfig as error:
            raise ValueError(str(error)) from None
        if self.unnest or self.record_schemas:
            raise ValueError("Dust takes records apart by itself: leave unnest and record_schemas out.")
        return self

    @property
    def connector(self) -> dict[str, Any]:
        """The connector's settings."""
        return self.model_extra or {}


class DustConfig(AbstractDestinationConfig):  # type: ignore[misc] # bizon has no types here
    """`destination`."""

    name: Literal["dust"]
    alias: str = NAME
    config: DustSettings


def _references(settings: dict[str, Any]) -> bool:
    """Whether a setting is a reference that bizon resolves before it runs a pipeline."""
    is_variable = any(isinstance(each, str) and each.startswith("BIZON_ENV_") for each in settings.values())
    return is_variable or bool(collect_references_in_config(settings))
