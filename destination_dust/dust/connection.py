"""The address of a data source, as URLs and paths need it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the data goes, and with which key."""

    api_key: str = field(repr=False)
    workspace_id: str
    space_id: str
    data_source_id: str
    base_url: str = "https://dust.tt"

    @property
    def host(self) -> str:
        """Host and port, as error messages name them."""
        return urlsplit(self.base_url).netloc

    @property
    def root(self) -> str:
        """The URL that request paths are appended to."""
        return f"{self.base_url}/api/v1/w/{quote(self.workspace_id, safe='')}"

    @property
    def space(self) -> str:
        """The path of the space."""
        return f"/spaces/{quote(self.space_id, safe='')}"

    @property
    def data_source(self) -> str:
        """The path of the data source."""
        return f"{self.space}/data_sources/{quote(self.data_source_id, safe='')}"
