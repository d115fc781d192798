"""Workspaces, spaces, data sources and keys, and the rights of a key in a space."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from local_dust.documents.store import Documents
from local_dust.limiter import SlidingWindow
from local_dust.tables.store import Tables

Role = Literal["admin", "builder", "user", "none"]
Kind = Literal["global", "regular", "system", "conversations", "project"]


@dataclass
class ApiKey:
    """A key of one workspace. `spaces`: the ids of the restricted spaces whose group it belongs to."""

    secret: str
    workspace_id: str
    role: Role = "admin"
    disabled: bool = False
    system: bool = False
    region: str = "us"
    spaces: frozenset[str] = frozenset()

    @property
    def builds(self) -> bool:
        return self.system or self.role in ("admin", "builder")


@dataclass
class Space:
    id: str
    name: str
    kind: Kind = "regular"
    restricted: bool = False
    created: int = 0

    def readable(self, key: ApiKey) -> bool:
        if key.system or self.id in key.spaces:
            return True
        if self.kind == "system" or self.restricted:
            return False
        return key.role != "none"

    def writable(self, key: ApiKey) -> bool:
        if self.id in key.spaces:
            return True
        if self.kind == "system":
            return key.role == "admin"
        return not self.restricted and key.builds

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
