"""One authenticated call, and the checks that precede a handler's own rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_dust.limits import Limits
from local_dust.request import Request
from local_dust.response import Answer, DustError
from local_dust.routes.validation import Check, problems
from local_dust.workspaces import ApiKey, DataSource, Workspace

Effect = Callable[[], Answer]
"""Applies an admitted call and returns the answer."""

NOT_WRITABLE = "You are not allowed to update data in this data source."


@dataclass(frozen=True)
class Call:
    """A request with its key and workspace. `ids`: the values of the path's placeholders."""

    request: Request
    key: ApiKey
    workspace: Workspace
    limits: Limits
    now: float
    legacy: bool
    space_id: str | None
    data_source_id: str | None
    ids: tuple[str, ...]

    def body(self, check: Check) -> dict[str, Any]:
        """The validated JSON body.

        Raises:
            DustError: 400.
        """
        try:
            value = self.request.json
        except ValueError:
            raise invalid("Malformed JSON in request body") from None
        problem = problems(value, check)
        if problem is not None:
            raise invalid(problem if self.legacy else f"Invalid request body: {problem}")
        return dict(value)

    def readable(self) -> DataSource:
        """The data source that the path names, if this key may read it in this space.

        Raises:
            DustError: 404.
        """
        source = self.workspace.data_source(self.data_source_id or "")
        if source is None or source.space.id != self._home(source) or not source.space.readable(self.key):
            raise DustError(404, "data_source_not_found", "The data source you requested was not found.")
        if source.space.kind == "conversations":
            raise DustError(404, "space_not_found", "The space you're trying to access was not found")
        return source

    def writable(self, *, unmanaged: str | None = None) -> DataSource:
        """The data source that the path names, if this key may also write it.

        Args:
            unmanaged: The message that refuses a managed data source; None accepts one.

        Raises:
            DustError: 403 or 404.
        """
        source = self.readable()
        if unmanaged is not None and source.connector is not None and not self.key.system:
            raise DustError(403, "data_source_auth_error", unmanaged)
        if not source.space.writable(self.key):
            raise DustError(403, "data_source_auth_error", NOT_WRITABLE)
        return source

    def _home(self, source: DataSource) -> str | None:
        """The space of the path. Without one: the global space, or any space for a system key."""
        if self.space_id is not None:
            return self.space_id
        if self.key.system:
            return source.space.id
        return next((s.id for s in self.workspace.spaces.values() if s.kind == "global"), None)


def invalid(message: str) -> DustError:
    return DustError(400, "invalid_request_error", message)


def invalid_query(call: Call, issues: list[str]) -> DustError:
    problem = "Validation error: " + "; ".join(issues)
    return invalid(problem if call.legacy else f"Invalid query parameters: {problem}")


def refuse_all_but_system_keys(call: Call) -> Effect:
    """Routes that only Dust's own keys may use. Their effect is not modelled."""
    if call.key.system:
        raise DustError(500, "internal_server_error", "Not modelled by the local Dust.")
    raise DustError(403, "invalid_oauth_token_error", "Only system keys can perform this action.")
