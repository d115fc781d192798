"""Authenticates callers, with the checks in the order of Dust's server."""

from __future__ import annotations

import re
from collections.abc import Mapping

from local_dust.response import DustError
from local_dust.workspaces import ApiKey, Workspace

_HEADER = re.compile(r"Bearer (sk-[a-zA-Z0-9]+)", re.ASCII)


def authenticated(
    authorization: str | None,
    workspace_id: str,
    keys: Mapping[str, ApiKey],
    workspaces: Mapping[str, Workspace],
    *,
    region: str,
    legacy: bool,
) -> tuple[ApiKey, Workspace]:
    """The key and the workspace of a request.

    Raises:
        DustError: 401, 403, 404 or 503, whichever rule fails first.
    """
    if not authorization:
        raise DustError(401, "not_authenticated", "The request does not have valid authentication credentials.")
    key = _key(authorization, keys, region)
    workspace = _open_workspace(workspaces.get(workspace_id), legacy)
    if key.workspace_id != workspace.id:
        content = "this route" if legacy else "this content"
        raise DustError(401, "workspace_auth_error", f"Only users of the workspace can access {content}.")
    return key, workspace


def _key(authorization: str, keys: Mapping[str, ApiKey], region: str) -> ApiKey:
    header = _HEADER.fullmatch(authorization)
    if header is None:
        raise DustError(401, "malformed_authorization_header_error", "Malformed Authorization header")
    key = keys.get(header[1])
    if key is None or key.disabled or key.region != region:
        raise DustError(401, "invalid_api_key_error", "The API key provided is invalid or disabled.")
    return key


def _open_workspace(workspace: Workspace | None, legacy: bool) -> Workspace:
    if workspace is None:
        raise DustError(404, "workspace_not_found", "The workspace was not found.")
    if not workspace.api_access:
        raise DustError(
            403,
            "workspace_can_use_product_required_error",
            "Your current plan does not allow API access. Please upgrade your plan.",
        )
    flag = workspace.maintenance
    if flag == "relocation-done" and not legacy:
        raise DustError(404, "workspace_not_found", f"The workspace was not found. [{flag}]")
    if flag:
        raise DustError(503, "service_unavailable", f"Service is currently unavailable. [{flag}]")
    if workspace.kill_switched:
        raise DustError(
            503,
            "service_unavailable",
            "Access to this workspace has been disabled for emergency maintenance.",
        )
    return workspace
