"""A plain HTTP client of one data source, for tests and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

from local_dust.server.local_dust import LocalDust
from local_dust.workspaces import ApiKey, DataSource, Space

TIMEOUT = 30


class Visitor:
    """Sends requests below one data source, with one key. `authorization`: None sends no such header."""

    def __init__(
        self,
        dust: LocalDust,
        *,
        key: ApiKey | None = None,
        source: DataSource | None = None,
        space: Space | None = None,
        authorization: str | None = "",
    ) -> None:
        world = dust.world
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy cannot reach a local server
        if authorization is not None:
            secret = (key or world.key).secret
            self.session.headers["Authorization"] = authorization or f"Bearer {secret}"
        self.workspace_url = f"{dust.url}/api/v1/w/{world.workspace.id}"
        source = source or world.data_source
        self.url = f"{self.workspace_url}/spaces/{(space or source.space).id}/data_sources/{source.id}"

    def get(self, path: str, **parameters: Any) -> requests.Response:
        return self.call("GET", path, params=parameters)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, json=body)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """`path` is below the data source, or a whole URL."""
        url = path if "://" in path else self.url + path
        return self.session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)

    def upsert(self, document_id: str, **body: Any) -> requests.Response:
        """Upsert a document, with light output and some text unless `body` says otherwise."""
        return self.post(
            f"/documents/{quote(document_id, safe='')}", {"text": "text", "light_document_output": True, **body}
        )

    def table(self, table_id: str, **body: Any) -> requests.Response:
        """Describe a table. Its name and title default to its id."""
        described = {"table_id": table_id, "name": table_id, "title": table_id, "description": "", **body}
        return self.post("/tables", described)

    def rows(
        self, table_id: str, rows: Mapping[str, Mapping[str, Any]], *, truncate: bool = False
    ) -> requests.Response:
        """Upsert rows, given by their ids."""
        sent = [{"row_id": row_id, "value": dict(value)} for row_id, value in rows.items()]
        return self.post(f"/tables/{table_id}/rows", {"rows": sent, "truncate": truncate})


def error(answer: requests.Response) -> tuple[int, str, str]:
    """Status, type and message of an error in Dust's envelope."""
    content = answer.json()["error"]
    return answer.status_code, content["type"], content["message"]
