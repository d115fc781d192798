"""Creates workspaces, spaces, data sources and keys. Their ids look like Dust's and are the same in every run."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Iterable

from local_dust.documents.store import Documents
from local_dust.limiter import SlidingWindow
from local_dust.limits import Limits
from local_dust.tables.store import Tables
from local_dust.workspaces import ApiKey, DataSource, Kind, Role, Space, Workspace

CREATED = 1_700_000_000_000
_ALPHABET = string.ascii_letters + string.digits


class Founding:
    """The tenants of a world. The first of each kind is available as `workspace`, `space`, `data_source`, `key`."""

    def __init__(
        self,
        limits: Limits,
        *,
        region: str,
        now: Callable[[], float],
        wall: Callable[[], float],
        seed: int,
    ) -> None:
        self.region = region
        self.workspaces: dict[str, Workspace] = {}
        self.keys: dict[str, ApiKey] = {}
        self._limits = limits
        self._now = now
        self._wall = wall
        self._seed = seed
        self._made = 0
        self.workspace = self.add_workspace("Demo")
        self.company_space = self.add_space("Company Data", kind="global")
        self.system_space = self.add_space("System", kind="system")
        self.space = self.add_space("Connectors")
        self.data_source = self.add_data_source("airbyte")
        self.managed_data_source = self.add_data_source("managed-notion", connector="notion")
        self.key = self.add_key(spaces=[self.space])

    def add_workspace(self, name: str) -> Workspace:
        workspace = Workspace(self._letters(10), name, SlidingWindow())
        self.workspaces[workspace.id] = workspace
        return workspace

    def add_space(
        self,
        name: str,
        *,
        kind: Kind = "regular",
        restricted: bool = False,
        workspace: Workspace | None = None,
    ) -> Space:
        space = Space(f"vlt_{self._letters(12)}", name, kind, restricted, CREATED)
        (workspace or self.workspace).spaces[space.id] = space
        return space

    def add_data_source(
        self,
        name: str,
        *,
        space: Space | None = None,
        connector: str | None = None,
        workspace: Workspace | None = None,
    ) -> DataSource:
        """Add a folder to a space, or a managed data source if `connector` names its provider."""
        self._made += 1
        number, seed = self._made, self._seed + self._made
        documents = Documents(self._limits, now=self._now, wall=self._wall, seed=seed)
        tables = Tables(self._limits, now=self._now, wall=self._wall, seed=seed)
        source = DataSource(
            f"dts_{self._letters(12)}",
            number,
            name,
            space or self.space,
            documents,
            tables,
            connector,
            CREATED,
        )
        (workspace or self.workspace).data_sources[source.id] = source
        return source

    def add_key(
        self,
        role: Role = "user",
        *,
        disabled: bool = False,
        system: bool = False,
        region: str | None = None,
        spaces: Iterable[Space] = (),
        workspace: Workspace | None = None,
    ) -> ApiKey:
        """Add a key; its `secret` goes into the header. `spaces`: those selected on it, to which it may write."""
        key = ApiKey(
            f"sk-{self._digest()[:32]}",
            (workspace or self.workspace).id,
            role,
            disabled,
            system,
            region or self.region,
            frozenset(space.id for space in spaces),
        )
        self.keys[key.secret] = key
        return key

    def _letters(self, count: int) -> str:
        number = int(self._digest(), 16)
        letters = ""
        for _ in range(count):
            number, letter = divmod(number, len(_ALPHABET))
            letters += _ALPHABET[letter]
        return letters

    def _digest(self) -> str:
        self._made += 1
        return hashlib.sha256(f"local dust {self._made}".encode()).hexdigest()
