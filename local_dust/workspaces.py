"""Workspaces, spaces, data sources and keys, and the rights of a key in a space."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from local_dust.documents.store import Documents
from local_dust.limiter import SlidingWindow
from local_dust.tables.store import Tables

Role = Literal["user", "admin"]
"""Dust's pages call them the access scopes "Read-only" and "Admin". The role `builder` ended in September 2026."""
Kind = Literal["global", "regular", "system", "conversations", "project"]


@dataclass
class ApiKey:
    """A key of one workspace. `spaces`: the ids of the spaces that were selected on it."""

    secret: str
    workspace_id: str
    role: Role = "user"
    disabled: bool = False
    system: bool = False
    region: str = "us"
    spaces: frozenset[str] = frozenset()


@dataclass
class Space:
    """A space, or a pod (`project`). Rights are those of `front/lib/resources/space_resource.ts` in dust-tt/dust."""

    id: str
    name: str
    kind: Kind = "regular"
    restricted: bool = False
    created: int = 0

    def readable(self, key: ApiKey) -> bool:
        """Whether the key sees the space at all. Selected or not, it sees Company Data and what is open."""
        if key.system or self.id in key.spaces:
            return True
        return key.role == "admin" if self.kind == "system" else not self.restricted

    def writable(self, key: ApiKey) -> bool:
        """Whether the key writes to the space: by selection, except for what administrators always may."""
        if key.system or self.id in key.spaces:
            return True
        return key.role == "admin" and self.kind in ("global", "system")

    def json(self) -> dict[str, Any]:
        return {
            "sId": self.id,
            "name": self.name,
            "kind": self.kind,
            "isRestricted": self.restricted,
            "groupIds": [],
            "createdAt": self.created,
            "updatedAt": self.created,
            "managementMode": "manual",
        }


@dataclass
class DataSource:
    id: str
    number: int
    name: str
    space: Space
    documents: Documents
    tables: Tables
    connector: str | None = None
    created: int = 0

    def json(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "sId": self.id,
            "createdAt": self.created,
            "name": self.name,
            "description": None,
            "assistantDefaultSelected": True,
            "dustAPIProjectId": str(self.number),
            "dustAPIDataSourceId": self.core_id,
            "connectorId": None if self.connector is None else str(self.number),
            "connectorProvider": self.connector,
        }

    @property
    def core_id(self) -> str:
        return f"core-{self.number}"


@dataclass
class Workspace:
    id: str
    name: str
    upserts: SlidingWindow
    spaces: dict[str, Space] = field(default_factory=dict)
    data_sources: dict[str, DataSource] = field(default_factory=dict)
    api_access: bool = True
    maintenance: str | None = None
    """A flag such as `relocation`; `relocation-done` makes the workspace unknown here."""
    kill_switched: bool = False

    def data_source(self, name_or_id: str) -> DataSource | None:
        """Dust's server also finds a data source by its name."""
        if name_or_id in self.data_sources:
            return self.data_sources[name_or_id]
        return next((d for d in self.data_sources.values() if d.name == name_or_id), None)
