"""The local Dust: started as a program of its own, and read by the API that dust.tt has."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import requests

START_SECONDS = 30.0
STOP_SECONDS = 5.0
PAGE = 100


class LocalDust:
    """A data source of a local Dust."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy cannot reach what runs here
        self.config: dict[str, Any] = self._get(f"{url}/__control__/config")
        self._session.headers["Authorization"] = f"Bearer {self.config['api_key']}"

    def documents(self) -> list[dict[str, Any]]:
        """All documents of the data source, without their texts."""
        found: list[dict[str, Any]] = []
        while page := self._get(f"{self._documents()}?limit={PAGE}&offset={len(found)}")["documents"]:
            found += page
        return found

    def document(self, document_id: str) -> dict[str, Any]:
        """A document with its text."""
        found: dict[str, Any] = self._get(f"{self._documents()}/{quote(document_id, safe='')}")["document"]
        return found

    def _documents(self) -> str:
        at = self.config
        return (
            f"{self.url}/api/v1/w/{at['workspace_id']}/spaces/{at['space_id']}"
            f"/data_sources/{at['data_source_id']}/documents"
        )

    def _get(self, url: str) -> Any:
        answer = self._session.get(url, timeout=10)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running_dust() -> Iterator[LocalDust]:
    """A local Dust on a free port, stopped at the end. Raises `RuntimeError` if it does not start."""
    command = [sys.executable, "-m", "local_dust"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield LocalDust(_address(process))
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    """The address in the line that tells that the server is ready."""
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else ""
    if "http://" not in line:
        raise RuntimeError(f"The local Dust did not start: {line.strip() or 'it said nothing'}.")
    return line.split()[-1]
